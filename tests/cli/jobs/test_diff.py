from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.cli.support import Cli, Robot, log_event

Event = tuple[str, dict[str, Any]]


def ran(node_id: str, took_ms: float = 1.0, **output: Any) -> list[Event]:
    data = {"node_id": node_id, "node_type": "LogNode"}
    done = {**data, "execution_time_ms": took_ms, "output_data": output}
    return [("node.started", data), ("node.completed", done)]


def test_runs_that_did_the_same_are_the_same_however_long_they_took(
    remote: Cli, robot: Robot, submit: Callable[..., str]
) -> None:
    jobs = []
    for took in (10.0, 900.0):
        jobs.append(submit(robot))
        robot.run(*ran("a", took, x=1), log_event("x"), result={"variables": {"v": 1}})
    done = remote("jobs", "diff", *jobs)
    assert done.returncode == 0
    assert "@ duration_ms a\n- 10.0\n+ 900.0" in done.stdout
    assert "the same" in done.stderr
    less = remote("jobs", "diff", *jobs, "--durations", "9999")
    assert (less.returncode, less.stdout) == (0, "")


def test_input_path_outputs_and_ending_are_told(
    remote: Cli, robot: Robot, submit: Callable[..., str]
) -> None:
    first = submit(robot, input_data={"month": 10, "deep": {"x": [1], "y": 1}})
    robot.run(*ran("a", x=1), *ran("yes"), result={"variables": {"v": "\x1b[31m"}})
    second = submit(robot, input_data={"month": "10", "deep": {"x": [1], "y": 2}})
    failed = ("node.failed", {"node_id": "no", "error_message": "bad"})
    robot.run(*ran("a", x=2), *ran("a", x=True), failed, status="failed", error_message="bad")
    done = remote("jobs", "diff", first, second, "-o", "json")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert (found["schema_version"], found["same"]) == (1, False)
    told = {(d["area"], d["name"]): (d["change"], d["a"], d["b"]) for d in found["differences"]}
    assert told["input", "month"] == ("changed", 10, "10")
    assert told["input", "deep.y"] == ("changed", 1, 2)
    assert ("input", "deep.x") not in told
    assert told["path", "a.runs"] == ("changed", 1, 2)
    assert told["path", "yes"] == ("removed", {"state": "completed", "runs": 1}, None)
    assert told["path", "no"][0] == "added"
    assert told["output", "a.x"] == ("changed", 1, True), "the last pass, and true is not 1"
    assert told["variable", "v"][0] == "removed"
    assert told["ending", "status"] == ("changed", "completed", "failed")
    lines = remote("jobs", "diff", first, second).stdout
    assert lines.startswith(f"--- {first}\n+++ {second}\n") and "\x1b" not in lines
    assert remote("jobs", "diff", first, "nope").returncode == 4
    back = json.loads(remote("jobs", "diff", first, first, "-o", "json").stdout)
    assert (back["same"], back["differences"]) == (True, [])
