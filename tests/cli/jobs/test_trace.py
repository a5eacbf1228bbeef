from __future__ import annotations

import json
import stat
from collections.abc import Callable

from casare_cli.following.steps import TIMES
from casare_cli.schemas import schema_of
from tests.cli.support import Cli, Robot, check, steps


def test_a_trace_is_shown_written_and_told(
    remote: Cli, robot: Robot, submit: Callable[..., str]
) -> None:
    job_id = submit(robot)
    failed = ("node.failed", {"node_id": "b", "error_message": "no\tluck \x1b[31m"})
    robot.run(*steps("a", "a", "a"), *steps("b")[:1], failed, status="failed")
    lines = [line.split("\t") for line in remote("jobs", "trace", job_id).stdout.splitlines()]
    assert [line[:5] for line in lines] == [
        ["1", "a", "LogNode", "completed", "3"],
        ["1", "b", "LogNode", "failed", "1"],
    ]
    found = json.loads(remote("jobs", "trace", job_id, "-o", "json").stdout)
    assert (found["schema_version"], found["job_id"], found["status"]) == (1, job_id, "failed")
    assert found["attempts"][0]["nodes"][0]["mean_ms"] == 1.5
    shown = remote.on_terminal("jobs", "trace", job_id)
    assert f"✓ a {TIMES}3" in shown.text and "█" in shown.text
    path = remote.folder / "trace.html"
    done = remote("jobs", "trace", job_id, "--html", path)
    assert (done.returncode, done.stdout) == (0, "")
    assert path.read_text().startswith("<!DOCTYPE html>")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_job_cancelled_inside_a_node_tells_how_long_it_ran(
    remote: Cli, robot: Robot, submit: Callable[..., str]
) -> None:
    job_id = submit(robot)
    robot.claim()
    robot.report(*steps("a")[:1])
    running = remote("jobs", "trace", job_id, "-o", "json")
    (node,) = json.loads(running.stdout)["attempts"][0]["nodes"]
    assert (node["state"], node["end_ms"], node["total_ms"] > 0) == ("running", None, True)
    robot.finish("cancelled")
    ended = json.loads(remote("jobs", "trace", job_id, "-o", "json").stdout)
    check(ended, schema_of("jobs trace"))
    (node,) = ended["attempts"][0]["nodes"]
    assert (node["state"], node["interrupted"], node["total_ms"] > 0) == ("failed", True, True)
    assert "interrupted" in remote("jobs", "trace", job_id).stdout
    other = submit(robot)
    robot.run(*steps("a"))
    found = json.loads(remote("jobs", "diff", job_id, other, "-o", "json").stdout)
    states = [d["a"] for d in found["differences"] if d["name"] == "a.state"]
    assert states == ["interrupted"]


def test_what_cannot_be_traced_or_written_is_refused(
    remote: Cli, submit: Callable[..., str]
) -> None:
    assert remote("jobs", "trace", "nope").returncode == 4
    assert remote("jobs", "trace", submit(), "--html", remote.folder).returncode == 2


def test_a_page_that_cannot_be_written_is_named_as_it_was_given(
    remote: Cli, submit: Callable[..., str]
) -> None:
    done = remote("jobs", "trace", submit(), "--html", "/nope/x.html")
    assert done.returncode == 2
    assert "cannot write /nope/x.html: No such file or directory\n" in done.stderr
