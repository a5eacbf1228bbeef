"""Somebody at a pseudo-terminal, for workflows that run inside a test."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import termios
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

from casare_cli.terminal.person import AtTerminal
from casare_rpa.engine import RunResult
from tests.support.runs import document, node, run_document

SECONDS = 20.0
CTRL_D = "\x04"
ENTER = "\n"
#: What is shown, then what is typed.
Script = Sequence[tuple[str, str]]


class Somebody:
    """Types each answer when its question is shown; `seen` is all that the terminal got."""

    def __init__(self, script: Script, columns: int) -> None:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        reader = os.open(os.ttyname(theirs), os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
        self._ours, self._theirs = ours, (reader, theirs)
        self._script = script
        self.seen = ""
        self.unanswered = list(script)
        self.person = AtTerminal(reader, theirs, nullcontext)
        self._thread = threading.Thread(target=self._answer, name="somebody", daemon=True)
        self._thread.start()

    def leave(self) -> None:
        """Hear what is left, and go."""
        for descriptor in self._theirs:
            os.close(descriptor)
        self._thread.join(SECONDS)
        os.close(self._ours)

    def _answer(self) -> None:
        heard = 0
        while self._hear():
            while self.unanswered:
                question, answer = self.unanswered[0]
                at = self.seen.find(question, heard)
                if at < 0:
                    break
                heard = at + len(question)
                del self.unanswered[0]
                os.write(self._ours, answer.encode())

    def _hear(self) -> bool:
        if not select.select([self._ours], [], [], SECONDS)[0]:
            return False
        try:
            piece = os.read(self._ours, 65536)
        except OSError:
            return False
        self.seen += piece.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(piece)


@contextmanager
def somebody(*script: tuple[str, str], columns: int = 80) -> Iterator[Somebody]:
    """Somebody who knows the answers of *script*, at a terminal of so many *columns*."""
    found = Somebody(script, columns)
    try:
        yield found
    finally:
        found.leave()


def asked(
    node_type: str,
    config: Mapping[str, Any],
    *script: tuple[str, str],
    variables: Mapping[str, Any] | None = None,
    **options: Any,
) -> tuple[RunResult, str]:
    """A run of one dialog, called "n", and what its terminal showed."""
    with somebody(*script) as person:
        result = run_document(
            document({"n": node(node_type, **config)}),
            variables,
            person=person.person,
            timeout_seconds=SECONDS,
            **options,
        )
    assert not person.unanswered, f"{person.unanswered[0]} was not asked: {person.seen!r}"
    return result, person.seen


def outputs(node_type: str, config: Mapping[str, Any], *script: tuple[str, str]) -> dict[str, Any]:
    """What one dialog puts out, its run succeeding."""
    result, seen = asked(node_type, config, *script)
    assert result.success, (result.error, seen)
    return dict(result.outputs["n"])
