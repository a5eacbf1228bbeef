from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from casare_cli.schemas import schema_of
from tests.cli.conftest import document
from tests.cli.support import Cli, Robot, Server, check, error_of, eventually, log_event, steps


def test_off_a_terminal_the_id_is_printed_alone(remote: Cli, server: Server, workflow: str) -> None:
    done = remote("jobs", "submit", workflow)
    assert done.returncode == 0
    assert re.fullmatch(r"[\w-]+\n", done.stdout)
    assert done.stderr == ""
    with server.client() as client:
        assert client.job(done.stdout.strip())["status"] == "pending"


def test_json_is_the_job_as_the_orchestrator_answers(remote: Cli, workflow: str) -> None:
    job = json.loads(remote("jobs", "submit", workflow, "-o", "json").stdout)
    assert job["workflow_id"] == workflow
    assert job["status"] == "pending"
    assert job["id"] == job["job_id"]


def test_all_forms_of_input_make_one_object(remote: Cli, workflow: str, tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text('{"a": 1, "b": [1, 2], "name": "file"}')
    words = ("--input", "@in.json", "--input", "-", "-i", "name=a=b", "-i", "rows:=250")
    done = remote("jobs", "submit", workflow, *words, "-o", "json", stdin='{"a": {"x": null}}')
    assert json.loads(done.stdout)["input_data"] == {
        "a": {"x": None},
        "b": [1, 2],
        "name": "a=b",
        "rows": 250,
    }


@pytest.mark.parametrize(
    "word", ["novalue", "=x", "n:={", "n:=NaN", "@missing.json", "@list.json", "@bytes.json"]
)
def test_a_wrong_input_is_refused_before_anything_is_sent(
    remote: Cli, workflow: str, word: str, tmp_path: Path
) -> None:
    (tmp_path / "list.json").write_text("[1]")
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    done = remote("jobs", "submit", workflow, "--input", word)
    assert done.returncode == 2
    assert "--input" in done.stderr or "cannot read" in done.stderr
    assert remote("jobs", "list", "--workflow", workflow).stdout == ""


def test_the_options_reach_the_job(remote: Cli, workflow: str) -> None:
    words = ("--priority", "3", "--tag", "a", "--tag", "b", "--robot", "r9", "--max-retries", "2")
    job = json.loads(remote("jobs", "submit", workflow, *words, "-o", "json").stdout)
    assert (job["priority"], job["tags"], job["max_retries"]) == (3, ["a", "b"], 2)


def test_a_job_for_later_is_not_handed_out_yet(remote: Cli, workflow: str, robot: Robot) -> None:
    late = remote("jobs", "submit", workflow, "--robot", robot.robot_id, "--start-in", "1h")
    words = ("--start-at", "2099-01-01T00:00Z")
    assert remote("jobs", "submit", workflow, "--robot", robot.robot_id, *words).returncode == 0
    now = remote("jobs", "submit", workflow, "--robot", robot.robot_id)
    assert late.returncode == 0
    assert robot.claim() == now.stdout.strip()


def test_a_wrong_duration_is_refused(remote: Cli, workflow: str) -> None:
    error = error_of(remote("jobs", "submit", workflow, "--start-in", "soon", "-o", "json"))
    assert error["exit_code"] == 2
    assert "--start-in" in error["message"]


def test_a_file_is_pushed_once(remote: Cli, server: Server, tmp_path: Path) -> None:
    name = f"greet-{uuid4().hex[:8]}"
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(document() | {"metadata": {"name": name.upper()}}))
    first = json.loads(remote("jobs", "submit", path, "--robot", "nobody", "-o", "json").stdout)
    second = json.loads(remote("jobs", "submit", path, "--robot", "nobody", "-o", "json").stdout)
    assert first["workflow_id"] == second["workflow_id"] == name
    assert first["workflow_version"] == second["workflow_version"] == 1
    path.write_text(json.dumps(document() | {"metadata": {"name": name}, "variables": {}}))
    third = json.loads(remote("jobs", "submit", path, "--robot", "nobody", "-o", "json").stdout)
    assert third["workflow_version"] == 2


def test_a_broken_file_is_not_pushed(remote: Cli, tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    path.write_text('{\n "metadata": {"name": "broken"},\n "nodes": {\n')
    done = remote("jobs", "submit", path)
    assert done.returncode == 2
    assert "line " in done.stderr


def test_an_unknown_workflow_exits_4(remote: Cli) -> None:
    done = remote("jobs", "submit", "nope")
    assert (done.returncode, done.stdout) == (4, "")


def test_the_same_idempotency_key_submits_once(remote: Cli, workflow: str) -> None:
    words = ("jobs", "submit", workflow, "--idempotency-key", uuid4().hex)
    assert remote(*words).stdout == remote(*words).stdout
    other = remote(*words, "--input", "x=1")
    assert other.returncode == 2


def test_a_doubled_cron_line_submits_once(remote: Cli, workflow: str) -> None:
    words = ("jobs", "submit", workflow, "--idempotency-key", "auto:day")
    assert remote(*words).stdout == remote(*words).stdout
    assert remote(*words, "-i", "x=1").stdout != remote(*words).stdout
    assert remote("jobs", "submit", workflow, "--idempotency-key", "auto:year").returncode == 2


@pytest.mark.parametrize(
    ("status", "reason", "code"),
    [
        ("completed", None, 0),
        ("failed", "workflow_error", 1),
        ("timeout", "timeout", 11),
    ],
)
def test_the_exit_code_of_wait_is_the_outcome(
    remote: Cli, workflow: str, robot: Robot, status: str, reason: str | None, code: int
) -> None:
    waiting = remote.start("jobs", "submit", workflow, "--robot", robot.robot_id, "--wait")
    more = {"failure_reason": reason, "error_message": "no luck"} if reason else {}
    job_id = robot.run(*steps("a"), status=status, **more)
    stdout, stderr = waiting.communicate(timeout=100)
    assert waiting.returncode == code
    assert stdout == f"{job_id}\n"
    assert job_id in stderr


def test_follow_shows_the_steps_on_stderr_and_the_id_on_stdout(
    remote: Cli, workflow: str, robot: Robot
) -> None:
    words = ("jobs", "submit", workflow, "--robot", robot.robot_id, "--follow")
    following = remote.start(*words)
    job_id = robot.run(*steps("a"), log_event("working"), *steps("b"))
    stdout, stderr = following.communicate(timeout=100)
    assert following.returncode == 0
    assert stdout == f"{job_id}\n"
    places = [stderr.index(text) for text in ("▶ a", "✓ a", "working", "▶ b", "✓ b", "completed")]
    assert places == sorted(places)


def test_wait_in_json_prints_the_finished_job(remote: Cli, workflow: str, robot: Robot) -> None:
    words = ("jobs", "submit", workflow, "--robot", robot.robot_id, "--wait", "-o", "json")
    waiting = remote.start(*words)
    robot.run(result={"variables": {"x": 1}})
    stdout, _ = waiting.communicate(timeout=100)
    job = json.loads(stdout)
    assert job["status"] == "completed"
    assert job["result"]["variables"] == {"x": 1}


def test_a_wait_that_runs_out_exits_8_and_names_the_next_command(
    remote: Cli, workflow: str
) -> None:
    # A robot of another test would take a job that any may take.
    done = remote("jobs", "submit", workflow, "--robot", "nobody", "--wait-timeout", "300ms")
    assert done.returncode == 8
    assert f"casare-rpa jobs watch {done.stdout.strip()}" in done.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_and_sigterm_detach_and_the_job_goes_on(
    remote: Cli, server: Server, workflow: str, robot: Robot, number: signal.Signals, code: int
) -> None:
    words = ("jobs", "submit", workflow, "--robot", robot.robot_id, "--follow")
    following = remote.start(*words)
    assert following.stdout is not None
    printed = following.stderr
    assert printed is not None
    job_id = following.stdout.readline().strip()
    robot.claim()
    robot.report(*steps("a"))
    eventually(lambda: "✓ a" in printed.readline())
    following.send_signal(number)
    _, stderr = following.communicate(timeout=100)
    assert following.returncode == code
    resume = re.search(rf"casare-rpa (jobs watch {job_id} --after \d+)", stderr)
    assert resume
    robot.report(*steps("b"))
    robot.finish()
    resumed = remote(*resume[1].split())
    assert resumed.returncode == 0
    assert "✓ b" in resumed.stdout
    assert "✓ a" not in resumed.stdout


def test_quiet_success_is_silent(remote: Cli, workflow: str, robot: Robot) -> None:
    words = ("jobs", "submit", workflow, "--robot", robot.robot_id, "--wait", "--quiet")
    waiting = remote.start(*words)
    robot.run(*steps("a"))
    assert waiting.communicate(timeout=100) == ("", "")
    assert waiting.returncode == 0


def test_a_cron_line_is_silent_unless_the_id_is_asked_for(remote: Cli, workflow: str) -> None:
    words = ("jobs", "submit", workflow, "--robot", "nobody", "--quiet")
    done = remote(*words)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(remote(*words, "-o", "name").stdout.splitlines()) == 1


def test_a_start_beyond_the_calendar_is_a_usage_error(remote: Cli, workflow: str) -> None:
    done = remote("jobs", "submit", workflow, "--start-in", "99999999d")
    assert done.returncode == 2
    assert "100 years" in done.stderr


def test_a_doubled_cron_line_with_a_delay_submits_once(remote: Cli, workflow: str) -> None:
    words = ("jobs", "submit", workflow, "--start-in", "1h", "--idempotency-key", "auto:day")
    assert remote(*words).stdout == remote(*words).stdout


def test_an_input_that_is_almost_a_variable_is_told_and_never_refused(
    remote: Cli, workflow: str, workflow_file: Path
) -> None:
    words = ("jobs", "submit", workflow, "--robot", "nobody")
    told = remote(*words, "--input", "whoo=me")
    note = "note: --input whoo: the workflow has no variable 'whoo'; did you mean 'who'?\n"
    assert (told.returncode, told.stderr) == (0, note)
    for known in ("who=me", "greeting=x", "nosuch=1"):
        assert remote(*words, "--input", known).stderr == ""
    assert remote(*words, "--input", "whoo=me", "--quiet").stderr == ""
    ran = remote("run", workflow_file, "--var", "whoo=me")
    assert (ran.returncode, "--var whoo: the workflow has no" in ran.stderr) == (0, True)


def test_a_timeout_of_nothing_is_refused_by_its_name(remote: Cli, workflow: str) -> None:
    done = remote("jobs", "submit", workflow, "--timeout", "0")
    assert (done.returncode, "--timeout: '0' is no time at all" in done.stderr) == (2, True)


def test_a_start_is_given_once_and_with_its_zone(remote: Cli, workflow: str) -> None:
    words = ("jobs", "submit", workflow)
    assert remote(*words, "--start-in", "1m", "--start-at", "12:00").returncode == 2
    assert "time zone" in remote(*words, "--start-at", "2099-01-01T00:00").stderr


@pytest.mark.parametrize("more", [(), ("-o", "json")])
def test_it_says_when_the_job_starts(
    remote: Cli, workflow: str, submit: Callable[..., str], more: tuple[str, ...]
) -> None:
    words = ("jobs", "submit", workflow, "--robot", "nobody", *more)
    zone = {"TZ": "Europe/Berlin"}
    later = remote(*words, "--start-at", "2099-01-01T00:00Z", env=zone)
    assert later.stderr == "  starts no earlier than 2099-01-01 01:00 +01:00\n"
    assert "starts no earlier than 20" in remote(*words, "--start-in", "1h").stderr
    past = remote(*words, "--start-at", "2020-01-01T00:00Z")
    told = "note: --start-at 2020-01-01T00:00Z is over: the job may start at once\n"
    assert (past.returncode, past.stderr) == (0, told)
    assert remote(*words, "--start-in", "0s").stderr == ""
    assert remote(*words, "--start-at", "2020-01-01T00:00Z", "--quiet").stderr == ""


def test_a_job_in_the_way_is_refused_answered_with_or_left_alone(
    remote: Cli, server: Server, workflow: str, submit: Callable[..., str]
) -> None:
    there = submit()
    words = ("jobs", "submit", workflow, "--on-conflict")
    error = error_of(remote(*words, "fail", "-o", "json"))
    assert (error["exit_code"], there in error["message"]) == (9, True)
    assert remote(*words, "existing").stdout == f"{there}\n"
    skipped = remote(*words, "skip", "--wait")
    assert (skipped.returncode, skipped.stdout) == (0, "")
    assert f"nothing submitted: job {there} is pending already" in skipped.stderr
    with server.client() as client:
        assert client.jobs(workflow_id=workflow)["total"] == 1


def test_a_dry_run_sends_nothing_and_says_where_it_could_run(
    remote: Cli, server: Server, workflow: str, robot: Robot
) -> None:
    words = ("jobs", "submit", workflow, "--robot", robot.robot_id, "--dry-run")
    done = remote(*words, "-i", "month=11")
    assert done.returncode == 0
    assert 'input\t{"month": "11"}' in done.stdout
    assert f"{robot.robot_id}\tready" in done.stdout
    found = json.loads(remote(*words, "--tag", "gpu", "-o", "json").stdout)
    assert (found["why"]["verdict"], found["request"]["tags"]) == ("impossible", ["gpu"])
    check(found, schema_of("jobs submit --dry-run"))
    with server.client() as client:
        assert client.jobs(workflow_id=workflow)["total"] == 0


def test_a_dry_run_of_a_file_checks_and_does_not_push_it(
    remote: Cli, server: Server, workflow_file: Path
) -> None:
    name = f"dry-{uuid4().hex[:8]}"
    workflow_file.write_text(json.dumps(document() | {"metadata": {"name": name}}))
    done = remote("jobs", "submit", workflow_file, "--robot", "nobody", "--dry-run")
    assert (done.returncode, "push the file" in done.stdout) == (12, True)
    step = {"node_id": "open", "node_type": "FindElementNode"}
    more = {"nodes": {"open": step}, "connections": [], "metadata": {"name": name}}
    workflow_file.write_text(json.dumps(document() | more))
    done = remote("jobs", "submit", workflow_file, "--dry-run")
    assert (done.returncode, "agent --capabilities windows" in done.stdout) == (12, True)
    with server.client() as client:
        assert client.workflows(name=name)["total"] == 0
    assert remote("jobs", "submit", name, "--dry-run").returncode == 4
