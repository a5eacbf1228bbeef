"""How fast the store is: python benchmarks/store.py [URL] [--seconds 3] [--rows 1000000].

Every figure is of acknowledged work: committed and synced. Without URL: SQLite in a temporary
folder. `--rows` fills the queue before the claims, to see that its length does not matter.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import sqlalchemy as sa

from casare_rpa.settings import Settings
from casare_rpa.store import Store, open_store
from casare_rpa.store.tables import jobs
from casare_rpa.wire import EventBatch, EventEnvelope, Finish, JobRequest, RobotRegistration

DOCUMENT = {"nodes": {f"n{number}": {"node_type": "LogNode"} for number in range(10)}}
ENVELOPE = EventEnvelope(
    type="node.completed",
    timestamp=datetime.now(UTC),
    data={"node_id": "n1", "node_type": "LogNode", "execution_time_ms": 1.5, "progress": 10},
)


def measure(name: str, threads: int, seconds: float, step: Callable[[int], Iterator[int]]) -> None:
    """Let each thread run its steps for some seconds; print what they did together."""
    done = [0] * threads
    slowest = [0.0] * threads
    end = time.monotonic() + seconds

    def work(number: int) -> None:
        started = time.monotonic()
        for count in step(number):
            now = time.monotonic()
            slowest[number] = max(slowest[number], now - started)
            started = now
            done[number] += count
            if now > end:
                return

    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    began = time.monotonic()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    took = time.monotonic() - began
    print(
        f"{name:28s} {threads:3d} threads {sum(done) / took:10,.0f}/s"
        f"   slowest {max(slowest) * 1000:7.1f} ms"
    )


def submits(store: Store) -> Callable[[int], Iterator[int]]:
    request = JobRequest(workflow_id="bench", input_data={"a": 1})

    def step(_: int) -> Iterator[int]:
        while True:
            store.submit(request, principal="bench")
            yield 1

    return step


def claims(store: Store) -> Callable[[int], Iterator[int]]:
    def step(number: int) -> Iterator[int]:
        while store.claim(f"r{number}", claim_id=uuid.uuid4().hex) is not None:
            yield 1

    return step


def events(store: Store, batch: int) -> Callable[[int], Iterator[int]]:
    def step(number: int) -> Iterator[int]:
        store.submit(JobRequest(workflow_id="bench", priority=0), principal="bench")
        grant = store.claim(f"r{number}", claim_id=uuid.uuid4().hex)
        assert grant is not None
        index = 1
        while True:
            sent = EventBatch(
                attempt=grant.attempt,
                lease_token=grant.lease_token,
                first_index=index,
                events=[ENVELOPE] * batch,
            )
            store.append_events(f"r{number}", grant.job_id, sent)
            index += batch
            yield batch

    return step


def whole_jobs(store: Store) -> Callable[[int], Iterator[int]]:
    """submit, claim, finish with twenty events: three commits a job."""

    def step(number: int) -> Iterator[int]:
        robot_id = f"r{number}"
        while True:
            request = JobRequest(workflow_id="bench", robot_id=robot_id)
            store.submit(request, principal="bench")
            grant = store.claim(robot_id, claim_id=uuid.uuid4().hex)
            assert grant is not None
            outcome = Finish(
                attempt=grant.attempt,
                lease_token=grant.lease_token,
                status="completed",
                event_count=20,
                first_index=1,
                events=[ENVELOPE] * 20,
            )
            store.finish(robot_id, grant.job_id, outcome)
            yield 1

    return step


def fill(store: Store, rows: int) -> None:
    """Many pending jobs, as copies of one, without a history."""
    job = store.submit(JobRequest(workflow_id="bench", priority=20), principal="bench").job
    names = [column.name for column in jobs.c if column.name != "id"]
    numbers = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :rows) "
        f"INSERT INTO jobs (id, {', '.join(names)}) "
        f"SELECT jobs.id || '-' || n.i, {', '.join(f'jobs.{name}' for name in names)} "
        "FROM n, jobs WHERE jobs.id = :id"
    )
    given = {"rows": rows, "id": job.job_id}
    store._write(lambda tx: tx.run(sa.text(numbers), given))  # type: ignore[attr-defined]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", nargs="?")
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rows", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(options.url or f"sqlite:///{folder}/bench.db", Settings())
        try:
            run(store, options.seconds, options.rows)
        finally:
            store.close()


def run(store: Store, seconds: float, rows: int) -> None:
    store.put_workflow(name="bench", document=DOCUMENT)
    for number in range(16):
        store.register(RobotRegistration(robot_id=f"r{number}", name=f"r{number}", hostname="h"))
    if rows:
        began = time.monotonic()
        fill(store, rows)
        print(f"{rows:,} pending jobs made in {time.monotonic() - began:.0f} s")
    for threads in (1, 16):
        measure("submits", threads, seconds, submits(store))
    for threads in (1, 16):
        measure("claims", threads, seconds, claims(store))
    for threads in (1, 16):
        measure("events, 1 a call", threads, seconds, events(store, 1))
        measure("events, 100 a call", threads, seconds, events(store, 100))
    for threads in (1, 16):
        measure("jobs with 20 events", threads, seconds, whole_jobs(store))


if __name__ == "__main__":
    main()
