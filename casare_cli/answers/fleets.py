"""Robots and schedules."""

from __future__ import annotations

from typing import Literal

from casare_rpa import wire
from casare_rpa.wire import Wire


class RobotDeleted(Wire):
    robot_id: str
    deleted: bool


class ScheduleDeleted(wire.ScheduleDeleted):
    schedule_id: str


class ScheduleTime(Wire):
    #: As the clocks of the schedule's zone show it.
    local: str
    utc: str
    time: str


class FleetRobot(Wire):
    robot_id: str
    name: str
    status: str
    environment: str
    max_concurrent_jobs: int
    current_job_ids: list[str]
    draining: bool
    note: str | None
    paused_by: str | None
    no_room: str | None
    last_seen: str | None


class Fleet(wire.FleetStats):
    schema_version: Literal[1]
    robots: list[FleetRobot]
