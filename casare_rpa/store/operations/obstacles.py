"""What keeps a robot from a job: by the rules of a claim, and by what the robot itself does.

`claim` asks `lanes` and `rests`, and so does this; whether the robot asks at all (it is there, it
has a free slot and room on its disk, its machine has not paused it) is known from its heartbeats.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from casare_rpa.domain.capabilities import FOUND_WHEN, MEANING, told_when
from casare_rpa.domain.jobs import STARTS_ANYWHERE
from casare_rpa.store.operations import lanes
from casare_rpa.store.operations.lanes import Lane
from casare_rpa.wire import Obstacle, Robot

#: With one of these no waiting helps: the robot or the job would have to be another.
NEVER = frozenset({"pinned", "environment", "tags", "capabilities"})
#: What an agent announces without being told.
FOUND_BY_ITSELF = frozenset({*FOUND_WHEN, STARTS_ANYWHERE})


def of(robot: Robot, lane: Lane) -> list[Obstacle]:
    return [*_mismatches(robot, lane), *_rests(robot), *_occupations(robot)]


def _mismatches(robot: Robot, lane: Lane) -> Iterator[Obstacle]:
    if lane.pool not in lanes.pools(robot.robot_id, robot.environment):
        yield _wrong_pool(robot, *lane.pool)
    if missing := sorted(lane.missing_tags(robot.tags)):
        words = ",".join(missing)
        yield Obstacle(
            code="tags",
            message=f"it lacks the tag{'s' if len(missing) > 1 else ''} {words}",
            ends_when=f"its agent is started with --tags {','.join([*robot.tags, *missing])}",
        )
    if missing := sorted(lane.missing_capabilities(robot.capabilities)):
        words = ", ".join(f"{name} ({MEANING.get(name, name)})" for name in missing)
        ends, untold = told_when(missing, "its agent")
        if untold:
            told = [name for name in robot.capabilities if name not in FOUND_BY_ITSELF]
            ends += [f"its agent is started with --capabilities {','.join([*told, *untold])}"]
        yield Obstacle(
            code="capabilities",
            message=f"it lacks the capabilit{'ies' if len(missing) > 1 else 'y'} {words}",
            ends_when=", and ".join(ends),
        )


def _wrong_pool(robot: Robot, kind: str, name: str) -> Obstacle:
    if kind == "robot":
        return Obstacle(
            code="pinned",
            message=f"the job is for the robot {name} only",
            ends_when=f"the robot {name} takes it",
        )
    return Obstacle(
        code="environment",
        message=f"it is in the environment {robot.environment}, the job wants {name}",
        ends_when=f"its agent is started with --environment {name}",
    )


def _rests(robot: Robot) -> Iterator[Obstacle]:
    why = f": {robot.note}" if robot.note else ""
    # A drain ends with the next start, and a robot that is off needs nothing else.
    if robot.draining and robot.status != "offline":
        yield Obstacle(
            code="draining",
            message=f"it is draining{why}",
            ends_when=f"its agent is started again, or: casare-rpa robots resume {robot.robot_id}",
        )
    if robot.paused_by is not None:
        here = robot.paused_by == "machine"
        end = "casare-rpa agent resume, at its machine"
        if not here:
            end = f"casare-rpa robots resume {robot.robot_id}"
        yield Obstacle(
            code="paused",
            message=f"it is paused{' at its machine' if here else ''}{why}",
            until=robot.resume_at,
            ends_when=f"it comes back from its pause{_at(robot.resume_at) or f', with: {end}'}",
        )


def _occupations(robot: Robot) -> Iterator[Obstacle]:
    if robot.status == "offline":
        yield Obstacle(
            code="offline",
            message=f"it is offline, last seen{_at(robot.last_seen) or ' never'}",
            ends_when="its agent is started",
        )
    elif robot.no_room:
        yield Obstacle(
            code="no_room",
            message=f"it takes no jobs: {robot.no_room}",
            ends_when="room is made on its disk",
        )
    held = len(robot.current_job_ids)
    if held >= robot.max_concurrent_jobs:
        yield Obstacle(
            code="slots",
            message=f"it is busy: {held} of {robot.max_concurrent_jobs} slots are taken",
            ends_when=f"a job of it ends: {', '.join(robot.current_job_ids[:3])}",
        )


def _at(time: datetime | None) -> str:
    return "" if time is None else f" at {time:%Y-%m-%d %H:%M:%S}Z"
