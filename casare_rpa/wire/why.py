"""Why a job does not run, as of the moment of asking."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from casare_rpa.domain.jobs import JobStatus
from casare_rpa.domain.json_values import Json
from casare_rpa.wire.base import Wire
from casare_rpa.wire.jobs import JobRequest, OnConflict

Decision = Literal["submit", "fail", "existing", "skip"]


class Obstacle(Wire):
    """Something that keeps a robot from the job."""

    #: pinned, environment, tags, capabilities; draining, paused, offline, no_room, slots.
    code: str
    message: str
    #: When it goes away by itself, where that is known.
    until: datetime | None = None
    #: What must happen for it to go away.
    ends_when: str


class RobotFit(Wire):
    robot_id: str
    name: str
    #: ready: would take the job now; never: not as the robot and the job are.
    verdict: Literal["ready", "blocked", "never"]
    obstacles: list[Obstacle] = Field(default_factory=list)


class JobWhy(Wire):
    #: None for a job that is not submitted yet.
    job_id: str | None = None
    status: JobStatus | None = None
    #: held: a robot has it; ended: it has ended; impossible: no registered robot could ever run it.
    verdict: Literal["runnable", "blocked", "impossible", "held", "ended"]
    message: str
    #: The next event that would unblock it.
    unblocked_by: str | None = None
    #: When that is, where it is known.
    unblocked_at: datetime | None = None
    #: The job waits for this time, whichever robots there are.
    waits_until: datetime | None = None
    #: Jobs that are handed out before it to the same robots; counted up to 1000.
    ahead: int = 0
    robots: list[RobotFit] = Field(default_factory=list)


class PreviewRequest(JobRequest):
    #: The workflow's document where it is another than the stored one, or none is stored.
    workflow_json: Json | None = None


class JobPreview(Wire):
    """What a submit would come to; nothing is stored."""

    #: As asked for; the id and version are of the workflow that is there now, if there is one.
    workflow_id: str
    workflow_version: int | None = None
    on_conflict: OnConflict = "queue"
    #: The job that is in the way, where `on_conflict` asks for it.
    conflicting_job_id: str | None = None
    #: submit, or what `on_conflict` says.
    decision: Decision
    why: JobWhy
