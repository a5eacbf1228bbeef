"""The promises about workflows."""

from __future__ import annotations

from typing import Protocol

from casare_rpa.domain.json_values import Json
from casare_rpa.store.records import StoredWorkflow
from casare_rpa.wire import Workflow, WorkflowList


class WorkflowStore(Protocol):
    def put_workflow(
        self,
        *,
        name: str,
        document: Json,
        workflow_id: str | None = None,
        description: str = "",
    ) -> StoredWorkflow:
        """Store *document* as the current version of a workflow, new or known.

        Known is who has the id, or the name when no id is given; else a workflow is made (with a
        new id when none is given). The same content as the current version makes no new version
        (`created` False); a new name or description is taken over all the same. A deleted workflow
        comes back with its next version. Raises Conflict when another workflow has the name.
        """
        ...

    def workflow(self, ref: str, *, version: int | None = None) -> Workflow:
        """The workflow with the id *ref*, else with that name. Raises NotFound."""
        ...

    def workflows(
        self,
        *,
        name: str | None = None,
        limit: int = 100,
        offset: int = 0,
        cursor: str | None = None,
    ) -> WorkflowList:
        """Newest change first; `total` counts all that match, None behind a cursor."""
        ...

    def delete_workflow(self, ref: str) -> str:
        """Hide the workflow and free its name; return its id. Raises NotFound.

        Jobs already accepted keep their version and run.
        """
        ...
