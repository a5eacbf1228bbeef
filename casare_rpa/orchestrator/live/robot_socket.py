"""/ws/robot: hints for a robot, so that it need not wait for its next call.

Everything pushed here can be learned over REST as well. A lost socket costs time, never work.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime

import orjson
from fastapi import APIRouter
from starlette.websockets import WebSocket

from casare_rpa.errors import Forbidden, NotFound
from casare_rpa.orchestrator.access.rules import rule_for
from casare_rpa.orchestrator.deps import desk_of
from casare_rpa.orchestrator.live.sockets import Socket, serve_socket
from casare_rpa.orchestrator.memory.wakeups import QUEUE, robot_topic
from casare_rpa.store import Change

router = APIRouter()

_Rest = tuple[bool, datetime | None, bool]
_NO_REST: _Rest = (False, None, False)

_RULE = rule_for("WS", "/ws/robot/{robot_id}")


@router.websocket("/ws/robot")
async def own_robot(websocket: WebSocket) -> None:
    await serve_socket(websocket, desk_of(websocket), _RULE, _push)


@router.websocket("/ws/robot/{robot_id}")
async def named_robot(websocket: WebSocket, robot_id: str) -> None:
    async def talk(socket: Socket) -> None:
        if socket.principal.own_robot_id != robot_id:
            raise Forbidden("the key belongs to another robot")
        await _push(socket)

    await serve_socket(websocket, desk_of(websocket), _RULE, talk)


async def _push(socket: Socket) -> None:
    robot_id = socket.principal.own_robot_id
    rest = _KnownRest(socket, robot_id)
    before = _NO_REST
    with socket.listen(QUEUE, robot_topic(robot_id)) as bell:
        while True:
            changes = bell.take()
            for job_id in _to_stop(changes):
                await _send(socket, type="job_cancel", job_id=job_id)
            now = await rest.after(changes)
            if now != before:
                await _send(socket, type="resume" if now == _NO_REST else "drain")
            before = now
            if now == _NO_REST and any(change.kind in ("queue", "any") for change in changes):
                await _send(socket, type="job_available")
            await socket.check()
            await bell.wait(socket.check_every_seconds)


def _to_stop(changes: list[Change]) -> list[str]:
    return [change.job_id for change in changes if change.kind == "cancel" and change.job_id]


class _KnownRest:
    """The robot's rest, read anew when something was said of the robot, and once in a while.

    A change of the queue wakes every robot: if each then read its row, a submit would cost as many
    reads as robots are connected.
    """

    def __init__(self, socket: Socket, robot_id: str) -> None:
        self._socket = socket
        self._robot_id = robot_id
        self._known = _NO_REST
        self._read_at = float("-inf")

    async def after(self, changes: Sequence[Change]) -> _Rest:
        """The rest as it is, now that *changes* were heard of."""
        age_seconds = time.monotonic() - self._read_at
        is_told = any(change.kind in ("robot", "any") for change in changes)
        if is_told or age_seconds >= self._socket.check_every_seconds:
            self._read_at = time.monotonic()
            self._known = await _rest(self._socket, self._robot_id)
        return self._known


async def _rest(socket: Socket, robot_id: str) -> _Rest:
    """Whether the robot is drained, and until when; whether it is paused."""
    try:
        robot = await socket.desk.call(socket.desk.store.robot, robot_id)
    except NotFound:
        return _NO_REST  # the robot opened its socket before it registered
    return robot.draining, robot.drain_by, robot.paused_by == "orchestrator"


async def _send(socket: Socket, **message: str) -> None:
    await socket.send(orjson.dumps(message).decode())
