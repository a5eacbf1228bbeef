"""Routes for the keys of robots. Administrators only; a key is shown once."""

from __future__ import annotations

import logging
from typing import Annotated, Literal

from fastapi import Query

from casare_rpa.domain.keys import make_key
from casare_rpa.orchestrator.access.new_keys import new_key
from casare_rpa.orchestrator.access.rules import API
from casare_rpa.orchestrator.deps import DeskDep, Limit, Offset, PrincipalDep
from casare_rpa.orchestrator.routes.keys import replaced, revoked
from casare_rpa.orchestrator.routing import failures
from casare_rpa.orchestrator.routing import router as guarded_router
from casare_rpa.store import KeyRecord
from casare_rpa.wire import (
    KeyRevocation,
    KeyRevoked,
    RobotKey,
    RobotKeyCreated,
    RobotKeyList,
    RobotKeyRequest,
)

log = logging.getLogger(__name__)

router = guarded_router(f"{API}/robot-api-keys", "keys of robots")


@router.get("", response_model=RobotKeyList)
async def list_robot_keys(
    desk: DeskDep,
    robot_id: Annotated[str | None, Query(max_length=64)] = None,
    status: Literal["active", "revoked", "expired"] | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> RobotKeyList:
    """Keys of robots, the newest first; never the keys themselves."""
    page = await desk.call(
        desk.store.keys, kind="robot", robot_id=robot_id, status=status, limit=limit, offset=offset
    )
    return RobotKeyList(keys=[_shown(record) for record in page.keys], total=page.total)


@router.post("", response_model=RobotKeyCreated, responses=failures(400, 422))
async def create_robot_key(
    request: RobotKeyRequest, desk: DeskDep, principal: PrincipalDep
) -> RobotKeyCreated:
    """Make a key for a robot, which need not be known yet. `api_key` is shown this once."""
    key = make_key("robot")
    record = await desk.call(
        desk.store.create_key,
        new_key(
            key,
            name=request.name,
            robot_id=request.robot_id,
            description=request.description,
            expires_at=request.expires_at,
        ),
    )
    log.info("key %s for the robot %s made by %s", record.id, record.robot_id, principal.name)
    return RobotKeyCreated(api_key=key.text, key=_shown(record))


@router.post("/{key_id}/revoke", response_model=KeyRevoked, responses=failures(404))
async def revoke_robot_key(
    key_id: str,
    desk: DeskDep,
    principal: PrincipalDep,
    revocation: KeyRevocation | None = None,
) -> KeyRevoked:
    """End a key at once: its sockets are closed, its jobs go back to the queue."""
    return await revoked(desk, key_id, "robot", principal, revocation)


@router.post("/{key_id}/rotate", response_model=RobotKeyCreated, responses=failures(404, 409))
async def rotate_robot_key(key_id: str, desk: DeskDep, principal: PrincipalDep) -> RobotKeyCreated:
    """Replace a key by a new one; the robot's jobs go on."""
    key = make_key("robot")
    record = await replaced(desk, key_id, "robot", principal, key)
    return RobotKeyCreated(api_key=key.text, key=_shown(record))


def _shown(record: KeyRecord) -> RobotKey:
    return RobotKey(
        id=record.id,
        robot_id=record.robot_id or "",
        robot_name=record.robot_name,
        key_name=record.name,
        description=record.description,
        status=record.status,
        prefix=f"robot_{record.id}",
        created_at=record.created_at,
        expires_at=record.expires_at,
        last_used_at=record.last_used_at,
        last_used_ip=record.last_used_ip,
    )
