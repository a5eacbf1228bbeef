"""What all nodes share that touch files: threads, errors in plain words, atomic writes."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import stat
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, ClassVar

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Node, NodeError, Outputs, unlisted
from casare_rpa.nodes.file.reach import make_folder, opened, reach, remove

_CHUNK_BYTES = 1 << 20
#: As much as a robot wants to be free before it claims a job (`min_free_bytes`).
_LEFT_FREE_BYTES = 64 << 20


class FileNode(Node, abstract=True):
    """A node whose work happens on disk, in a thread, so that a slow disk stops nothing else."""

    category: ClassVar[str] = "file"
    allow_dangerous_paths: bool = unlisted(False, kind="boolean")

    #: Set when the run gave up waiting: long work looks at `given_up` now and then.
    _abandoned: bool = False

    async def run(self, ctx: Context) -> Outputs:
        try:
            return await asyncio.to_thread(self._work_in_plain_words, ctx)
        except asyncio.CancelledError:
            self._abandoned = True
            raise

    def work(self, ctx: Context) -> Outputs:
        """Do the work and return the outputs; OSError and UnicodeError need not be caught."""
        raise NotImplementedError

    def file(self, ctx: Context, text: Any, parameter: str = "file_path") -> Path:
        """The path that a parameter names; an empty one fails."""
        return path_of(ctx, text, parameter, dangerous=self.allow_dangerous_paths)

    def check_wanted(self, ctx: Context) -> None:
        """Raise NodeError once the run no longer waits for this node."""
        if self._abandoned or ctx.cancelled:
            raise NodeError("stopped before it was done", ErrorCode.CANCELLED)

    def pump(
        self, ctx: Context, reader: IO[bytes], writer: IO[bytes], limit_bytes: int | None = None
    ) -> int:
        """Copy to the end and return the count of bytes; NodeError if the run stops waiting.

        Stops early once more than *limit_bytes* have been read: the count then tells.
        """
        copied = 0
        while chunk := reader.read(_CHUNK_BYTES):
            self.check_wanted(ctx)
            copied += len(chunk)
            if limit_bytes is not None and copied > limit_bytes:
                break
            writer.write(chunk)
        return copied

    def _work_in_plain_words(self, ctx: Context) -> Outputs:
        with plain_errors():
            return self.work(ctx)


def path_of(ctx: Context, text: Any, parameter: str, *, dangerous: bool = False) -> Path:
    """The path that *text* names, as `ctx.path` says; NodeError if there is none."""
    if text is None or not str(text).strip():
        raise NodeError(f"{parameter} is empty", ErrorCode.MISSING_REQUIRED_FIELD)
    return ctx.path(str(text), dangerous=dangerous)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn errors of the file system and of text encodings into NodeErrors that name the file."""
    try:
        yield
    except OSError as error:
        raise _from_os(error) from error
    except UnicodeDecodeError as error:
        raise NodeError(
            f"the file is not {error.encoding} text (byte {error.start} is"
            f" 0x{error.object[error.start]:02x})",
            ErrorCode.PARSE_ERROR,
            hint="set `encoding` to the file's own",
        ) from error
    except UnicodeEncodeError as error:
        raise NodeError(
            f"{error.encoding} has no character {error.object[error.start]!r}"
            f" (position {error.start} of the text)",
            ErrorCode.SERIALIZATION_ERROR,
            hint="set `encoding` to utf-8",
        ) from error
    except LookupError as error:
        if "encoding" not in str(error):
            raise
        # Of a codec that makes no text of bytes Python says what a programmer could do instead.
        raise NodeError(str(error).partition(";")[0], ErrorCode.INVALID_INPUT) from error


def already_there(path: Path) -> NodeError:
    return NodeError(
        f"{path} already exists", ErrorCode.INVALID_INPUT, hint="set `overwrite` to replace it"
    )


def not_found(path: Path, what: str = "file") -> NodeError:
    return NodeError(f"no such {what}: {path}", ErrorCode.FILE_NOT_FOUND)


def existing_file(path: Path) -> Path:
    """*path* itself; NodeError if it is missing, a folder, or a device that may never end."""
    if path.is_file():
        return path
    if path.is_dir():
        raise NodeError(f"{path} is a folder, not a file", ErrorCode.INVALID_INPUT)
    if not path.exists():
        raise not_found(path)
    raise NodeError(f"{path} is a device or pipe, not a file", ErrorCode.INVALID_INPUT)


def refuse_pipe(path: Path) -> Path:
    """*path* itself; NodeError for a pipe or socket: opening one waits for its other end."""
    if path.is_fifo() or path.is_socket():
        raise NodeError(f"{path} is a pipe, not a file", ErrorCode.INVALID_INPUT)
    return path


def existing_folder(path: Path) -> Path:
    if not path.exists():
        raise not_found(path, "folder")
    if not path.is_dir():
        raise NodeError(f"{path} is a file, not a folder", ErrorCode.INVALID_INPUT)
    return path


def make_parent(path: Path, wanted: bool) -> None:
    if wanted:
        make_folder(path.parent)
    elif not path.parent.is_dir():
        raise not_found(path.parent, "folder")


@contextmanager
def replacing(
    path: Path, *, overwrite: bool = True, like: IO[bytes] | None = None
) -> Iterator[IO[bytes]]:
    """A binary file that becomes *path* when the block ends well, and vanishes otherwise.

    Readers see the old file or the whole new one. Devices are written directly. It takes over
    times and mode of the open file *like*, else the mode of what it replaces. Raises NodeError if
    *path* exists and *overwrite* is false, also when it appears meanwhile.
    """
    target = _target(path, overwrite)
    if target.exists() and not stat.S_ISREG(target.stat().st_mode):
        with opened(target, "wb") as device:
            yield device
        return
    # A name of its own length: the file's own name may already be as long as the system allows.
    draft = target.parent / f".{uuid.uuid4().hex}.part"
    try:
        with opened(draft, "xb") as stream:
            yield stream
            stream.flush()
            _take_over(stream, target, like)
        _publish(draft, target, overwrite)
    finally:
        with suppress(FileNotFoundError):
            remove(draft)


def check_room(path: Path, size: int) -> None:
    """What a server sends has no end that it must tell, and may grow when it is unpacked.

    Raises NodeError before it fills the disk, which the robot's journals need as well.
    """
    if shutil.disk_usage(path.parent).free < _LEFT_FREE_BYTES:
        raise NodeError(
            f"{path}: stopped after {size:,} bytes: less than {_LEFT_FREE_BYTES >> 20} MiB are left"
            " on the disk",
            ErrorCode.DISK_FULL,
        )


class Drafts:
    """Files that all become what they are called when the block ends well, and none otherwise.

        with Drafts(folder) as drafts, drafts.open(path) as stream: ...

    They are written below *folder*, which is made if it is missing, and goes again with them.
    """

    def __init__(self, folder: Path, *, overwrite: bool = True) -> None:
        self._folder = folder
        self._is_new = not folder.exists()
        self._room = folder / f".{uuid.uuid4().hex}.part"
        self._overwrite = overwrite
        self._targets: list[Path] = []

    def __enter__(self) -> Drafts:
        make_folder(self._room, exist_ok=False)
        return self

    def open(self, path: Path) -> IO[bytes]:
        """A binary file that becomes *path*. Raises NodeError if it may not be written."""
        target = _target(path, self._overwrite)
        self._targets.append(existing_file(target) if target.exists() else target)
        stream = opened(self._draft(len(self._targets) - 1), "w+b")
        _take_over(stream, target)
        return stream

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        try:
            if kind is None:
                for number, target in enumerate(self._targets):
                    make_parent(target, wanted=True)
                    _publish(self._draft(number), target, self._overwrite)
        finally:
            with reach().parent(self._room) as (name, folder):
                shutil.rmtree(name, dir_fd=folder)
            if kind is not None and self._is_new:
                with suppress(OSError), reach().parent(self._folder) as (name, folder):
                    # Others may have put something there.
                    os.rmdir(name, dir_fd=folder)

    def _draft(self, number: int) -> Path:
        return self._room / str(number)


def _target(path: Path, overwrite: bool) -> Path:
    """Where a file called *path* is written, links followed; NodeError if that may not be."""
    target = refuse_pipe(Path(os.path.realpath(path)))
    if not overwrite and target.exists():
        raise already_there(path)
    if target.is_dir():
        raise NodeError(f"{path} is a folder, not a file", ErrorCode.INVALID_INPUT)
    if target.exists() and not os.access(target, os.W_OK):
        # Replacing would go round what the file's mode forbids.
        raise NodeError(f"{path} is read-only", ErrorCode.FILE_ACCESS_DENIED)
    return target


def _take_over(draft: IO[bytes], replaced: Path, like: IO[bytes] | None = None) -> None:
    """Give *draft* the times and the mode of *like*, else the mode of the file it will replace."""
    # By descriptor where that is possible: a name may be made to lead elsewhere. macOS copies
    # flags by name only.
    by_descriptor = os.utime in os.supports_fd and sys.platform != "darwin"
    target: Any = draft.fileno() if by_descriptor else draft.name
    if like is not None:
        source: Any = like.fileno() if by_descriptor else like.name
        shutil.copystat(source, target)
    elif replaced.exists():
        os.chmod(target, stat.S_IMODE(replaced.stat().st_mode))  # noqa: PTH101 - no Path


def _publish(draft: Path, target: Path, overwrite: bool) -> None:
    """Give *draft* its name. NodeError if it is taken and *overwrite* is false."""
    with reach().parent(draft) as (old, source), reach().parent(target) as (name, folder):
        within: Any = {"src_dir_fd": source, "dst_dir_fd": folder}
        if not overwrite:
            try:
                # A link fails if the name is taken; a rename would replace what came meanwhile.
                os.link(old, name, **within)
            except FileExistsError:
                raise already_there(target) from None
            except OSError:  # No hard links here (FAT, some network folders).
                if target.exists():
                    raise already_there(target) from None
            else:
                return
        os.replace(old, name, **within)  # noqa: PTH105 - a Path knows no dir_fd


_CODES = {
    errno.ENOENT: (ErrorCode.FILE_NOT_FOUND, "no such file or folder"),
    errno.EACCES: (ErrorCode.FILE_ACCESS_DENIED, "access denied"),
    errno.EPERM: (ErrorCode.FILE_ACCESS_DENIED, "not permitted"),
    errno.EROFS: (ErrorCode.FILE_ACCESS_DENIED, "read-only file system"),
    errno.EEXIST: (ErrorCode.INVALID_INPUT, "already exists"),
    errno.EISDIR: (ErrorCode.INVALID_INPUT, "is a folder, not a file"),
    errno.ENOTDIR: (ErrorCode.INVALID_INPUT, "a part of the path is a file, not a folder"),
    errno.ENOTEMPTY: (ErrorCode.INVALID_INPUT, "the folder is not empty"),
    errno.ENAMETOOLONG: (ErrorCode.INVALID_INPUT, "the name is too long"),
    errno.ELOOP: (ErrorCode.INVALID_INPUT, "links lead in a circle"),
    errno.ENOSPC: (ErrorCode.DISK_FULL, "no space left on the disk"),
    errno.EDQUOT: (ErrorCode.DISK_FULL, "the disk quota is used up"),
    errno.ETXTBSY: (ErrorCode.RESOURCE_LOCKED, "the file is in use"),
    errno.EBUSY: (ErrorCode.RESOURCE_LOCKED, "the file is in use"),
    errno.EMFILE: (ErrorCode.RESOURCE_EXHAUSTED, "too many open files"),
}


def _from_os(error: OSError) -> NodeError:
    code, words = _CODES.get(
        error.errno or 0,
        (ErrorCode.from_exception(error), error.strerror or type(error).__name__),
    )
    where = error.filename2 or error.filename
    return NodeError(f"{words}: {where}" if where else words, code)
