"""Routes for robots as machines: register, stay alive, look, change, forget."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Query

from casare_rpa.errors import Forbidden
from casare_rpa.orchestrator.access.auth import Principal
from casare_rpa.orchestrator.access.rules import API
from casare_rpa.orchestrator.deps import Cursor, Desk, DeskDep, Limit, Offset, PrincipalDep
from casare_rpa.orchestrator.routing import failures
from casare_rpa.orchestrator.routing import router as guarded_router
from casare_rpa.wire import (
    Heartbeat,
    HeartbeatReply,
    Robot,
    RobotChange,
    RobotList,
    RobotRegistration,
    RobotStatusChange,
)

router = guarded_router(API, "robots")

_MOST_FIGURES = 64
_LONGEST_FIGURE = 1024


@router.get("/robots", response_model=RobotList)
async def list_robots(
    desk: DeskDep,
    status: Annotated[str | None, Query(max_length=32)] = None,
    environment: Annotated[str | None, Query(max_length=64)] = None,
    limit: Limit = 100,
    offset: Offset = 0,
    cursor: Cursor = None,
) -> RobotList:
    """Registered robots, by name."""
    return await desk.call(
        desk.store.robots,
        status=status,
        environment=environment,
        limit=limit,
        offset=offset,
        cursor=cursor,
    )


@router.get("/robots/{robot_id}", response_model=Robot, responses=failures(404))
async def get_robot(robot_id: str, desk: DeskDep, principal: PrincipalDep) -> Robot:
    """One robot. A robot's key shows only itself."""
    if principal.robot_id is not None:
        check_own(principal, robot_id)
    return await desk.call(desk.store.robot, robot_id)


@router.post("/robots/register", response_model=Robot, responses=failures(400, 422))
async def register_robot(
    registration: RobotRegistration, desk: DeskDep, principal: PrincipalDep
) -> Robot:
    """Make the key's robot known, or tell what changed about it. Done at each start of an agent."""
    check_own(principal, registration.robot_id)
    return await desk.call(desk.store.register, registration)


@router.put("/robots/{robot_id}", response_model=Robot, responses=failures(400, 404, 422))
async def change_robot(robot_id: str, change: RobotChange, desk: DeskDep) -> Robot:
    """Change what is known of a robot; fields left out stay as they are."""
    return await desk.call(desk.store.update_robot, robot_id, change)


@router.put(
    "/robots/{robot_id}/status", response_model=Robot, responses=failures(400, 404, 409, 422)
)
async def set_robot_status(
    robot_id: str, change: RobotStatusChange, desk: DeskDep, principal: PrincipalDep
) -> Robot:
    """Pause, drain or resume a robot. Its own key may speak for it, so may an operator.

    `maintenance` (or `paused`) and `draining` robots get no new job; running ones go on. A pause
    with `resume_after_seconds` ends by itself. A drain with `drain_seconds` stops what still runs
    after that time and gives it back. `note` says why. With a `boot_id` it is refused (409) once a
    newer start of the agent speaks for the robot.
    """
    if principal.robot_id is not None:
        check_own(principal, robot_id)
    return await desk.call(desk.store.set_robot_status, robot_id, change)


@router.post(
    "/robots/{robot_id}/heartbeat", response_model=HeartbeatReply, responses=failures(400, 409, 422)
)
async def heartbeat(
    robot_id: str, beat: Heartbeat, desk: DeskDep, principal: PrincipalDep
) -> HeartbeatReply:
    """Renew all leases of the robot in one call, and learn what to stop.

    An unknown robot is made known. Other fields of the body are kept as the robot's `metrics`.
    """
    check_own(principal, robot_id)
    return await _beat(robot_id, beat, desk)


@router.post("/robot/heartbeat", response_model=HeartbeatReply, responses=failures(400, 409, 422))
async def own_heartbeat(beat: Heartbeat, desk: DeskDep, principal: PrincipalDep) -> HeartbeatReply:
    """The same, for the robot that the key belongs to."""
    return await _beat(principal.own_robot_id, beat, desk)


@router.delete("/robots/{robot_id}", responses=failures(404))
async def delete_robot(robot_id: str, desk: DeskDep) -> dict[str, Any]:
    """Forget a robot. Its jobs go back to the queue; its keys stay valid until revoked."""
    await desk.call(desk.store.delete_robot, robot_id)
    return {"deleted": True, "robot_id": robot_id}


def check_own(principal: Principal, robot_id: str) -> None:
    """Raises Forbidden when the key belongs to another robot."""
    if principal.own_robot_id != robot_id:
        raise Forbidden(
            f"the key belongs to the robot {principal.robot_id}, not to {robot_id}",
            hint="Give each robot a key of its own.",
        )


async def _beat(robot_id: str, beat: Heartbeat, desk: Desk) -> HeartbeatReply:
    renewal = await desk.call_first(
        desk.store.renew,
        robot_id,
        beat.leases,
        figures=_figures(beat),
        boot_id=beat.boot_id,
    )
    lease_seconds = desk.settings.lease_seconds
    return HeartbeatReply(
        timestamp=datetime.now(UTC),
        lease_seconds=lease_seconds,
        renew_after_seconds=renew_after_seconds(lease_seconds),
        cancel=list(renewal.cancel),
        lost=list(renewal.lost),
        drain=renewal.draining,
        drain_seconds=renewal.drain_seconds,
        paused=renewal.paused,
    )


def renew_after_seconds(lease_seconds: float) -> float:
    """A third of the lease: two renewals may get lost."""
    return lease_seconds / 3


def _figures(beat: Heartbeat) -> dict[str, Any]:
    """The simple values a robot sent along; anything large is left out, not refused."""
    given = beat.model_dump(exclude={"leases", "boot_id"}, exclude_none=True)
    simple = {
        name: value
        for name, value in given.items()
        if isinstance(value, (bool, int, float, str))
        and len(str(value)) <= _LONGEST_FIGURE
        and len(name) <= 64
    }
    return dict(list(simple.items())[:_MOST_FIGURES])
