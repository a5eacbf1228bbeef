"""Connections without number, without haste and without measure."""

from __future__ import annotations

import errno
import gzip
import resource
import socket
import statistics
import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import httpx
import psutil

from casare_rpa.orchestrator.access.rules import API
from tests.agent import workflows
from tests.faults.leftovers import SPARE_DESCRIPTORS
from tests.faults.needs import linux
from tests.faults.scenario import scenario
from tests.faults.scenarios.hostile import watched_memory
from tests.faults.trial import Trial
from tests.support.fleet import Orchestrator, eventually

_JOBS = f"{API}/jobs"
_MIB = 1 << 20
_RESET = bytes([1, 0, 0, 0, 0, 0, 0, 0])


def _connect(orchestrator: Orchestrator) -> socket.socket:
    address = urlsplit(orchestrator.url)
    return socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=60)


def _head(orchestrator: Orchestrator, method: str, path: str, **headers: str) -> bytes:
    given = {"Host": "localhost", "Authorization": f"Bearer {orchestrator.admin_key}"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def _handshake(orchestrator: Orchestrator, job_id: str) -> bytes:
    return _head(
        orchestrator, "GET", f"/ws/jobs/{job_id}?after=1", Connection="Upgrade",
        Upgrade="websocket", Sec_WebSocket_Version="13",
        Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==",
    )  # fmt: skip


def _room_for(connections: int) -> None:
    """Let this process have so many open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < connections + 200:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, connections + 200), hard))


@contextmanager
def _good_client(orchestrator: Orchestrator) -> Iterator[list[float]]:
    """The ms of each call of somebody who works meanwhile; every call must succeed."""
    spent: list[float] = []
    troubles: list[str] = []
    over = threading.Event()

    def work() -> None:
        headers = {"Authorization": f"Bearer {orchestrator.admin_key}"}
        with httpx.Client(base_url=orchestrator.url, headers=headers, trust_env=False) as client:
            while not over.wait(0.02):
                began = time.perf_counter()
                status = client.get(_JOBS, timeout=60).status_code
                spent.append((time.perf_counter() - began) * 1000)
                if status != 200:
                    troubles.append(str(status))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield spent
    finally:
        over.set()
        thread.join(60)
    assert spent and not troubles, f"the good client got {Counter(troubles)}"


@scenario(
    "F45",
    figure="ms of a good client's call",
    quick={"dropped": 300, "unfinished": 50, "patient": False},
    long={"dropped": 10_000, "unfinished": 1000, "patient": True},
    needs=(linux,),
)
def sockets_dropped_and_never_finished(
    trial: Trial, dropped: int, unfinished: int, patient: bool
) -> None:
    """Sockets opened and dropped, handshakes that never end: every descriptor comes back.

    *patient*: the handshakes are left to the server, which must close them by itself.
    """
    _room_for(unfinished)
    orchestrator = trial.orchestrator()
    job_id = orchestrator.submit(workflows.quick())
    process = psutil.Process(orchestrator.program.pid)
    with _good_client(orchestrator) as spent:
        eventually(lambda: spent, 30, "a first call")
        before, connected = process.num_fds(), _clients_of(process, orchestrator)
        halves = [_half_a_handshake(orchestrator, job_id, number) for number in range(unfinished)]
        trial.strike(unfinished)
        for number in range(dropped):
            _open_and_drop(orchestrator, _handshake(orchestrator, job_id), number)
            trial.strike()
        trial.notes["descriptors in the flood"] = process.num_fds() - before
        began = time.monotonic()
        if patient:
            trial.notes["unfinished ones were told"] = dict(_farewells(halves))
        for each in halves:
            each.close()

        def back() -> bool:
            return _clients_of(process, orchestrator) <= connected

        eventually(back, 120, "the return of all descriptors")
        trial.notes["seconds until all were back"] = round(time.monotonic() - began, 1)
        # Beyond the sockets, the store has opened connections for callers at the same time.
        trial.notes["descriptors kept"] = process.num_fds() - before
        assert process.num_fds() <= before + SPARE_DESCRIPTORS
    trial.figures += spent
    orchestrator.admin.cancel(job_id)


def _clients_of(process: psutil.Process, orchestrator: Orchestrator) -> int:
    """The sockets at its port; the ones to its database are others."""
    port = int(orchestrator.url.rpartition(":")[2])
    return sum(bool(c.laddr) and c.laddr.port == port for c in process.net_connections("tcp"))


def _half_a_handshake(orchestrator: Orchestrator, job_id: str, number: int) -> socket.socket:
    """One that says nothing, one that stops in its head, one that never says who it is."""
    made = _connect(orchestrator)
    whole = _handshake(orchestrator, job_id)
    if number % 3 == 1:
        made.sendall(whole[: len(whole) // 2])
    elif number % 3 == 2:
        made.sendall(whole.replace(b"Authorization:", b"X-Nothing:"))
    return made


def _open_and_drop(orchestrator: Orchestrator, handshake: bytes, number: int) -> None:
    made = _connect(orchestrator)
    made.sendall(handshake)
    if number % 3:
        made.recv(100)
    if number % 2:  # a reset instead of an end
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    made.close()


def _farewells(connections: list[socket.socket]) -> Counter[str]:
    """How each was closed by the server, which must happen within a minute."""
    return Counter(_farewell(each) for each in connections)


def _farewell(connection: socket.socket) -> str:
    received = b""
    with suppress(ConnectionError):
        while chunk := connection.recv(4096):
            received += chunk
    if b"HTTP/1.1 408" in received:
        return "408"
    return "4401" if (4401).to_bytes(2, "big") in received else "nothing, and were closed"


@scenario(
    "F51",
    figure="ms of a good client's call",
    quick={"connections": 100, "seconds": 3.0},
    long={"connections": 500, "seconds": 75.0},
    needs=(linux,),
)
def slow_senders(trial: Trial, connections: int, seconds: float) -> None:
    """Hundreds of connections at a byte a second: 408 in the end, and the others are served."""
    _room_for(connections)
    orchestrator = trial.orchestrator()
    with _good_client(orchestrator) as calm:
        eventually(lambda: len(calm) >= 50, 60, "fifty calls")
    heads = [_slow_head(orchestrator) for _ in range(connections // 2)]
    bodies = [_slow_body(orchestrator) for _ in range(connections - len(heads))]
    trial.strike(connections)
    ends: Counter[str] = Counter()
    with _good_client(orchestrator) as spent:
        _feed({each: "head" for each in heads} | {each: "body" for each in bodies}, seconds, ends)
    for each in (*heads, *bodies):
        each.close()
    trial.figures += spent
    trial.notes |= {"calm median ms": round(statistics.median(calm), 2), "answers": dict(ends)}
    expected = {"head 408": len(heads), "body 408": len(bodies)}
    # A head gets 20 seconds, a body 60.
    due = {name: count for name, count in expected.items() if seconds > 70}
    assert dict(ends) == due
    assert statistics.median(spent) < 1000


def _slow_head(orchestrator: Orchestrator) -> socket.socket:
    made = _connect(orchestrator)
    made.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
    return made


def _slow_body(orchestrator: Orchestrator) -> socket.socket:
    made = _connect(orchestrator)
    head = _head(
        orchestrator, "POST", _JOBS, Content_Type="application/json", Content_Length="100000"
    )
    made.sendall(head + b"{")
    return made


def _feed(slow: dict[socket.socket, str], seconds: float, ends: Counter[str]) -> None:
    """A byte a second to each, until all have been closed or the time is over."""
    end = time.monotonic() + seconds
    for each in slow:
        each.setblocking(False)
    while slow and (left := end - time.monotonic()) > 0:
        for each in list(slow):
            if (said := _fed(each)) is not None:
                ends[f"{slow.pop(each)} {said}"] += 1
        time.sleep(min(1.0, left))


def _fed(connection: socket.socket) -> str | None:
    """The status with which it was closed, if it was."""
    try:
        answer = connection.recv(4096)
    except BlockingIOError:
        with suppress(OSError):
            connection.send(b" ")
        return None
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return answer[9:12].decode() or "nothing"


@scenario(
    "F49",
    figure="ms to refuse",
    quick={"bombs": 6, "grown_mib": 64, "at_once": 2},
    long={"bombs": 200, "grown_mib": 1024, "at_once": 8},
    needs=(linux,),
)
def bodies_that_grow(trial: Trial, bombs: int, grown_mib: int, at_once: int) -> None:
    """Small bodies that unpack to gigabytes, in layers too: 413 at the limit, in little memory."""
    orchestrator = trial.orchestrator()
    packer = zlib.compressobj(9, wbits=31)
    layer = b"".join(packer.compress(bytes(_MIB)) for _ in range(grown_mib)) + packer.flush()
    # Forty layers in one more: what it would become is forty times as large.
    bodies = [layer[: _MIB - 1], gzip.compress(layer * 40, 9)]
    headers = {
        "Authorization": f"Bearer {orchestrator.admin_key}",
        "Content-Type": "application/json",
        "Content-Encoding": "gzip",
    }

    def send(number: int) -> tuple[int, float]:
        with httpx.Client(base_url=orchestrator.url, headers=headers, trust_env=False) as client:
            began = time.perf_counter()
            status = client.post(_JOBS, content=bodies[number % 2], timeout=60).status_code
            return status, (time.perf_counter() - began) * 1000

    send(0)
    with watched_memory(orchestrator.program.pid) as seen, ThreadPoolExecutor(at_once) as senders:
        answers = list(senders.map(send, range(bombs)))
    trial.strike(bombs)
    trial.figures += [spent for _, spent in answers]
    grown = (max(seen) - seen[0]) / _MIB
    trial.notes |= {
        "bytes sent": [len(body) for body in bodies],
        "MiB unpacked": [grown_mib, 40 * grown_mib],
        "memory grown by, MiB": round(grown, 1),
    }
    assert {status for status, _ in answers} == {413}, Counter(status for status, _ in answers)
    assert grown < 16 + 8 * at_once
    assert orchestrator.admin.jobs()["total"] == 0
