"""Robots that claim, renew, report and finish as the agent does, and run nothing."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from casare_rpa.client import OrchestratorClient
from tests.faults.swarm.connection import Answer, Connection
from tests.faults.swarm.figures import Figures

Json = dict[str, Any]
API = "/api/v1"
#: The part of a lease that a robot relies on (P6).
_TRUSTED_PART = 0.9
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass
class Habits:
    """How a simulated robot lives. Times in seconds."""

    lease_seconds: float = 60.0
    poll_wait_seconds: float = 25.0
    #: How long each job takes it.
    work_seconds: float = 0.0
    #: Events that it sends of each job, but for those that travel with the outcome.
    events: int = 0
    retry_seconds: float = 1.0
    retry_max_seconds: float = 30.0


@dataclass
class Robot:
    robot_id: str
    url: str
    key: str
    habits: Habits
    figures: Figures
    boot_id: str = field(default_factory=lambda: secrets.token_hex(8))
    leases: dict[str, Json] = field(default_factory=dict)
    online: bool = False

    def __post_init__(self) -> None:
        self._claiming = Connection(self.url, self.key)
        self._renewing = Connection(self.url, self.key)
        self._working = Connection(self.url, self.key)

    async def live(self) -> None:
        """Until cancelled: one job after another, renewals beside them."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._renew(), name=f"renewals of {self.robot_id}")
                group.create_task(self._claim(), name=f"claims of {self.robot_id}")
        finally:
            for connection in (self._claiming, self._renewing, self._working):
                connection.close()

    async def _renew(self) -> None:
        trusted_until = time.monotonic() + self.habits.lease_seconds * _TRUSTED_PART
        # A fleet does not start at the same instant.
        await asyncio.sleep(random.random() * self.habits.lease_seconds / 3)
        while True:
            sent = time.monotonic()
            await self._insist(self._renewing, "heartbeat", f"{API}/robot/heartbeat", self._beat())
            now = time.monotonic()
            self.figures.renewals += 1
            self.figures.missed_renewals += now > trusted_until
            self.online = True
            trusted_until = sent + self.habits.lease_seconds * _TRUSTED_PART
            pause = self.habits.lease_seconds / 3 * random.uniform(0.8, 1.2)
            await asyncio.sleep(max(0.0, sent + pause - now))

    def _beat(self) -> Json:
        return {"boot_id": self.boot_id, "leases": list(self.leases.values())}

    async def _claim(self) -> None:
        while True:
            body = {"claim_id": secrets.token_hex(8), "wait_seconds": self.habits.poll_wait_seconds}
            answer = await self._insist(self._claiming, "claim", f"{API}/jobs/claim", body)
            if answer.status == 200 and answer.body is not None:
                await self._work(answer.body)

    async def _work(self, grant: Json) -> None:
        job_id = grant["job_id"]
        proof = {"attempt": grant["attempt"], "lease_token": grant["lease_token"]}
        self.leases[job_id] = {"job_id": job_id, **proof}
        try:
            # Nothing begins before the first renewal (P5).
            await self._insist(self._working, "heartbeat", f"{API}/robot/heartbeat", self._beat())
            for index in range(1, self.habits.events + 1):
                await asyncio.sleep(self.habits.work_seconds / self.habits.events)
                batch = {**proof, "first_index": index, "events": [_event(index)]}
                await self._insist(self._working, "events", f"{API}/jobs/{job_id}/events", batch)
            outcome = _outcome(self.habits.events) | proof
            answer = await self._insist(
                self._working, "finish", f"{API}/jobs/{job_id}/finish", outcome
            )
            if answer.status == 200:
                self.figures.completed.append(job_id)
        finally:
            self.leases.pop(job_id, None)

    async def _insist(self, connection: Connection, kind: str, path: str, body: Json) -> Answer:
        """Repeat until there is an answer that will not change (P17)."""
        limit = self.habits.retry_seconds
        # Leases are at stake: a renewal never waits longer than the usual time between two.
        most = (
            self.habits.lease_seconds / 3 if kind == "heartbeat" else self.habits.retry_max_seconds
        )
        while True:
            sent = time.monotonic()
            try:
                answer = await connection.request("POST", path, body)
            except OSError:
                self.figures.cut += 1
                self.online = False
                wait = 0.0
            else:
                self.figures.note(kind, answer.status, time.monotonic() - sent)
                if answer.status not in _PASSING:
                    return answer
                wait = answer.retry_after_seconds or 0.0
            await asyncio.sleep(wait + random.uniform(0, limit))
            limit = min(limit * 2, most)


def _event(index: int) -> Json:
    data = {"node_id": f"n{index}", "node_type": "LogNode", "execution_time_ms": 1.0}
    return {"type": "node.completed", "timestamp": datetime.now(UTC).isoformat(), "data": data}


def _outcome(events: int) -> Json:
    return {
        "status": "completed",
        "event_count": events + 1,
        "first_index": events + 1,
        "events": [_event(events + 1)],
        "result": {"variables": {}, "outputs": {}, "nodes_executed": events + 1},
        "nodes_executed": events + 1,
    }


def make_keys(admin: OrchestratorClient, count: int) -> dict[str, str]:
    """Keys for robots that nobody knew before, by the robot's id."""
    ids = [f"sim-{number:04d}" for number in range(count)]
    return {
        name: str(admin.create_robot_key({"robot_id": name, "name": name})["api_key"])
        for name in ids
    }


@asynccontextmanager
async def swarm(
    url: str, keys: dict[str, str], habits: Habits, figures: Figures
) -> AsyncIterator[Sequence[Robot]]:
    """All robots at work while the block runs."""
    robots = [Robot(name, url, key, habits, figures) for name, key in keys.items()]
    tasks = [asyncio.create_task(robot.live(), name=robot.robot_id) for robot in robots]
    try:
        yield robots
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        failed = [end for end in ended if isinstance(end, Exception)]
        if failed:
            raise ExceptionGroup("simulated robots failed", failed)
