"""Schedules, and their firing."""

from __future__ import annotations

import logging

from casare_rpa.errors import Unavailable
from casare_rpa.store.operations import firing, schedules
from casare_rpa.store.records import Fired, FiredSchedules, SchedulePage, StoredSchedule
from casare_rpa.store.sql.transactions import Transactions
from casare_rpa.store.tx import Tx
from casare_rpa.wire import (
    Job,
    JobList,
    Schedule,
    ScheduleChange,
    ScheduleRequest,
    UpcomingRun,
)

log = logging.getLogger(__name__)
_AT_ONCE = 500


class SqlSchedules(Transactions):
    def put_schedule(
        self, request: ScheduleRequest, *, principal: str, schedule_id: str | None = None
    ) -> StoredSchedule:
        return self._write(
            lambda tx: schedules.put_schedule(
                tx, request, principal=principal, schedule_id=schedule_id
            )
        )

    def schedule(self, ref: str, *, next_runs: int = 5) -> Schedule:
        return self._read(lambda tx: schedules.schedule(tx, ref, next_runs=next_runs))

    def schedules(
        self,
        *,
        workflow_id: str | None = None,
        enabled: bool | None = None,
        limit: int = 100,
        offset: int = 0,
        cursor: str | None = None,
    ) -> SchedulePage:
        return self._read(
            lambda tx: schedules.schedules_(
                tx,
                workflow_id=workflow_id,
                enabled=enabled,
                limit=limit,
                offset=offset,
                cursor=cursor,
            )
        )

    def upcoming_runs(
        self, *, workflow_id: str | None = None, limit: int = 20
    ) -> list[UpcomingRun]:
        return self._read(lambda tx: schedules.upcoming(tx, workflow_id=workflow_id, limit=limit))

    def change_schedule(self, ref: str, change: ScheduleChange) -> Schedule:
        return self._write(lambda tx: schedules.change(tx, ref, change))

    def delete_schedule(self, ref: str) -> str:
        return self._write(lambda tx: schedules.delete(tx, ref))

    def trigger_schedule(self, ref: str) -> Job:
        return self._write(lambda tx: firing.trigger(tx, ref))

    def schedule_runs(
        self, ref: str, *, limit: int = 50, offset: int = 0, cursor: str | None = None
    ) -> JobList:
        return self._read(
            lambda tx: schedules.runs(tx, ref, limit=limit, offset=offset, cursor=cursor)
        )

    def fire_due(self) -> FiredSchedules:
        fired = [self._fire(schedule_id) for schedule_id in self._read(_due)]
        next_run = self._read(firing.next_run)
        now = self.clock()
        return FiredSchedules(
            fired=tuple(one for one in fired if one is not None),
            wait_seconds=None if next_run is None else max(0.0, next_run - now),
            now=now,
        )

    def _fire(self, schedule_id: str) -> Fired | None:
        try:
            return self._write(lambda tx: firing.fire(tx, schedule_id))
        except Unavailable:
            raise
        except Exception:  # whatever is wrong with this one, the others are due as well
            log.exception("schedule %s could not fire", schedule_id)
            return None


def _due(tx: Tx) -> list[str]:
    return firing.due(tx, _AT_ONCE)
