"""The live tree on a real terminal under a flood of events."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
from pathlib import Path

import pytest

from tests.cli.support import SECONDS, Cli, eventually

#: Feeds as fast as it can for some seconds, or until there is the file that is named second;
#: 5,000 different nodes over and over.
_FLOOD = """
import json, os, resource, sys, time
from casare_cli.terminal.output import Output
from casare_cli.following.tree import StepTree

SECONDS, NODES = 3.0, 5000
def over():
    return os.path.exists(sys.argv[2]) if sys.argv[2:] else time.monotonic() - began >= SECONDS
def memory(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
tree, fed, settled = StepTree(Output()), 0, 0
began = time.monotonic()
with tree:
    tree.feed({"type": "job.started", "data": {"workflow_name": "flood"}})
    while not over():
        for n in range(NODES):
            data = {"node_id": f"node-{n}-with-a-long-name", "node_type": "LogNode"}
            tree.feed({"type": "node.started", "data": data})
            tree.feed({"type": "node.completed", "data": {**data, "execution_time_ms": 1.0}})
            tree.feed({"type": "log", "data": {"message": "m" * 50, "node_id": "x"}})
            fed += 3
        settled = settled or memory()
took = time.monotonic() - began
about = {"fed": fed, "seconds": took, "grew_kib": memory() - settled}
open(sys.argv[1], "w").write(json.dumps(about))
"""
_HEADLINE = "running flood"
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Flood:
    """The program above on a terminal of *rows* and *columns*, which may change."""

    def __init__(
        self, cli: Cli, about: Path, rows: int, columns: int, until: Path | None = None
    ) -> None:
        self._ours, self._theirs = pty.openpty()
        self.resize(rows, columns)
        self._chunks: list[bytes] = []
        env = {k: v for k, v in cli.environment().items() if k not in ("COLUMNS", "LINES")}
        self._process = subprocess.Popen(
            [sys.executable, "-c", _FLOOD, str(about), *([str(until)] if until else [])],
            env=env,
            stdin=self._theirs,
            stdout=self._theirs,
            stderr=self._theirs,
        )
        self._reader = threading.Thread(target=_read, args=(self._ours, self._chunks))
        self._reader.start()

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def text(self) -> str:
        return b"".join(self._chunks).decode(errors="replace")

    def end(self) -> str:
        """All that came, once the program has ended well."""
        assert self._process.wait(SECONDS) == 0, self.text()
        os.close(self._theirs)
        self._reader.join()
        os.close(self._ours)
        return self.text()


def _longest_line(text: str) -> int:
    return max(len(_ESCAPES.sub("", line)) for line in re.split(r"[\r\n]+", text))


@pytest.mark.parametrize(("rows", "columns"), [(24, 30), (50, 200)])
def test_a_flood_of_events_is_a_few_pictures_a_second(
    cli: Cli, tmp_path: Path, rows: int, columns: int
) -> None:
    about = tmp_path / "about.json"
    text = Flood(cli, about, rows, columns).end()
    told = json.loads(about.read_text())
    assert told["fed"] >= 5000 * 3
    # Each picture erases the one before it, line by line; log lines between come with one more.
    pictures = text.count(_HEADLINE)
    assert 2 <= pictures <= 2 * (told["seconds"] / 0.25 + 3), told
    assert len(text) / told["seconds"] < 400_000
    assert told["grew_kib"] < 30_000, told
    assert _longest_line(text) <= columns
    assert "\x1b[?25h" in text, "the cursor is shown again"


def test_a_terminal_that_becomes_smaller_gets_smaller_pictures(cli: Cli, tmp_path: Path) -> None:
    stop = tmp_path / "stop"
    flood = Flood(cli, tmp_path / "about.json", 40, 150, until=stop)
    eventually(lambda: flood.text().count(_HEADLINE) >= 2)
    flood.resize(12, 30)
    seen = len(flood.text())
    eventually(lambda: flood.text()[seen:].count(_HEADLINE) >= 4)
    stop.touch()
    text = flood.end()[seen:]
    # The one that was being drawn may have had the old size.
    pictures = text.split(_HEADLINE)[2:]
    assert pictures
    assert max(map(_longest_line, pictures)) <= 30
    assert max(picture.count("node-") for picture in pictures) <= 12


def _read(terminal: int, chunks: list[bytes]) -> None:
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # the other side is closed
            return
        if not chunk:
            return
        chunks.append(chunk)
