"""The streams that are written to; what goes wrong with an answer on stdout is told as that."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from casare_cli.terminal.lookalikes import LOOKALIKE
from casare_rpa.errors import CasareError


class CannotPrint(CasareError):
    """The answer is there and stdout does not take it."""

    code = "OUTPUT_FAILED"


def prepared(stream: TextIO | None) -> TextIO:
    """The stream in UTF-8, never failing on a character; a closed one swallows everything."""
    if stream is None or stream.closed:
        return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - lives as long as we
    with suppress(AttributeError, ValueError, OSError):
        terminal = stream.isatty()
        encoding = None if terminal else "utf-8"
        stream.reconfigure(encoding=encoding, errors=LOOKALIKE)  # type: ignore[attr-defined]
    return stream


@contextmanager
def answering() -> Iterator[None]:
    """Turn an error of the stream, which does not say that it was stdout, into one that does.

    A reader that has gone stays BrokenPipeError.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.filename is not None:
            raise
        raise CannotPrint(
            _words(error), hint="Send it where it can be written: > FILE or | COMMAND."
        ) from error


@contextmanager
def done_already(what: str, hint: str) -> Iterator[None]:
    """Say *what* was done where the answer to it, an id, does not reach anybody on stdout.

    Also where only the reader is gone: whoever repeats the command does it twice.
    Raises CannotPrint.
    """
    try:
        yield
    except (CannotPrint, BrokenPipeError) as error:
        raise CannotPrint(f"{what}; {reason(error)}", hint=hint) from error


def reason(error: CannotPrint | BrokenPipeError) -> str:
    """Why stdout did not take it."""
    if isinstance(error, CannotPrint):
        return error.message
    return "cannot write to stdout: its reader is gone"


def check_writable(stream: TextIO) -> None:
    """That *stream* takes something, as far as that shows before. Raises OSError."""
    stream.write("")
    stream.flush()
    if hasattr(stream, "buffer"):  # else it leads into memory, or nowhere
        os.write(stream.fileno(), b"")


def _words(error: OSError) -> str:
    if error.errno == errno.EBADF:
        return "cannot write to stdout: it is closed"
    return f"cannot write to stdout: {error.strerror or error}"
