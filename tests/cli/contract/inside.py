"""The program run inside this process, on real pipes, files and pseudo-terminals."""

from __future__ import annotations

import contextlib
import functools
import io
import os
import pty
import sys
import tempfile
import threading
import tty
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TextIO

from casare_cli.app import build, main

#: What stands in stdin: a command that reads it steals lines from a loop around it.
WAITING = "the next line\n"


@functools.cache
def _whole_tree() -> Any:
    return build()


def _tree(_: Sequence[str]) -> Any:
    """All commands, built once: building them costs far more than running one of them.

    The program builds those that the command line names; its tests as a process run that way.
    """
    return _whole_tree()


@dataclass(frozen=True, kw_only=True)
class Ran:
    """How a command line ended."""

    words: tuple[str, ...]
    code: int
    out: str
    err: str
    stdin_left: str

    def __str__(self) -> str:
        return f"{' '.join(self.words)}\nexit {self.code}\n{self.out}\n{self.err}"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a command runs: its folder and environment, and what its streams are."""

    folder: Path
    env: Mapping[str, str]
    terminal: bool = False
    encoding: str = "utf-8"

    def run(self, *words: str) -> Ran:
        """Run to the end; stdout and stderr apart, both in stdout on a terminal."""
        with _Streams(self.terminal, self.encoding) as streams, _here(self.folder, self.env):
            code = main(words, _tree)
        out, err, left = streams.read()
        return Ran(words=words, code=code, out=out, err=err, stdin_left=left)

    def run_without_reader(self, *words: str) -> Ran:
        """Run when nobody reads stdout any more."""
        read_end, write_end = os.pipe()
        os.close(read_end)
        broken = os.fdopen(write_end, "w", encoding="utf-8")
        with _Streams(False, "utf-8") as streams, _here(self.folder, self.env), broken:
            sys.stdout = broken
            code = main(words, _tree)
        out, err, left = streams.read()
        return Ran(words=words, code=code, out=out, err=err, stdin_left=left)


class _Streams:
    """Stands for sys.stdin, sys.stdout and sys.stderr while it is open."""

    def __init__(self, terminal: bool, encoding: str) -> None:
        self._before = sys.stdin, sys.stdout, sys.stderr
        self._stdin, writer = os.pipe()
        os.write(writer, WAITING.encode())
        os.close(writer)
        self._files: list[IO[bytes]] = []
        self._terminal = _Terminal() if terminal else None
        self._opened: list[TextIO] = [os.fdopen(self._stdin, encoding="utf-8", closefd=False)]
        for _ in range(2):
            self._opened.append(self._stream(encoding))

    def _stream(self, encoding: str) -> TextIO:
        if self._terminal is not None:
            return os.fdopen(os.dup(self._terminal.theirs), "w", encoding=encoding)
        target = tempfile.TemporaryFile()  # noqa: SIM115 - closed in read()
        self._files.append(target)
        return io.TextIOWrapper(os.fdopen(os.dup(target.fileno()), "wb"), encoding=encoding)

    def __enter__(self) -> _Streams:
        sys.stdin, sys.stdout, sys.stderr = self._opened
        return self

    def __exit__(self, *_: object) -> None:
        sys.stdin, sys.stdout, sys.stderr = self._before
        for stream in self._opened:
            with contextlib.suppress(ValueError):
                stream.close()

    def read(self) -> tuple[str, str, str]:
        with os.fdopen(self._stdin, encoding="utf-8") as stdin:
            left = stdin.read()
        if self._terminal is not None:
            return self._terminal.text(), "", left
        texts = []
        for target in self._files:
            target.seek(0)
            texts.append(target.read().decode("utf-8", "replace"))
            target.close()
        return texts[0], texts[1], left


class _Terminal:
    """A pseudo-terminal that is read to its end by a thread."""

    def __init__(self) -> None:
        self._ours, self.theirs = pty.openpty()
        tty.setraw(self.theirs)
        self._chunks: list[bytes] = []
        self._reader = threading.Thread(target=self._read, name="terminal")
        self._reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # the other side is closed
            while chunk := os.read(self._ours, 65536):
                self._chunks.append(chunk)

    def text(self) -> str:
        os.close(self.theirs)
        self._reader.join()
        os.close(self._ours)
        return b"".join(self._chunks).decode("utf-8", "replace")


@contextlib.contextmanager
def _here(folder: Path, env: Mapping[str, str]) -> Iterator[None]:
    """In *folder* with *env* alone as the environment."""
    before, place = dict(os.environ), Path.cwd()
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(place)
        os.environ.clear()
        os.environ.update(before)
