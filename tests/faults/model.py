"""What the orchestrator must answer: the rules of leases, events and outcomes in a few lines.

It knows nothing of the server. Each method is one call; it returns what the answer must be and
changes what is known. Refusals are words: "lost" (410), "gap" (409), "other body" (422).
"""

from __future__ import annotations

from dataclasses import dataclass, field

LEASE_SECONDS = 60.0
START_SECONDS = 30.0
MAX_CRASHES = 3
TERMINAL = ("completed", "failed", "cancelled")


@dataclass
class Attempt:
    """One robot's try at a job. `reported` and `became` are set when it has ended."""

    job: JobModel
    number: int
    robot: str
    events: list[str] = field(default_factory=list)
    reported: str | None = None
    became: str | None = None

    @property
    def held(self) -> bool:
        return self.job.holder is self


@dataclass
class JobModel:
    """`order` is what claims go by: priority, then age."""

    order: tuple[int, int]
    max_retries: int
    status: str = "pending"
    attempts: list[Attempt] = field(default_factory=list)
    holder: Attempt | None = None
    failures: int = 0
    crashes: int = 0
    cancel: bool = False
    lease_until: float = 0.0
    start_by: float | None = None

    @property
    def events(self) -> list[str]:
        """All events of robots, in the order of the history."""
        return [event for attempt in self.attempts for event in attempt.events]


class Model:
    """`now` is the server's clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.jobs: list[JobModel] = []
        self._keys: dict[str, tuple[int, JobModel]] = {}
        self._claims: dict[tuple[str, str], Attempt] = {}

    # people

    def submit(
        self, priority: int, max_retries: int, key: str | None = None, body: int = 0
    ) -> JobModel | str:
        """The job: a new one, or the one that *key* stands for."""
        if key is not None and key in self._keys:
            used_for, known = self._keys[key]
            return known if used_for == body else "other body"
        job = JobModel(order=(priority, len(self.jobs)), max_retries=max_retries)
        self.jobs.append(job)
        if key is not None:
            self._keys[key] = (body, job)
        return job

    def cancel(self, job: JobModel) -> None:
        """At once while nobody has it; else a wish. What has ended stays."""
        if job.status == "pending":
            job.status = "cancelled"
        elif job.status not in TERMINAL:
            job.cancel = True

    # robots

    def claim(self, robot: str, claim_id: str) -> Attempt | str | None:
        """The same claim again gets the same grant, with a lease that begins anew."""
        known = self._claims.get((robot, claim_id))
        if known is not None:
            if not known.held:
                return "lost"
            self._renewed(known.job)
            if known.job.start_by is not None:
                known.job.start_by = self.now + START_SECONDS
            return known
        waiting = [job for job in self.jobs if job.status == "pending"]
        if not waiting:
            return None
        job = min(waiting, key=lambda job: job.order)
        attempt = Attempt(job=job, number=len(job.attempts) + 1, robot=robot)
        job.attempts.append(attempt)
        job.holder, job.status = attempt, "claimed"
        job.lease_until, job.start_by = self.now + LEASE_SECONDS, self.now + START_SECONDS
        self._claims[robot, claim_id] = attempt
        return attempt

    def renew(self, attempt: Attempt) -> str:
        """ "lost", "cancel" or "go on"."""
        if not attempt.held:
            return "lost"
        self._started(attempt.job)
        self._renewed(attempt.job)
        return "cancel" if attempt.job.cancel else "go on"

    def append(self, attempt: Attempt, first: int, events: list[str]) -> int | str:
        """How many events the attempt has afterwards."""
        if not attempt.held:
            return "lost"
        stored = len(attempt.events)
        if first > stored + 1:
            return "gap"
        fresh = events[stored + 1 - first :]
        if fresh:
            self._started(attempt.job)
            attempt.events += fresh
        return len(attempt.events)

    def finish(self, attempt: Attempt, status: str, event_count: int) -> str:
        """What the job is afterwards."""
        if not attempt.held:
            return self._again(attempt, status)
        if event_count > len(attempt.events):
            return "gap"
        job = attempt.job
        if status == "failed" and not job.cancel and job.failures < job.max_retries:
            job.failures += 1
            return self._end(attempt, status, "pending")
        became = "cancelled" if job.cancel and status != "completed" else status
        return self._end(attempt, status, became)

    def release(self, attempt: Attempt) -> str:
        if not attempt.held:
            return self._again(attempt, "released")
        return self._end(attempt, "released", "cancelled" if attempt.job.cancel else "pending")

    # time

    def look(self) -> None:
        """The server takes back what is overdue."""
        for job in self.jobs:
            start_by = self.now if job.start_by is None else job.start_by
            if job.holder is not None and min(job.lease_until, start_by) < self.now:
                self._lose(job)

    def away(self, seconds: float) -> None:
        """Nobody looked for so long: it counts for no lease, and a lease is never more than one."""
        self.now += seconds
        for job in self.jobs:
            if job.holder is not None:
                longest = max(job.lease_until, self.now + LEASE_SECONDS)
                job.lease_until = min(job.lease_until + seconds, longest)
                if job.start_by is not None:
                    job.start_by = min(job.start_by + seconds, self.now + LEASE_SECONDS)

    # inside

    def _renewed(self, job: JobModel) -> None:
        job.lease_until = max(job.lease_until, self.now + LEASE_SECONDS)

    def _started(self, job: JobModel) -> None:
        job.status, job.start_by = "running", None

    def _again(self, attempt: Attempt, reported: str) -> str:
        same = attempt.reported == reported and attempt.became is not None
        return str(attempt.became) if same else "lost"

    def _end(self, attempt: Attempt, reported: str, became: str) -> str:
        attempt.reported, attempt.became = reported, became
        attempt.job.holder, attempt.job.status, attempt.job.start_by = None, became, None
        return became

    def _lose(self, job: JobModel) -> None:
        assert job.holder is not None
        job.crashes += 1
        became = "failed" if job.crashes >= MAX_CRASHES else "pending"
        self._end(job.holder, "a lost lease", "cancelled" if job.cancel else became)
