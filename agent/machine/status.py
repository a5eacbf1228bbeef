"""What an agent shows on its own machine: one small file, read by `casare-rpa agent status`."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import psutil

from casare_rpa.domain.json_values import Json
from casare_rpa.private_files import write_whole

FILE = "status.json"
#: A process's start is told in ticks; two that differ by more are two processes.
_SAME_START_SECONDS = 0.1


class StatusFile:
    """Written by the agent whenever it has changed."""

    def __init__(self, root: Path) -> None:
        self._path = root / FILE
        self._shown: Json = {}

    def show(self, status: Json) -> None:
        """Raises OSError."""
        if status != self._shown:
            write_whole(self._path, json.dumps(status, indent=2).encode())
            self._shown = status

    def remove(self) -> None:
        with contextlib.suppress(OSError):  # the exit code must not depend on it
            self._path.unlink()


def running_agent(root: Path) -> Json | None:
    """The status of the agent that uses the state folder *root*; None when none runs there."""
    try:
        status = json.loads((root / FILE).read_bytes())
        started = psutil.Process(int(status["pid"])).create_time()
        same = abs(started - float(status["process_started"])) < _SAME_START_SECONDS
    except (FileNotFoundError, ValueError, KeyError, TypeError, psutil.Error):
        return None
    return dict(status) if same else None
