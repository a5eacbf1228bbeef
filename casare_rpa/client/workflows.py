"""Calls about workflows."""

from __future__ import annotations

from typing import Any

from casare_rpa.client.connection import Connection, quoted
from casare_rpa.domain.json_values import Json


class WorkflowCalls(Connection):
    def workflows(self, **filters: Any) -> Json:
        return self.call("GET", "/workflows", params=filters)

    def workflow(self, workflow_id: str, *, version: int | None = None) -> Json:
        """The current version, or an older one."""
        path = f"/workflows/{quoted(workflow_id)}"
        return self.call("GET", path, params={"version": version})

    def push_workflow(self, submission: Json) -> Json:
        return self.call("POST", "/workflows", json=submission)

    def delete_workflow(self, workflow_id: str) -> Json:
        return self.call("DELETE", f"/workflows/{quoted(workflow_id)}")
