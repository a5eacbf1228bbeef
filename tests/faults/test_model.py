"""Calls in any order, repeated, late, out of turn: the server answers as the model says.

MODEL_EXAMPLES=500 in the environment tries more of them.
"""

from __future__ import annotations

import itertools
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from tests.faults.model import TERMINAL, Attempt, JobModel, Model
from tests.faults.served import ROBOTS, Served

NOW = "2026-01-01T00:00:00Z"
ENDS = {"job.completed", "job.failed", "job.cancelled"}


class Calls(RuleBasedStateMachine):
    jobs = Bundle("jobs")
    attempts = Bundle("attempts")

    @initialize(target=jobs)
    def start(self) -> Any:
        self.served, self.model = Served(), Model()
        self.ids: dict[int, str] = {}
        self.tokens: dict[int, str] = {}
        self.claim_ids = (f"claim-{number:04}" for number in itertools.count())
        self.claims: list[tuple[str, str]] = []
        self.turn = 0
        return multiple(*(self.submit(10, retries, None, 0) for retries in (0, 1)))

    def teardown(self) -> None:
        if hasattr(self, "served"):
            for job in self.model.jobs:
                self._check(job)
            self.served.close()

    # people

    @rule(
        target=jobs,
        priority=st.sampled_from([0, 10]),
        max_retries=st.integers(0, 1),
        key=st.sampled_from([None, "a", "b"]),
        body=st.integers(0, 1),
    )
    def submit(self, priority: int, max_retries: int, key: str | None, body: int) -> Any:
        self._tick()
        if key is not None:
            priority, max_retries = 10, 0  # one body is one body
        before = len(self.model.jobs)
        wanted = self.model.submit(priority, max_retries, key, body)
        request = {"workflow_id": "w", "priority": priority, "max_retries": max_retries}
        headers = {} if key is None else {"Idempotency-Key": key}
        got = self.served.call(
            "admin", "POST", "/jobs", request | {"input_data": {"body": body}}, **headers
        )
        if isinstance(wanted, str):
            assert got.status_code == 422, got.text
            return multiple()
        assert got.status_code == 201, got.text
        is_new = len(self.model.jobs) > before
        assert ("Idempotency-Replayed" in got.headers) is not is_new
        job_id = got.json()["job_id"]
        if not is_new:
            assert job_id == self.ids[id(wanted)]
            return multiple()
        assert job_id not in self.ids.values()
        self.ids[id(wanted)] = job_id
        return wanted

    @rule(job=jobs)
    def cancel(self, job: JobModel) -> None:
        before = job.status
        self.model.cancel(job)
        got = self.served.call("admin", "POST", f"/jobs/{self._id(job)}/cancel")
        assert got.json()["previous_status"] == before

    # robots

    @rule(target=attempts, robot=st.sampled_from(ROBOTS))
    def claim(self, robot: str) -> Any:
        claim_id = next(self.claim_ids)
        self.claims.append((robot, claim_id))
        return self._claim(robot, claim_id)

    @rule(data=st.data())
    def claim_again(self, data: st.DataObject) -> None:
        if self.claims:
            self._claim(*data.draw(st.sampled_from(self.claims)))

    def _claim(self, robot: str, claim_id: str) -> Any:
        wanted = self.model.claim(robot, claim_id)
        got = self.served.call(robot, "POST", "/jobs/claim", {"claim_id": claim_id})
        if wanted == "lost":
            assert got.status_code == 410, got.text
            return multiple()
        assert got.status_code == 200, got.text
        grant = got.json()
        if wanted is None:
            assert grant is None
            return multiple()
        assert isinstance(wanted, Attempt) and grant is not None
        assert (grant["job_id"], grant["attempt"]) == (self._id(wanted.job), wanted.number)
        assert grant["next_index"] == len(wanted.events) + 1
        if id(wanted) in self.tokens:
            assert grant["lease_token"] == self.tokens[id(wanted)]
            return multiple()
        assert grant["lease_token"] not in self.tokens.values()
        self.tokens[id(wanted)] = grant["lease_token"]
        return wanted

    @rule(attempt=attempts)
    def renew(self, attempt: Attempt) -> None:
        wanted = self.model.renew(attempt)
        job_id = self._id(attempt.job)
        body = {"leases": [{"job_id": job_id, **self._proof(attempt)}]}
        got = self.served.call(attempt.robot, "POST", "/robot/heartbeat", body).json()
        assert got["lost"] == ([job_id] if wanted == "lost" else [])
        assert got["cancel"] == ([job_id] if wanted == "cancel" else [])

    @rule(attempt=attempts, shift=st.sampled_from([0, 0, 0, -1, -2, 1]), count=st.integers(1, 3))
    def append(self, attempt: Attempt, shift: int, count: int) -> None:
        first = max(1, len(attempt.events) + 1 + shift)
        names = [f"{attempt.number}.{index}" for index in range(first, first + count)]
        stored = len(attempt.events)
        wanted = self.model.append(attempt, first, names)
        events = [{"type": "log", "timestamp": NOW, "data": {"name": name}} for name in names]
        got = self._say(attempt, "events", {"first_index": first, "events": events})
        if not self._refused(got, wanted, stored):
            assert got.json()["stored_index"] == wanted

    @rule(
        attempt=attempts,
        status=st.sampled_from(["completed", "failed", "cancelled"]),
        missing=st.sampled_from([0, 0, 1]),
    )
    def finish(self, attempt: Attempt, status: str, missing: int) -> None:
        count = len(attempt.events) + missing
        wanted = self.model.finish(attempt, status, count)
        outcome = {"status": status, "event_count": count, "result": {"by": attempt.number}}
        got = self._say(attempt, "finish", outcome)
        if not self._refused(got, wanted, len(attempt.events)):
            assert got.json()["status"] == wanted

    @rule(attempt=attempts, call=st.sampled_from(["finish", "events", "release"]), how=st.data())
    def speak_with_a_token_that_does_not_fit(
        self, attempt: Attempt, call: str, how: st.DataObject
    ) -> None:
        """An old attempt's token, another job's, nobody's: for what is running now."""
        others = [token for key, token in self.tokens.items() if key != id(attempt)]
        proof = {
            "attempt": attempt.number,
            "lease_token": how.draw(st.sampled_from([*others, "x" * 43])),
        }
        members: dict[str, Any] = {
            "finish": {"status": "completed", "event_count": len(attempt.events)},
            "events": {"first_index": len(attempt.events) + 1, "events": []},
            "release": {},
        }[call]
        path = f"/jobs/{self._id(attempt.job)}/{call}"
        assert self.served.call(attempt.robot, "POST", path, proof | members).status_code == 410

    @rule(attempt=attempts)
    def release(self, attempt: Attempt) -> None:
        wanted = self.model.release(attempt)
        got = self._say(attempt, "release", {})
        if not self._refused(got, wanted, 0):
            assert got.json()["status"] == wanted

    # time

    @rule(seconds=st.sampled_from([1, 20, 31, 61]))
    def time_passes(self, seconds: int) -> None:
        self._look()
        self.served.clock.advance(seconds)
        self.model.now += seconds
        self._look()

    @rule(seconds=st.sampled_from([0, 5, 61, 3600]))
    def the_server_is_away(self, seconds: int) -> None:
        self._look()
        self.served.restart(seconds)
        self.model.away(seconds)
        self._look()

    def _look(self) -> None:
        self.model.look()
        self.served.store.requeue_expired()

    def _tick(self) -> None:
        self.served.clock.advance(0.01)  # no two jobs of one age
        self.model.now += 0.01

    # what both sides must agree on

    @invariant()
    def every_job_is_what_the_model_says(self) -> None:
        if hasattr(self, "served"):
            listed = self.served.call("admin", "GET", "/jobs?limit=500").json()
            assert listed["total"] == len(self.model.jobs)
            seen = {job["job_id"]: (job["status"], job["attempt"]) for job in listed["jobs"]}
            wanted = {self._id(job): (job.status, len(job.attempts)) for job in self.model.jobs}
            assert seen == wanted
            # One after the other; all of them at the end.
            self.turn += 1
            self._check(self.model.jobs[self.turn % len(self.model.jobs)])

    def _check(self, job: JobModel) -> None:
        """V1 to V5 of one job."""
        shown = self.served.call("admin", "GET", f"/jobs/{self._id(job)}").json()
        page = self.served.call("admin", "GET", f"/jobs/{self._id(job)}/events?limit=5000")
        history = page.json()["events"]
        assert [event["seq"] for event in history] == list(range(1, len(history) + 1))
        ends = [event["seq"] for event in history if event["type"] in ENDS]
        assert ends == ([len(history)] if job.status in TERMINAL else [])
        names = [event["data"]["name"] for event in history if event["type"] == "log"]
        assert names == job.events
        if job.status == "completed":
            assert shown["result"] == {"by": len(job.attempts)}

    def _id(self, job: JobModel) -> str:
        return self.ids[id(job)]

    def _proof(self, attempt: Attempt) -> dict[str, Any]:
        return {"attempt": attempt.number, "lease_token": self.tokens[id(attempt)]}

    def _say(self, attempt: Attempt, call: str, members: dict[str, Any]) -> Any:
        path = f"/jobs/{self._id(attempt.job)}/{call}"
        return self.served.call(attempt.robot, "POST", path, {**self._proof(attempt), **members})

    def _refused(self, got: Any, wanted: int | str, stored: int) -> bool:
        if wanted == "lost":
            assert got.status_code == 410, got.text
        elif wanted == "gap":
            assert got.status_code == 409, got.text
            assert got.json()["error"]["details"]["expected"] == stored + 1
        else:
            assert got.status_code == 200, got.text
        return wanted in ("lost", "gap")


#: More of them find more; with a number of one's own the first that fails is shown as it is.
EXAMPLES = os.environ.get("MODEL_EXAMPLES")

Calls.TestCase.settings = settings(
    max_examples=int(EXAMPLES or 8),
    phases=[Phase.generate] if EXAMPLES else tuple(Phase),
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
TestCalls = pytest.mark.timeout(900)(Calls.TestCase)
