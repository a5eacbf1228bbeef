"""/ws/jobs/{job_id}: a job's history, then what happens, until it ends.

History comes from the store, always. Memory holds wake-ups only, so a slow watcher falls back to
reading and loses nothing, and each watcher waits for nobody but itself.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.websockets import WebSocket

from casare_rpa.errors import Gone, NotFound
from casare_rpa.orchestrator.access.rules import API, rule_for
from casare_rpa.orchestrator.deps import desk_of
from casare_rpa.orchestrator.live.sockets import (
    DELETED,
    SHORTER_HISTORY,
    UNKNOWN,
    Socket,
    SocketClosed,
    serve_socket,
)
from casare_rpa.orchestrator.memory.wakeups import job_topic

router = APIRouter()

_RULE = rule_for("WS", "/ws/jobs/{job_id}")


@router.websocket("/ws/jobs/{job_id}")
@router.websocket(f"{API}/ws/jobs/{{job_id}}")
async def watch_job(websocket: WebSocket, job_id: str) -> None:
    async def talk(socket: Socket) -> None:
        await _watch(socket, job_id, _after(websocket))

    await serve_socket(websocket, desk_of(websocket), _RULE, talk)


def _after(websocket: WebSocket) -> int:
    text = websocket.query_params.get("after", "0")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise SocketClosed(1008, "after must be a number, the last seq that was seen")
    return int(text)


async def _watch(socket: Socket, job_id: str, after: int) -> None:
    """Send everything later than *after*. Ends by raising SocketClosed."""
    desk = socket.desk
    with socket.listen(job_topic(job_id)) as bell:
        over = await _is_over(socket, job_id, after)
        while True:
            bell.take()
            page = await desk.pages.after(job_id, after)
            if page.texts:
                await socket.send_page(page, seen=after)
                after = page.last_seq
            if page.ended:
                raise SocketClosed(1000, f"the job has ended; last seq {after}")
            if page.full:
                continue
            if over:
                raise SocketClosed(1000, f"the job has ended; last seq {after}")
            await socket.check()
            await bell.wait(socket.check_every_seconds)


async def _is_over(socket: Socket, job_id: str, after: int) -> bool:
    """Whether the job had ended when the watcher came. Raises SocketClosed for an unknown one."""
    try:
        job = await socket.desk.call(socket.desk.store.job, job_id)
    except Gone as error:
        raise SocketClosed(DELETED, "the job is older than what is kept") from error
    except NotFound:
        raise SocketClosed(UNKNOWN, "there is no such job") from None
    if after > job.last_seq:
        raise SocketClosed(SHORTER_HISTORY, f"the history ends at {job.last_seq}")
    return job.status.finished
