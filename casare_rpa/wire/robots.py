"""Robots and their heartbeat."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StrictBool, StrictFloat, StrictInt

from casare_rpa.domain.json_values import Json
from casare_rpa.wire.base import Wire
from casare_rpa.wire.leases import Lease


class RobotRegistration(Wire):
    robot_id: Annotated[str, Field(min_length=1, max_length=64)]
    name: Annotated[str, Field(min_length=1, max_length=128)]
    hostname: Annotated[str, Field(min_length=1, max_length=256)]
    capabilities: list[str] = Field(default_factory=list, max_length=64)
    environment: Annotated[str, Field(max_length=64)] = "default"
    max_concurrent_jobs: Annotated[StrictInt, Field(ge=1, le=100)] = 1
    tags: list[str] = Field(default_factory=list, max_length=64)
    #: New at each start of the agent: the newest start speaks for the robot.
    boot_id: Annotated[str, Field(max_length=64)] | None = None
    version: Annotated[str, Field(max_length=64)] | None = None


class Robot(Wire):
    robot_id: str
    name: str
    hostname: str
    #: offline, idle, busy, error or maintenance.
    status: str
    environment: str
    max_concurrent_jobs: int
    capabilities: list[str]
    tags: list[str]
    current_job_ids: list[str]
    draining: bool = False
    #: Why it is paused or drained.
    note: str | None = None
    #: Where the pause was asked for. One from the robot's own machine ends only there.
    paused_by: Literal["orchestrator", "machine"] | None = None
    #: When the pause ends by itself.
    resume_at: datetime | None = None
    #: When a drain stops what still runs and gives it back.
    drain_by: datetime | None = None
    #: What its disk has too little of to take a job, in words; null when it has enough.
    no_room: str | None = None
    version: str | None = None
    last_seen: datetime | None = None
    last_heartbeat: datetime | None = None
    created_at: datetime
    metrics: Json = Field(default_factory=dict)


class RobotList(Wire):
    robots: list[Robot]
    total: int | None
    next_cursor: str | None = None


class RobotChange(Wire):
    name: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    hostname: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    capabilities: list[str] | None = None
    environment: Annotated[str, Field(max_length=64)] | None = None
    max_concurrent_jobs: Annotated[StrictInt, Field(ge=1, le=100)] | None = None
    tags: list[str] | None = None


class RobotStatusChange(Wire):
    """Members left out stay as they are; a note goes when nothing is paused or drained any more."""

    status: (
        Literal["idle", "online", "busy", "offline", "error", "maintenance", "paused"] | None
    ) = None
    draining: StrictBool | None = None
    #: Why; shown wherever the robot is.
    note: Annotated[str, Field(max_length=500)] | None = None
    #: A pause ends by itself after this time.
    resume_after_seconds: Annotated[StrictFloat, Field(gt=0, le=366 * 86400)] | None = None
    #: What still runs after this time of a drain is stopped and given back.
    drain_seconds: Annotated[StrictFloat, Field(ge=0, le=366 * 86400)] | None = None
    #: Which start of the agent says so: refused (409) once a newer one speaks for the robot.
    boot_id: Annotated[str, Field(max_length=64)] | None = None


class Heartbeat(Wire):
    """Renews every lease it names: the one call that keeps a robot's jobs."""

    model_config = ConfigDict(frozen=True, extra="allow", populate_by_name=True)

    leases: list[Lease] = Field(default_factory=list, max_length=1000)
    boot_id: Annotated[str, Field(max_length=64)] | None = None
    cpu_percent: StrictFloat | None = None
    memory_percent: StrictFloat | None = None
    memory_mb: StrictFloat | None = None
    disk_free_gb: StrictFloat | None = None
    current_job_count: StrictInt | None = None
    max_concurrent_jobs: StrictInt | None = None
    #: Paused at its own machine: it takes no job, and no other can resume it.
    paused: StrictBool | None = None
    paused_note: Annotated[str, Field(max_length=500)] | None = None
    resume_after_seconds: Annotated[StrictFloat, Field(ge=0)] | None = None
    #: It takes no job, because its disk has too little room: what is lacking, in words.
    no_room: Annotated[str, Field(max_length=500)] | None = None


class HeartbeatReply(Wire):
    ok: Literal[True] = True
    timestamp: datetime
    lease_seconds: float
    renew_after_seconds: float
    #: Jobs to stop because a person asked for it.
    cancel: list[str]
    #: Jobs that are no longer this robot's.
    lost: list[str]
    drain: bool
    #: Time left until what still runs must be stopped and given back; null: no limit.
    drain_seconds: float | None = None
    #: It gets no jobs for now; what runs goes on.
    paused: bool = False
