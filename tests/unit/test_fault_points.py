from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from casare_rpa import faults
from casare_rpa.errors import ConfigInvalid

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    faults.arm({})


def arm(text: str) -> None:
    faults.arm({faults.VARIABLE: text})


class Jobs:
    def claim(self) -> object:
        return lambda: None


def test_without_the_variable_nothing_happens() -> None:
    faults.arm({})
    faults.point("commit", "claim")


def test_a_fault_strikes_at_its_pass_and_only_then() -> None:
    arm("claim.commit:error:ENOSPC@2")
    faults.point("commit", "claim")
    with pytest.raises(OSError, match="No space left"):
        faults.point("commit", "claim")
    faults.point("commit", "claim")


def test_a_fault_may_strike_at_every_pass() -> None:
    arm("claim.commit:error:EIO@*")
    for _ in range(3):
        with pytest.raises(OSError):
            faults.point("commit", "claim")


def test_other_points_go_on() -> None:
    arm("claim.commit:error:EIO")
    faults.point("committed", "claim")
    faults.point("commit", "finish")


def test_an_operation_has_the_name_of_the_method_it_stands_in() -> None:
    arm("claim.commit:error:EIO,arm.commit:error:EIO")
    for operation in (Jobs().claim(), arm):
        assert callable(operation)
        with pytest.raises(OSError):
            faults.point("commit", operation)


def test_sleep_takes_its_time() -> None:
    arm("claim.commit:sleep:0.2")
    began = time.monotonic()
    faults.point("commit", "claim")
    assert time.monotonic() - began >= 0.2


@pytest.mark.parametrize(("action", "code"), [("kill", -9), ("exit", 70)])
def test_a_process_ends_at_the_point(action: str, code: int) -> None:
    script = "from casare_rpa import faults; faults.arm(); faults.point('commit', 'x'); print(1)"
    ended = subprocess.run(
        [sys.executable, "-c", script],
        env={faults.VARIABLE: f"x.commit:{action}"},
        capture_output=True,
        cwd=ROOT,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (code, b"")
    assert b"FAILS ON PURPOSE" in ended.stderr


@pytest.mark.parametrize(
    "text", ["x", "x:explode", "x:error:NOTHING", "x:sleep:long", "x:kill@0", "x:kill@soon"]
)
def test_what_cannot_be_read_is_a_wrong_setting(text: str) -> None:
    with pytest.raises(ConfigInvalid, match="CASARE_FAULT"):
        arm(text)


def test_every_point_is_in_the_docs() -> None:
    page = (ROOT / "docs/guide/fault-points.md").read_text(encoding="utf-8")
    named = set()
    for folder in ("casare_rpa", "agent"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            named |= set(re.findall(r'faults\.point\("(\w+)", "(\w+)"\)', text))
    assert named
    assert not [f"{of}.{step}" for step, of in named if f"`{of}.{step}`" not in page]
