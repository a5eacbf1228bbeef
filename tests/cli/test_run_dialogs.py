"""Dialogs of `casare-rpa run`, at a terminal that it is started from, and without one."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.support import PROGRAM, Cli, eventually
from tests.support.runs import chain, document, node
from tests.support.terminal import Terminal

CTRL_C, CTRL_D, CTRL_Z = "\x03", "\x04", "\x1a"
PASSWORD = "correct-horse"
Start = Callable[..., Terminal]


@pytest.fixture
def at_terminal(cli: Cli) -> Iterator[Start]:
    """Starts `casare-rpa` with these words at a terminal of its own."""
    started: list[Terminal] = []

    def start(*words: str | Path, **options: Any) -> Terminal:
        found = Terminal(
            [*PROGRAM, *map(str, words)], env=cli.environment(), cwd=cli.folder, **options
        )
        started.append(found)
        return found

    yield start
    for terminal in started:
        terminal.close()


def written(folder: Path, raw: dict[str, Any]) -> Path:
    path = folder / "flow.json"
    path.write_text(json.dumps(raw))
    return path


def confirming(folder: Path) -> Path:
    raw = document({"ask": node("ConfirmDialogNode", message="Pay?")})
    return written(folder, raw)


def waiting_for(name: str) -> dict[str, Any]:
    """A node that ends when there is a file of this *name*."""
    wait = f"import pathlib, time\nwhile not pathlib.Path({name!r}).exists(): time.sleep(0.01)"
    return node("RunPythonScriptNode", code=wait)


def writing(name: str) -> dict[str, Any]:
    return node("WriteFileNode", file_path=name, content="x")


def test_stdout_stays_clean_and_the_password_secret(
    at_terminal: Start, cli: Cli, tmp_path: Path
) -> None:
    nodes = {
        "login": node("CredentialDialogNode", title="Bank", show_remember=False),
        "say": node("LogNode", message="{{login.username}} with {{login.password}}"),
        "ask": node("ConfirmDialogNode", message="Pay?"),
    }
    path = written(tmp_path, document(nodes, chain("login", "say", "ask")))
    with (tmp_path / "result.json").open("wb") as stdout:
        events = tmp_path / "events.jsonl"
        terminal = at_terminal("run", path, "-o", "json", "--events", events, stdout=stdout)
        terminal.wait_for("Username: ")
        terminal.type("ann\n")
        terminal.wait_for("Password: ")
        assert not terminal.shows_typing
        terminal.type(f"{PASSWORD}\n")
        terminal.wait_for("Yes / No: ")
        assert terminal.shows_typing
        terminal.type("y\n")
        code, _ = terminal.end()
    assert code == 0, terminal.seen
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["outputs"]["login"]["password"] == "***"
    assert result["outputs"]["ask"] == {"confirmed": True, "button_clicked": "Yes"}
    assert result["logs"][0]["message"] == "ann with ***"
    everything = terminal.seen + json.dumps(result) + events.read_text()
    assert PASSWORD not in everything


def test_without_a_terminal_it_fails_and_says_what_to_do(cli: Cli, tmp_path: Path) -> None:
    path = confirming(tmp_path)
    done = cli("run", path, "--quiet")
    assert (done.returncode, done.stdout) == (1, "")
    assert "the run failed at ask" in done.stderr
    assert "needs a person at a terminal" in done.stderr
    piped = cli("run", "-", "--quiet", stdin=path.read_text())
    assert "needs a person at a terminal" in piped.stderr


def test_ctrl_d_cancels_the_dialog_and_not_the_run(at_terminal: Start, tmp_path: Path) -> None:
    terminal = at_terminal("run", confirming(tmp_path), "--quiet")
    terminal.wait_for("Yes / No: ")
    terminal.type(CTRL_D)
    assert terminal.end()[0] == 0


def test_ctrl_c_at_a_question_stops_the_run(at_terminal: Start, tmp_path: Path) -> None:
    raw = document({"ask": node("InputDialogNode", prompt="PIN", password_mode=True)})
    terminal = at_terminal("run", written(tmp_path, raw), "--quiet")
    terminal.wait_for("PIN: ")
    terminal.type(f"half{CTRL_C}")
    code, told = terminal.end()
    assert code == 130
    assert "\ncasare-rpa: the run was stopped: Ctrl-C (CANCELLED)" in told
    assert "half" not in told
    assert terminal.shows_typing, "the terminal is left as it was"


def test_the_time_of_a_run_counts_while_it_asks(at_terminal: Start, tmp_path: Path) -> None:
    terminal = at_terminal("run", confirming(tmp_path), "--quiet", "--timeout", "1s")
    code, told = terminal.end()
    assert code == 11, told
    assert "Yes / No: \n" in told


def test_what_was_typed_before_the_question_is_no_answer(
    at_terminal: Start, tmp_path: Path
) -> None:
    nodes = {
        "wait": waiting_for("go"),
        "ask": node("ConfirmDialogNode", message="Pay?"),
    }
    path = written(tmp_path, document(nodes, chain("wait", "ask")))
    terminal = at_terminal("run", path)
    terminal.wait_for("wait")
    terminal.type("y\n")
    terminal.wait_for("y\n")  # shown by the terminal itself
    (tmp_path / "go").touch()
    terminal.wait_for("Yes / No: ")
    terminal.type("n\n")
    code, _ = terminal.end()
    assert code == 0
    assert "✓ ask" in terminal.seen


def forked(**more: Any) -> dict[str, Any]:
    nodes = {
        "fork": node("ForkNode", branch_count=2),
        "first": node("InputDialogNode", prompt="First"),
        "second": node("InputDialogNode", prompt="Second"),
        "touch": node("WriteFileNode", file_path="touched", content="{{second.value}}"),
        "join": node("JoinNode"),
        **more,
    }
    return document(
        nodes,
        chain("fork.branch_1", "first", "join"),
        chain("fork.branch_2", "second", "touch", "join"),
    )


def test_branches_that_ask_at_once_ask_one_after_the_other(
    at_terminal: Start, cli: Cli, tmp_path: Path
) -> None:
    cli.env["NO_COLOR"] = "1"
    terminal = at_terminal("run", written(tmp_path, forked()), "-o", "none")
    terminal.wait_for("First: ")
    terminal.type("1\n")
    asked = terminal.wait_for("Second: ")
    assert asked == "1\nInput\nSecond: "
    terminal.type("2\n")
    assert terminal.end()[0] == 0
    assert (tmp_path / "touched").read_text() == "2"


@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_nothing_is_drawn_while_a_question_is_open(
    at_terminal: Start, cli: Cli, tmp_path: Path, term: str
) -> None:
    cli.env["TERM"] = term
    raw = forked(second=node("SetVariableNode", variable_name="x", value="done"))
    terminal = at_terminal("run", written(tmp_path, raw))
    terminal.wait_for("First: ")
    eventually((tmp_path / "touched").exists)
    assert terminal.pending() == ""
    terminal.type("1\n")
    assert terminal.wait_for("\n").startswith("1\n")
    assert terminal.end()[0] == 0
    assert "touch" in terminal.seen


def test_lines_for_a_pipe_wait_for_the_answer(at_terminal: Start, tmp_path: Path) -> None:
    # When `touched` is there, the end of what came before it has been told of.
    path = written(tmp_path, forked(second=waiting_for("go"), touch=writing("touched")))
    lines, end = os.pipe()
    os.set_blocking(lines, False)
    with os.fdopen(lines, "rb") as reader, os.fdopen(end, "wb") as stdout:
        terminal = at_terminal("run", path, stdout=stdout)
        terminal.wait_for("First: ")
        (tmp_path / "go").touch()
        eventually((tmp_path / "touched").exists)
        before = (reader.read() or b"").decode()
        terminal.type("1\n")
        assert terminal.end()[0] == 0
        after = (reader.read() or b"").decode()
    assert "✓ fork" in before
    assert "✓ second" not in before
    assert after.index("✓ second") < after.index("✓ touch") < after.index("✓ first")


@pytest.mark.parametrize("half", ["wrong", f"wrong{CTRL_D}"])
def test_half_an_answer_that_a_notification_hides_is_none(
    at_terminal: Start, cli: Cli, tmp_path: Path, half: str
) -> None:
    cli.env |= {"NO_COLOR": "1", "TERM": "dumb"}
    tell = node("TooltipNode", message="It rains.")
    raw = forked(second=waiting_for("go"), touch=tell)
    terminal = at_terminal("run", written(tmp_path, raw), "-q", "--events", tmp_path / "events")
    terminal.wait_for("First: ")
    terminal.type(half)
    terminal.wait_for("wrong")
    (tmp_path / "go").touch()
    told = terminal.wait_for("First: ")
    assert "Note: It rains.\n\aFirst: " in told
    terminal.type("right\n")
    assert terminal.end()[0] == 0
    events = (tmp_path / "events").read_text()
    assert '"right"' in events
    assert "wrong" not in events


def test_an_answer_that_ctrl_d_ends_ends_its_line(at_terminal: Start, tmp_path: Path) -> None:
    raw = document(
        {"ask": node("InputDialogNode", prompt="Who"), "then": node("InputDialogNode")},
        chain("ask", "then"),
    )
    terminal = at_terminal("run", written(tmp_path, raw), "-q")
    terminal.wait_for("Who: ")
    terminal.type(f"ann{CTRL_D}{CTRL_D}")
    assert terminal.wait_for("Input").startswith("ann\n")


def test_a_question_is_asked_again_after_a_stop(at_terminal: Start, tmp_path: Path) -> None:
    raw = document({"ask": node("InputDialogNode", prompt="PIN", password_mode=True)})
    terminal = at_terminal("run", written(tmp_path, raw), "-o", "json")
    terminal.wait_for("PIN: ")
    pid = terminal.process.pid
    os.kill(pid, signal.SIGSTOP)  # a session without a shell cannot be stopped by a key
    os.waitid(os.P_PID, pid, os.WSTOPPED)
    terminal.show_typing()
    os.kill(pid, signal.SIGCONT)
    terminal.wait_for("PIN: ")
    assert not terminal.shows_typing
    terminal.type(f"{PASSWORD}\n")
    code, _ = terminal.end()
    assert code == 0
    assert PASSWORD not in terminal.seen


def test_a_check_tells_of_what_no_robot_can_ask(cli: Cli, tmp_path: Path) -> None:
    nodes = {
        "ask": node("ConfirmDialogNode", message="Pay?"),
        "tell": node("MessageBoxNode", message="Done.", auto_close_timeout=5),
        "off": node("InputDialogNode", _disabled=True),
    }
    path = written(tmp_path, document(nodes, chain("ask", "tell", "off")))
    done = cli("workflows", "validate", path, "-o", "json")
    assert done.returncode == 0
    (problem,) = json.loads(done.stdout)["items"]
    assert (problem["code"], problem["node"]) == ("NEEDS_PERSON", "ask")
    assert "casare-rpa run" in problem["mend"]
