"""What must hold after any fault, checked from outside: over REST, in the database, in files.

Each check is named after the promise it proves and raises AssertionError with what it found:

V1 each acknowledged submit is exactly one job        V6 every transcript equals the history
V2 one terminal transition                            V7 no lease, journal, process, folder left
V3 sequence numbers 1..n, without hole or double      V8 the database passes its integrity check
V4 the result belongs to the last attempt             V9 no secret where it does not belong
V5 a completed job has all its events                 V10 no traceback in any log

V7 for processes and V9 are in `leftovers.py`.
"""

from __future__ import annotations

import json
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import sqlalchemy as sa

from tests.faults.database import Database, database
from tests.support.fleet import FINISHED, Agent, Orchestrator, Program, eventually

Json = dict[str, Any]
TERMINAL = {"job.completed": "completed", "job.failed": None, "job.cancelled": "cancelled"}


class Findings(list[str]):
    """What checks have found, each as one text that begins with its promise: "V3: ..."."""

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Note a failed check, and go on."""
        try:
            yield
        except AssertionError as error:
            self.append(str(error) or _place_of(error))


def _place_of(error: AssertionError) -> str:
    """An assertion without a word: where it stands and what it asserts."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}: {last.line}"


def check_all(orchestrator: Orchestrator, **given: Any) -> None:
    """Raises AssertionError with everything that `violations` finds; the same parameters."""
    found = violations(orchestrator, **given)
    assert not found, "\n".join(found)


def violations(
    orchestrator: Orchestrator,
    *,
    acknowledged: Mapping[str, str],
    transcripts: Mapping[str, Iterable[list[Json]]] | None = None,
    agents: Iterable[Agent] = (),
    ends: bool = True,
) -> Findings:
    """All that is wrong. *acknowledged*: the job that each Idempotency-Key was answered with.

    *transcripts*: what watchers of a job were sent, each from the first message to the last. The
    jobs have all ended (without *ends* they are not looked into); agents are at work or stopped for
    good, and get time to clean up.
    """
    found = Findings()
    with database(orchestrator) as db:
        with found.noting():
            check_acknowledged(db, acknowledged)
        for job_id in _stored(db, acknowledged) if ends else ():
            with found.noting():
                history = orchestrator.history(job_id)
                check_history(db, orchestrator.job(job_id), history)
                for transcript in (transcripts or {}).get(job_id, ()):
                    check_transcript(job_id, transcript, history)
        for agent in agents:
            with found.noting():
                check_nothing_left(agent)
                check_log(agent.program)
        with found.noting():
            check_log(orchestrator.program)
        with found.noting():
            check_database(db)
    return found


def _stored(db: Database, acknowledged: Mapping[str, str]) -> list[str]:
    stored = {row["id"] for row in db.rows("SELECT id FROM jobs")}
    return [job_id for job_id in acknowledged.values() if job_id in stored]


def check_acknowledged(db: Database, acknowledged: Mapping[str, str]) -> None:
    """V1: every acknowledged job is there, and no key has made two."""
    stored = [row["id"] for row in db.rows("SELECT id FROM jobs")]
    missing = set(acknowledged.values()) - set(stored)
    assert not missing, f"V1: acknowledged and lost: {sorted(missing)}"
    by_key = Counter(row["key"] for row in db.rows("SELECT key FROM idempotency"))
    assert all(by_key[key] == 1 for key in acknowledged), f"V1: keys twice or never: {by_key}"
    by_job = {row["job_id"]: row["key"] for row in db.rows("SELECT * FROM idempotency")}
    for key, job_id in acknowledged.items():
        assert by_job.get(job_id) == key, f"V1: {key} was answered with {job_id}, stored otherwise"
    extra = set(stored) - set(by_job)
    assert not extra, f"V1: jobs that no key asked for: {sorted(extra)}"


def check_history(db: Database, job: Json, history: list[Json]) -> None:
    """V2 to V5 for one job that has ended."""
    job_id = job["job_id"]
    assert job["status"] in FINISHED, f"{job_id} has not ended: {job['status']}"
    rows = db.rows("SELECT * FROM events WHERE job_id = :id ORDER BY seq", id=job_id)
    told = [(event["seq"], event["type"], event["attempt"]) for event in history]
    assert told == [(r["seq"], r["type"], r["attempt"]) for r in rows], f"{job_id}: REST differs"
    _check_one_end(db, job, history)
    _check_numbers(job, rows)
    _check_result(db, job, history)
    _check_complete(job, history)


def _check_one_end(db: Database, job: Json, history: list[Json]) -> None:
    job_id = job["job_id"]
    ends = [event for event in history if event["type"] in TERMINAL]
    assert [event["seq"] for event in ends] == [len(history)], f"V2: ends of {job_id}: {ends}"
    expected = TERMINAL[ends[0]["type"]] or ends[0]["data"].get("status", "failed")
    assert expected == job["status"], f"V2: {job_id} is {job['status']}, its history {expected}"
    attempts = db.rows("SELECT * FROM attempts WHERE job_id = :id", id=job_id)
    assert all(row["ended_at"] is not None for row in attempts), f"V7: {job_id}: open attempt"
    final = [row["attempt"] for row in attempts if row["became"] in FINISHED]
    assert len(final) <= 1, f"V2: {job_id} was ended by the attempts {final}"


def _check_numbers(job: Json, rows: list[sa.RowMapping]) -> None:
    job_id = job["job_id"]
    numbers = [row["seq"] for row in rows]
    assert numbers == list(range(1, len(rows) + 1)), f"V3: {job_id}: seq {numbers[:50]}"
    assert job["last_seq"] == len(rows), f"V3: {job_id}: last_seq {job['last_seq']}"
    indexes: dict[int, list[int]] = {}
    for row in rows:
        if row["idx"] is not None:
            indexes.setdefault(row["attempt"], []).append(row["idx"])
    for attempt, found in indexes.items():
        assert found == list(range(1, len(found) + 1)), f"V3: {job_id}/{attempt}: {found[:50]}"
    order = [row["attempt"] for row in rows]
    assert order == sorted(order), f"V3: {job_id}: attempts overlap in its history"


def _check_result(db: Database, job: Json, history: list[Json]) -> None:
    job_id, attempt = job["job_id"], job["attempt"]
    assert history[-1]["attempt"] == attempt, f"V4: {job_id}: ended by an earlier attempt"
    if job["status"] != "completed":
        return
    query = "SELECT attempt FROM attempts WHERE job_id = :id AND reported = 'completed'"
    completed = [row["attempt"] for row in db.rows(query, id=job_id)]
    assert completed == [attempt], f"V4: {job_id}/{attempt} was completed by {completed}"
    assert history[-1]["data"]["result"] == job["result"], f"V4: {job_id}: another result"
    for event in history:
        if event["type"] == "node.completed" and event["attempt"] == attempt:
            _check_output(job, event)


def _check_output(job: Json, completed: Json) -> None:
    """What a command printed in the last attempt is what the result says it printed."""
    told = completed["data"].get("output_data") or {}
    kept = job["result"]["outputs"].get(completed["data"]["node_id"]) or {}
    if "stdout" in told:
        assert told["stdout"] == kept.get("stdout"), f"V4: {job['job_id']}: {told} became {kept}"


def _check_complete(job: Json, history: list[Json]) -> None:
    if job["status"] != "completed":
        return
    last = [event["type"] for event in history if event["attempt"] == job["attempt"]]
    done, begun = last.count("node.completed"), last.count("node.started")
    wanted = job["result"]["nodes_executed"]
    assert (done, begun) == (wanted, wanted), f"V5: {job['job_id']}: {done}/{begun} of {wanted}"


def check_transcript(job_id: str, transcript: list[Json], history: list[Json]) -> None:
    """V6: a watcher was sent each event once, in order, with what the history says."""
    keys = ("seq", "type", "attempt", "timestamp", "data")
    seen = [tuple(json.dumps(message[key]) for key in keys) for message in transcript]
    logged = [tuple(json.dumps(event[key]) for key in keys) for event in history]
    wrong = [index for index, (a, b) in enumerate(zip(seen, logged, strict=False), 1) if a != b]
    assert seen == logged, f"V6: {job_id}: {len(seen)} of {len(logged)} seen, wrong at {wrong[:5]}"


def check_nothing_left(agent: Agent, seconds: float = 20.0) -> None:
    """V7: no journal and no working folder."""
    eventually(lambda: not agent.journals(), seconds, f"{agent.robot_id} delivering its journals")
    eventually(lambda: not agent.job_folders(), seconds, f"{agent.robot_id} removing its folders")


def check_log(program: Program) -> None:
    """V10: no traceback in a program's log."""
    text = program.tail(100_000)
    if "Traceback" in text:
        told = text[text.index("Traceback") :].splitlines()
        end = next((at for at, line in enumerate(told[1:], 1) if not line.startswith(" ")), 0)
        shown = [*told[:5], "...", *told[max(5, end - 15) : end + 5]]
        raise AssertionError("\n".join([f"V10: {program.name}:", *shown]))


def kill_with_tree(agent: Agent, seconds: float = 10.0) -> None:
    """kill -9 of the agent alone; V7: all that it had started ends by itself."""
    family = psutil.Process(agent.pid).children(recursive=True)
    agent.kill()
    _, left = psutil.wait_procs(family, timeout=seconds)
    assert not left, f"V7: these outlived {agent.robot_id}: {left}"


def check_database(db: Database) -> None:
    """V7 and V8: no lease is left, and the database is sound."""
    query = "SELECT id FROM jobs WHERE token_hash IS NOT NULL OR lease_until IS NOT NULL"
    leased = [row["id"] for row in db.rows(query)]
    assert not leased, f"V7: leases are left: {leased}"
    damage = db.damage()
    assert damage is None, f"V8: {damage}"


def lines(path: Path) -> list[str]:
    """The ledger's lines."""
    return path.read_text(encoding="utf-8").split() if path.exists() else []
