"""Shell scripts and JavaScript."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.nodes.test_scripts_python import failure, run

posix = pytest.mark.skipif(sys.platform == "win32", reason="shell scripts are POSIX")
nodejs = pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")


@posix
def test_a_script_runs_line_by_line(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    script = 'cd sub\nx="a b"\necho "$x" | tr a-z A-Z\npwd\necho bad >&2\nexit 4'
    got = run("RunBatchScriptNode", tmp_path, script=script)
    assert got["stdout"] == f"A B\n{tmp_path / 'sub'}\n"
    assert (got["stderr"], got["return_code"], got["success"]) == ("bad\n", 4, False)


@posix
def test_a_script_of_windows_lines_runs(tmp_path: Path) -> None:
    assert run("RunBatchScriptNode", tmp_path, script="echo a\r\necho b\r\n")["stdout"] == "a\nb\n"


@posix
def test_output_that_is_no_text_is_shown_all_the_same(tmp_path: Path) -> None:
    got = run("RunBatchScriptNode", tmp_path, script="printf 'a\\377b'")
    assert got["stdout"] == "a\ufffdb"


@posix
def test_a_script_that_takes_too_long_fails(tmp_path: Path) -> None:
    config = {"script": "sleep 30 | cat", "timeout": 1}
    assert failure("RunBatchScriptNode", tmp_path, **config)[0] == "TIMEOUT"


@posix
def test_a_bad_exit_is_repeated_if_told(tmp_path: Path) -> None:
    config = {"script": "echo x >> n; exit 1", "retry_count": 2, "retry_interval": 1}
    assert run("RunBatchScriptNode", tmp_path, **config, retry_on_nonzero=True)["return_code"] == 1
    assert (tmp_path / "n").read_text() == "x\nx\nx\n"


@nodejs
def test_javascript_gets_its_input_and_prints_its_result(tmp_path: Path) -> None:
    got = run(
        "RunJavaScriptNode",
        tmp_path,
        code="console.log(inputData.rows.map(r => r * 2).join('ü'))",
        input_data={"rows": [1, 2]},
    )
    assert got == {"result": "2ü4", "success": True, "error": ""}


@nodejs
def test_an_exception_in_javascript_tells_its_line(tmp_path: Path) -> None:
    got = run("RunJavaScriptNode", tmp_path, code="let a;\na.b()")
    assert got["success"] is False
    assert "script.js:2" in got["error"]
    assert "TypeError" in got["error"]


@nodejs
def test_javascript_that_takes_too_long_fails(tmp_path: Path) -> None:
    config = {"code": "while (true) {}", "timeout": 1}
    assert failure("RunJavaScriptNode", tmp_path, **config)[0] == "TIMEOUT"


def test_a_missing_program_for_javascript_fails(tmp_path: Path) -> None:
    code, message = failure("RunJavaScriptNode", tmp_path, code="1", node_path="no-node")
    assert (code, "'no-node'" in message) == ("APPLICATION_LAUNCH_FAILED", True)
