from __future__ import annotations

import fcntl
import io
import json
import os
import pty
import select
import shlex
import shutil
import signal
import struct
import subprocess
import termios
from collections.abc import Callable

import pytest
from rich.console import Console

from casare_cli.fleet.now import Fleet
from casare_cli.fleet.screen import _picture
from casare_cli.lists.robots import Sorting
from tests.cli.support import PROGRAM, SECONDS, Cli, Robot, error_of, steps
from tests.support.proxy import proxy_to
from tests.support.terminal import Terminal


def test_off_a_terminal_it_is_printed_once(
    remote: Cli, robot: Robot, submit: Callable[..., str]
) -> None:
    submit(robot)
    job_id = robot.claim()
    submit(robot)
    lines = [line.split("\t") for line in remote("top").stdout.splitlines()]
    assert ["queue", f"robot {robot.robot_id}", "1"] in [line[:3] for line in lines]
    mine = next(line for line in lines if line[:2] == ["robot", robot.robot_id])
    assert mine[2:4] == ["busy", "1/1"] and mine[5] == job_id
    assert {line[1] for line in lines if line[0] == "ended"} >= {"completed", "failed"}
    robot.finish()
    found = json.loads(remote("top", "--once", "-o", "json", "--window", "1h").stdout)
    assert (found["schema_version"], found["window_seconds"]) == (1, 3600)
    assert found["ended"]["completed"] >= 1
    names = remote("top", "-o", "name").stdout.splitlines()
    assert robot.robot_id in names
    assert error_of(remote("top", "--interval", "1ms", "-o", "json"))["exit_code"] == 2


def test_robots_are_sorted_as_wanted() -> None:
    def named(name: str, status: str, *jobs: str) -> dict[str, object]:
        return {"name": name, "status": status, "current_job_ids": jobs}

    fleet = Fleet(
        robots=[named("b", "idle"), named("a", "offline"), named("c", "busy", "1", "2")], stats={}
    )
    orders = {s: [r["name"] for r in fleet.sorted_robots(s)] for s in Sorting}
    assert orders == {
        Sorting.NAME: ["a", "b", "c"],
        Sorting.STATE: ["c", "b", "a"],
        Sorting.LOAD: ["c", "a", "b"],
    }
    assert Sorting.LOAD.next() is Sorting.NAME


def test_a_robot_is_shown_with_the_id_that_commands_take() -> None:
    robot = {
        **{"name": "Robot-vm", "robot_id": "robot-1", "status": "idle", "current_job_ids": []},
        **{"max_concurrent_jobs": 1, "environment": "default"},
    }
    same = {**robot, "name": "robot-2", "robot_id": "robot-2"}
    rows = Fleet(robots=[robot, same], stats={}).robot_rows(Sorting.NAME)
    assert [row[0] for row in rows] == ["Robot-vm (robot-1)", "robot-2"]


def test_a_narrow_terminal_cuts_names_before_states() -> None:
    robot = {
        **{"name": "a-robot-with-a-long-name-on-the-third-floor", "robot_id": "r", "note": ""},
        **{"status": "maintenance", "current_job_ids": ["0193"], "max_concurrent_jobs": 2},
        **{"environment": "production"},
    }
    now = "2026-01-01T00:00:00Z"
    queue = {"environment": "x" * 50, "pending": 1234, "oldest_created_at": now}
    stats = {"running": 1, "delayed": 0, "window_seconds": 300, "ended": {}, "queues": [queue]}
    stats["at"] = now
    shown = {width: _shown(Fleet(robots=[robot], stats=stats), width) for width in (40, 120)}
    assert "a-robot-with-a-long-…  maintenance  1/2 \n" in shown[40] and "1234" in shown[40]
    assert "maintenance  1/2   production   0193" in shown[120]


def _shown(fleet: Fleet, width: int) -> str:
    console = Console(width=width, file=io.StringIO(), force_terminal=False)
    console.print(_picture(fleet, Sorting.NAME, rows=24, width=width))
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


class Screen:
    """The program on a pseudo-terminal, with keys to press."""

    def __init__(self, cli: Cli, *words: str, columns: int, **env: str) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self._theirs = theirs
        self.before = termios.tcgetattr(theirs)
        known = {k: v for k, v in cli.environment(env).items() if k != "COLUMNS"}
        self.process = subprocess.Popen(
            [*PROGRAM, *words],
            env=known,
            cwd=cli.folder,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        self.text = ""

    def until(self, wanted: str) -> None:
        """Read until *wanted* has been shown since the last call."""
        self.text = ""
        while wanted not in self.text:
            assert select.select([self._ours], [], [], SECONDS)[0], self.text
            self.text += os.read(self._ours, 65536).decode("utf-8", "replace")

    def press(self, key: str) -> None:
        os.write(self._ours, key.encode())

    def end(self) -> int:
        code = self.process.wait(SECONDS)
        self.after = termios.tcgetattr(self._theirs)
        os.close(self._theirs)
        os.close(self._ours)
        return code


def test_on_a_terminal_it_renews_itself_until_q(
    remote: Cli, robot: Robot, submit: Callable[..., str]
) -> None:
    submit(robot)
    with proxy_to(remote.env["CASARE_ORCHESTRATOR_URL"]) as proxy:
        screen = Screen(
            remote,
            *("top", "--interval", "200ms"),
            columns=100,
            CASARE_ORCHESTRATOR_URL=proxy.url,
        )
        screen.until("sorted by name")
        screen.press("xs")
        screen.until("sorted by state")
        robot.run(*steps("a"))
        screen.until("completed")
        proxy.lose(b"GET /api/v1/robots", 3)
        screen.until("trying again")
        screen.press("q")
        assert screen.end() == 0
    assert screen.after == screen.before, "the terminal is as it was"


def test_ctrl_c_leaves_the_terminal_as_it_was(remote: Cli) -> None:
    screen = Screen(remote, "top", columns=30)
    screen.until("robots")
    screen.process.send_signal(signal.SIGINT)
    assert screen.end() == 130
    assert screen.after == screen.before


def test_on_a_narrow_terminal_all_keys_are_told(remote: Cli) -> None:
    screen = Screen(remote, "top", columns=40)
    screen.until("q: quit  s: by name")
    screen.press("q")
    assert screen.end() == 0


CTRL_L, CTRL_Z = "\x0c", "\x1a"
ITS_OWN_SCREEN, THE_SHELL_S_SCREEN = "\x1b[?1049h", "\x1b[?1049l"


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_ctrl_z_gives_the_terminal_to_the_shell_and_fg_takes_it_back(
    remote: Cli, shell: str
) -> None:
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"{shell} is not installed")
    bare = {"bash": ("--norc", "--noprofile"), "zsh": ("-f", "+Z")}[shell]
    env = remote.environment({"PS1": "READY> ", "TERM": "xterm"})
    terminal = Terminal([path, *bare, "-i"], env=env, cwd=remote.folder)
    try:
        terminal.wait_for("READY> ")
        terminal.type(f"{shlex.join([*PROGRAM, 'top', '--interval', '60s'])}\n")
        terminal.wait_for("sorted by name")
        assert not terminal.shows_typing
        terminal.type(CTRL_Z)
        assert THE_SHELL_S_SCREEN in terminal.wait_for("READY> ")
        terminal.type("stty echo icanon; fg\n")
        assert ITS_OWN_SCREEN in terminal.wait_for("sorted by name")
        assert not terminal.shows_typing
        terminal.type("s")
        terminal.wait_for("sorted by state")
        terminal.type("q")
        terminal.wait_for("READY> ")
        terminal.type("exit\n")
        assert terminal.end()[0] == 0
    finally:
        terminal.close()


def test_after_a_stop_from_elsewhere_keys_and_screen_are_its_own_again(remote: Cli) -> None:
    terminal = Terminal(
        [*PROGRAM, "top", "--interval", "60s"], env=remote.environment(), cwd=remote.folder
    )
    try:
        terminal.wait_for("by name")
        pid = terminal.process.pid
        os.kill(pid, signal.SIGSTOP)
        os.waitid(os.P_PID, pid, os.WSTOPPED)
        terminal.show_typing()
        os.kill(pid, signal.SIGCONT)
        assert ITS_OWN_SCREEN in terminal.wait_for("by name")
        assert not terminal.shows_typing
        terminal.type("s")
        terminal.wait_for("by state")
        terminal.type(CTRL_L)
        terminal.wait_for("by state")
        terminal.type("q")
        assert terminal.end()[0] == 0
    finally:
        terminal.close()
