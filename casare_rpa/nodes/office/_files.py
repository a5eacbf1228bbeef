"""The workbooks and documents that a run has open: found by the nodes, told of at its end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TypeVar

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.file.disk import plain_errors
from casare_rpa.nodes.office._file import OfficeFile
from casare_rpa.nodes.office._package import Format, lock_owner
from casare_rpa.nodes.values.reading import shown

T = TypeVar("T")
F = TypeVar("F", bound="OfficeFile")

_KEY = "office_files"
#: More open ones in a run are a loop that forgets to close them.
_MOST_OPEN = 50
#: By format, the file that a branch opened last, None if that failed: each branch has its own.
_CURRENT: ContextVar[Mapping[str, OfficeFile | None]] = ContextVar("office_files")


class OpenFiles:
    """The files of one run."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self.files: list[OfficeFile] = []
        self.said: set[str] = set()

    @property
    def lasts_for_the_run(self) -> bool:
        """Whether it holds what another run would not have: an open file."""
        return bool(self.files)

    def last(self, format: Format) -> OfficeFile | None:
        """The file that this branch opened last, or found open when it began; else any.

        None after an opening that failed.
        """
        own = self.current(format)
        if own is not None and own in self.files:
            return own
        if opening_failed(format):
            return None
        return next((f for f in reversed(self.files) if f.format is format), None)

    def current(self, format: Format) -> OfficeFile | None:
        """The file that nodes of this branch work on, also when it is closed by now."""
        return _CURRENT.get({}).get(format.what)

    def once(self, what: str, message: str) -> None:
        """Warn of *what* once in a run."""
        if what not in self.said:
            self.said.add(what)
            self._ctx.log(message, "warning")

    def close(self) -> None:
        """Forget all of them; the log says of each what is lost."""
        for file in self.files:
            file.is_open = False
            if file.changes or file.is_new:
                self._ctx.log(
                    f"{file} was left open, so it is not saved; {file.format.program}CloseNode"
                    " saves it",
                    "warning",
                )
        self.files.clear()


def files_of(ctx: Context) -> OpenFiles:
    """The open files of the run."""
    found = ctx.resources.get(_KEY)
    if not isinstance(found, OpenFiles):
        found = ctx.resources[_KEY] = OpenFiles(ctx)
        ctx.on_close(found.close)
    return found


def opening_failed(format: Format) -> bool:
    """Whether the last opening of this branch did not come to its end."""
    current = _CURRENT.get({})
    return format.what in current and current[format.what] is None


def begin_opening(format: Format) -> None:
    """From here to the end of open_file this branch has no file of the format.

    Nodes after an opening that fails do not work on another file that happens to be open.
    """
    _remember(format, None)


async def open_file(
    ctx: Context, kind: type[F], path: Path, *, read_only: bool = False, create: bool = False
) -> F:
    """Open *path* as what the nodes after this one work on; once opened, it is found again.

    Raises NodeError that says why it cannot be opened.
    """
    files, real = files_of(ctx), _real(path)
    found = _held(files, real, kind, read_only)
    if found is None:
        if len(files.files) >= _MOST_OPEN:
            raise NodeError(
                f"{len(files.files)} files are open in this run: close them with"
                f" {kind.format.program}CloseNode, or open once, before the loop",
                ErrorCode.RESOURCE_EXHAUSTED,
            )
        made = await in_thread(lambda: kind(real, read_only=read_only, create=create))
        # Another branch may have opened it meanwhile.
        found = _held(files, real, kind, read_only)
        if found is None:
            found = made
            files.files.append(made)
            _warn_of_lock(ctx, made)
    # Another branch may have saved it meanwhile.
    await in_thread(found.refresh)
    _remember(kind.format, found)
    return found


async def close_file(ctx: Context, file: OfficeFile, *, save: bool) -> bool:
    """Close *file* for one of those who opened it; whether it was written. Raises NodeError."""

    def work() -> bool:
        with file.lock:
            return save and file.save()

    saved = await in_thread(work)
    if saved and file.is_signed:
        ctx.log(f"{file} was signed: the signature does not hold for what was saved", "warning")
    file.holders -= 1
    if file.holders <= 0:
        file.is_open = False
        files = files_of(ctx).files
        if file in files:
            files.remove(file)
        if file.changes and not saved:
            ctx.log(f"{file} is closed without its changes, for save is false", "info")
    return saved


async def use(file: OfficeFile, work: Callable[[], T]) -> T:
    """What *work* makes of *file*, in a thread, one at a time. Raises NodeError."""

    def locked() -> T:
        with file.lock:
            if not file.is_open:
                raise _closed(file)
            return work()

    return await in_thread(locked)


async def in_thread(work: Callable[[], T]) -> T:
    def told() -> T:
        with plain_errors():
            return work()

    return await asyncio.to_thread(told)


def file_of(ctx: Context, kind: type[F], value: Any) -> F:
    """The open file that a node was given: itself, its path or name; else the one opened last.

    Where that is closed, another one that is open takes its place. Raises NodeError that says what
    is missing.
    """
    format = kind.format
    if value in (None, ""):
        value = files_of(ctx).last(format)
        if value is not None:
            _remember(format, value)
    if value is None:
        raise _none_open(format)
    found = _given(ctx, kind, value)
    if not found.is_open:
        raise _closed(found)
    return found


def still_open(ctx: Context, kind: type[F], value: Any) -> F | None:
    """As file_of, but None if there is nothing to close any more.

    Once the one opened last is closed, no other one takes its place: it is not meant.
    """
    files, format = files_of(ctx), kind.format
    if value in (None, ""):
        value, own = files.last(format), files.current(format)
        if value is None:
            return None
        if own is not None and own is not value:
            ctx.log(
                f"{own} is closed already, and {value} stays open: to close it, give it to"
                f" {format.program}CloseNode",
                "warning",
            )
            return None
    found = _given(ctx, kind, value)
    return found if found.is_open else None


def _given(ctx: Context, kind: type[F], value: Any) -> F:
    format = kind.format
    if isinstance(value, str) and value.strip():
        value = _named(ctx, kind, value.strip())
    if not isinstance(value, kind):
        raise NodeError(
            f"{shown(value)} is no {format.program} {format.what} that is open"
            f"; give the port '{format.what}' of {format.program}OpenNode",
            ErrorCode.TYPE_MISMATCH,
        )
    return value


def _none_open(format: Format) -> NodeError:
    opener = f"{format.program}OpenNode"
    if opening_failed(format):
        return NodeError(
            f"no {format.program} {format.what} is open here, for the {opener} before this node"
            f" failed; mend that, or give this node the port '{format.what}' of another one",
            ErrorCode.RESOURCE_NOT_FOUND,
        )
    return NodeError(
        f"no {format.program} {format.what} is open; put {opener} before this node",
        ErrorCode.RESOURCE_NOT_FOUND,
    )


def _named(ctx: Context, kind: type[F], name: str) -> Any:
    """The open file of that path or file name, or what a variable of that name holds."""
    files = [file for file in files_of(ctx).files if isinstance(file, kind)]
    named = [file for file in files if name in (str(file.path), file.path.name)]
    return named[-1] if named else ctx.get_variable(name, name)


def _held(files: OpenFiles, path: Path, kind: type[F], read_only: bool) -> F | None:
    """The file if it is open already, which it now is once more: nobody closes it in between."""
    for file in files.files:
        if isinstance(file, kind) and file.path == path:
            file.holders += 1
            file.read_only = file.read_only and read_only
            return file
    return None


def _real(path: Path) -> Path:
    """The path by which a file is known, links followed."""
    return Path(os.path.realpath(path))


def _remember(format: Format, file: OfficeFile | None) -> None:
    _CURRENT.set({**_CURRENT.get({}), format.what: file})


def _warn_of_lock(ctx: Context, file: OfficeFile) -> None:
    owner = None if file.is_new or file.read_only else lock_owner(file.path, file.format)
    if owner is not None:
        ctx.log(
            f"{file} is open in another program{f' of {owner}' if owner else ''}: what is saved"
            " there and here replaces each other",
            "warning",
        )


def _closed(file: OfficeFile) -> NodeError:
    return NodeError(
        f"{file} is closed; open it again with {file.format.program}OpenNode",
        ErrorCode.RESOURCE_NOT_FOUND,
    )
