from __future__ import annotations

import contextlib
import socket as sockets
import threading
from contextlib import ExitStack
from pathlib import Path

import orjson
import psutil
import pytest
from websockets.exceptions import ConnectionClosed

from tests.orchestrator.support import (
    Json,
    Running,
    claim,
    closed,
    eventually,
    read_all,
    run_job,
    running,
)

ROOTS = ("/ws/jobs", "/api/v1/ws/jobs")


@pytest.mark.parametrize("root", ROOTS)
def test_a_finished_job_is_replayed_and_the_socket_closed(server: Running, root: str) -> None:
    job_id = server.submit()
    run_job(server, job_id, "start", "end")
    with server.socket(f"{root}/{job_id}") as socket:
        messages, code = read_all(socket)
    assert code == 1000
    assert [message["type"] for message in messages] == [
        "job.queued",
        "job.claimed",
        "job.started",
        "node.started",
        "node.completed",
        "node.started",
        "node.completed",
        "job.completed",
    ]
    assert [message["seq"] for message in messages] == list(range(1, 9))


def test_a_message_has_its_data_twice_and_its_own_five_members_always(server: Running) -> None:
    job_id = server.submit()
    attempt = claim(server.robot())
    attempt.start()
    attempt.send("node.completed", node_id="a", execution_time_ms=1.5, seq=-1, type="no", job_id=0)
    attempt.finish()
    with server.socket(f"/ws/jobs/{job_id}") as socket:
        message = next(m for m in read_all(socket)[0] if m["type"] == "node.completed")
    assert message["job_id"] == job_id and message["seq"] > 0
    assert message["timestamp"].endswith("Z")
    assert message["data"]["type"] == "no" and message["data"]["seq"] == -1
    assert message["node_id"] == "a" and message["execution_time_ms"] == 1.5


@pytest.mark.usefixtures("only_hints")
def test_what_happens_is_seen_live_and_in_order(server: Running) -> None:
    job_id = server.submit()
    with server.socket(f"/ws/jobs/{job_id}") as socket:
        assert orjson.loads(socket.recv(timeout=60))["type"] == "job.queued"
        attempt = claim(server.robot())
        assert orjson.loads(socket.recv(timeout=60))["type"] == "job.claimed"
        attempt.start()
        assert orjson.loads(socket.recv(timeout=60))["type"] == "job.started"
        attempt.send("node.started", node_id="start")
        assert orjson.loads(socket.recv(timeout=60))["node_id"] == "start"
        attempt.finish("failed", error_message="no luck", failed_node_id="start")
        messages, code = read_all(socket)
    assert [message["type"] for message in messages] == ["job.failed"]
    assert messages[0]["error_message"] == "no luck" and messages[0]["status"] == "failed"
    assert code == 1000


def test_a_cancelled_job_ends_its_watchers(server: Running) -> None:
    job_id = server.submit()
    with server.socket(f"/ws/jobs/{job_id}") as socket:
        assert orjson.loads(socket.recv(timeout=60))["type"] == "job.queued"
        server.admin.cancel(job_id)
        messages, code = read_all(socket)
    assert [message["type"] for message in messages] == ["job.cancelled"] and code == 1000


def test_a_watcher_resumes_after_the_last_seq_it_saw(server: Running) -> None:
    job_id = server.submit()
    run_job(server, job_id)
    last = server.admin.job(job_id)["last_seq"]
    with server.socket(f"/ws/jobs/{job_id}?after=5") as socket:
        assert [m["seq"] for m in read_all(socket)[0]] == list(range(6, last + 1))
    with server.socket(f"/ws/jobs/{job_id}?after={last}") as socket:
        assert read_all(socket) == ([], 1000)
    with server.socket(f"/ws/jobs/{job_id}?after={last + 1}") as socket:
        assert closed(socket) == 4409
    with server.socket(f"/ws/jobs/{job_id}?after=x") as socket:
        assert closed(socket) == 1008


def test_a_long_history_is_replayed_whole(server: Running) -> None:
    job_id = server.submit()
    attempt = claim(server.robot())
    attempt.start()
    attempt.send(*["log"] * 1234, message="line")
    attempt.finish()
    with server.socket(f"/ws/jobs/{job_id}") as socket:
        seqs = [message["seq"] for message in read_all(socket)[0]]
    assert seqs == list(range(1, len(seqs) + 1)) and len(seqs) == 1234 + 4


def test_a_retried_job_goes_on_under_the_same_socket(server: Running) -> None:
    job_id = server.submit(max_retries=1)
    robot = server.robot()
    with server.socket(f"/ws/jobs/{job_id}") as socket:
        attempt = claim(robot)
        attempt.finish("failed", error_message="once")
        claim(robot, wait_seconds=20).finish()
        messages, code = read_all(socket)
    assert messages[-1]["type"] == "job.completed" and code == 1000
    assert messages[-1]["attempt"] == 2


def test_an_unknown_job_is_4404(server: Running) -> None:
    with server.socket("/ws/jobs/none") as socket:
        assert closed(socket) == 4404


def test_ping_is_answered_with_pong(server: Running) -> None:
    job_id = server.submit()
    with server.socket(f"/ws/jobs/{job_id}?after=1") as socket:
        socket.send("ping")
        assert socket.recv(timeout=60) == "pong"
        socket.send(b"\x00\x01")
        socket.send("anything")
        socket.send("ping")
        assert socket.recv(timeout=60) == "pong"


def test_a_message_over_the_limit_closes_the_socket(server: Running) -> None:
    job_id = server.submit()
    with server.socket(f"/ws/jobs/{job_id}?after=1") as socket:
        with contextlib.suppress(ConnectionClosed):  # it may be closed before all is sent
            socket.send("x" * (2 << 20))
        # What was not read yet makes TCP reset the connection, which may overtake the close frame.
        assert closed(socket) in (1009, 1006)
    assert server.admin.job(job_id)["status"] == "pending"


def test_stopping_the_server_tells_watchers_to_come_again(server: Running) -> None:
    job_id = server.submit()
    with server.socket(f"/ws/jobs/{job_id}?after=1") as socket:
        socket.send("ping")
        assert socket.recv(timeout=60) == "pong"
        server.orchestrator.stop()
        assert closed(socket) == 1012


def test_a_watcher_that_never_reads_holds_up_nobody(server: Running) -> None:
    job_id = server.submit()
    attempt = claim(server.robot())
    attempt.start()
    slow = sockets.socket()
    slow.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    address = server.url.removeprefix("http://").split(":")
    slow.connect((address[0], int(address[1])))
    slow.sendall(
        f"GET /ws/jobs/{job_id} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Authorization: Bearer {server.admin_key}\r\n\r\n".encode()
    )
    seen: list[Json] = []

    def read() -> None:
        for text in good:
            seen.append(orjson.loads(text))

    with slow, server.socket(f"/ws/jobs/{job_id}") as good:
        reading = threading.Thread(target=read)
        reading.start()
        for _ in range(20):
            attempt.send(*["log"] * 100, message="x" * 2000)
        eventually(lambda: len(seen) > 2000)
        # The job goes on, so only one that was cut off would be missing here.
        assert server.open_sockets == 2, "the good one had to wait until the slow one was cut off"
        attempt.finish()
        reading.join(timeout=60)
        assert not reading.is_alive()
    assert [message["seq"] for message in seen] == list(range(1, len(seen) + 1))
    assert len(seen) == 2004


def test_many_watchers_of_one_job_see_the_same(server: Running) -> None:
    job_id = server.submit()
    with ExitStack() as stack:
        opened = [stack.enter_context(server.socket(f"/ws/jobs/{job_id}")) for _ in range(30)]
        run_job(server, job_id, *(f"n{number}" for number in range(10)))
        transcripts = [read_all(socket)[0] for socket in opened]
    assert all(transcript == transcripts[0] for transcript in transcripts)
    assert len(transcripts[0]) == 24


def test_sockets_that_are_left_are_forgotten(server: Running) -> None:
    job_id = server.submit()
    for _ in range(20):
        with server.socket(f"/ws/jobs/{job_id}?after=1"):
            pass
    with server.socket(f"/ws/jobs/{job_id}?after=1") as socket:
        socket.send("ping")
        assert socket.recv(timeout=60) == "pong"
    eventually(lambda: server.open_sockets == 0)


def test_a_watcher_without_progress_is_dropped_for_good(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    from casare_rpa.orchestrator.live import sockets as live
    from casare_rpa.orchestrator.requests import protocols

    monkeypatch.setattr(live, "SEND_SECONDS", 0.3)
    monkeypatch.setattr(protocols, "LINGER_SECONDS", 0.3)
    job_id = server.submit()
    attempt = claim(server.robot())
    attempt.start()
    for _ in range(40):
        attempt.send(*["log"] * 100, message="x" * 4000)
    slow = sockets.socket()
    slow.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    address = server.url.removeprefix("http://").split(":")
    slow.connect((address[0], int(address[1])))
    with slow:
        slow.sendall(
            f"GET /ws/jobs/{job_id} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"Authorization: Bearer {server.admin_key}\r\n\r\n".encode()
        )
        slow.settimeout(60)
        assert slow.recv(12) == b"HTTP/1.1 101"
        # Unanswered pings would cut it off in the end, but not before 30 s.
        eventually(lambda: not _is_held(server, slow), within_seconds=25)
        eventually(lambda: server.open_sockets == 0)


def _is_held(server: Running, client: sockets.socket) -> bool:
    """Whether the server, which runs in this process, still has its end of *client*."""
    here, port = client.getsockname()[1], int(server.url.rpartition(":")[2])
    return any(
        c.raddr and c.raddr.port == here and c.laddr.port == port
        for c in psutil.Process().net_connections(kind="tcp")
    )


def test_one_socket_too_many_is_told_to_come_later(tmp_path: Path) -> None:
    with running(tmp_path, max_sockets=1) as server:
        job_id = server.submit()
        with server.socket(f"/ws/jobs/{job_id}?after=1") as first:
            eventually(lambda: server.open_sockets == 1)
            with server.socket(f"/ws/jobs/{job_id}?after=1", server.key("viewer")) as second:
                assert closed(second) == 1013
            first.send("ping")
            assert first.recv(timeout=60) == "pong"


def test_messages_are_not_compressed(server: Running) -> None:
    job_id = server.submit()
    with server.socket(f"/ws/jobs/{job_id}", compression="deflate") as socket:
        assert socket.response is not None
        assert "permessage-deflate" not in str(socket.response.headers)


def test_a_watcher_of_a_deleted_job_is_told_that_it_is_gone(server: Running) -> None:
    job_id = server.submit()
    server.admin.cancel(job_id)
    server.admin.prune_jobs(older_than_seconds=0)
    with server.socket(f"/ws/jobs/{job_id}?after=1") as socket:
        assert closed(socket) == 4410
    with server.http() as http:
        for path in (f"/api/v1/jobs/{job_id}", f"/api/v1/jobs/{job_id}/events?after=1"):
            answer = http.get(path)
            assert answer.status_code == 410
            assert answer.json()["error"]["code"] == "RESOURCE_GONE"
