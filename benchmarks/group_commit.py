"""SQLite at full durability: 64 robots that claim at once, with shared commits and without.

    python benchmarks/group_commit.py [--seconds 3] [--rounds 3] [--slower-ms 0]

The same store in the same run, in turns: once as it is, once with one transaction to a claim. What
counts is the ratio. "disk" is how many fsyncs of a small file this disk does: the faster it is, the
less there is to share, and the more the claim itself weighs. `--slower-ms` lets every COMMIT wait
for so much longer, as a slower disk would.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path

import sqlalchemy as sa

from casare_rpa.settings import Settings
from casare_rpa.store import Store, open_store
from casare_rpa.store.sqlite import group_commit
from casare_rpa.store.tx import Tx
from casare_rpa.wire import JobRequest, RobotRegistration

sys.path.insert(0, str(Path(__file__).resolve().parent))
from store import DOCUMENT, fill

CLAIMERS = 64
WANTED = 5.0
_SHARED, _ALONE = group_commit._LARGEST_GROUP, 1


def claims_per_second(store: Store, group: int, seconds: float) -> float:
    """How many jobs 64 threads claim in a second."""
    group_commit._LARGEST_GROUP = group
    done = [0] * CLAIMERS
    end = time.monotonic() + seconds

    def work(number: int) -> None:
        while time.monotonic() < end:
            assert store.claim(f"r{number}", claim_id=uuid.uuid4().hex) is not None
            done[number] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(CLAIMERS)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.monotonic() - began)


def syncs_per_second(folder: Path, seconds: float = 1.0) -> float:
    with (folder / "sync").open("wb") as file:
        count, end = 0, time.monotonic() + seconds
        while time.monotonic() < end:
            file.write(b"x" * 4096)
            file.flush()
            os.fdatasync(file.fileno())
            count += 1
    return count / seconds


def slow_down(store: Store, seconds: float) -> None:
    """Let every COMMIT take *seconds* longer."""

    @sa.event.listens_for(store._writing, "commit")  # type: ignore[attr-defined]
    def wait(connection: sa.Connection) -> None:
        time.sleep(seconds)


def is_full(store: Store) -> bool:
    def look(tx: Tx) -> bool:
        return tx.db.exec_driver_sql("PRAGMA synchronous").scalar() == 2

    return bool(store._write(look))  # type: ignore[attr-defined]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--slower-ms", type=float, default=0.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=os.environ.get("CASARE_BENCH_DIR")) as folder:
        print(f"{'disk':28s} {syncs_per_second(Path(folder)):10,.0f} fsyncs/s")
        store = open_store(f"sqlite:///{folder}/bench.db", Settings())
        try:
            if options.slower_ms:
                slow_down(store, options.slower_ms / 1000)
            return run(store, options.seconds, options.rounds)
        finally:
            store.close()


def run(store: Store, seconds: float, rounds: int) -> int:
    assert is_full(store)
    store.put_workflow(name="bench", document=DOCUMENT)
    store.submit(JobRequest(workflow_id="bench"), principal="bench")
    for number in range(CLAIMERS):
        store.register(RobotRegistration(robot_id=f"r{number}", name=f"r{number}", hostname="h"))
    fill(store, 60_000)
    ratios = []
    for _ in range(rounds):
        alone = claims_per_second(store, _ALONE, seconds)
        shared = claims_per_second(store, _SHARED, seconds)
        ratios.append(shared / alone)
        print(f"{'claims, 64 at once':28s} {alone:10,.0f}/s alone {shared:10,.0f}/s shared")
    ratio = statistics.median(ratios)
    print(f"{'shared / alone':28s} {ratio:10.1f} (at least {WANTED:.0f} is wanted)")
    return 0 if ratio >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
