"""Calls about jobs, for people."""

from __future__ import annotations

from typing import Any

from casare_rpa import errors
from casare_rpa.client.connection import Connection, quoted
from casare_rpa.domain.json_values import Json


class JobCalls(Connection):
    def submit(self, request: Json, *, idempotency_key: str | None = None) -> Json:
        """Submit a job. Safe to repeat when an *idempotency_key* is given."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return self.call("POST", "/jobs", json=request, headers=headers)

    def jobs(self, **filters: Any) -> Json:
        return self.call("GET", "/jobs", params=filters)

    def job(self, job_id: str) -> Json:
        found = self.call("GET", f"/jobs/{quoted(job_id)}")
        if "job_id" not in found:  # /jobs/active is a list
            raise errors.NotFound(f"there is no job {job_id!r}")
        return found

    def events(self, job_id: str, *, after: int = 0, limit: int = 1000, wait: float = 0) -> Json:
        """Events later than *after*; waits up to *wait* seconds for the first one."""
        return self.call(
            "GET",
            f"/jobs/{quoted(job_id)}/events",
            params={"after": after, "limit": limit, "wait_seconds": wait},
            read_seconds=wait,
        )

    def side_events(
        self, job_id: str, *, attempt: int = 0, after: int = 0, limit: int = 1000
    ) -> Json:
        """What lost attempts brought too late, behind the index *after* of *attempt*."""
        return self.call(
            "GET",
            f"/jobs/{quoted(job_id)}/side-log",
            params={"attempt": attempt, "after": after, "limit": limit},
        )

    def cancel(self, job_id: str) -> Json:
        return self.call("POST", f"/jobs/{quoted(job_id)}/cancel")

    def preview(self, request: Json) -> Json:
        """What a submit of *request* would come to; nothing is stored."""
        return self.call("POST", "/jobs/preview", json=request)

    def why(self, job_id: str) -> Json:
        return self.call("GET", f"/jobs/{quoted(job_id)}/why")

    def resolve(self, job_id: str, *, outcome: str, reason: str) -> Json:
        word = {"outcome": outcome, "reason": reason}
        return self.call("POST", f"/jobs/{quoted(job_id)}/resolve", json=word)

    def retry(self, job_id: str) -> Json:
        return self.call("POST", f"/jobs/{quoted(job_id)}/retry")

    def prune_jobs(self, *, older_than_seconds: float, dry_run: bool = False) -> Json:
        params = {"older_than_seconds": older_than_seconds, "dry_run": dry_run}
        return self.call("POST", "/jobs/prune", params=params)

    def rerun(self, job_id: str, request: Json) -> Json:
        return self.call("POST", f"/jobs/{quoted(job_id)}/rerun", json=request)
