"""Workflows as they are pushed and shown."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import AliasChoices, Field

from casare_rpa.wire.base import Id, Json, Name, Priority, Wire


class WorkflowSubmission(Wire):
    workflow_name: Name = Field(validation_alias=AliasChoices("workflow_name", "name"))
    workflow_json: Json = Field(validation_alias=AliasChoices("workflow_json", "workflow_data"))
    workflow_id: Id | None = None
    #: Only when given as "manual" is a job submitted at once, as old clients expect.
    trigger_type: Literal["manual", "scheduled", "webhook"] | None = None
    execution_mode: str = "lan"
    schedule_cron: str | None = None
    priority: Priority = 10
    metadata: Json = Field(default_factory=dict)


class WorkflowSubmissionResult(Wire):
    workflow_id: str
    job_id: str | None = None
    schedule_id: str | None = None
    status: Literal["success", "degraded"] = "success"
    message: str
    created_at: datetime
    version: int
    #: False when the same content was already the current version.
    created: bool = True


class WorkflowSummary(Wire):
    workflow_id: str
    workflow_name: str
    version: int
    description: str = ""
    #: "sha256:..." of the canonical JSON.
    content_hash: str
    created_at: datetime
    updated_at: datetime


class Workflow(WorkflowSummary):
    workflow_json: Json


class WorkflowList(Wire):
    workflows: list[WorkflowSummary]
    total: int
