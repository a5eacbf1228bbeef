"""Running command lines."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.nodes.test_scripts_python import eventually, failure, gone, run
from tests.support.runs import chain, document, node, run_document, run_node

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the commands are POSIX")


def test_a_line_is_split_as_a_shell_would(tmp_path: Path) -> None:
    got = run("RunCommandNode", tmp_path, command="printf '%s|' a 'b c'", args="$HOME ';'")
    assert got == {
        "stdout": "a|b c|$HOME|;|",
        "stderr": "",
        "return_code": 0,
        "success": True,
    }


def test_arguments_in_a_list_stay_as_they_are(tmp_path: Path) -> None:
    got = run("RunCommandNode", tmp_path, command="printf", args=["%s|", "a b", "*", 1])
    assert got["stdout"] == "a b|*|1|"


def test_a_program_whose_path_has_spaces_is_found(tmp_path: Path) -> None:
    program = tmp_path / "my tool"
    program.write_text("#!/bin/sh\necho ran $1\n")
    program.chmod(0o755)
    assert run("RunCommandNode", tmp_path, command=str(program), args="x")["stdout"] == "ran x\n"


def test_a_bad_exit_is_a_success_of_the_node(tmp_path: Path) -> None:
    got = run("RunCommandNode", tmp_path, command="ls no-such-file")
    assert (got["success"], got["return_code"] != 0) == (False, True)
    assert "no-such-file" in got["stderr"]


def test_the_folder_is_the_runs_or_the_nodes(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    assert run("RunCommandNode", tmp_path, command="pwd")["stdout"] == f"{tmp_path}\n"
    got = run("RunCommandNode", tmp_path, command="pwd", working_dir="sub")
    assert got["stdout"] == f"{tmp_path / 'sub'}\n"


def test_a_shell_reads_the_line_if_told(tmp_path: Path) -> None:
    (tmp_path / "a1").touch()
    (tmp_path / "a2").touch()
    assert run("RunCommandNode", tmp_path, command="echo a*", shell=True)["stdout"] == "a1 a2\n"
    piped = {"command": "echo x | tr x y; exit 7", "shell": True}
    assert failure("RunCommandNode", tmp_path, **piped)[0] == "PERMISSION_DENIED"
    got = run("RunCommandNode", tmp_path, **piped, allow_dangerous=True)
    assert (got["stdout"], got["return_code"]) == ("y\n", 7)


def test_arguments_in_a_list_are_quoted_for_the_shell(tmp_path: Path) -> None:
    got = run("RunCommandNode", tmp_path, command="printf %s,", args=["a b", "*"], shell=True)
    assert got["stdout"] == "a b,*,"


@pytest.mark.parametrize(
    "command",
    [
        *("rm -rf x", "/bin/rm x", "RM.EXE x", "sh -c 'rm x'", "env A=b rm x", "curl http://x"),
        *("mkfs.ext4 /dev/x", "sudo ls", "shutdown now", "xargs rm", "powershell -c x"),
    ],
)
@pytest.mark.parametrize("shell", [False, True])
def test_dangerous_programs_are_refused(tmp_path: Path, command: str, shell: bool) -> None:
    config = {"command": command, "shell": shell}
    code, message = failure("RunCommandNode", tmp_path, **config)
    assert (code, "refused" in message) == ("PERMISSION_DENIED", True)


def test_a_dangerous_program_runs_if_allowed(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    assert run("RunCommandNode", tmp_path, command="rm f", allow_dangerous=True)["success"]
    assert not (tmp_path / "f").exists()


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"command": "no-such-program"}, "APPLICATION_LAUNCH_FAILED"),
        ({"command": "echo 'open"}, "INVALID_INPUT"),
        ({"command": " "}, "MISSING_REQUIRED_FIELD"),
        ({"command": "pwd", "working_dir": "none"}, "FILE_NOT_FOUND"),
        ({"command": "sleep 30", "timeout": 1}, "TIMEOUT"),
    ],
)
def test_what_cannot_start_or_end_fails(tmp_path: Path, config: dict[str, Any], code: str) -> None:
    assert failure("RunCommandNode", tmp_path, **config)[0] == code


def test_output_is_dropped_if_told(tmp_path: Path) -> None:
    got = run("RunCommandNode", tmp_path, command="echo x", capture_output=False)
    assert (got["stdout"], got["success"]) == ("", True)


def test_a_run_that_ends_early_ends_the_command(tmp_path: Path) -> None:
    script = tmp_path / "tool"
    script.write_text("#!/bin/sh\nsleep 600 &\necho $$ $! > pids.tmp\nmv pids.tmp pids\nwait\n")
    script.chmod(0o755)
    for seconds in (1, 10, 40):  # until the script has had the time to say who it is
        begun = time.monotonic()
        result = run_node(
            "RunCommandNode", {"command": str(script)}, folder=tmp_path, timeout_seconds=seconds
        )
        assert result.status == "timeout"
        assert time.monotonic() - begun < seconds + 50
        if (tmp_path / "pids").exists():
            break
    for pid in map(int, (tmp_path / "pids").read_text().split()):
        assert eventually(lambda pid=pid: gone(pid))  # type: ignore[misc]


def test_a_set_variable_is_seen_by_commands(tmp_path: Path) -> None:
    raw = document(
        {
            "set": node("EnvironmentVariableNode", action="set", name="CASE_T", value="v 1"),
            "cmd": node("RunCommandNode", command="printenv CASE_T"),
            "get": node("EnvironmentVariableNode", name="CASE_T"),
        },
        chain("set", "cmd", "get"),
    )
    result = run_document(raw, folder=tmp_path)
    assert result.success, result.error
    assert result.outputs["cmd"]["stdout"] == "v 1\n"
    assert result.outputs["get"] == {"result_value": "v 1", "exists": True, "success": True}
