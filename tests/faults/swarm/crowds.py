"""Loads beyond a usual day: bursts of jobs, a thousand robots, a thousand watchers.

Each function runs one load against a real orchestrator and returns figures; what must hold is
asserted inside. The robots speak the agent's protocol over real connections and run nothing.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psutil

from tests.faults.database import Database, database
from tests.faults.swarm.connection import Connection
from tests.faults.swarm.figures import Figures
from tests.faults.swarm.robots import API, Habits, make_keys, swarm
from tests.faults.swarm.watchers import Transcript, open_deaf_socket, watch
from tests.support.fleet import Orchestrator

Json = dict[str, Any]
_DOCUMENT = {"nodes": {"start": {"node_id": "start", "node_type": "StartNode"}}, "connections": []}
_SUBMITTERS = 32
#: Jobs that break a promise.
_SUSPECTS = {
    "V2: not exactly one end": (
        "SELECT j.id AS job_id FROM jobs j LEFT JOIN events e ON e.job_id = j.id AND e.type IN "
        "('job.completed', 'job.failed', 'job.cancelled') GROUP BY j.id HAVING count(e.seq) <> 1"
    ),
    "V3: numbers that are not 1..n": (
        "SELECT e.job_id FROM events e JOIN jobs j ON j.id = e.job_id "
        "GROUP BY e.job_id, j.last_seq "
        "HAVING count(*) <> max(e.seq) OR min(e.seq) <> 1 OR max(e.seq) <> j.last_seq"
    ),
    "V4: not completed by the last attempt alone": (
        "SELECT a.job_id FROM attempts a JOIN jobs j ON j.id = a.job_id "
        "WHERE (a.reported = 'completed') <> (a.attempt = j.attempt)"
    ),
    "V5: events are missing": (
        "SELECT j.id AS job_id FROM jobs j JOIN events e ON e.job_id = j.id "
        "AND e.attempt = j.attempt AND e.idx IS NOT NULL GROUP BY j.id, j.last_index "
        "HAVING count(*) <> j.last_index"
    ),
}


def burst(orchestrator: Orchestrator, *, jobs: int, robots: int) -> Json:
    """*jobs* submitted as fast as they are taken, while *robots* work: each is done once."""
    return asyncio.run(_burst(orchestrator, jobs, robots))


async def _burst(orchestrator: Orchestrator, jobs: int, robots: int) -> Json:
    workflow_id = _push(orchestrator)
    keys = make_keys(orchestrator.admin, robots)
    figures = Figures()
    began = time.monotonic()
    async with swarm(orchestrator.url, keys, Habits(), figures), _measured(orchestrator) as server:
        acknowledged = await _submit_many(orchestrator, workflow_id, jobs, figures)
        submitted = time.monotonic() - began
        await _until(lambda: len(set(figures.completed)) >= jobs, 60 + jobs / 20)
        drained = time.monotonic() - began
    _check_each_once(orchestrator, acknowledged, figures)
    return {
        "jobs": jobs,
        "robots": robots,
        "submits_per_second": round(jobs / submitted),
        "jobs_per_second": round(jobs / drained),
        "submit_ms": figures.answers_ms["submit"],
        **server,
        **figures.summary(),
    }


async def _submit_many(
    orchestrator: Orchestrator, workflow_id: str, count: int, figures: Figures
) -> list[str]:
    numbers = iter(range(count))
    acknowledged: list[str] = []

    async def submit() -> None:
        connection = Connection(orchestrator.url, _admin_key(orchestrator))
        for number in numbers:
            body = {"workflow_id": workflow_id, "input_data": {"number": number}}
            sent = time.monotonic()
            answer = await connection.request(
                "POST", f"{API}/jobs", body, headers=f"Idempotency-Key: burst-{number}\r\n"
            )
            figures.note("submit", answer.status, time.monotonic() - sent)
            assert answer.status == 201, answer
            acknowledged.append(answer.body["job_id"])
        connection.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(min(_SUBMITTERS, count)):
            group.create_task(submit())
    return acknowledged


def _check_each_once(orchestrator: Orchestrator, acknowledged: list[str], figures: Figures) -> None:
    assert not figures.failures, f"answers of the server's own fault: {figures.failures}"
    twice = [job_id for job_id, count in Counter(figures.completed).items() if count > 1]
    assert not twice, f"finished twice: {twice[:5]}"
    lost = set(acknowledged) - set(figures.completed)
    assert not lost, f"{len(lost)} acknowledged jobs were never finished: {sorted(lost)[:5]}"
    with database(orchestrator) as db:
        _check_database(db, len(acknowledged))


def _check_database(db: Database, jobs: int) -> None:
    """V1 to V5 for all jobs in a few questions: there are too many to read each."""
    done = db.scalar("SELECT count(*) FROM jobs WHERE status = 'completed'")
    assert done == jobs, f"V1: {done} jobs are completed, {jobs} were acknowledged"
    for promise, query in _SUSPECTS.items():
        found = [row["job_id"] for row in db.rows(query)]
        assert not found, f"{promise}: {len(found)} jobs, such as {found[:3]}"


def idle_fleet(orchestrator: Orchestrator, *, robots: int, seconds: float, lease: float) -> Json:
    """Robots that wait for work: every renewal in time, and next to no work for the server."""
    habits = Habits(lease_seconds=lease)
    return asyncio.run(_fleet(orchestrator, robots, seconds, habits))


def busy_fleet(
    orchestrator: Orchestrator, *, robots: int, seconds: float, lease: float, work: float
) -> Json:
    """Robots that all hold a job and report on it: every renewal in time, no job done twice."""
    habits = Habits(lease_seconds=lease, work_seconds=work, events=max(1, round(work / 2)))
    return asyncio.run(_fleet(orchestrator, robots, seconds, habits))


async def _fleet(orchestrator: Orchestrator, robots: int, seconds: float, habits: Habits) -> Json:
    keys = make_keys(orchestrator.admin, robots)
    figures = Figures()
    acknowledged: list[str] = []
    async with swarm(orchestrator.url, keys, habits, figures) as fleet:
        await _until(lambda: all(robot.online for robot in fleet), 120)
        if habits.work_seconds:
            workflow_id = _push(orchestrator)
            count = math.ceil(seconds / habits.work_seconds) * robots
            acknowledged = await _submit_many(orchestrator, workflow_id, count, figures)
        async with _measured(orchestrator) as server:
            await asyncio.sleep(seconds)
        if acknowledged:
            await _until(lambda: len(set(figures.completed)) >= len(acknowledged), 300)
        online = sum(robot.online for robot in fleet)
    if acknowledged:
        _check_each_once(orchestrator, acknowledged, figures)
    assert online == robots, f"{robots - online} robots are cut off"
    assert figures.missed_renewals == 0, f"{figures.missed_renewals} renewals came too late"
    return {
        "robots": robots,
        "seconds": seconds,
        "renewal_ms": figures.answers_ms["heartbeat"],
        **server,
        **figures.summary(),
    }


def comeback(orchestrator: Orchestrator, *, robots: int, away: float, lease: float) -> Json:
    """A server that was killed comes back to all robots at once, in the middle of their jobs."""
    return asyncio.run(_comeback(orchestrator, robots, away, lease))


async def _comeback(orchestrator: Orchestrator, robots: int, away: float, lease: float) -> Json:
    keys = make_keys(orchestrator.admin, robots)
    figures = Figures()
    # Long enough for all of them to hold a job when the server goes.
    habits = Habits(lease_seconds=lease, work_seconds=lease + away, events=4)
    workflow_id = _push(orchestrator)
    async with swarm(orchestrator.url, keys, habits, figures) as fleet:
        await _until(lambda: all(robot.online for robot in fleet), 120)
        acknowledged = await _submit_many(orchestrator, workflow_id, robots, figures)
        await _until(lambda: all(robot.leases and robot.online for robot in fleet), 120)
        orchestrator.kill()
        await _until(lambda: not any(robot.online for robot in fleet), lease + 60)
        await asyncio.sleep(away)
        await asyncio.to_thread(orchestrator.start)
        back = time.monotonic()
        async with _measured(orchestrator) as server:
            await _until(lambda: all(robot.online for robot in fleet), 120)
        steady = time.monotonic() - back
        await _until(lambda: len(set(figures.completed)) >= robots, 120 + 2 * (lease + away))
    _check_each_once(orchestrator, acknowledged, figures)
    redone = _redone(orchestrator, acknowledged)
    assert redone == 0, f"{redone} jobs were taken from robots that still had them"
    return {"robots": robots, "steady_seconds": round(steady, 2), **server, **figures.summary()}


def _redone(orchestrator: Orchestrator, job_ids: list[str]) -> int:
    return sum(orchestrator.job(job_id)["attempt"] > 1 for job_id in job_ids)


def audience(
    orchestrator: Orchestrator, *, watchers: int, events_per_second: int, seconds: float, deaf: int
) -> Json:
    """Many watchers of one busy job: each gets the whole log; some never read and harm nobody."""
    return asyncio.run(_audience(orchestrator, watchers, events_per_second, seconds, deaf))


async def _audience(
    orchestrator: Orchestrator, watchers: int, rate: int, seconds: float, deaf: int
) -> Json:
    workflow_id = _push(orchestrator)
    key, *_ = make_keys(orchestrator.admin, 1).values()
    job_id = orchestrator.admin.submit({"workflow_id": workflow_id})["job_id"]
    robot = Connection(orchestrator.url, key)
    await robot.request("POST", f"{API}/robot/heartbeat", {})
    grant = (await robot.request("POST", f"{API}/jobs/claim", {"claim_id": "audience-1"})).body
    admin = _admin_key(orchestrator)
    ears = [open_deaf_socket(orchestrator.url, admin, job_id) for _ in range(deaf)]
    began = time.monotonic()
    async with asyncio.TaskGroup() as group, _measured(orchestrator) as server:
        watching = [
            group.create_task(watch(orchestrator.url, admin, job_id)) for _ in range(watchers)
        ]
        spoken = await _speak(robot, grant, rate, seconds)
        said = time.monotonic()
        transcripts = await asyncio.gather(*watching)
    for ear in ears:
        ear.close()
    robot.close()
    _check_transcripts(orchestrator, job_id, transcripts)
    messages = sum(transcript.messages for transcript in transcripts)
    last = max(transcript.ended_at for transcript in transcripts)
    return {
        "watchers": watchers,
        "never_reading": deaf,
        "events": transcripts[0].messages,
        "events_per_second": round(spoken),
        "messages_per_second": round(messages / (last - began)),
        "lags": [transcript.ended_at - said for transcript in transcripts],
        "reconnects": sum(transcript.reconnects for transcript in transcripts),
        **server,
    }


async def _speak(robot: Connection, grant: Json, rate: int, seconds: float) -> float:
    """Send events at *rate* per second, then the outcome; the rate that was reached."""
    proof = {"attempt": grant["attempt"], "lease_token": grant["lease_token"]}
    path = f"{API}/jobs/{grant['job_id']}"
    batch = max(1, rate // 10)
    began, index = time.monotonic(), 1
    while index <= rate * seconds:
        events = [_node_event(number) for number in range(index, index + batch)]
        body = {**proof, "first_index": index, "events": events}
        answer = await robot.request("POST", f"{path}/events", body)
        assert answer.status == 200, answer
        index += batch
        await asyncio.sleep(max(0.0, began + index / rate - time.monotonic()))
    reached = (index - 1) / (time.monotonic() - began)
    outcome = {**proof, "status": "completed", "event_count": index - 1, "result": {}}
    assert (await robot.request("POST", f"{path}/finish", outcome)).status == 200
    return reached


def _node_event(number: int) -> Json:
    data = {"node_id": f"n{number}", "node_type": "LogNode", "execution_time_ms": 0.5}
    return {"type": "node.completed", "timestamp": "2026-01-01T00:00:00Z", "data": data}


def _check_transcripts(
    orchestrator: Orchestrator, job_id: str, transcripts: list[Transcript]
) -> None:
    logged = orchestrator.job(job_id)["last_seq"]
    short = [transcript for transcript in transcripts if transcript.messages != logged]
    assert not short, f"V6: {len(short)} watchers saw {short[0].messages} of {logged} events"
    different = {transcript.checksum for transcript in transcripts}
    assert len(different) == 1, f"V6: {len(different)} different transcripts"


@asynccontextmanager
async def _measured(orchestrator: Orchestrator) -> AsyncIterator[Json]:
    """What the server's process used while the block ran."""
    process = psutil.Process(orchestrator.program.pid)
    seen: Json = {}
    used, began, largest, files = sum(process.cpu_times()[:2]), time.monotonic(), 0, 0

    async def look() -> None:
        nonlocal largest, files
        while True:
            largest = max(largest, process.memory_info().rss)
            files = max(files, process.num_fds())
            await asyncio.sleep(0.5)

    looking = asyncio.create_task(look(), name="figures of the server")
    try:
        yield seen
    finally:
        looking.cancel()
        took = time.monotonic() - began
        seen["cpu_percent"] = round(100 * (sum(process.cpu_times()[:2]) - used) / took, 1)
        seen["rss_mib_max"] = round(largest / (1 << 20))
        seen["open_files_max"] = files


async def _until(reached: Any, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        if time.monotonic() > deadline:
            raise AssertionError(f"not reached within {seconds:.0f} s")
        await asyncio.sleep(0.05)


def _push(orchestrator: Orchestrator) -> str:
    pushed = orchestrator.admin.push_workflow({"workflow_name": "load", "workflow_json": _DOCUMENT})
    return str(pushed["workflow_id"])


def _admin_key(orchestrator: Orchestrator) -> str:
    return (orchestrator.state_dir / "admin.key").read_text(encoding="utf-8").strip()
