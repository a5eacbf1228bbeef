"""/ws/robot: hints for a robot, so that it need not wait for its next call.

Everything pushed here can be learned over REST as well. A lost socket costs time, never work.
"""

from __future__ import annotations

import orjson
from fastapi import APIRouter
from starlette.websockets import WebSocket

from casare_rpa.errors import Forbidden, NotFound
from casare_rpa.orchestrator.deps import desk_of
from casare_rpa.orchestrator.rules import rule_for
from casare_rpa.orchestrator.sockets import Socket, open_socket
from casare_rpa.orchestrator.wakeups import QUEUE, robot_topic
from casare_rpa.store import Change

router = APIRouter()

_RULE = rule_for("WS", "/ws/robot/{robot_id}")


@router.websocket("/ws/robot")
async def own_robot(websocket: WebSocket) -> None:
    async with open_socket(websocket, desk_of(websocket), _RULE) as socket:
        await _push(socket)


@router.websocket("/ws/robot/{robot_id}")
async def named_robot(websocket: WebSocket, robot_id: str) -> None:
    async with open_socket(websocket, desk_of(websocket), _RULE) as socket:
        if socket.principal.own_robot_id != robot_id:
            raise Forbidden("the key belongs to another robot")
        await _push(socket)


async def _push(socket: Socket) -> None:
    robot_id = socket.principal.own_robot_id
    drained = False
    with socket.listen(QUEUE, robot_topic(robot_id)) as bell:
        while True:
            changes = bell.take()
            for job_id in _to_stop(changes):
                await _send(socket, type="job_cancel", job_id=job_id)
            draining = await _is_draining(socket, robot_id)
            if draining and not drained:
                await _send(socket, type="drain")
            drained = draining
            if not draining and any(change.kind == "queue" for change in changes):
                await _send(socket, type="job_available")
            await socket.check()
            await bell.wait(socket.check_every_seconds)


def _to_stop(changes: list[Change]) -> list[str]:
    return [change.job_id for change in changes if change.kind == "cancel" and change.job_id]


async def _is_draining(socket: Socket, robot_id: str) -> bool:
    try:
        return (await socket.desk.call(socket.desk.store.robot, robot_id)).draining
    except NotFound:
        return False  # the robot opened its socket before it registered


async def _send(socket: Socket, **message: str) -> None:
    await socket.send(orjson.dumps(message).decode())
