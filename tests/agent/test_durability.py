"""When what a job said is on disk."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.attempt import Attempt, Grant
from agent.job.launch import Launcher
from agent.job.supervisor import Supervisor
from agent.journal.file import Journal
from agent.journal.records import events_payload
from agent.machine.disk import Reserve
from casare_rpa.secrets import SecretSources
from casare_rpa.settings import Settings

ENDING = {"kind": "outcome", "finish": {"status": "completed"}}


@pytest.fixture
def attempt(tmp_path: Path) -> Iterator[Attempt]:
    """Its journal puts nothing on disk by itself for an hour."""
    grant = Grant(job_id="j", attempt=1, lease_token="t", timeout_seconds=1)
    path = tmp_path / "a.journal"
    made = Attempt(grant, Journal.create(path, grant.for_journal("r1"), fsync_seconds=3600))
    yield made
    made.close()


def _supervisor(attempt: Attempt, folder: Path) -> Supervisor:
    return Supervisor(
        attempt,
        launcher=Launcher(),
        settings=Settings(),
        environment={},
        work_dir=folder / "work",
        reserve=Reserve(folder / "reserve"),
        find_secret=SecretSources(sources=()).find,
    )


def test_an_outcome_is_on_disk_before_it_is_told(attempt: Attempt, tmp_path: Path) -> None:
    supervisor = _supervisor(attempt, tmp_path)
    attempt.journal.append_bytes(events_payload(1, 1, b"[{}]"))
    assert attempt.journal.sync_due_seconds() is not None
    supervisor._record(ENDING)
    assert attempt.journal.sync_due_seconds() is None
    assert not attempt.ended.is_set()


def test_events_are_on_disk_soon_while_the_job_goes_on(attempt: Attempt, tmp_path: Path) -> None:
    supervisor = _supervisor(attempt, tmp_path)
    attempt.journal._fsync_seconds = 0.0
    attempt.journal.append_bytes(events_payload(1, 1, b"[{}]"))
    supervisor._sync_if_due()
    assert attempt.journal.sync_due_seconds() is None


_ON_A_FULL_DISK = """
import contextlib, sys
from pathlib import Path
from agent.attempt import Attempt, Grant
from agent.machine.disk import Reserve
from agent.journal.file import Journal
from agent.journal.records import read_records
from agent.job.launch import Launcher
from agent.job.supervisor import Supervisor
from casare_rpa.secrets import SecretSources
from casare_rpa.settings import Settings

folder = Path(sys.argv[1])
grant = Grant(job_id="j", attempt=1, lease_token="t", timeout_seconds=1)
path = folder / "a.journal"
attempt = Attempt(grant, Journal.create(path, grant.for_journal("r1"), fsync_seconds=60))
reserve = Reserve(folder / "reserve", size=256 << 10)
reserve.hold()
with contextlib.suppress(OSError), (folder / "filler").open("wb", buffering=0) as filler:
    while filler.write(b"x" * 1024):
        pass
supervisor = Supervisor(
    attempt, launcher=Launcher(), settings=Settings(), environment={},
    work_dir=folder / "work", reserve=reserve, find_secret=SecretSources(sources=()).find,
)
supervisor._record({"kind": "outcome", "finish": {"status": "completed", "result": "r" * 100_000}})
print([record.decode()["kind"] for record in read_records(path)])
"""


def test_an_outcome_finds_room_on_a_full_disk(tmp_path: Path) -> None:
    mount = f"mount -t tmpfs -o size=1m none '{tmp_path}' && exec \"$@\""
    small = ["unshare", "-Urm", "sh", "-c", mount, "sh"]
    try:
        subprocess.run([*small, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"this machine gives no mount namespace to make a small disk in: {error}")
    shown = subprocess.run(
        [*small, sys.executable, "-c", _ON_A_FULL_DISK, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.stdout.strip() == "['grant', 'outcome']", shown.stderr
