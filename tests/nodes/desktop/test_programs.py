"""Programs are started without a shell, their windows found, and what a run has started ended."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from casare_rpa.domain.events import EventBus, NodeStarted
from casare_rpa.domain.workflow import parse_workflow
from casare_rpa.engine import RunOptions, RunResult, StopFlag, compile_workflow, run_plan
from tests.nodes.desktop.screen import PROGRAM, Screen
from tests.support.fleet import eventually
from tests.support.runs import chain, document, node


def program(file: str, title: str, *options: str) -> dict[str, Any]:
    """Config of a LaunchApplicationNode for the window program."""
    return {
        "application_path": sys.executable,
        "arguments": [str(PROGRAM), file, title, *options],
        "timeout": 60,
    }


def lives(pid: int) -> bool:
    with suppress(psutil.Error):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def sleeping(seconds: int) -> bool:
    """Whether somebody sleeps so many seconds."""
    every = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    return any(line[1:] == [str(seconds)] and "sleep" in line[0] for line in every)


def test_a_program_is_started_and_its_window_found(screen: Screen) -> None:
    screen.open("Another")
    asked = program("seen.jsonl", "Orders", "a b", "$HOME; x")
    seen = screen.run(
        launch=("LaunchApplicationNode", {**asked, "window_state": "maximized"}),
        look=("GetWindowPropertiesNode", {"window": "{{launch.window}}"}),
        close=("CloseApplicationNode", {"window": "{{launch.window}}"}),
    ).outputs
    assert seen["launch"]["window_title"] == "Orders"
    assert seen["look"]["is_maximized"] is True
    assert seen["look"]["properties"]["process_id"] == seen["launch"]["process_id"]
    # No shell has read them.
    assert '"arguments": ["a b", "$HOME; x"]' in (screen.folder / "seen.jsonl").read_text()
    eventually(lambda: not lives(seen["launch"]["process_id"]))


def test_a_program_ends_with_the_run_unless_it_is_kept_open(screen: Screen) -> None:
    asked = program("seen.jsonl", "Orders")
    ended = screen.one("LaunchApplicationNode", **asked, keep_open=False)["process_id"]
    assert not lives(ended)
    kept = screen.one("LaunchApplicationNode", **asked)["process_id"]
    assert lives(kept)
    assert os.getsid(kept) == kept, "no terminal that closes takes it along"
    assert screen.one("CloseApplicationNode", process_id=kept) == {"success": True}
    assert not lives(kept)


def test_the_window_of_what_a_program_has_started_is_its_own(screen: Screen) -> None:
    starter = "import subprocess,sys; subprocess.run([sys.executable, *sys.argv[1:]])"
    arguments = ["-c", starter, str(PROGRAM), "seen.jsonl", "Orders"]
    asked = {"application_path": sys.executable, "arguments": arguments, "timeout": 60}
    found = screen.one("LaunchApplicationNode", **asked, keep_open=False)
    assert found["window_title"] == "Orders"
    eventually(lambda: screen.one("GetWindowListNode")["window_count"] == 0)


def test_a_program_that_hands_over_is_not_taken_for_a_failure(screen: Screen) -> None:
    starter = (
        "import subprocess,sys;"
        "subprocess.Popen([sys.executable, *sys.argv[1:]], start_new_session=True)"
    )
    arguments = ["-c", starter, str(PROGRAM), "seen.jsonl", "Orders"]
    asked = {"application_path": sys.executable, "arguments": arguments, "timeout": 60}
    found = screen.one("LaunchApplicationNode", **asked, window_title_hint="order")
    assert found["window_title"] == "Orders"
    line = (screen.folder / "seen.jsonl").read_text()
    assert f'"pid": {found["process_id"]}' in line
    screen.one("CloseApplicationNode", window_title="Orders")


def test_a_program_that_fails_or_shows_nothing_is_told_and_ended(screen: Screen) -> None:
    code, message = screen.failure(
        "LaunchApplicationNode", application_path=f"{sys.executable} -c 'raise SystemExit(3)'"
    )
    assert (code, "ended with status 3 before it opened a window" in message) == (
        "APPLICATION_LAUNCH_FAILED",
        True,
    )
    code, message = screen.failure(
        "LaunchApplicationNode", application_path="sleep", arguments="4711", timeout=0.3
    )
    assert (code, "opened no window within 0.3 s" in message) == ("APPLICATION_LAUNCH_FAILED", True)
    assert not sleeping(4711)
    code, message = screen.failure("LaunchApplicationNode", application_path="no-such-program")
    assert (code, "no program is called" in message) == ("APPLICATION_LAUNCH_FAILED", True)
    code, message = screen.failure("LaunchApplicationNode", application_path="bash -c ls")
    assert (code, "bash is refused" in message) == ("PERMISSION_DENIED", True)


def test_what_the_workflow_says_of_the_display_does_not_lead_elsewhere(screen: Screen) -> None:
    found = screen.run(
        lead=("EnvironmentVariableNode", {"action": "set", "var_name": "DISPLAY", "value": "h:7"}),
        launch=("LaunchApplicationNode", {**program("s.jsonl", "Orders"), "keep_open": False}),
    )
    assert found.outputs["launch"]["window_title"] == "Orders"


def test_a_window_that_does_not_close_is_told_and_killed_if_wanted(screen: Screen) -> None:
    window = screen.open("Orders", "--stubborn")
    code, message = screen.failure("CloseApplicationNode", window_title="Orders", timeout=0.2)
    assert (code, "still open after 0.2 s" in message) == ("APPLICATION_NOT_RESPONDING", True)
    window.has_got(lambda seen: {"asked_to_close": True} in seen)
    code, message = screen.failure(
        "CloseApplicationNode", process_id=window.process.pid, timeout=0.2
    )
    assert (code, f"process {window.process.pid} is still open" in message) == (
        "APPLICATION_NOT_RESPONDING",
        True,
    )
    screen.one("CloseApplicationNode", window_title="Orders", timeout=0.2, force_close=True)
    assert window.process.wait(10) == -signal.SIGKILL


def test_what_is_to_be_closed_has_to_be_there_and_not_be_the_robot(screen: Screen) -> None:
    assert screen.failure("CloseApplicationNode", window_title="Letters")[0] == "WINDOW_NOT_FOUND"
    assert screen.failure("CloseApplicationNode")[0] == "MISSING_REQUIRED_FIELD"
    assert screen.failure("CloseApplicationNode", process_id=2**22 + 1)[0] == "RESOURCE_NOT_FOUND"
    code, message = screen.failure("CloseApplicationNode", process_id=os.getpid())
    assert (code, "runs this robot" in message) == ("PERMISSION_DENIED", True)


async def stopped(raw: dict[str, Any], folder: Path, when: Any) -> RunResult:
    """The run, cancelled once *when* is true after its node "wait" has begun."""
    bus, stop = EventBus(), StopFlag()
    began = asyncio.Event()
    bus.subscribe(NodeStarted, lambda event: began.set() if event.node_id == "wait" else None)
    plan = compile_workflow(parse_workflow(raw))
    task = asyncio.ensure_future(run_plan(plan, RunOptions(working_dir=folder), bus, stop))
    await began.wait()
    await asyncio.to_thread(eventually, when)
    stop.request("cancelled")
    return await task


@pytest.mark.parametrize("keep_open", [False, True])
def test_a_cancelled_run_ends_its_programs(screen: Screen, keep_open: bool) -> None:
    asked = {**program("seen.jsonl", "Orders"), "keep_open": keep_open}
    raw = document(
        {
            "launch": node("LaunchApplicationNode", **asked),
            "wait": node("WaitForWindowNode", title="Letters", timeout=600),
        },
        chain("launch", "wait"),
    )
    result = asyncio.run(stopped(raw, screen.folder, lambda: True))
    assert result.status == "cancelled"
    pid = result.outputs["launch"]["process_id"]
    assert lives(pid) is keep_open
    if keep_open:
        screen.one("CloseApplicationNode", process_id=pid)


def test_a_cancelled_launch_ends_the_program(screen: Screen) -> None:
    raw = document({"wait": node("LaunchApplicationNode", application_path="sleep 4712")})
    raw["nodes"]["wait"]["config"]["timeout"] = 600

    result = asyncio.run(stopped(raw, screen.folder, lambda: sleeping(4712)))
    assert (result.status, sleeping(4712)) == ("cancelled", False)
