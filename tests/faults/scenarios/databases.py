"""The database: its disk is full, its file may not grow, its sync fails, others hold it."""

from __future__ import annotations

import contextlib
import resource
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

from casare_rpa.errors import Unavailable
from tests.faults.load import Load
from tests.faults.needs import linux, mount_namespace, strace
from tests.faults.scenario import SQLITE, scenario
from tests.faults.scenarios.disks import on_small_disk
from tests.faults.trial import Trial
from tests.support.fleet import Orchestrator, eventually

_EXIT_BROKEN = 75
_RECOVERY_SECONDS = 60.0


@scenario(
    "F17",
    figure="room again to the next submit, s",
    needs=(mount_namespace,),
    databases=(SQLITE,),
    quick={"rounds": 1},
    long={"rounds": 10},
    in_pytest={},
)
def databases_disk_full(trial: Trial, rounds: int) -> None:
    """Writes are refused with 503, reads go on, and when there is room again all is well."""
    disk = trial.folder / "disk"
    # What each round stores stays there.
    prefix = on_small_disk(disk, f"{6 + 2 * rounds}m")
    orchestrator = trial.orchestrator(
        prefix=prefix, database=f"sqlite:///{disk}/orchestrator.db", lease_seconds=60
    )
    # The disk exists for the orchestrator alone; this is the way in from outside.
    filler = Path(f"/proc/{orchestrator.program.pid}/root{disk}/filler")
    _fill_and_recover(trial, orchestrator, rounds, lambda: _filled(filler))


@scenario(
    "F18",
    figure="room again to the next submit, s",
    needs=(linux,),
    databases=(SQLITE,),
    quick={"rounds": 1},
    long={"rounds": 10},
)
def databases_file_may_not_grow(trial: Trial, rounds: int) -> None:
    """The same through another error of SQLite's: a limit on the size of files."""
    orchestrator = trial.orchestrator(lease_seconds=60)
    pid = orchestrator.program.pid
    _fill_and_recover(trial, orchestrator, rounds, lambda: _limited(pid, orchestrator))


def _fill_and_recover(
    trial: Trial,
    orchestrator: Orchestrator,
    rounds: int,
    full: Callable[[], AbstractContextManager[None]],
) -> None:
    trial.agent(orchestrator)
    load = trial.load(orchestrator)
    for _ in range(rounds):
        running = load.submit("wait", priority=0)  # before what the last round has left
        orchestrator.wait_for(running, "running", "completed")
        with full():
            trial.strike()
            refused = eventually(lambda: _refusal(load), _RECOVERY_SECONDS, "a refusal")
            assert refused.retry_after_seconds > 0
            assert orchestrator.job(running)["job_id"] == running, "reads must go on"
        trial.until(lambda: _refusal(load) is None, _RECOVERY_SECONDS, "an accepted submit")
    load.wait_until_over(120)


def _refusal(load: Load) -> Unavailable | None:
    """Submit once, with a large input; what was answered, None when it was accepted."""
    try:
        load.submit_once("wait", input_data={"filling": "x" * 200_000})
    except Unavailable as error:
        return error
    return None


@contextmanager
def _filled(filler: Path) -> Iterator[None]:
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 65536)
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def _limited(pid: int, orchestrator: Orchestrator) -> Iterator[None]:
    files = [path for path in orchestrator.state_dir.iterdir() if path.is_file()]
    largest = max(path.stat().st_size for path in files)
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


@scenario(
    "F19",
    figure="first failed sync to the end, s",
    needs=(strace,),
    databases=(SQLITE,),
    quick={"rounds": 1},
    long={"rounds": 10},
)
def databases_sync_fails(trial: Trial, rounds: int) -> None:
    """After a failed sync nothing more is acknowledged, it ends, and starts again clean."""
    orchestrator = trial.orchestrator(lease_seconds=60)
    trial.agent(orchestrator)
    load = trial.load(orchestrator)
    for _ in range(rounds):
        load.submit("command")
        with _failing_syncs(orchestrator.program.pid):
            trial.strike()
            with trial.timed():
                feed = threading.Thread(target=load.submit, args=("command",))
                feed.start()
                assert orchestrator.program.wait(60) == _EXIT_BROKEN, orchestrator.program.tail()
        orchestrator.start()
        feed.join()
    load.wait_until_over(120)
    assert load.statuses() == {"completed": 2 * rounds}


@contextmanager
def _failing_syncs(pid: int) -> Iterator[None]:
    inject = "inject=fsync,fdatasync:error=EIO"
    command = ["strace", "-f", "-p", str(pid), "-o", "/dev/null", "-e", inject]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as tracer:
        assert tracer.stderr is not None
        tracer.stderr.readline()  # it says so when it is attached
        try:
            yield
        finally:
            tracer.terminate()


@scenario(
    "F23",
    figure="lock to the next submit, s",
    databases=(SQLITE,),
    quick={"seconds": 7.0},
    long={"seconds": 30.0},
)
def database_locked_by_another_program(trial: Trial, seconds: float) -> None:
    """Writes wait, then are refused with 503; nothing is lost, and the leases hold."""
    orchestrator = trial.orchestrator(lease_seconds=2 * seconds + 20)
    trial.agent(orchestrator)
    load = trial.load(orchestrator)
    running = load.submit("command")
    orchestrator.wait_for(running, "running", "completed")
    with closing(sqlite3.connect(orchestrator.state_dir / "orchestrator.db", timeout=60)) as db:
        db.execute("BEGIN EXCLUSIVE")
        trial.strike()
        with trial.timed():
            sender = threading.Thread(target=load.submit, args=("command",))
            sender.start()
            time.sleep(seconds)
            assert orchestrator.job(running)["job_id"] == running, "reads must go on"
            db.rollback()
            sender.join()
    load.wait_until_over(120)
    assert load.refusals[503], "nobody was refused"
    jobs = [orchestrator.job(job) for job in load.acknowledged.values()]
    assert {(job["status"], job["attempt"]) for job in jobs} == {("completed", 1)}


@scenario(
    "F24",
    figure="submit, ms",
    databases=(SQLITE,),
    quick={"seconds": 3.0},
    long={"seconds": 600.0},
    in_pytest={"seconds": 1.0},
)
def long_reader_of_the_database(trial: Trial, seconds: float) -> None:
    """Another program reads one moment for a long time: writes go on, the log grows."""
    orchestrator = trial.orchestrator(rate_limits=False)
    load = trial.load(orchestrator, ends=False)
    path = orchestrator.state_dir / "orchestrator.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("BEGIN")
        seen = db.execute("SELECT count(*) FROM jobs").fetchone()
        trial.strike()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with trial.timed(1000):
                load.submit("wait")
        assert db.execute("SELECT count(*) FROM jobs").fetchone() == seen
        size = (orchestrator.state_dir / "orchestrator.db-wal").stat().st_size
    trial.notes["WAL, MiB"] = round(size / 2**20, 2)
    trial.notes["refusals"] = dict(load.refusals)
    assert not load.refusals
