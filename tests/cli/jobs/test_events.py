from __future__ import annotations

import json
import shlex
import signal
from collections.abc import Callable

import pytest

from tests.cli.support import Cli, Robot, eventually, log_event, steps
from tests.support.proxy import proxy_to


def test_the_history_is_told_as_it_is_kept(
    remote: Cli, robot: Robot, submit: Callable[..., str]
) -> None:
    job_id = submit(robot)
    robot.run(*steps("a"), log_event("said \x1b[31m"))
    found = json.loads(remote("jobs", "events", job_id, "-o", "json").stdout)["items"]
    assert [event["seq"] for event in found] == list(range(1, len(found) + 1))
    assert found[-1]["type"] == "job.completed"
    assert set(found[0]) == {"type", "job_id", "seq", "attempt", "timestamp", "data"}
    lines = remote("jobs", "events", job_id, "--after", "3").stdout.splitlines()
    assert lines[0].split("\t")[::2] == ["4", "node.started", "LogNode"]
    assert "\x1b" not in "".join(lines) and "said \\x1b[31m" in lines[2]
    assert remote("jobs", "events", "nope").returncode == 4


def test_following_waits_through_the_queue_and_loses_nothing_to_a_broken_connection(
    remote: Cli, robot: Robot, submit: Callable[..., str]
) -> None:
    job_id = submit(robot)
    with proxy_to(remote.env["CASARE_ORCHESTRATOR_URL"]) as proxy:
        proxy.lose(b"GET /ws/jobs", 1)
        words = ("jobs", "events", job_id, "-f", "-o", "jsonl")
        following = remote.start(*words, env={"CASARE_ORCHESTRATOR_URL": proxy.url})
        assert following.stdout is not None
        first = json.loads(eventually(following.stdout.readline))
        assert first["type"] == "job.queued"
        robot.claim()
        proxy.lose(b"/events?", 2)
        robot.report(*steps("a", "b"))
        robot.finish("failed", error_message="no luck")
        rest, stderr = following.communicate(timeout=100)
    seqs = [json.loads(line)["seq"] for line in rest.splitlines()]
    assert seqs == list(range(2, len(seqs) + 2))
    assert following.returncode == 0, "the history was shown, whatever the job came to"
    assert "no luck" in stderr
    assert proxy.lost


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_and_sigterm_say_how_to_go_on(
    remote: Cli, robot: Robot, submit: Callable[..., str], number: signal.Signals, code: int
) -> None:
    job_id = submit(robot)
    robot.claim()
    robot.report(log_event("one", "ERROR", "a b"))
    for noun, options in (("events", ""), ("logs", " --node 'a b' --level error")):
        words = shlex.split(f"jobs {noun} {job_id} -f{options}")
        following = remote.start(*words)
        assert following.stdout is not None
        lines = iter(following.stdout.readline, "")
        assert any("one" in line for line in lines)
        following.send_signal(number)
        _, stderr = following.communicate(timeout=100)
        assert following.returncode == code
        assert f"casare-rpa jobs {noun} {job_id} -f --after 4{options}\n" in stderr
    robot.finish()
