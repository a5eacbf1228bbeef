"""However an agent is started, it writes the same lines."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.fleet import Orchestrator

WAYS = pytest.mark.parametrize(
    "command",
    [
        pytest.param(["-m", "agent"], id="python -m agent"),
        pytest.param(["-m", "casare_cli", "agent", "start"], id="casare-rpa agent"),
    ],
)


def logged(command: list[str], orchestrator: Orchestrator, folder: Path, form: str) -> list[str]:
    """What an agent writes whose key is refused."""
    ended = subprocess.run(
        [sys.executable, *command],
        env={
            "HOME": str(folder),
            "CASARE_STATE_DIR": str(folder / "state\x1b[2J"),
            "CASARE_ORCHESTRATOR_URL": orchestrator.url,
            "CASARE_API_KEY": "robot_unknown",
            "CASARE_HEALTH_ADDRESS": "127.0.0.1:0",
            "CASARE_LOG_FORMAT": form,
        },
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ended.returncode == 77, ended.stderr
    return ended.stderr.splitlines()


@WAYS
def test_as_text(command: list[str], orchestrator: Orchestrator, tmp_path: Path) -> None:
    lines = logged(command, orchestrator, tmp_path, "text")
    assert len(lines) >= 2
    for line in lines:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d (INFO   |ERROR  ) \S.*", line), line


@WAYS
def test_as_json(command: list[str], orchestrator: Orchestrator, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in logged(command, orchestrator, tmp_path, "json")]
    assert [line["level"] for line in lines] == ["INFO", "ERROR"]
    for line in lines:
        assert line.keys() == {"timestamp", "level", "logger", "thread", "message"}
        assert line["timestamp"].endswith("+00:00")
