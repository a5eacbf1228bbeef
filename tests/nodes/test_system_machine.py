"""Processes, figures, environment, files and small values."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from tests.nodes.test_scripts_python import failure, run
from tests.support.runs import run_node


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def test_a_process_is_ended_by_its_id(sleeper: subprocess.Popen[bytes], tmp_path: Path) -> None:
    got = run("ProcessKillNode", tmp_path, pid_or_name=sleeper.pid)
    assert got == {"killed_count": 1, "success": True}
    assert sleeper.wait(60) == -signal.SIGTERM


@pytest.mark.skipif(sys.platform == "win32", reason="programs are copied with their libraries")
def test_processes_are_ended_by_their_name(tmp_path: Path) -> None:
    name = f"zz{os.getpid()}"
    program = tmp_path / name
    program.symlink_to("/bin/sleep")
    started = [subprocess.Popen([str(program), "60"]) for _ in range(2)]
    try:
        listed = run("ProcessListNode", tmp_path, filter_name=name.upper())
        assert {p["pid"] for p in listed["processes"]} == {p.pid for p in started}
        got = run("ProcessKillNode", tmp_path, process_name=name.upper(), force=True)
        assert got["killed_count"] == 2
    finally:
        for process in started:
            process.kill()
            process.wait()


def test_nobody_to_end_is_no_failure_and_no_success(tmp_path: Path) -> None:
    got = run("ProcessKillNode", tmp_path, pid_or_name="no-such-process-name")
    assert got == {"killed_count": 0, "success": False}
    assert failure("ProcessKillNode", tmp_path, pid_or_name="")[0] == "MISSING_REQUIRED_FIELD"


@pytest.mark.parametrize("pid", [os.getpid, os.getppid])
def test_the_robot_does_not_end_itself(tmp_path: Path, pid: Callable[[], int]) -> None:
    code, message = failure("ProcessKillNode", tmp_path, pid_or_name=str(pid()))
    assert (code, "runs this robot" in message) == ("PERMISSION_DENIED", True)


def test_this_process_is_in_the_list(tmp_path: Path) -> None:
    found = {p["pid"]: p for p in run("ProcessListNode", tmp_path)["processes"]}
    assert found[os.getpid()]["memory_mb"] > 1
    short = run("ProcessListNode", tmp_path, include_details=False)
    assert short["count"] == len(short["processes"]) > 0
    assert short["processes"][0].keys() == {"pid", "name"}


def test_figures_of_the_machine(tmp_path: Path) -> None:
    got = run("SystemInfoNode", tmp_path)
    assert got["info"].keys() == {"os", "cpu", "ram", "disk", "network"}
    assert 0 <= got["cpu_percent"] <= 100
    assert 0 < got["ram_percent"] <= 100
    assert got["info"]["ram"]["total"] > got["info"]["ram"]["used"] > 0
    part = run("SystemInfoNode", tmp_path, info_type="disk")
    assert part["info"].keys() == {"disk"}
    assert failure("SystemInfoNode", tmp_path, info_type="gpu")[0] == "INVALID_INPUT"


def test_the_environment_is_read_and_what_is_the_robots_stays_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CASARE_TEST_KEY", "secret")
    monkeypatch.setenv("PLAIN_TEST", "ü")
    got = run("EnvironmentVariableNode", tmp_path, name="PLAIN_TEST")
    assert got == {"result_value": "ü", "exists": True, "success": True}
    hidden = run("EnvironmentVariableNode", tmp_path, var_name="CASARE_TEST_KEY")
    assert (hidden["result_value"], hidden["exists"]) == ("", False)
    config = {"action": "set", "var_name": "CASARE_TEST_KEY", "value": "x"}
    assert failure("EnvironmentVariableNode", tmp_path, **config)[0] == "PERMISSION_DENIED"


def test_setting_changes_the_run_alone(tmp_path: Path) -> None:
    given = {"A": "1"}
    config = {"action": "set", "var_name": "B", "value": 2}
    assert run_node("EnvironmentVariableNode", config, environment=given).success
    assert run_node("EnvironmentVariableNode", config, environment=MappingProxyType(given)).success
    assert run_node("EnvironmentVariableNode", config).success
    assert given == {"A": "1"}
    assert "B" not in os.environ


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"var_name": ""}, "INVALID_INPUT"),
        ({"var_name": "A=B"}, "INVALID_INPUT"),
        ({"var_name": "A", "scope": "system"}, "NOT_IMPLEMENTED"),
        ({"var_name": "A", "action": "drop"}, "INVALID_INPUT"),
    ],
)
def test_bad_requests_to_the_environment_fail(
    tmp_path: Path, config: dict[str, Any], code: str
) -> None:
    assert failure("EnvironmentVariableNode", tmp_path, **config)[0] == code


def test_uuids_are_of_their_version_and_differ(tmp_path: Path) -> None:
    got = run("UUIDGeneratorNode", tmp_path, count=3)
    assert got["uuid"] == got["uuids"][0]
    assert {uuid.UUID(text).version for text in got["uuids"]} == {4}
    assert len(set(got["uuids"])) == 3
    assert uuid.UUID(run("UUIDGeneratorNode", tmp_path, uuid_version="1")["uuid"]).version == 1
    assert len(run("UUIDGeneratorNode", tmp_path, count=1000)["uuids"]) == 100
    assert failure("UUIDGeneratorNode", tmp_path, uuid_version="7")[0] == "INVALID_INPUT"


def test_base64_goes_both_ways(tmp_path: Path) -> None:
    packed = run("Base64Node", tmp_path, input_text="grüße?>")["output"]
    assert packed == "Z3LDvMOfZT8+"
    for text in (packed, "Z3LDvMOfZT8-", "Z3LDv\nMOfZT8+"):
        assert run("Base64Node", tmp_path, action="decode", input_text=text)["output"] == "grüße?>"
    assert failure("Base64Node", tmp_path, input_text="")[0] == "MISSING_REQUIRED_FIELD"
    for text in ("!!", "a", "/w=="):
        config = {"action": "decode", "input_text": text}
        assert failure("Base64Node", tmp_path, **config)[0] == "INVALID_FORMAT"


@pytest.mark.parametrize(
    ("config", "passed"),
    [
        ({"condition": "10 > 9"}, True),
        ({"condition": "{{n}} >= 6"}, False),
        ({"condition": "a == a"}, True),
        ({"condition": "'a' != b"}, True),
        ({"condition": "<= 3", "value": 3}, True),
        ({"condition": "false"}, False),
        ({"condition": "anything"}, True),
        ({"condition": "{{flag}}"}, False),
    ],
)
def test_a_condition_holds_or_not(config: dict[str, Any], passed: bool) -> None:
    given = {"n": 5, "flag": False}
    result = run_node("AssertSystemNode", {**config, "fail_on_false": False}, given)
    assert result.outputs["n"]["passed"] is passed
    strict = run_node("AssertSystemNode", {**config, "assert_message": "too bad"}, given)
    assert strict.success is passed
    if not passed:
        assert strict.error is not None
        assert strict.error.message.endswith("too bad")


def test_log_lines_are_appended_or_begin_anew(tmp_path: Path) -> None:
    config = {"log_file_path": "d/x.log", "log_message": "a\nb", "level": "WARNING"}
    assert run("LogToFileNode", tmp_path, **config) == {"success": True, "lines_written": 2}
    run("LogToFileNode", tmp_path, **config, add_timestamp=False)
    lines = (tmp_path / "d" / "x.log").read_text().splitlines()
    assert re.fullmatch(
        r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d\] \[WARNING\] a", lines[0]
    )
    assert lines[2:] == ["[WARNING] a", "[WARNING] b"]
    run("LogToFileNode", tmp_path, **config, append=False)
    assert len((tmp_path / "d" / "x.log").read_text().splitlines()) == 2


def _meanwhile(act: Callable[[int], None]) -> Callable[[], None]:
    """Act again and again until told to stop: the watcher may not look yet at the first time."""
    stop = threading.Event()

    def work() -> None:
        number = 0
        while not stop.wait(0.05):
            number += 1
            act(number)

    thread = threading.Thread(target=work)
    thread.start()

    def end() -> None:
        stop.set()
        thread.join()

    return end


@pytest.mark.parametrize("kind", ["create", "modify", "delete"])
def test_a_change_is_seen(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "in" / "deep"
    folder.mkdir(parents=True)
    (folder / "f").write_text("")
    for number in range(1, 400):
        if kind == "delete":
            (folder / f"old{number}").touch()

    def act(number: int) -> None:
        if kind == "create":
            (folder / f"new{number}").touch()
        elif kind == "modify":
            (folder / "f").write_text("x" * number)
        else:
            (folder / f"old{number}").unlink()

    end = _meanwhile(act)
    try:
        got = run("FileWatcherNode", tmp_path, watch_path="in", events=kind, recursive=True)
    finally:
        end()
    assert got["event_type"] == {"create": "created", "modify": "modified"}.get(kind, "deleted")
    assert Path(got["file_path"]).parent == folder
    assert (got["triggered"], got["timed_out"]) == (True, False)


def test_waiting_for_a_change_comes_to_an_end(tmp_path: Path) -> None:
    begun = time.monotonic()
    got = run("FileWatcherNode", tmp_path, watch_path="none", timeout=1)
    assert got == {"event_type": "", "file_path": "", "triggered": False, "timed_out": True}
    assert 0.9 < time.monotonic() - begun < 60
    assert failure("FileWatcherNode", tmp_path, watch_path="f", events="x")[0] == "INVALID_INPUT"
