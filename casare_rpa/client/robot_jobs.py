"""Calls about jobs, for robots."""

from __future__ import annotations

from casare_rpa.client.connection import Connection, quoted
from casare_rpa.domain.json_values import Json


class RobotJobCalls(Connection):
    def claim(self, request: Json) -> Json | None:
        """A Grant, or None when there was no job within `wait_seconds`."""
        wait = float(request.get("wait_seconds", 0))
        return self.call("POST", "/jobs/claim", json=request, read_seconds=wait) or None

    def append_events(self, job_id: str, batch: Json, *, compress: bool = False) -> Json:
        path = f"/jobs/{quoted(job_id)}/events"
        return self.call("POST", path, json=batch, compress=compress)

    def finish(self, job_id: str, outcome: Json, *, compress: bool = False) -> Json:
        path = f"/jobs/{quoted(job_id)}/finish"
        return self.call("POST", path, json=outcome, compress=compress)

    def release(self, job_id: str, proof: Json) -> Json:
        return self.call("POST", f"/jobs/{quoted(job_id)}/release", json=proof)

    def side_log(self, job_id: str, batch: Json, *, compress: bool = False) -> Json:
        path = f"/jobs/{quoted(job_id)}/side-log"
        return self.call("POST", path, json=batch, compress=compress)
