"""The promises about schedules. `ref` is an id, or a name that only one schedule has."""

from __future__ import annotations

from typing import Protocol

from casare_rpa.store.records import FiredSchedules, SchedulePage, StoredSchedule
from casare_rpa.wire import (
    Job,
    JobList,
    Schedule,
    ScheduleChange,
    ScheduleRequest,
    UpcomingRun,
)


class ScheduleStore(Protocol):
    def put_schedule(
        self, request: ScheduleRequest, *, principal: str, schedule_id: str | None = None
    ) -> StoredSchedule:
        """Make a schedule whose jobs are *principal*'s; `workflow_id` may be a name.

        With the *schedule_id* of a known one that is changed instead, and stays switched off if
        it was. Raises NotFound for an unknown workflow, BadRequest (fields "cron_expression",
        "timezone") for times that cannot be.
        """
        ...

    def schedule(self, ref: str, *, next_runs: int = 5) -> Schedule:
        """With its next times. Raises NotFound, Conflict for a name that several have."""
        ...

    def schedules(
        self,
        *,
        workflow_id: str | None = None,
        enabled: bool | None = None,
        limit: int = 100,
        offset: int = 0,
        cursor: str | None = None,
    ) -> SchedulePage:
        """Newest first, without their next times."""
        ...

    def upcoming_runs(
        self, *, workflow_id: str | None = None, limit: int = 20
    ) -> list[UpcomingRun]:
        """The next time of each enabled schedule, the soonest first."""
        ...

    def change_schedule(self, ref: str, change: ScheduleChange) -> Schedule:
        """Its next time is planned anew only when the times or `enabled` change.

        Raises NotFound, Conflict, BadRequest.
        """
        ...

    def delete_schedule(self, ref: str) -> str:
        """Forget it; return its id. Its jobs stay. Raises NotFound, Conflict."""
        ...

    def trigger_schedule(self, ref: str) -> Job:
        """Submit a job of it now, enabled or not; its next time stays.

        Raises NotFound for the schedule or its workflow, Conflict.
        """
        ...

    def schedule_runs(
        self, ref: str, *, limit: int = 50, offset: int = 0, cursor: str | None = None
    ) -> JobList:
        """The jobs that it made, newest first. Raises NotFound, Conflict."""
        ...

    def fire_due(self) -> FiredSchedules:
        """Submit the jobs of all schedules whose time has come; one transaction a schedule.

        A time fires once: on several servers at once, after a crash in the middle, and when the
        clock was set back over it (P19: the job's idempotency key is `schedule_id:fire_time`).
        What was missed fires by the schedule's `catch_up`, if it is not older than a day. One
        schedule that fails stops no other.
        """
        ...
