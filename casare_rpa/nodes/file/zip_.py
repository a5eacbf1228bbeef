"""Packing and unpacking ZIP archives."""

from __future__ import annotations

import glob
import os
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Json, NodeError, Output, Outputs, param, port, prop
from casare_rpa.nodes.file.disk import FileNode, existing_file, make_parent, replacing
from casare_rpa.nodes.file.finding import is_below
from casare_rpa.nodes.file.reach import make_folder, opened
from casare_rpa.nodes.values.reading import as_list

# What no honest archive of a workflow reaches, and a bomb does.
_MAX_ENTRIES = 100_000
_MAX_UNPACKED_BYTES = 16 << 30
_MAX_RATIO = 500
_RATIO_MATTERS_FROM_BYTES = 100 << 20
_ENCRYPTED = 0x1


class ZipFilesNode(FileNode):
    """Pack files into a ZIP archive.

    `source_path` is a folder, a pattern or a file; `files` lists more. Entries are named relative
    to `base_dir` (the folder, if one is packed), else by their bare names; a name that is taken
    gets a number. Missing files are skipped; nothing to pack fails.
    """

    example = {"zip_path": "out/all.zip", "source_path": "*.txt"}
    side_effect = True
    zip_path: str = param(kind="string", required=True, help="The archive.")
    source_path: str = param("", kind="string", help="A folder, a pattern or a file.")
    files: Json = port(kind="any", port_kind="LIST", help="Paths of files to pack.")
    base_dir: str = param("", kind="string", help="Entries are named relative to this folder.")
    compression: str = prop(
        "ZIP_DEFLATED",
        kind="choice",
        choices=("ZIP_STORED", "ZIP_DEFLATED"),
        help="Store as it is, or compress.",
    )
    outputs = (
        Output("zip_path", "STRING"),
        Output("attachment_file", "LIST"),
        Output("file_count", "INTEGER"),
        Output("success", "BOOLEAN"),
    )

    def work(self, ctx: Context) -> Outputs:
        archive = self.file(ctx, self.zip_path, "zip_path")
        paths, folder = self._sources(ctx)
        base = self.file(ctx, self.base_dir, "base_dir") if self.base_dir else folder
        paths = list(dict.fromkeys(paths))
        packed = [path for path in paths if path.is_file() and not _same(path, archive)]
        for path in packed:
            if path.is_symlink():  # It may lead to where this run must not read.
                self.file(ctx, os.path.realpath(path), "source_path")
        if not packed:
            raise NodeError("there is no file to pack", ErrorCode.FILE_NOT_FOUND)
        make_parent(archive, wanted=True)
        self._pack(ctx, archive, _named(packed, base))
        return {
            "zip_path": str(archive),
            "attachment_file": [str(archive)],
            "file_count": len(packed),
            "success": True,
        }

    def _pack(self, ctx: Context, archive: Path, entries: dict[str, Path]) -> None:
        method = zipfile.ZIP_STORED if self.compression == "ZIP_STORED" else zipfile.ZIP_DEFLATED
        with replacing(archive) as stream, zipfile.ZipFile(stream, "w", method) as packer:
            for name, path in entries.items():
                self.check_wanted(ctx)
                # Times before 1980 do not exist in ZIP: strict_timestamps=False moves them there.
                about = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False)
                about.compress_type = method
                with opened(path) as reader, packer.open(about, "w") as writer:
                    self.pump(ctx, reader, writer)

    def _sources(self, ctx: Context) -> tuple[list[Path], Path | None]:
        listed = [self.file(ctx, item, "files") for item in _paths(ctx, self.files)]
        if not self.source_path:
            return listed, None
        source = self.file(ctx, self.source_path, "source_path")
        if source.is_dir():
            return [*sorted(source.rglob("*")), *listed], source
        if source.exists() or not glob.has_magic(str(source)):
            return [source, *listed], None
        found = sorted(Path(path) for path in glob.glob(str(source), recursive=True))  # noqa: PTH207
        return [*found, *listed], None


class UnzipFilesNode(FileNode):
    """Unpack a ZIP archive.

    Nothing is written if an entry would escape the target folder, or if the archive is a bomb:
    over 100,000 entries, 16 GiB, or 500 times its packed size.
    """

    example = {"zip_path": "all.zip", "extract_to": "out"}
    side_effect = True
    zip_path: str = param(kind="string", required=True, help="The archive.")
    extract_to: str = param(kind="string", required=True, help="The folder; made if missing.")
    outputs = (
        Output("extract_to", "STRING"),
        Output("files", "LIST"),
        Output("file_count", "INTEGER"),
        Output("success", "BOOLEAN"),
    )

    def work(self, ctx: Context) -> Outputs:
        archive = existing_file(self.file(ctx, self.zip_path, "zip_path"))
        folder = self.file(ctx, self.extract_to, "extract_to")
        try:
            with opened(archive) as stream, zipfile.ZipFile(stream) as packed:
                _check_size(packed.infolist(), os.fstat(stream.fileno()).st_size)
                files = self._unpack(ctx, packed, folder)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
            raise NodeError(f"{archive}: {error}", ErrorCode.INVALID_FORMAT) from error
        return {
            "extract_to": str(folder),
            "files": files,
            "file_count": len(files),
            "success": True,
        }

    def _unpack(self, ctx: Context, packed: zipfile.ZipFile, folder: Path) -> list[str]:
        entries = packed.infolist()
        targets = [_target(entry, folder) for entry in entries]
        _check_places(entries, targets)
        make_folder(folder)
        files = []
        for entry, target in zip(entries, targets, strict=True):
            self.check_wanted(ctx)
            if not is_below(target, folder):  # A link that lies there already leads out.
                raise _escapes(entry.filename, folder)
            if entry.is_dir():
                make_folder(target)
                continue
            make_parent(target, wanted=True)
            with packed.open(entry) as reader, replacing(target) as writer:
                # No more than the archive's directory says: that is what was checked.
                if self.pump(ctx, reader, writer, entry.file_size) > entry.file_size:
                    raise zipfile.BadZipFile("an entry is larger than the archive says")
            files.append(str(target))
        return files


def _check_size(entries: list[zipfile.ZipInfo], archive_bytes: int) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    # Entries of a bomb may share their packed bytes: what they add up to is no size.
    stored = min(sum(entry.compress_size for entry in entries), archive_bytes)
    bomb = unpacked > _RATIO_MATTERS_FROM_BYTES and unpacked > stored * _MAX_RATIO
    if len(entries) > _MAX_ENTRIES or unpacked > _MAX_UNPACKED_BYTES or bomb:
        raise NodeError(
            f"the archive is too large to unpack: {len(entries)} entries, {unpacked} bytes out of"
            f" {stored}",
            ErrorCode.RESOURCE_EXHAUSTED,
        )


def _check_places(entries: list[zipfile.ZipInfo], targets: list[Path]) -> None:
    """Refuse an entry that lies in another one, which is a file (or a link, where those exist)."""
    pairs = list(zip(entries, targets, strict=True))
    files = {target for entry, target in pairs if not entry.is_dir()}
    for entry, target in pairs:
        if not files.isdisjoint(target.parents):
            raise zipfile.BadZipFile(f"the entry {entry.filename!r} lies in one that is a file")


def _target(entry: zipfile.ZipInfo, folder: Path) -> Path:
    name = entry.filename.replace("\\", "/")
    parts = PurePosixPath(name).parts
    if name.startswith("/") or ".." in parts or ":" in name.partition("/")[0] or not parts:
        raise _escapes(entry.filename, folder)
    if entry.flag_bits & _ENCRYPTED:
        raise NodeError("the archive is encrypted", ErrorCode.PERMISSION_DENIED)
    return folder.joinpath(*parts)


def _escapes(name: str, folder: Path) -> NodeError:
    return NodeError(f"the entry {name!r} leads out of {folder}", ErrorCode.PERMISSION_DENIED)


def _named(paths: list[Path], base: Path | None) -> dict[str, Path]:
    """The paths by the names of their entries; a name that is taken gets a number."""
    found: dict[str, Path] = {}
    for path in paths:
        name = wanted = PurePosixPath(_entry_name(path, base))
        count = 1
        while str(name) in found:
            count += 1
            name = wanted.with_name(f"{wanted.stem}_{count}{wanted.suffix}")
        found[str(name)] = path
    return found


def _entry_name(path: Path, base: Path | None) -> str:
    if base and path.is_relative_to(base):
        return path.relative_to(base).as_posix()
    return path.name


def _same(path: Path, other: Path) -> bool:
    return os.path.realpath(path) == os.path.realpath(other)


def _paths(ctx: Context, value: Json) -> list[Any]:
    if isinstance(value, str) and not value.lstrip().startswith("["):
        return [value] if value.strip() else []
    return [] if value is None else as_list(ctx, value, "files")
