"""The rules of leases, events and outcomes under calls in any order, from any attempt.

A small model says what each call must do; stale grants, gaps and repeats are part of the game.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
from dataclasses import dataclass, field

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from casare_rpa.errors import EventGap, LeaseLost
from casare_rpa.settings import Settings
from casare_rpa.store import open_store
from casare_rpa.wire import Grant
from tests.contract.world import World, lease

ROBOTS = ("r1", "r2")
TERMINAL = frozenset({"completed", "failed", "cancelled"})


@dataclass
class Known:
    """What the model knows of one job."""

    max_retries: int
    status: str = "pending"
    attempt: int = 0
    stored: int = 0
    failures: int = 0
    crashes: int = 0
    cancel: bool = False
    lease_until: float = 0.0
    log: list[str] = field(default_factory=list)
    #: What was reported of an attempt, and what the job was then.
    ended: dict[int, tuple[str, str]] = field(default_factory=dict)


class Orders(RuleBasedStateMachine):
    jobs = Bundle("jobs")
    grants = Bundle("grants")

    @initialize(target=jobs)
    def open(self) -> object:
        self.folder = tempfile.mkdtemp()
        url = f"sqlite:///{self.folder}/jobs.db"

        def open_it(given: Settings, **more: object) -> object:
            return open_store(url, given, **more)  # type: ignore[arg-type]

        # Full jitter of nothing: a lost job may be claimed at once.
        self.world = World(open=open_it, settings=Settings(lost_backoff_seconds=0.0))  # type: ignore[arg-type]
        self.world.robot("r2")
        self.known: dict[str, Known] = {}
        self.claim_ids = itertools.count()
        return multiple(*(self.submit_one(retries) for retries in (0, 0, 1)))

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.restart()
            self.every_job_is_what_the_model_says()
            self.world.close()
            shutil.rmtree(self.folder)

    @rule(target=jobs, max_retries=st.integers(0, 1))
    def submit(self, max_retries: int) -> str:
        return self.submit_one(max_retries)

    def submit_one(self, max_retries: int) -> str:
        self.world.clock.advance(0.01)  # no two of one age, so that a run can be repeated
        job_id = self.world.submit(max_retries=max_retries).job_id
        self.known[job_id] = Known(max_retries=max_retries)
        return job_id

    @rule(target=grants, robot_id=st.sampled_from(ROBOTS))
    def claim(self, robot_id: str) -> object:
        claim_id = f"claim-{next(self.claim_ids):06}"
        grant = self.world.store.claim(robot_id, claim_id=claim_id)
        waiting = {job_id for job_id, job in self.known.items() if job.status == "pending"}
        assert (grant is not None) == bool(waiting)
        if grant is None:
            return multiple()
        job = self.known[grant.job_id]
        assert grant.job_id in waiting and grant.attempt == job.attempt + 1
        job.status, job.attempt, job.stored = "claimed", grant.attempt, 0
        job.lease_until = self.world.clock.now + 30
        return robot_id, grant

    def holder(self, grant: Grant) -> Known | None:
        """The job, if this grant may still speak for it."""
        job = self.known[grant.job_id]
        is_held = job.status in ("claimed", "running") and job.attempt == grant.attempt
        return job if is_held else None

    @rule(held=grants)
    def renew(self, held: tuple[str, Grant]) -> None:
        robot_id, grant = held
        job = self.holder(grant)
        renewal = self.world.store.renew(robot_id, [lease(grant)])
        assert renewal.lost == (() if job else (grant.job_id,))
        assert renewal.cancel == ((grant.job_id,) if job and job.cancel else ())
        if job:
            job.status = "running"
            job.lease_until = self.world.clock.now + 60

    @rule(held=grants, ahead=st.sampled_from([0, 0, -1, -2, 1]), count=st.integers(1, 3))
    def append(self, held: tuple[str, Grant], ahead: int, count: int) -> None:
        robot_id, grant = held
        job = self.holder(grant)
        first = max(1, (job.stored if job else 0) + 1 + ahead)
        names = [f"e{grant.attempt}.{index}" for index in range(first, first + count)]
        try:
            answer = self.world.append(grant, first, *names, robot_id=robot_id)
        except LeaseLost:
            assert job is None
        except EventGap as gap:
            assert job is not None and first > job.stored + 1 and gap.expected == job.stored + 1
        else:
            assert job is not None and first <= job.stored + 1
            self._store(job, grant, max(job.stored, first + count - 1))
            assert answer.stored_index == job.stored

    def _store(self, job: Known, grant: Grant, last: int) -> None:
        if last > job.stored:
            if job.status == "claimed":
                job.lease_until += 30  # no start deadline any more; the lease runs from the claim
            job.status = "running"
            job.log += [f"e{grant.attempt}.{index}" for index in range(job.stored + 1, last + 1)]
            job.stored = last

    @rule(held=grants, status=st.sampled_from(sorted(TERMINAL)), missing=st.integers(0, 1))
    def finish(self, held: tuple[str, Grant], status: str, missing: int) -> None:
        robot_id, grant = held
        job, before = self.holder(grant), self.known[grant.job_id]
        count = (job.stored if job else 0) + missing
        try:
            answer = self.world.finish(grant, status, robot_id=robot_id, event_count=count)
        except LeaseLost:
            assert job is None and before.ended.get(grant.attempt, ("", ""))[0] != status
        except EventGap:
            assert job is not None and missing
        else:
            if job is None:
                assert before.ended[grant.attempt] == (status, answer.status)
            else:
                assert not missing
                self._end(job, grant, status, self._outcome(job, status))
                assert answer.status == job.status

    def _outcome(self, job: Known, status: str) -> str:
        if status == "failed" and job.cancel:
            return "cancelled"
        if status == "failed" and job.failures < job.max_retries:
            job.failures += 1
            return "pending"
        return status

    def _end(self, job: Known, grant: Grant, reported: str, became: str) -> None:
        job.status = became
        job.ended[grant.attempt] = (reported, became)

    @rule(held=grants)
    def release(self, held: tuple[str, Grant]) -> None:
        robot_id, grant = held
        job, before = self.holder(grant), self.known[grant.job_id]
        try:
            answer = self.world.release(grant, robot_id)
        except LeaseLost:
            assert job is None and before.ended.get(grant.attempt, ("", ""))[0] != "released"
        else:
            if job is not None:
                self._end(job, grant, "released", "cancelled" if job.cancel else "pending")
            assert before.ended[grant.attempt] == ("released", answer.status)

    @rule(job_id=jobs)
    def cancel(self, job_id: str) -> None:
        job = self.known[job_id]
        cancelled = self.world.store.cancel(job_id)
        assert cancelled.previous_status == job.status
        if job.status == "pending":
            job.status = "cancelled"
        elif job.status not in TERMINAL:
            job.cancel = True

    @rule(seconds=st.sampled_from([1, 20, 31]))
    def time_passes_and_the_reaper_looks(self, seconds: int) -> None:
        self.world.clock.advance(seconds)
        reaped = self.world.store.requeue_expired()
        gone = {*reaped.requeued, *reaped.failed, *reaped.cancelled}
        for job_id, job in self.known.items():
            is_late = job.lease_until < self.world.clock.now
            assert (job_id in gone) == (job.status in ("claimed", "running") and is_late)
            if job_id in gone:
                job.crashes += 1
                crashed = "failed" if job.crashes >= 3 else "pending"
                job.status = "cancelled" if job.cancel else crashed
        assert set(reaped.failed) == {i for i in gone if self.known[i].status == "failed"}

    @invariant()
    def every_job_is_what_the_model_says(self) -> None:
        for job_id, job in getattr(self, "known", {}).items():
            stored = self.world.store.job(job_id)
            assert (stored.status, stored.attempt) == (job.status, job.attempt)
            history = self.world.store.events(job_id).events
            assert [event.seq for event in history] == list(range(1, len(history) + 1))
            assert [e.type for e in history if e.type.startswith("e")] == job.log
            ends = {"job.completed", "job.failed", "job.cancelled"}
            terminals = [event.seq for event in history if event.type in ends]
            assert terminals == ([len(history)] if job.status in TERMINAL else [])


Orders.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=50,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
TestOrders = Orders.TestCase
