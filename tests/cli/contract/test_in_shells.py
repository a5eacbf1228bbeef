"""The program in a real shell, as scripts and cron call it."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.cli.contract.world import World
from tests.cli.support import PROGRAM, SECONDS

pytestmark = [
    pytest.mark.xdist_group("contract"),
    pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed"),
]

_SCRIPT = """
set -u
rpa() { "$PYTHON" -m casare_cli "$@"; }
printf '%s\\n' "$JOB" nope "$JOB" | while read -r id; do
    rpa jobs get "$id" -o name 2>/dev/null
    echo "get $?"
    rpa jobs list --limit 1 -o none; echo "list $?"
done
rpa jobs get "$JOB" -o name </dev/null; echo "null $?"
rpa robots delete nobody </dev/null 2>/dev/null; echo "unasked $?"
rpa jobs get "$JOB" -o name <&-; echo "closed $?"
"""


def test_it_takes_no_line_from_a_loop_and_waits_for_none(world: World) -> None:
    place = world.place()
    job_id = world["job"]
    done = subprocess.run(
        ["bash", "-c", _SCRIPT],
        cwd=place.folder,
        env={**place.env, "PYTHON": PROGRAM[0], "JOB": job_id},
        capture_output=True,
        encoding="utf-8",
        timeout=10 * SECONDS,
        check=False,
    )
    each = [job_id, "get 0", "list 0"]
    loop = [*each, "get 4", "list 0", *each]
    after = [job_id, "null 0", "unasked 2", job_id, "closed 0"]
    assert done.stdout.splitlines() == [*loop, *after], done
    assert done.stderr == ""
