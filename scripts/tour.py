"""Record a newcomer's first ten minutes: type the commands of the tour, write down what they print.

python scripts/tour.py [--check]

The commands run for real, in an empty home folder and one shell, and the pages get their real
output: docs/guide/tour.md all of it, README.md the part between its markers. --check runs them,
too, and says where the pages tell something else; ids, keys, times and durations may differ.
"""

from __future__ import annotations

import codecs
import difflib
import os
import pty
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tour_steps import CHAPTERS, SHORT_KEY, Chapter, Step

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "guide" / "tour.md"
README = ROOT / "README.md"
BEGIN, END = "<!-- tour: written by scripts/tour.py -->\n", "<!-- end of tour -->\n"
_SECONDS = 120.0
_USUAL_PORT = "8000"
_HEAD = """# A tour: the first ten minutes

Every command below was typed by a script into an empty home folder, and what it printed is what
stands here; a check of the project types them again. Long output is cut at `[...]`, and keys are
shortened. At a terminal of your own the steps of a job are one live picture instead of lines.
"""


@dataclass(kw_only=True)
class Terminal:
    """One bash whose commands come from us and whose output is a terminal."""

    home: Path
    env: dict[str, str]
    screen: str = ""

    def __post_init__(self) -> None:
        self._ours, theirs = pty.openpty()
        self._bash = subprocess.Popen(
            ["bash", "--norc", "--noprofile"],
            cwd=self.home,
            env=self.env,
            stdin=subprocess.PIPE,
            stdout=theirs,
            stderr=theirs,
            encoding="utf-8",
            start_new_session=True,
        )
        os.close(theirs)
        # Somebody must read on, or a program that stays would stop when the terminal is full.
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        text = codecs.getincrementaldecoder("utf-8")("replace")
        with suppress(OSError):
            while chunk := os.read(self._ours, 65536):
                self.screen += text.decode(chunk)

    def type(self, text: str) -> None:
        assert self._bash.stdin is not None
        self._bash.stdin.write(text)
        self._bash.stdin.flush()

    def until(self, mark: str, command: str) -> str:
        """What the terminal shows when *mark* stands there."""
        deadline = time.monotonic() + _SECONDS
        while mark not in (text := self.screen) or text[-1] != "\n":
            if time.monotonic() > deadline:
                raise SystemExit(f"the tour waits in vain for {command!r}:\n{text}")
            time.sleep(0.02)
        self.screen = ""
        return text.replace("\r\n", "\n")

    def close(self) -> None:
        """End the shell and what runs in it; SIGTERM is enough for all of ours."""
        with suppress(ProcessLookupError):
            os.killpg(self._bash.pid, signal.SIGTERM)
        assert self._bash.stdin is not None
        self._bash.stdin.close()
        self._bash.wait(60)
        os.close(self._ours)


@dataclass(kw_only=True)
class Newcomer:
    """Somebody who has the program, an empty home folder, and as many terminals as it takes."""

    home: Path
    env: dict[str, str]
    terminals: list[Terminal] = field(default_factory=list)
    key: str = ""

    def does(self, step: Step) -> str:
        """What *step* prints: until it has ended, or says that it is ready."""
        if step.ready or not self.terminals:
            self.terminals.append(Terminal(home=self.home, env=self.env))
        # On a live picture only the last state would be left to write down.
        kind = "dumb" if step.live else "xterm"
        command = step.command.replace(SHORT_KEY, self.key)
        line = f"export TERM={kind}\n{{ {command}\n}} </dev/null"
        printed = self._stays(line, step) if step.ready else self._ends(line, step)
        if shown := re.search(r"\bsk_live_\w{20,}", printed):
            self.key = shown[0]
        return printed

    def _ends(self, line: str, step: Step) -> str:
        mark = f"<end of {time.monotonic_ns()}>"
        first = self.terminals[0]
        first.type(f"{line}; echo '{mark}'\n")
        return first.until(mark, step.command).replace(mark, "")

    def _stays(self, line: str, step: Step) -> str:
        own = self.terminals[-1]
        own.type(f"{line}\n")
        return own.until(step.ready, step.command)


@contextmanager
def newcomer() -> Iterator[Newcomer]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder).resolve()
        names = home / ".local" / "bin"
        names.mkdir(parents=True)
        program = names / "casare-rpa"
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m casare_cli "$@"\n')
        program.chmod(0o755)
        found = Newcomer(home=home, env=_environment(home, names))
        try:
            yield found
        finally:
            for terminal in reversed(found.terminals):
                terminal.close()


def _environment(home: Path, names: Path) -> dict[str, str]:
    drop = ("UV_", "CASARE_", "XDG_", "DBUS_", "CREDENTIALS_", "CLICOLOR")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(drop)}
    port = str(_free_port())
    return {
        **kept,
        "HOME": str(home),
        "TMPDIR": str(home),
        "PATH": f"{names}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "NO_COLOR": "1",
        "COLUMNS": "100",
        "CASARE_PORT": port,
        "CASARE_ORCHESTRATOR_URL": f"http://127.0.0.1:{port}",
    }


def _free_port() -> int:
    """A port that nobody listens on: the usual one may be taken where this runs."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def recorded() -> dict[str, str]:
    """Each chapter's text by its title: prose, commands and what they printed."""
    with newcomer() as person:
        return {chapter.title: _record(person, chapter) for chapter in CHAPTERS}


def _record(person: Newcomer, chapter: Chapter) -> str:
    lines = [chapter.prose, "", "```console"]
    for step in chapter.steps:
        printed = _shown(person.does(step), person)
        lines += _prompt(step.command)
        lines += _cut(printed, step.head, step.tail)
    return "\n".join([*lines, "```"])


def _prompt(command: str) -> Iterator[str]:
    first, *more = command.splitlines()
    yield f"$ {first}"
    yield from more


def _cut(lines: list[str], head: int, tail: int) -> list[str]:
    if not head or len(lines) <= head + tail + 1:
        return lines
    return [*lines[:head], "[...]", *lines[len(lines) - tail :]]


def _shown(text: str, person: Newcomer) -> list[str]:
    """The lines as they are written down: the usual port, the home folder as ~, no whole key."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    text = text.replace(str(person.home), "~")
    text = text.replace(f":{person.env['CASARE_PORT']}", f":{_USUAL_PORT}")
    text = re.sub(r"\b(sk_live|robot)_[A-Za-z0-9_-]{20,}", r"\1_...", text)
    return [line.rstrip() for line in text.splitlines() if line.strip()]


#: What differs from one run to the next, and what stands for it in a comparison.
_DIFFERS = (
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}\b", "ID"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?", "TIME"),
    (r"(<?\d+(\.\d+)? (ms|s|min)\b ?)+|\b(just now|now|in a moment|\d+ ?[smhd] ago)\b", "DURATION"),
    (r"\bin \d+ ?[smhd]\b|\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b|(?<=TIME )[+-]\d\d:\d\d", "TIME"),
    (r"(?<=127\.0\.0\.1:)\d+", "PORT"),
    (r"(?<=key )[A-Za-z0-9_-]{8}\b", "KEY"),
    (r"casare-demo-\w+", "FOLDER"),
    (r"--+|[─━]+", "-"),
    (r"\s+", " "),
)


def comparable(text: str) -> list[str]:
    """The lines of a page without what differs from one run to the next."""
    lines = []
    for line in text.splitlines():
        for pattern, name in _DIFFERS:
            line = re.sub(pattern, name, line)
        lines.append(line.strip())
    return lines


def pages(chapters: dict[str, str]) -> dict[Path, str]:
    """The pages with the recorded *chapters* in them."""
    text = "\n\n".join([_HEAD.rstrip(), *(f"## {t}\n\n{body}" for t, body in chapters.items())])
    readme = README.read_text(encoding="utf-8")
    before, _, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise SystemExit(f"README.md lacks the marker {BEGIN.strip()} or {END.strip()}")
    best = "\n\n".join(chapters[c.title] for c in CHAPTERS if c.in_readme)
    return {PAGE: text + "\n", README: f"{before}{BEGIN}\n{best}\n\n{END}{after}"}


def differences(path: Path, text: str) -> list[str]:
    """Where the page at *path* tells something else than *text*."""
    stands = path.read_text(encoding="utf-8") if path.exists() else ""
    name = path.relative_to(ROOT).as_posix()
    compared = difflib.unified_diff(
        comparable(stands), comparable(text), f"{name} says", f"{name} should say", n=1, lineterm=""
    )
    return list(compared)


def main(words: Sequence[str], say: Callable[[str], Any] = print) -> int:
    stale = 0
    for path, text in pages(recorded()).items():
        found = differences(path, text)
        stale += bool(found)
        if "--check" in words:
            for line in found:
                say(line)
        elif found:
            path.write_text(text, encoding="utf-8")
            say(f"written: {path.relative_to(ROOT)}")
    if "--check" not in words:
        return 0
    if stale:
        say("the tour is stale; run: python scripts/tour.py")
    return min(stale, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
