from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from casare_cli.following.steps import TIMES
from tests.cli.conftest import document
from tests.cli.support import (
    Cli,
    Robot,
    eventually,
    log_event,
    start_server,
    steps,
)


def test_a_finished_job_is_replayed(remote: Cli, robot: Robot, submit: Callable[..., str]) -> None:
    job_id = submit(robot)
    robot.run(*steps("a", "b"), log_event("half way", "warning"))
    done = remote("jobs", "watch", job_id)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines.count("✓ a  LogNode  2 ms") == 1
    assert "  | n: warning: half way" in lines
    assert lines[-1].startswith("completed")
    assert f"job {job_id} completed" in done.stderr


def test_every_event_is_a_line_of_json_once(
    remote: Cli, robot: Robot, submit: Callable[..., str]
) -> None:
    job_id = submit(robot)
    robot.run(*steps(*(f"n{i}" for i in range(300))))
    done = remote("jobs", "watch", job_id, "-o", "jsonl")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    seqs = [event["seq"] for event in events]
    assert seqs == list(range(1, len(seqs) + 1))
    assert len(seqs) >= 602
    assert events[-1]["type"] == "job.completed"
    assert set(events[-1]) == {"type", "job_id", "seq", "attempt", "timestamp", "data"}


def test_json_is_the_finished_job(remote: Cli, robot: Robot, submit: Callable[..., str]) -> None:
    job_id = submit(robot)
    robot.run(status="failed", error_message="no luck", failed_node_id="a")
    done = remote("jobs", "watch", job_id, "-o", "json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["error_message"] == "no luck"


def test_after_skips_what_was_seen(remote: Cli, robot: Robot, submit: Callable[..., str]) -> None:
    job_id = submit(robot)
    robot.run(*steps("a", "b"))
    lines = remote("jobs", "watch", job_id, "--after", "4", "-o", "jsonl").stdout.splitlines()
    assert json.loads(lines[0])["seq"] == 5


def test_the_passes_of_a_loop_are_collapsed(
    remote: Cli, robot: Robot, submit: Callable[..., str]
) -> None:
    job_id = submit(robot)
    robot.run(*(event for _ in range(250) for event in steps("body")))
    lines = remote("jobs", "watch", job_id).stdout.splitlines()
    assert f"✓ body {TIMES}200  LogNode  2 ms" in lines
    assert sum("✓ body" in line for line in lines) < 40
    shown = remote.on_terminal("jobs", "watch", job_id)
    assert f"✓ body {TIMES}250" in shown.text
    assert f"{TIMES}249" not in shown.text


def test_a_terminal_gets_a_live_tree(remote: Cli, robot: Robot, submit: Callable[..., str]) -> None:
    job_id = submit(robot)
    robot.run(
        *steps("a"), log_event("between"), ("node.failed", {"node_id": "b", "error_message": "bad"})
    )
    shown = remote.on_terminal("jobs", "watch", job_id)
    assert "✓ a" in shown.text
    assert "between" in shown.text
    assert "✗ b" in shown.text
    assert "\x1b[?25h" in shown.text, "the cursor is shown again"


def test_thousands_of_steps_are_shown_at_once(
    remote: Cli, robot: Robot, submit: Callable[..., str]
) -> None:
    job_id = submit(robot)
    robot.claim()
    for part in range(4):
        robot.report(*steps(*(f"n{part}-{i}" for i in range(1000))))
    robot.finish()
    shown = remote.on_terminal("jobs", "watch", job_id)
    assert shown.code == 0
    assert "earlier steps" in shown.text
    assert len(shown.text) < 200_000


def test_the_watch_ends_when_its_time_runs_out(remote: Cli, submit: Callable[..., str]) -> None:
    done = remote("jobs", "watch", submit(), "--wait-timeout", "0.3s")
    assert done.returncode == 8


def test_an_unknown_job_exits_4(remote: Cli) -> None:
    assert remote("jobs", "watch", "nope").returncode == 4


def test_ctrl_c_stops_watching_only(remote: Cli, robot: Robot, submit: Callable[..., str]) -> None:
    job_id = submit(robot)
    robot.claim()
    robot.report(*steps("a"))
    watching = remote.start("jobs", "watch", job_id)
    printed = watching.stdout
    assert printed is not None
    eventually(lambda: "✓ a" in printed.readline())
    watching.send_signal(signal.SIGINT)
    _, stderr = watching.communicate(timeout=100)
    assert watching.returncode == 130
    assert f"casare-rpa jobs watch {job_id} --after" in stderr
    assert "Traceback" not in stderr
    robot.finish()


def test_a_cancelled_job_exits_10(remote: Cli, submit: Callable[..., str]) -> None:
    job_id = submit()
    remote("jobs", "cancel", job_id)
    assert remote("jobs", "watch", job_id).returncode == 10


def test_a_reader_that_goes_away_ends_the_watch_quietly(
    remote: Cli, robot: Robot, submit: Callable[..., str]
) -> None:
    job_id = submit(robot)
    robot.run(*steps("a", "b"))
    assert remote.without_reader("jobs", "watch", job_id) == (141, "")
    assert remote.without_reader("jobs", "watch", job_id, "-o", "jsonl") == (141, "")


def test_the_watch_resumes_when_the_orchestrator_comes_back(cli: Cli, tmp_path: Path) -> None:
    """Killed in mid-job and started again: each event once, and the outcome."""
    with ExitStack() as stack:
        server = start_server(tmp_path / "server")
        stack.callback(server.stop)
        with server.client(server.admin_key) as admin:
            admin.push_workflow(
                {"workflow_id": "w", "workflow_name": "w", "workflow_json": document()}
            )
            job_id = admin.submit({"workflow_id": "w"})["job_id"]
        robot = Robot(server, "r")
        stack.callback(robot.client.close)
        robot.claim()
        robot.report(*steps("a"))
        cli.env |= server.env(server.admin_key)
        watching = cli.start("jobs", "watch", job_id, "-o", "jsonl")
        seen = _read_until(watching, "node.completed")
        server.kill()
        again = start_server(server.state_dir, int(server.url.rsplit(":", 1)[1]))
        stack.callback(again.stop)
        robot.report(*steps("b"))
        robot.finish()
        stdout, stderr = watching.communicate(timeout=60)
    seen += [json.loads(line) for line in stdout.splitlines()]
    assert watching.returncode == 0, stderr
    assert [event["seq"] for event in seen] == list(range(1, len(seen) + 1))
    assert seen[-1]["type"] == "job.completed"


def _read_until(watching: subprocess.Popen[str], kind: str) -> list[dict[str, Any]]:
    assert watching.stdout is not None
    seen: list[dict[str, Any]] = []
    while not seen or seen[-1]["type"] != kind:
        seen.append(json.loads(watching.stdout.readline()))
    return seen
