"""Python code and files, in processes of their own."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from casare_rpa.domain.events import EventBus
from casare_rpa.nodes.scripts import _tree, child
from tests.support.runs import chain, document, node, run_document, run_node


def run(node_type: str, folder: Path, **config: Any) -> dict[str, Any]:
    result = run_node(node_type, config, folder=folder)
    assert result.success, result.error
    return dict(result.outputs["n"])


def failure(node_type: str, folder: Path, **config: Any) -> tuple[str, str]:
    result = run_node(node_type, config, folder=folder)
    assert result.error is not None, result.outputs
    return result.error.code, result.error.message


def eventually(true: Callable[[], bool], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.02)
    return False


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_code_gets_variables_and_gives_a_result(tmp_path: Path) -> None:
    got = run(
        "RunPythonScriptNode",
        tmp_path,
        script="print('hi', name)\nresult = {'sum': sum(rows), 'name': name}",
        variables={"rows": [1, 2, 3], "name": "ü"},
    )
    assert got == {
        "result": {"sum": 6, "name": "ü"},
        "output": "hi ü\n",
        "success": True,
        "error": "",
    }


def test_an_exception_tells_type_message_and_line(tmp_path: Path) -> None:
    code = "def f(x):\n    return 1 / x\n\nf(0)"
    got = run("RunPythonScriptNode", tmp_path, code=code)
    assert got["success"] is False
    assert got["error"] == "ZeroDivisionError: division by zero (line 2)"


def test_a_script_that_failed_is_told_of_in_the_log(tmp_path: Path) -> None:
    result = run_node("RunPythonScriptNode", {"code": "1 / 0"}, folder=tmp_path)
    (line,) = result.logs
    assert (line["level"], line["message"]) == (
        "WARNING",
        "the script failed: ZeroDivisionError: division by zero (line 1)",
    )


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("raise ValueError('a\\nb')", "ValueError: a\nb (line 1)"),
        ("x = (", "SyntaxError: '(' was never closed (line 1)"),
        ("import sys\nsys.exit('stop')", "the script left with 'stop'"),
        ("import os\nos._exit(3)", "the script's process ended with status 3"),
        ("import json\njson.loads('x')", "(line 2)"),
    ],
)
def test_every_bad_end_has_its_words(tmp_path: Path, code: str, error: str) -> None:
    got = run("RunPythonScriptNode", tmp_path, code=code)
    assert (got["success"], error in got["error"]) == (False, True)


def test_leaving_early_and_well_is_a_success(tmp_path: Path) -> None:
    assert run("RunPythonScriptNode", tmp_path, code="import sys\nsys.exit(0)")["success"]


def test_a_result_that_json_lacks_becomes_text(tmp_path: Path) -> None:
    code = "import datetime\nresult = [datetime.date(2026, 1, 2), {1}, b'x']"
    got = run("RunPythonScriptNode", tmp_path, code=code)
    assert got["result"] == ["2026-01-02", [1], "b'x'"]


def test_code_sees_no_variable_of_the_robot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CASARE_SECRET_TEST", "s")
    monkeypatch.setenv("PLAIN_TEST", "p")
    code = "import os\nresult = [os.environ.get('CASARE_SECRET_TEST'), os.environ['PLAIN_TEST']]"
    assert run("RunPythonScriptNode", tmp_path, code=code)["result"] == [None, "p"]


def test_code_runs_in_the_folder_of_the_run_and_not_in_this_process(tmp_path: Path) -> None:
    code = "import os, sys\nsys.modules['mark'] = sys\nresult = os.getcwd()"
    assert run("RunPythonScriptNode", tmp_path, code=code)["result"] == str(tmp_path)
    assert "mark" not in sys.modules


def test_code_that_prints_much_is_cut_with_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "MAX_OUTPUT_BYTES", 1000)
    got = run("RunPythonScriptNode", tmp_path, code="print('x' * 2999)\nresult = 1")
    assert got["output"] == "x" * 1000 + "\n[2000 more bytes of output were left out]"
    assert got["result"] == 1


_FAMILY = """
import os, subprocess, sys, time
kids = [subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], **how)
        for how in ({}, {"start_new_session": True})]
with open("pids.tmp", "w") as f:
    f.write(" ".join(map(str, [os.getpid(), *(k.pid for k in kids)])))
os.replace("pids.tmp", "pids")
time.sleep(60)
"""


def _cut_short(folder: Path, run: Callable[[int], None]) -> None:
    """*run* with so many seconds that its processes are all there when they are over."""
    for seconds in (2, 10, 50):
        run(seconds)
        if (folder / "pids").exists():
            return
    raise AssertionError("the processes were not there within 50 s")


def _pids(folder: Path) -> list[int]:
    return [int(pid) for pid in (folder / "pids").read_text().split()]


def test_a_timeout_fails_and_leaves_no_process(tmp_path: Path) -> None:
    def run(seconds: int) -> None:
        config = {"code": _FAMILY, "timeout": seconds}
        code, message = failure("RunPythonScriptNode", tmp_path, **config)
        assert (code, f"after {seconds} s" in message) == ("TIMEOUT", True)

    _cut_short(tmp_path, run)
    pids = _pids(tmp_path)
    assert len(pids) == 3
    assert all(gone(pid) for pid in pids)


def test_a_process_that_will_not_end_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_tree, "_TERM_GRACE_SECONDS", 0.3)
    stubborn = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + _FAMILY

    def run(seconds: int) -> None:
        config = {"code": stubborn, "timeout": seconds}
        assert failure("RunPythonScriptNode", tmp_path, **config)[0] == "TIMEOUT"

    _cut_short(tmp_path, run)
    assert all(gone(pid) for pid in _pids(tmp_path))


def test_a_run_that_ends_early_leaves_no_process(tmp_path: Path) -> None:
    raw = document({"n": node("RunPythonScriptNode", code=_FAMILY)})

    def run(seconds: int) -> None:
        result = run_document(raw, folder=tmp_path, bus=EventBus(), timeout_seconds=seconds)
        assert result.status == "timeout"

    _cut_short(tmp_path, run)
    assert all(eventually(partial(gone, pid)) for pid in _pids(tmp_path))


def test_what_a_script_starts_in_the_background_does_not_hold_it(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys\n"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print('started')\nresult = p.pid"
    )
    begun = time.monotonic()
    got = run("RunPythonScriptNode", tmp_path, code=code)
    psutil.Process(got["result"]).kill()
    assert got["output"] == "started\n"
    assert time.monotonic() - begun < 100


def test_a_file_runs_with_its_arguments(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "f.py").write_text(
        "import sys, os\nprint(sys.argv[1:], os.getcwd())\nprint('e', file=sys.stderr)\nsys.exit(3)"
    )
    config = {"file_path": "f.py", "working_dir": "sub"}
    got = run("RunPythonFileNode", tmp_path, args="a 'b c'", **config)
    assert got["stdout"] == f"['a', 'b c'] {tmp_path / 'sub'}\n"
    assert (got["stderr"], got["return_code"], got["success"]) == ("e\n", 3, False)
    assert run("RunPythonFileNode", tmp_path, args=[1, "x y"], **config)["stdout"].startswith(
        "['1', 'x y']"
    )


def test_a_bad_exit_is_repeated_if_told(tmp_path: Path) -> None:
    (tmp_path / "f.py").write_text(
        "import pathlib, sys\np = pathlib.Path('n')\n"
        "n = len(p.read_text()) if p.exists() else 0\np.write_text('x' * (n + 1))\n"
        "sys.exit(0 if n == 2 else 1)"
    )
    config = {"file_path": "f.py", "retry_count": 3, "retry_interval": 1}
    assert run("RunPythonFileNode", tmp_path, **config)["return_code"] == 1
    got = run("RunPythonFileNode", tmp_path, **config, retry_on_nonzero=True)
    assert (got["return_code"], (tmp_path / "n").read_text()) == (0, "xxx")


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"file_path": "none.py"}, "FILE_NOT_FOUND"),
        ({"file_path": "f.py", "working_dir": "none"}, "FILE_NOT_FOUND"),
        ({"file_path": "f.py", "python_path": "no-python"}, "APPLICATION_LAUNCH_FAILED"),
        ({"file_path": "f.py", "args": "'open"}, "INVALID_INPUT"),
        ({"file_path": "f.py", "timeout": 1}, "TIMEOUT"),
    ],
)
def test_what_cannot_start_or_end_fails(tmp_path: Path, config: dict[str, Any], code: str) -> None:
    (tmp_path / "f.py").write_text("import time\ntime.sleep(30)")
    assert failure("RunPythonFileNode", tmp_path, **config)[0] == code


def test_a_result_flows_on(tmp_path: Path) -> None:
    raw = document(
        {
            "calc": node("RunPythonScriptNode", code="result = [1, 2]"),
            "keep": node("SetVariableNode", variable_name="v", value="{{calc.result[1]}}"),
        },
        chain("calc", "keep"),
    )
    assert run_document(raw, folder=tmp_path).variables["v"] == 2
