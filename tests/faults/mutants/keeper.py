"""Runs pytest again and again, each time in a fork that has the libraries loaded already.

One JSON line in is one run, one JSON line out its exit code. Whatever a run leaves is ended: a
mutant may leave processes that nobody else ends.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import psutil

_PR_SET_CHILD_SUBREAPER = 36
#: Nothing of the project itself: that is different in each run.
_LIBRARIES = (
    "_pytest.assertion.rewrite", "alembic.command", "fastapi", "filelock", "httpx", "hypothesis",
    "orjson", "pydantic", "pytest", "pytest_timeout", "simpleeval", "sqlalchemy.dialects.sqlite",
    "uvicorn", "uvloop", "websockets.sync.client", "xdist",
)  # fmt: skip
TIMED_OUT = 124


def main() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for name in _LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_run(**json.loads(line))) + "\n")
        sys.stdout.flush()


def _run(*, arguments: list[str], environment: dict[str, str], seconds: float, output: str) -> int:
    pid = os.fork()
    if pid == 0:
        _become(arguments, environment, output)
    try:
        return _wait(pid, seconds)
    finally:
        _end_all()


def _become(arguments: list[str], environment: dict[str, str], output: str) -> Any:
    code: int = 1
    try:
        os.setsid()
        target = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.dup2(target, 1)
        os.dup2(target, 2)
        os.environ.clear()
        os.environ.update(environment)
        # What PYTHONPATH would have done, and `python -m`.
        sys.path[:0] = [str(Path.cwd())]
        sys.argv = ["pytest", *arguments]
        pytest = importlib.import_module("pytest")
        code = int(pytest.main(arguments))
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
        os._exit(code)


def _wait(pid: int, seconds: float) -> int:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGKILL)
    return TIMED_OUT


def _end_all() -> None:
    # Each death may bring orphans, until a look finds none.
    while left := psutil.Process().children(recursive=True):
        for each in left:
            with contextlib.suppress(psutil.Error):
                each.kill()
        psutil.wait_procs(left, timeout=5)


if __name__ == "__main__":
    main()
