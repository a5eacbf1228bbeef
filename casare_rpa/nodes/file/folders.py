"""Copying, moving, deleting and listing files and folders."""

from __future__ import annotations

import errno
import os
import shutil
from datetime import datetime
from pathlib import Path

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.file.disk import (
    FileNode,
    already_there,
    existing_file,
    existing_folder,
    make_parent,
    replacing,
)
from casare_rpa.nodes.file.finding import matching
from casare_rpa.nodes.file.reach import make_folder, opened, reach, remove

_DANGEROUS = "Allow `..` in paths."


class DeleteFileNode(FileNode):
    """Delete a file. A missing file fails unless `ignore_missing`; folders are refused."""

    example = {"file_path": "notes.txt", "ignore_missing": True}
    side_effect = True
    file_path: str = param(kind="string", required=True, aliases=("path",), help="The file.")
    ignore_missing: bool = prop(False, kind="boolean", help="A missing file is no failure.")
    allow_dangerous_paths: bool = prop(False, kind="boolean", help=_DANGEROUS)
    outputs = (Output("deleted_path", "STRING"), Output("success", "BOOLEAN"))

    def work(self, ctx: Context) -> Outputs:
        path = self.file(ctx, self.file_path)
        # A broken link exists as a name, though not as a file.
        if not path.is_symlink() and not (self.ignore_missing and not path.exists()):
            existing_file(path)
        try:
            remove(path)
        except FileNotFoundError:
            if not self.ignore_missing:
                raise
        return {"deleted_path": str(path), "success": True}


class CopyFileNode(FileNode):
    """Copy a file, its times and mode included.

    An existing destination fails unless `overwrite`; a destination that is a folder takes the
    file under its own name.
    """

    example = {"source_path": "notes.txt", "dest_path": "out/copy.txt"}
    side_effect = True
    source_path: str = param(kind="string", required=True, aliases=("source",), help="The file.")
    dest_path: str = param(
        kind="string", required=True, aliases=("destination_path", "destination"), help="The copy."
    )
    overwrite: bool = prop(False, kind="boolean", help="Replace an existing file.")
    create_dirs: bool = prop(True, kind="boolean", help="Make missing folders.")
    allow_dangerous_paths: bool = prop(False, kind="boolean", help=_DANGEROUS)
    outputs = (
        Output("dest_path", "STRING"),
        Output("bytes_copied", "INTEGER"),
        Output("success", "BOOLEAN"),
    )

    def work(self, ctx: Context) -> Outputs:
        source = existing_file(self.file(ctx, self.source_path, "source_path"))
        dest = _inside(self.file(ctx, self.dest_path, "dest_path"), source)
        make_parent(dest, self.create_dirs)
        if dest.exists() and dest.samefile(source):
            raise NodeError(f"{source} cannot be copied onto itself", ErrorCode.INVALID_INPUT)
        copied = self._copy(ctx, source, dest)
        return {"dest_path": str(dest), "bytes_copied": copied, "success": True}

    def _copy(self, ctx: Context, source: Path, dest: Path) -> int:
        with (
            opened(source) as reader,
            replacing(dest, overwrite=self.overwrite, like=reader) as writer,
        ):
            return self.pump(ctx, reader, writer)


class MoveFileNode(FileNode):
    """Move or rename a file or a folder. An existing destination fails unless `overwrite`."""

    example = {"source_path": "notes.txt", "dest_path": "out/moved.txt"}
    side_effect = True
    source_path: str = param(kind="string", required=True, aliases=("source",), help="The file.")
    dest_path: str = param(
        kind="string", required=True, aliases=("destination_path", "destination"), help="Its place."
    )
    overwrite: bool = prop(False, kind="boolean", help="Replace an existing file.")
    create_dirs: bool = prop(True, kind="boolean", help="Make missing folders.")
    allow_dangerous_paths: bool = prop(False, kind="boolean", help=_DANGEROUS)
    outputs = (Output("dest_path", "STRING"), Output("success", "BOOLEAN"))

    def work(self, ctx: Context) -> Outputs:
        source = self.file(ctx, self.source_path, "source_path")
        if not source.is_dir() and not source.is_symlink():
            existing_file(source)
        dest = self.file(ctx, self.dest_path, "dest_path")
        if not (source.is_dir() and dest == source):
            dest = _inside(dest, source)
        make_parent(dest, self.create_dirs)
        self._move(ctx, source, dest)
        return {"dest_path": str(dest), "success": True}

    def _move(self, ctx: Context, source: Path, dest: Path) -> None:
        if dest.exists():
            # On a file system that ignores letter case, `a.txt` to `A.txt` is the same file.
            same = dest.samefile(source)
            if not same and not self.overwrite:
                raise already_there(dest)
            if same and source.name.lower() != dest.name.lower():
                raise NodeError(f"{source} and {dest} are one file", ErrorCode.INVALID_INPUT)
        try:
            with reach().parent(source) as (name, old), reach().parent(dest) as (new_name, new):
                os.replace(name, new_name, src_dir_fd=old, dst_dir_fd=new)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            self._carry(ctx, source, dest)

    def _carry(self, ctx: Context, source: Path, dest: Path) -> None:
        """Move to another disk."""
        if not reach().limited:
            shutil.move(source, dest)
        elif source.is_dir():
            raise NodeError(
                f"{source} cannot be moved to another disk while folders are limited",
                ErrorCode.INVALID_INPUT,
                hint="move its files one by one",
            )
        else:
            with opened(source) as reader, replacing(dest, like=reader) as writer:
                self.pump(ctx, reader, writer)
            remove(source)


class FileExistsNode(FileNode):
    """Tell whether a path exists, as a file, a folder or either."""

    example = {"path": "notes.txt"}
    path: str = param(kind="string", required=True, aliases=("file_path",), help="The path.")
    check_type: str = prop(
        "any", kind="choice", choices=("file", "directory", "any"), help="What it has to be."
    )
    allow_dangerous_paths: bool = prop(False, kind="boolean", help=_DANGEROUS)
    outputs = (
        Output("exists", "BOOLEAN"),
        Output("is_file", "BOOLEAN"),
        Output("is_dir", "BOOLEAN"),
    )

    def work(self, ctx: Context) -> Outputs:
        path = self.file(ctx, self.path, "path")
        is_file, is_dir = path.is_file(), path.is_dir()
        found = {"file": is_file, "directory": is_dir}
        return {
            "exists": found.get(str(self.check_type).lower(), path.exists()),
            "is_file": is_file,
            "is_dir": is_dir,
        }


class GetFileSizeNode(FileNode):
    """Return the size of a file in bytes."""

    example = {"file_path": "notes.txt"}
    file_path: str = param(kind="string", required=True, aliases=("path",), help="The file.")
    allow_dangerous_paths: bool = prop(False, kind="boolean", help=_DANGEROUS)
    outputs = (Output("size", "INTEGER"), Output("success", "BOOLEAN"))

    def work(self, ctx: Context) -> Outputs:
        path = existing_file(self.file(ctx, self.file_path))
        return {"size": path.stat().st_size, "success": True}


class GetFileInfoNode(FileNode):
    """Return size, times, name and extension of a file or folder.

    Times are local ISO text, with their offset.
    """

    example = {"file_path": "notes.txt"}
    file_path: str = param(kind="string", required=True, aliases=("path",), help="The file.")
    allow_dangerous_paths: bool = prop(False, kind="boolean", help=_DANGEROUS)
    outputs = (
        Output("size", "INTEGER"),
        Output("created", "STRING"),
        Output("modified", "STRING"),
        Output("extension", "STRING"),
        Output("name", "STRING"),
        Output("parent", "STRING"),
        Output("success", "BOOLEAN"),
    )

    def work(self, ctx: Context) -> Outputs:
        path = self.file(ctx, self.file_path)
        about = path.stat()
        return {
            "size": about.st_size,
            "created": _local_time(about.st_ctime),
            "modified": _local_time(about.st_mtime),
            "extension": path.suffix,
            "name": path.name,
            "parent": str(path.parent),
            "success": True,
        }


class CreateDirectoryNode(FileNode):
    """Create a folder."""

    example = {"directory_path": "out/2026"}
    side_effect = True
    directory_path: str = param(
        kind="string", required=True, aliases=("dir_path", "path"), help="The folder."
    )
    parents: bool = prop(True, kind="boolean", help="Make missing parent folders too.")
    exist_ok: bool = prop(True, kind="boolean", help="An existing folder is no failure.")
    allow_dangerous_paths: bool = prop(False, kind="boolean", help=_DANGEROUS)
    outputs = (Output("dir_path", "STRING"), Output("success", "BOOLEAN"))

    def work(self, ctx: Context) -> Outputs:
        path = self.file(ctx, self.directory_path, "directory_path")
        make_folder(path, parents=self.parents, exist_ok=self.exist_ok)
        return {"dir_path": str(path), "success": True}


class ListFilesNode(FileNode):
    """List the files of a folder that match a pattern, as full paths in order of name."""

    example = {"directory_path": ".", "pattern": "*.txt"}
    directory_path: str = param(
        "", kind="string", aliases=("directory", "dir_path", "path"), help="The folder."
    )
    pattern: str = prop("*", kind="string", help="Such as `*.csv`.")
    recursive: bool = prop(False, kind="boolean", help="Look in sub-folders too.")
    allow_dangerous_paths: bool = prop(False, kind="boolean", help=_DANGEROUS)
    outputs = (Output("files", "LIST"), Output("count", "INTEGER"), Output("success", "BOOLEAN"))

    def work(self, ctx: Context) -> Outputs:
        folder = self.file(ctx, self.directory_path or ".", "directory_path")
        found = matching(existing_folder(folder), self.pattern, recursive=self.recursive)
        files = sorted(str(path) for path in found if path.is_file())
        return {"files": files, "count": len(files), "success": True}


class ListDirectoryNode(FileNode):
    """List the files and folders of a folder, as full paths in order of name."""

    example = {"dir_path": ".", "dirs_only": True}
    dir_path: str = param(
        kind="string", required=True, aliases=("directory_path", "path"), help="The folder."
    )
    pattern: str = prop("*", kind="string", help="Such as `*.csv`.")
    recursive: bool = prop(False, kind="boolean", help="Look in sub-folders too.")
    files_only: bool = prop(False, kind="boolean", help="Leave out folders.")
    dirs_only: bool = prop(False, kind="boolean", help="Leave out files.")
    allow_dangerous_paths: bool = prop(False, kind="boolean", help=_DANGEROUS)
    outputs = (Output("items", "LIST"), Output("count", "INTEGER"), Output("success", "BOOLEAN"))

    def work(self, ctx: Context) -> Outputs:
        folder = self.file(ctx, self.dir_path, "dir_path")
        found = matching(existing_folder(folder), self.pattern, recursive=self.recursive)
        items = sorted(str(path) for path in found if self._wanted(path))
        return {"items": items, "count": len(items), "success": True}

    def _wanted(self, path: Path) -> bool:
        if self.files_only and not path.is_file():
            return False
        return not self.dirs_only or path.is_dir()


def _inside(dest: Path, source: Path) -> Path:
    """*dest*, or a path below it if it is a folder."""
    return dest / source.name if dest.is_dir() else dest


def _local_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().isoformat()
