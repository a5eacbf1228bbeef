"""What `casare-rpa run` does when its terminal is closed, and that its events are there by then."""

from __future__ import annotations

import json
import shlex
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.cli.support import PROGRAM, SECONDS, Cli, eventually
from tests.support.runs import chain, document, node
from tests.support.terminal import Terminal

Start = Callable[..., Terminal]
ENDS = ("WorkflowStopped", "WorkflowFailed", "WorkflowCompleted")
#: Takes its time when it is told to end, until somebody lets it go.
STUBBORN = """
trap 'touch stopping; until test -e go; do sleep 0.01; done; exit' TERM
echo $$ > new; mv new pid
while :; do sleep 0.01; done
"""


@pytest.fixture
def at_terminal(cli: Cli) -> Iterator[Start]:
    """Starts a program at a terminal of its own."""
    started: list[Terminal] = []

    def start(*words: str, **options: Any) -> Terminal:
        found = Terminal(words, env=cli.environment(), cwd=cli.folder, **options)
        started.append(found)
        return found

    yield start
    for terminal in started:
        terminal.close()


def written(folder: Path, raw: dict[str, Any]) -> str:
    (folder / "flow.json").write_text(json.dumps(raw))
    return "flow.json"


def asking(folder: Path) -> str:
    return written(folder, document({"ask": node("ConfirmDialogNode", message="Pay?")}))


def events_in(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_second_hangup_does_not_force_the_end(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "stubborn").write_text(STUBBORN)
    command = node("RunCommandNode", command="sh stubborn", allow_dangerous=True)
    flow = written(tmp_path, document({"command": command}))
    running = cli.start("run", flow, "--events", "events.jsonl", "-o", "json")
    eventually((tmp_path / "pid").exists)
    child = psutil.Process(int((tmp_path / "pid").read_text()))
    running.send_signal(signal.SIGHUP)
    eventually((tmp_path / "stopping").exists)
    running.send_signal(signal.SIGHUP)
    running.send_signal(signal.SIGHUP)
    (tmp_path / "go").touch()
    stdout, stderr = running.communicate(timeout=SECONDS)
    assert running.returncode == 129, stderr
    assert json.loads(stdout)["error"]["message"] == "the run was stopped: SIGHUP"
    assert not child.is_running()
    assert events_in(tmp_path / "events.jsonl")[-1]["event_type"] == "WorkflowStopped"


def test_an_event_is_in_the_file_as_it_happens(cli: Cli, tmp_path: Path) -> None:
    nodes = {
        "set": node("SetVariableNode", variable_name="x"),
        "wait": node("WaitNode", duration=60),
    }
    flow = written(tmp_path, document(nodes, chain("set", "wait")))
    running = cli.start("run", flow, "--events", "events.jsonl", "-q")
    path = tmp_path / "events.jsonl"
    eventually(lambda: path.exists() and '"wait"' in path.read_text())
    assert "NodeCompleted" in [event["event_type"] for event in events_in(path)]
    running.kill()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_file_that_takes_no_events_is_told_once(cli: Cli, tmp_path: Path) -> None:
    flow = written(tmp_path, document({"set": node("SetVariableNode", variable_name="x")}))
    done = cli("run", flow, "--events", "/dev/full", "-q")
    assert done.returncode == 1
    assert done.stderr == "casare-rpa: cannot write /dev/full: No space left on device\n"


@pytest.mark.parametrize("term", ["xterm", "dumb"])
@pytest.mark.parametrize("more", [(), ("-q",), ("-o", "json")])
def test_closing_the_terminal_at_a_question_stops_the_run(
    at_terminal: Start, cli: Cli, tmp_path: Path, term: str, more: tuple[str, ...]
) -> None:
    cli.env["TERM"] = term
    terminal = at_terminal(*PROGRAM, "run", asking(tmp_path), "--events", "events.jsonl", *more)
    terminal.wait_for("Yes / No: ")
    terminal.hang_up()
    assert terminal.process.wait(SECONDS) == 129
    assert events_in(tmp_path / "events.jsonl")[-1]["event_type"] == "WorkflowStopped"


@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_closing_the_terminal_stops_a_run_that_draws(
    at_terminal: Start, cli: Cli, tmp_path: Path, term: str
) -> None:
    cli.env["TERM"] = term
    flow = written(tmp_path, document({"wait": node("WaitNode", duration=60)}))
    terminal = at_terminal(*PROGRAM, "run", flow)
    terminal.wait_for("wait")
    terminal.hang_up()
    assert terminal.process.wait(SECONDS) == 129


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_the_signal_may_come_by_way_of_a_shell(at_terminal: Start, tmp_path: Path) -> None:
    shell = at_terminal("bash", "--norc", "--noprofile", "-i")
    shell.type(shlex.join([*PROGRAM, "run", asking(tmp_path), "--events", "events.jsonl"]) + "\n")
    shell.wait_for("Yes / No: ")
    shell.hang_up()
    path = tmp_path / "events.jsonl"
    ended = eventually(lambda: [e for e in events_in(path) if e["event_type"] in ENDS] or None)
    assert [event["event_type"] for event in ended] == ["WorkflowStopped"]


def test_a_run_that_outlives_its_terminal_fails_and_says_that_nobody_is_there(
    at_terminal: Start, tmp_path: Path
) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup hands it on
    try:
        flow = asking(tmp_path)
        terminal = at_terminal(*PROGRAM, "run", flow, "--events", "events.jsonl")
    finally:
        signal.signal(signal.SIGHUP, before)
    terminal.wait_for("Yes / No: ")
    terminal.hang_up()
    assert terminal.process.wait(SECONDS) == 1
    last = events_in(tmp_path / "events.jsonl")[-1]
    assert last["event_type"] == "WorkflowFailed"
    assert "nobody can be asked" in json.dumps(last)
