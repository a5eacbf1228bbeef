"""Workflow files made elsewhere, run by the command and through orchestrator and robot.

They are not part of this project; CASARE_REFERENCE_DIR names the folder that has them in
`workflows/`, with `expected.json` beside them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from casare_rpa import browser_programs
from tests.support.fleet import Orchestrator, start_agent, start_orchestrator

REFERENCE = os.environ.get("CASARE_REFERENCE_DIR")
pytestmark = [
    pytest.mark.skipif(REFERENCE is None, reason="CASARE_REFERENCE_DIR names no folder"),
    pytest.mark.xdist_group("real-files"),
]
FOLDER = Path(REFERENCE or ".") / "workflows"
NEEDS_BROWSER = pytest.mark.skipif(
    browser_programs.lacking() is not None, reason="no browser to drive"
)
FILES = [
    pytest.param(f"task_{n}.json", marks=NEEDS_BROWSER if n == 5 else ()) for n in range(1, 11)
]


#: What a browser says of itself, such as that root has no sandbox, no file expects.
OF_BROWSER = frozenset({"launch_browser"})


def expected(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "expected.json").read_text())[name]
    return found


def check(name: str, variables: dict[str, Any], outputs: dict[str, Any], log: list[str]) -> None:
    wanted = expected(name)
    for key, value in wanted.get("vars", {}).items():
        assert variables[key] == value
    for place, value in wanted.get("outputs", {}).items():
        node_id, _, port = place.partition(".")
        assert outputs[node_id][port] == value
    if "log" in wanted:
        assert log == wanted["log"]


@pytest.mark.parametrize("name", FILES)
def test_the_command_runs_the_file_as_its_author_meant(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "casare_cli", "run", str(FOLDER / name), "-o", "json"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["status"] == "completed"
    lines = [line["message"] for line in result["logs"] if line["node_id"] not in OF_BROWSER]
    check(name, result["variables"], result["outputs"], lines)


@pytest.fixture(scope="module")
def orchestrator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orchestrator]:
    folder = tmp_path_factory.mktemp("fleet")
    with start_orchestrator(folder) as running, start_agent(running, folder):
        yield running


@pytest.mark.parametrize("name", FILES)
def test_a_robot_runs_the_file_as_its_author_meant(name: str, orchestrator: Orchestrator) -> None:
    document = json.loads((FOLDER / name).read_text())
    job_id = orchestrator.submit(document, workflow_name=name)
    job = orchestrator.wait_for(job_id)
    history = orchestrator.history(job_id)
    assert job["status"] == "completed", job["error_message"]
    assert [event["seq"] for event in history] == list(range(1, len(history) + 1))
    logs = [event["data"] for event in history if event["type"] == "log"]
    lines = [line["message"] for line in logs if line["node_id"] not in OF_BROWSER]
    check(name, job["result"]["variables"], job["result"]["outputs"], lines)


def test_a_file_that_is_there_is_deleted(tmp_path: Path) -> None:
    (tmp_path / "stress_test_file.txt").write_text("x")
    done = subprocess.run(
        [sys.executable, "-m", "casare_cli", "run", str(FOLDER / "task_4.json"), "-o", "json"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
    )
    assert json.loads(done.stdout)["outputs"]["check_file_exists"]["exists"] is True
    assert not (tmp_path / "stress_test_file.txt").exists()
