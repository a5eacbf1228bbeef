"""Workflows and their versions."""

from __future__ import annotations

from casare_rpa.domain.json_values import Json
from casare_rpa.store.operations import workflows
from casare_rpa.store.records import StoredWorkflow
from casare_rpa.store.sql.transactions import Transactions
from casare_rpa.wire import Workflow, WorkflowList


class SqlWorkflows(Transactions):
    def put_workflow(
        self,
        *,
        name: str,
        document: Json,
        workflow_id: str | None = None,
        description: str = "",
    ) -> StoredWorkflow:
        return self._write(
            lambda tx: workflows.put_workflow(
                tx,
                name=name,
                document=document,
                workflow_id=workflow_id,
                description=description,
            )
        )

    def workflow(self, ref: str, *, version: int | None = None) -> Workflow:
        return self._read(lambda tx: workflows.workflow(tx, ref, version=version))

    def workflows(
        self,
        *,
        name: str | None = None,
        limit: int = 100,
        offset: int = 0,
        cursor: str | None = None,
    ) -> WorkflowList:
        return self._read(
            lambda tx: workflows.workflows_(
                tx, name=name, limit=limit, offset=offset, cursor=cursor
            )
        )

    def delete_workflow(self, ref: str) -> str:
        return self._write(lambda tx: workflows.delete_workflow(tx, ref))
