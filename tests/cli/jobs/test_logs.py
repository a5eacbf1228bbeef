from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.cli.support import Cli, Robot, error_of, eventually, log_event, steps


@pytest.fixture
def job_id(robot: Robot, submit: Callable[..., str]) -> str:
    submit(robot)
    return robot.run(
        log_event("one", "DEBUG"),
        *steps("a"),
        log_event("two", "WARNING", "a"),
        log_event("three", "ERROR", "b"),
    )


def messages(text: str) -> list[str]:
    return [json.loads(line)["message"] for line in text.splitlines()]


def test_only_log_lines_are_shown(remote: Cli, job_id: str) -> None:
    lines = remote("jobs", "logs", job_id).stdout.splitlines()
    assert len(lines) == 3
    assert "WARNING  a: two" in lines[1]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("--level", "warning"), ["two", "three"]),
        (("--node", "a"), ["two"]),
        (("--tail", "1"), ["three"]),
        (("--tail", "0"), []),
        (("--attempt", "1"), ["one", "two", "three"]),
        (("--attempt", "2"), []),
        (("--since", "1h"), ["one", "two", "three"]),
        (("--since", "0s"), []),
        (("--after", "6"), ["two", "three"]),
    ],
)
def test_lines_are_chosen(
    remote: Cli, job_id: str, words: tuple[str, ...], wanted: list[str]
) -> None:
    assert messages(remote("jobs", "logs", job_id, *words, "-o", "jsonl").stdout) == wanted


def test_json_is_a_list(remote: Cli, job_id: str) -> None:
    found = json.loads(remote("jobs", "logs", job_id, "-o", "json").stdout)
    assert found["schema_version"] == 1
    assert [item["message"] for item in found["items"]] == ["one", "two", "three"]


def test_follow_goes_on_until_the_end(
    remote: Cli, robot: Robot, submit: Callable[..., str]
) -> None:
    job_id = submit(robot)
    robot.claim()
    robot.report(log_event("old"), log_event("before"))
    following = remote.start("jobs", "logs", job_id, "-f", "--tail", "1", "-o", "jsonl")
    assert following.stdout is not None
    first = eventually(following.stdout.readline)
    robot.report(log_event("after"))
    robot.finish()
    rest, stderr = following.communicate(timeout=100)
    assert messages(first + rest) == ["before", "after"]
    assert (following.returncode, stderr) == (0, "")


def test_an_unknown_job_exits_4(remote: Cli) -> None:
    assert remote("jobs", "logs", "nope").returncode == 4


def test_a_level_that_is_none_is_refused(remote: Cli) -> None:
    error = error_of(remote("jobs", "logs", "j", "--level", "loud", "-o", "json"))
    assert error["exit_code"] == 2
    assert "warning" in error["hint"]


def test_following_waits_through_the_queue_and_json_is_the_whole_at_the_end(
    remote: Cli, robot: Robot, submit: Callable[..., str]
) -> None:
    job_id = submit(robot)
    following = remote.start("jobs", "logs", job_id, "-f", "-o", "json")
    assert following.stderr is not None
    assert "waits for a robot" in eventually(following.stderr.readline)
    robot.claim()
    robot.report(log_event("one"))
    robot.finish("failed", error_message="no luck")
    stdout, stderr = following.communicate(timeout=100)
    assert [item["message"] for item in json.loads(stdout)["items"]] == ["one"]
    assert (following.returncode, "no luck" in stderr) == (0, True)


def test_an_empty_log_says_why(remote: Cli, robot: Robot, submit: Callable[..., str]) -> None:
    job_id = submit(robot)
    assert "waits for a robot" in remote("jobs", "logs", job_id).stderr
    robot.claim()
    robot.report(*steps("a"))
    assert "have written no log yet" in remote("jobs", "logs", job_id).stderr
    robot.report(log_event("one"))
    assert "1 lines of log, but none" in remote("jobs", "logs", job_id, "--node", "x").stderr
    robot.finish()
    done = remote("jobs", "logs", job_id, "--after", "9999")
    assert (done.returncode, done.stdout) == (0, "")
    assert "nothing behind event 9999" in done.stderr
    never = submit()
    remote("jobs", "cancel", never)
    assert "never ran" in remote("jobs", "logs", never).stderr
