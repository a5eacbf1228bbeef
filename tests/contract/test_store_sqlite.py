"""What is particular to the store in one file: one owner, one writer, everything on disk."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from casare_rpa.errors import CasareError, ConfigInvalid, InvalidInput, ServerFailed, Unavailable
from casare_rpa.settings import Settings
from casare_rpa.store import open_store
from casare_rpa.store.sqlite import SqliteStore
from casare_rpa.store.tables import facts, jobs
from casare_rpa.store.tx import Tx
from casare_rpa.wire import JobRequest
from tests.contract.world import DOCUMENT

REQUEST = JobRequest(workflow_id="w")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder with ünicode" / "jobs #1.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    store = _open(path)
    store.put_workflow(name="w", document=DOCUMENT)
    yield store
    store.close()


def _open(path: Path) -> SqliteStore:
    store = open_store(f"sqlite:///{path}", Settings())
    assert isinstance(store, SqliteStore)
    return store


def test_a_second_orchestrator_on_one_file_is_refused(store: SqliteStore, path: Path) -> None:
    with pytest.raises(ServerFailed, match="another orchestrator") as refused:
        _open(path)
    assert refused.value.exit_code == 3
    assert store.submit(REQUEST, principal="ann")
    store.close()
    _open(path).close()


def test_behind_a_link_a_file_is_the_same_file(store: SqliteStore, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(store._path)
    with pytest.raises(ServerFailed, match="another orchestrator"):
        _open(link)


def test_a_second_process_on_one_file_is_refused(store: SqliteStore, path: Path) -> None:
    code = (
        "import sys; from casare_rpa.store import open_store; from casare_rpa.settings import "
        "Settings; open_store('sqlite:///' + sys.argv[1], Settings())"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True)
    assert ended.returncode != 0
    assert "another orchestrator" in ended.stderr


def test_the_file_is_its_owners_alone(store: SqliteStore, path: Path) -> None:
    store.submit(REQUEST, principal="ann")
    modes = {file.name: file.stat().st_mode & 0o077 for file in path.parent.glob("*.db*")}
    assert len(modes) == 4
    assert {name for name, mode in modes.items() if mode and not name.endswith(".lock")} == set()


def test_commits_are_synced_and_pages_can_be_given_back(store: SqliteStore) -> None:
    def pragma(name: str) -> object:
        return store._write(lambda tx: tx.db.exec_driver_sql(f"PRAGMA {name}").scalar())

    assert (pragma("synchronous"), pragma("journal_mode"), pragma("auto_vacuum")) == (2, "wal", 2)
    assert store.housekeep() == 0


def test_readers_cannot_write(store: SqliteStore) -> None:
    with pytest.raises(CasareError, match="readonly"):
        store._read(lambda tx: tx.db.exec_driver_sql("DELETE FROM jobs"))


def test_a_reader_sees_one_moment_and_holds_no_writer_up(store: SqliteStore) -> None:
    reads, wrote = threading.Event(), threading.Event()

    def look_twice() -> tuple[int, int]:
        def look(tx: object) -> tuple[int, int]:
            before = tx.scalar(sa.text("SELECT count(*) FROM jobs"))  # type: ignore[attr-defined]
            reads.set()
            assert wrote.wait(60)
            return before, tx.scalar(sa.text("SELECT count(*) FROM jobs"))  # type: ignore[attr-defined]

        return store._read(look)

    with ThreadPoolExecutor(1) as pool:
        looks = pool.submit(look_twice)
        assert reads.wait(60)
        store.submit(REQUEST, principal="ann")
        wrote.set()
        assert looks.result(10) == (0, 0)
    assert store.jobs().total == 1


def test_writes_that_come_together_share_a_commit(store: SqliteStore) -> None:
    commits: list[int] = []
    sa.event.listen(store._writing, "commit", lambda connection: commits.append(1))
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: store.submit(REQUEST, principal="ann"), range(400)))
    assert store.jobs().total == 400
    assert len(commits) < 300


def test_one_refused_write_leaves_its_group_alone(store: SqliteStore) -> None:
    gate = threading.Event()

    def submit(number: int) -> bool:
        if number == 0:
            store._write(lambda tx: gate.wait(60))
            return True
        workflow = "w" if number % 2 else "nothing"
        try:
            store.submit(JobRequest(workflow_id=workflow), principal="ann")
        except CasareError:
            return False
        return True

    with ThreadPoolExecutor(21) as pool:
        answers = [pool.submit(submit, number) for number in range(21)]
        gate.set()
        assert sum(answer.result(10) for answer in answers) == 11
    assert store.jobs().total == 10


def test_acknowledged_submits_survive_kill_9(path: Path) -> None:
    code = """
import sys
from concurrent.futures import ThreadPoolExecutor
from casare_rpa.settings import Settings
from casare_rpa.store import open_store
from casare_rpa.wire import JobRequest
store = open_store("sqlite:///" + sys.argv[1], Settings())
store.put_workflow(name="w", document={"nodes": {}})
def submit(_):
    while True:
        job = store.submit(JobRequest(workflow_id="w"), principal="ann").job
        sys.stdout.write(job.job_id + "\\n")
        sys.stdout.flush()
with ThreadPoolExecutor(4) as pool:
    list(pool.map(submit, range(4)))
"""
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        acknowledged = [process.stdout.readline().strip() for _ in range(200)]
        process.send_signal(signal.SIGKILL)
        acknowledged += [line.strip() for line in process.stdout if line.endswith("\n")]
    store = _open(path)
    assert all(store.events(job_id).last_seq == 1 for job_id in acknowledged if len(job_id) == 36)
    assert store._read(lambda tx: tx.scalar(sa.text("PRAGMA integrity_check"))) == "ok"
    store.close()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no limit of file sizes")
def test_a_full_disk_refuses_writes_and_recovers(path: Path) -> None:
    code = """
import resource, sys
from casare_rpa.errors import Unavailable
from casare_rpa.settings import Settings
from casare_rpa.store import open_store
from casare_rpa.wire import JobRequest
store = open_store("sqlite:///" + sys.argv[1], Settings())
store.put_workflow(name="w", document={"nodes": {}})
def submit():
    big = {"a": "x" * 50_000}
    return store.submit(JobRequest(workflow_id="w", input_data=big), principal="ann").job.job_id
kept = [submit()]
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
refused = 0
for _ in range(40):
    try:
        kept.append(submit())
    except Unavailable:
        refused += 1
assert refused and store.broken is None, (refused, store.broken)
assert store.refusing and not store.try_write() and store.refusing, store.refusing
assert store.jobs().total == len(kept)
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
kept.append(submit())
assert store.try_write() and store.refusing is None, store.refusing
store.close()
print(len(kept))
"""
    ended = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    store = _open(path)
    assert store.jobs().total == int(ended.stdout)
    store.close()


def test_after_a_failed_sync_nothing_more_is_acknowledged(store: SqliteStore) -> None:
    job = store.submit(REQUEST, principal="ann").job

    def fail(tx: object) -> None:
        failed = sqlite3.OperationalError("disk I/O error")
        failed.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
        raise sa.exc.OperationalError("COMMIT", {}, failed)

    assert store.broken is None
    with pytest.raises(Unavailable):
        store._write(fail)
    assert store.broken == "disk I/O error"
    with pytest.raises(Unavailable):
        store.submit(REQUEST, principal="ann")
    assert store.job(job.job_id) == job


def test_a_database_locked_by_another_program_is_unavailable_for_a_while(
    store: SqliteStore, path: Path
) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Unavailable):
        store.submit(REQUEST, principal="ann")
    other.execute("ROLLBACK")
    other.close()
    assert store.broken is None
    assert store.refusing == "database is locked"
    assert store.submit(REQUEST, principal="ann")


def test_a_write_on_trial_leaves_nothing_behind(store: SqliteStore) -> None:
    def stored() -> list[str]:
        names = sa.select(facts.c.name)
        return store._read(lambda tx: [str(row["name"]) for row in tx.rows(names)])

    before = stored()
    assert store.try_write()
    assert stored() == before


def test_a_closed_store_refuses_writes_and_may_be_closed_again(store: SqliteStore) -> None:
    store.close()
    with pytest.raises(Unavailable):
        store.submit(REQUEST, principal="ann")
    store.close()


def test_a_failing_listener_does_not_fail_the_write(path: Path) -> None:
    def fail(change: object) -> None:
        raise RuntimeError("listener")

    store = open_store(f"sqlite:///{path}", Settings(), on_change=fail)
    assert store.put_workflow(name="w", document=DOCUMENT).created
    store.close()


def test_a_file_that_is_no_database_is_named_and_left_as_it_is(path: Path) -> None:
    path.parent.mkdir()
    notes = b"something else, and more than a page of it" * 200
    path.write_bytes(notes)
    with pytest.raises(ConfigInvalid, match="is no SQLite database"):
        _open(path)
    assert path.read_bytes() == notes
    path.unlink()
    _open(path).close()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_store_needs_a_file(url: str) -> None:
    with pytest.raises(ConfigInvalid):
        open_store(url, Settings())


def test_a_claim_finds_its_job_through_the_index(store: SqliteStore) -> None:
    from casare_rpa.store.operations import lanes

    def plans(tx: object) -> list[str]:
        head = lanes.HEAD.params(this_lane=lanes.lane_of("default", None, []))
        text = str(head.compile(store._writing, compile_kwargs={"literal_binds": True}))
        rows = tx.db.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")  # type: ignore[attr-defined]
        return [row[-1] for row in rows]

    plan = store._read(plans)
    assert len(plan) == 1
    assert "USING INDEX jobs_ready (lane=?)" in plan[0]


def test_times_are_those_of_the_machine_unless_a_clock_is_given(store: SqliteStore) -> None:
    before = datetime.now(UTC)
    job = store.submit(REQUEST, principal="ann").job
    after = datetime.now(UTC)
    assert before - timedelta(seconds=1) <= job.created_at <= after + timedelta(seconds=1)


def test_frequent_heartbeats_are_not_a_write_each(store: SqliteStore, path: Path) -> None:
    """`data_version` changes for one connection when another one has written."""
    store.renew("r1", figures={})
    with closing(sqlite3.connect(path)) as outside:
        before = outside.execute("PRAGMA data_version").fetchone()
        for _ in range(10):
            store.renew("r1", figures={"cpu_percent": 1})
        assert outside.execute("PRAGMA data_version").fetchone() == before
        store.submit(REQUEST, principal="ann")
        assert outside.execute("PRAGMA data_version").fetchone() != before


def test_a_write_is_answered_after_its_commit(store: SqliteStore) -> None:
    committing, answered = threading.Event(), threading.Event()
    may_commit = threading.Event()

    @sa.event.listens_for(store._writing, "commit")
    def hold(connection: sa.Connection) -> None:
        committing.set()
        assert may_commit.wait(60)

    def submit() -> None:
        store.submit(REQUEST, principal="ann")
        answered.set()

    thread = threading.Thread(target=submit)
    thread.start()
    assert committing.wait(60)
    assert not answered.wait(0.2)
    may_commit.set()
    thread.join(20)
    assert answered.is_set() and store.jobs().total == 1


def test_a_write_that_fails_half_way_leaves_nothing_and_its_group_alone(
    store: SqliteStore,
) -> None:
    def half(tx: Tx) -> None:
        tx.run(sa.update(jobs).values(priority=99))
        raise InvalidInput("no")

    job = store.submit(REQUEST, principal="ann").job
    gate = threading.Event()
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(store._write, lambda tx: gate.wait(60))
        earlier = pool.submit(store.submit, REQUEST, principal="ann")
        failing = pool.submit(store._write, half)
        later = pool.submit(store.submit, REQUEST, principal="ann")
        gate.set()
        assert first.result(10)
        with pytest.raises(InvalidInput):
            failing.result(10)
        assert earlier.result(10).job.job_id != later.result(10).job.job_id
    assert store.job(job.job_id) == job
    assert store.jobs().total == 3
