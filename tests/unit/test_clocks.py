"""The clocks that leases are measured on."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from casare_rpa.store.clock import steady_clock


def test_leases_run_on_when_the_wall_clock_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    wall = time.time
    clock = steady_clock()
    before = clock()
    for jump in (-10 * 365 * 86400, -3600, 3600):
        monkeypatch.setattr(time, "time", lambda jump=jump: wall() + jump)
        assert 0 <= clock() - before < 60


def test_a_servers_clock_begins_at_the_time_of_day() -> None:
    assert abs(steady_clock()() - time.time()) < 5


_SHOW = (
    "import time; from casare_rpa.boot_clock import boottime_seconds;"
    "from casare_rpa.store.clock import steady_clock; clock = steady_clock();"
    "print(boottime_seconds() - time.monotonic())"
)


def test_the_agents_clock_runs_in_suspend() -> None:
    """In a time namespace whose machine has slept for a day since it was started."""
    asleep = ["unshare", "--user", "--map-root-user", "--time", "--boottime", "86400", "--fork"]
    try:
        subprocess.run([*asleep, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"this machine makes no time namespaces: {error}")
    shown = subprocess.run(
        [*asleep, sys.executable, "-c", _SHOW], check=True, capture_output=True, text=True
    )
    # Not the time of day either, which anybody may set.
    assert 80_000 < float(shown.stdout) < 100 * 86_400
