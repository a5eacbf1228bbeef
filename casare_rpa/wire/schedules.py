"""Schedules: jobs that are submitted by the clock."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictFloat, StrictInt

from casare_rpa.domain.json_values import Json
from casare_rpa.wire.base import Id, Name, Priority, Wire

CatchUp = Literal["latest", "all", "none"]
CronText = Annotated[
    str,
    Field(
        min_length=1,
        max_length=256,
        description="Five fields, or @hourly, @daily, @weekly, @monthly, @yearly.",
    ),
]
ZoneText = Annotated[
    str, Field(min_length=1, max_length=64, description="A name such as Europe/Berlin.")
]
PoolText = Annotated[str, Field(max_length=64)]
Tags = Annotated[list[Annotated[str, Field(min_length=1, max_length=64)]], Field(max_length=32)]
Retries = Annotated[StrictInt, Field(ge=0, le=10)]
RunSeconds = Annotated[StrictFloat, Field(gt=0, le=30 * 86400)]


class ScheduleRequest(Wire):
    workflow_id: Id
    schedule_name: Name
    cron_expression: CronText
    timezone: ZoneText = "UTC"
    enabled: StrictBool = True
    #: What happens to times missed while no server ran: the newest, all, or none of them fires.
    catch_up: CatchUp = "latest"
    input_data: Json = Field(default_factory=dict)
    priority: Priority = 10
    environment: PoolText = "default"
    robot_id: Id | None = None
    tags: Tags = Field(default_factory=list)
    max_retries: Retries = 0
    timeout_seconds: RunSeconds | None = None
    execution_mode: str = "lan"
    metadata: Json = Field(default_factory=dict)


class ScheduleChange(Wire):
    """What is left out stays as it is."""

    workflow_id: Id | None = None
    schedule_name: Name | None = None
    cron_expression: CronText | None = None
    timezone: ZoneText | None = None
    enabled: StrictBool | None = None
    catch_up: CatchUp | None = None
    input_data: Json | None = None
    priority: Priority | None = None
    environment: PoolText | None = None
    robot_id: Id | None = None
    tags: Tags | None = None
    max_retries: Retries | None = None
    timeout_seconds: RunSeconds | None = None
    execution_mode: str | None = None
    metadata: Json | None = None


class Schedule(ScheduleRequest):
    schedule_id: str
    workflow_name: str | None = None
    #: None while disabled.
    next_run: datetime | None = None
    #: The next times as the clocks of the schedule's zone show them; not filled in lists.
    next_runs: list[datetime] = Field(default_factory=list)
    #: When it last submitted a job, by the clock or by hand.
    last_run: datetime | None = None
    last_job_id: str | None = None
    #: Why the last time that was due made no job; None once one did.
    last_error: str | None = None
    run_count: int = 0
    failure_count: int = 0
    created_at: datetime
    updated_at: datetime


class UpcomingRun(Wire):
    schedule_id: str
    schedule_name: str
    workflow_id: str
    workflow_name: str | None = None
    next_run: datetime
    type: Literal["cron"] = "cron"
    status: Literal["active"] = "active"


class ScheduleTriggered(Wire):
    status: Literal["success"] = "success"
    message: str
    job_id: str
    triggered_via: Literal["direct"] = "direct"


class ScheduleDeleted(Wire):
    status: Literal["success"] = "success"
    message: str
