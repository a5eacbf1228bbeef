"""Workflows as they are pushed and shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import AliasChoices, Field, model_validator

from casare_rpa.domain.json_values import Json
from casare_rpa.wire.base import Id, Name, Priority, Wire
from casare_rpa.wire.schedules import CronText


class WorkflowSubmission(Wire):
    workflow_name: Name = Field(validation_alias=AliasChoices("workflow_name", "name"))
    workflow_json: Json = Field(validation_alias=AliasChoices("workflow_json", "workflow_data"))
    workflow_id: Id | None = None
    #: Only when given as "manual" is a job submitted at once, as old clients expect; "scheduled"
    #: makes a schedule and needs schedule_cron.
    trigger_type: Literal["manual", "scheduled", "webhook"] | None = None
    execution_mode: str = "lan"
    schedule_cron: CronText | None = None
    priority: Priority = 10
    metadata: Json = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _read_trigger(cls, given: Any) -> Any:
        """Older documents say `trigger: {"type": "schedule", "cron": ...}`."""
        trigger = given.get("trigger") if isinstance(given, dict) else None
        if not isinstance(trigger, dict) or "trigger_type" in given:
            return given
        kind = trigger.get("type")
        told = {"trigger_type": "scheduled" if kind == "schedule" else kind}
        return {"schedule_cron": trigger.get("cron"), **given, **told}


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
    #: What should be looked at: problems as `workflows validate -o json` gives them.
    warnings: list[Json] = Field(default_factory=list)


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
    total: int | None
    next_cursor: str | None = None
