from __future__ import annotations

import gzip
import os
import socket
import zlib
from pathlib import Path

import httpx
import orjson
import pytest
from websockets.exceptions import InvalidStatus

from casare_rpa.orchestrator.requests import bodies, protocols
from tests.orchestrator.support import Json, Running, running, workflow_document

JOBS = "/api/v1/jobs"
JSON = {"Content-Type": "application/json"}


def _refused(response: httpx.Response, status: int, code: str) -> None:
    assert response.status_code == status, response.text
    assert response.json()["error"]["code"] == code


def _no_job(server: Running) -> bool:
    return bool(server.admin.jobs()["total"] == 0)


@pytest.mark.parametrize(
    "value",
    [
        b"NaN",
        b"Infinity",
        b'"\\u0000"',
        b'"\\ud800"',
        b"9223372036854775808",
        b"[" * 70 + b"]" * 70,
    ],
)
def test_json_that_could_not_be_stored_is_refused_before_anything_is(
    server: Running, value: bytes
) -> None:
    server.push()
    body = b'{"workflow_id": "my-workflow", "input_data": {"x": ' + value + b"}}"
    with server.http() as http:
        _refused(http.post(JOBS, content=body, headers=JSON), 400, "INVALID_INPUT")
    assert _no_job(server)


def test_a_body_over_the_limit_is_refused_by_its_announced_length(server: Running) -> None:
    with server.http() as http:
        body = orjson.dumps({"workflow_id": "x" * (1 << 20)})
        _refused(http.post(JOBS, content=body, headers=JSON), 413, "PAYLOAD_TOO_LARGE")


def test_a_body_over_the_limit_is_refused_while_it_streams(server: Running) -> None:
    def endless() -> object:
        while True:
            yield b" " * 65536

    with server.http() as http:
        try:
            response = http.post(JOBS, content=endless(), headers=JSON)  # type: ignore[arg-type]
        except httpx.WriteError:
            return  # the server had closed the connection before the client read the answer
        _refused(response, 413, "PAYLOAD_TOO_LARGE")


def test_a_gzip_bomb_is_counted_while_it_unpacks(server: Running) -> None:
    bomb = gzip.compress(b" " * (200 << 20))
    assert len(bomb) < 1 << 20
    with server.http() as http:
        response = http.post(JOBS, content=bomb, headers=JSON | {"Content-Encoding": "gzip"})
        _refused(response, 413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("size", [10, 65_536, 131_072, 700_000])
def test_a_gzipped_body_is_read(server: Running, size: int) -> None:
    server.push()
    text = os.urandom(size // 2).hex()
    body = orjson.dumps({"workflow_id": "my-workflow", "input_data": {"text": text}})
    with server.http() as http:
        response = http.post(
            JOBS, content=gzip.compress(body), headers=JSON | {"Content-Encoding": "gzip"}
        )
    assert response.status_code == 201, response.text
    assert response.json()["input_data"]["text"] == text


@pytest.mark.parametrize(
    ("content", "encoding", "status"),
    [
        (b"not gzip", "gzip", 400),
        (gzip.compress(b"{}")[:-4], "gzip", 400),
        (gzip.compress(b"{}")[:5], "gzip", 400),
        (b"", "gzip", 400),
        (gzip.compress(b"{}") + b"more", "gzip", 400),
        (gzip.compress(b"{}") + gzip.compress(b"{}"), "gzip", 400),
        (gzip.compress(gzip.compress(b"{}")), "gzip", 400),
        (zlib.compress(b"{}"), "gzip", 400),
        (gzip.compress(gzip.compress(b"{}")), "gzip, gzip", 415),
        (zlib.compress(b"{}"), "deflate", 415),
        (b"{}", "br", 415),
        (b"{}", "gzip;q=1", 415),
    ],
    ids=[
        "no-gzip", "cut-off", "head-only", "empty", "more-behind", "two-members", "gzip-in-gzip",
        "zlib", "twice", "deflate", "brotli", "parameter",
    ],
)  # fmt: skip
def test_a_broken_encoding_is_refused(
    server: Running, content: bytes, encoding: str, status: int
) -> None:
    with server.http() as http:
        response = http.post(JOBS, content=content, headers=JSON | {"Content-Encoding": encoding})
    _refused(response, status, "INVALID_INPUT" if status == 400 else "UNSUPPORTED_MEDIA_TYPE")


def _large_document(node_count: int) -> Json:
    document = workflow_document()
    for number in range(node_count):
        name = f"note{number}"
        note = {"node_id": name, "node_type": "CommentNode", "config": {"comment": "x" * 9000}}
        document["nodes"][name] = note
    return document


def test_a_workflow_may_be_larger_than_other_bodies(server: Running) -> None:
    server.admin.push_workflow({"workflow_name": "big", "workflow_json": _large_document(250)})
    with server.http() as http:
        body = orjson.dumps({"workflow_name": "big", "workflow_json": _large_document(650)})
        response = http.post("/api/v1/workflows", content=body, headers=JSON)
    _refused(response, 413, "PAYLOAD_TOO_LARGE")


def test_a_form_is_no_json(server: Running) -> None:
    with server.http() as http:
        _refused(http.post(JOBS, data={"workflow_id": "x"}), 415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example:8000", "", "[bad"])
def test_another_host_is_not_answered(server: Running, host: str) -> None:
    with server.http() as http:
        _refused(http.get("/health", headers={"Host": host}), 421, "MISDIRECTED_REQUEST")


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:1", "[::1]:8000"])
def test_the_names_of_this_machine_are_answered(server: Running, host: str) -> None:
    with server.http() as http:
        assert http.get("/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost.evil.example"]
)
def test_a_page_of_another_origin_is_refused(server: Running, origin: str) -> None:
    with server.http() as http:
        response = http.get(JOBS, headers={"Origin": origin})
        _refused(response, 403, "ORIGIN_REFUSED")
    with pytest.raises(InvalidStatus) as refused, server.socket("/ws/jobs/x", origin=origin):
        pass
    assert refused.value.response.status_code == 403


def test_a_page_of_this_server_may_call_it(server: Running) -> None:
    with server.http() as http:
        assert http.get(JOBS, headers={"Origin": server.url}).status_code == 200


def test_names_and_origins_in_the_settings_are_let_in(tmp_path: Path) -> None:
    origin = "https://desk.example"
    with (
        running(tmp_path, allowed_hosts=("rpa.example",), allowed_origins=(origin,)) as server,
        server.http() as http,
    ):
        response = http.get(JOBS, headers={"Host": "rpa.example:8000", "Origin": origin})
        assert response.status_code == 200
        assert response.headers["Access-Control-Allow-Origin"] == origin
        ask = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        assert http.options(JOBS, headers=ask).status_code == 200


def test_a_key_in_the_address_is_refused(server: Running) -> None:
    with server.http() as http:
        for query in ({"api_key": "x"}, {"token": "x"}, {"q": server.admin_key}):
            response = http.get(JOBS, params=query)
            _refused(response, 400, "INVALID_INPUT")
            assert server.admin_key not in response.text
        _refused(http.get(f"{JOBS}/{server.admin_key}"), 400, "INVALID_INPUT")


def test_wrong_keys_are_limited_and_right_ones_go_on(server: Running) -> None:
    with server.http("sk_live_xxxxxxxxxxxx") as http:
        statuses = [http.get(JOBS).status_code for _ in range(12)]
        assert statuses == [401] * 10 + [429] * 2
        assert int(http.get(JOBS).headers["Retry-After"]) in range(1, 61)
    assert server.admin.jobs()["total"] == 0


def _connection(server: Running) -> socket.socket:
    host, port = server.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=30)


def test_a_connection_that_sends_no_request_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Long enough for a client that is held up between its connection and its request.
    monkeypatch.setattr(protocols, "HEAD_SECONDS", 3.0)
    with running(tmp_path) as server, _connection(server) as silent:
        silent.sendall(b"GET /health HTTP/1.1\r\nHost: loc")
        job_id = server.submit()
        with server.socket(f"/ws/jobs/{job_id}?after=1") as watcher:
            assert silent.recv(12) == b"HTTP/1.1 408"
            watcher.send("ping")
            assert watcher.recv(timeout=60) == "pong"


def test_a_body_that_never_comes_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.3)
    with running(tmp_path) as server, _connection(server) as slow:
        key = server.admin_key.encode()
        slow.sendall(
            b"POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n"
            b"Authorization: Bearer " + key + b"\r\n\r\n{"
        )
        assert slow.recv(12) == b"HTTP/1.1 408"


def test_a_body_is_not_even_read_without_a_key(server: Running) -> None:
    with _connection(server) as nobody:
        nobody.sendall(
            b"POST /api/v1/workflows HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999\r\n\r\n{"
        )
        assert nobody.recv(12) == b"HTTP/1.1 401"


def test_a_body_too_long_by_its_own_word_is_not_read(server: Running) -> None:
    with _connection(server) as slow:
        key = server.admin_key.encode()
        slow.sendall(
            b"POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n"
            b"Authorization: Bearer " + key + b"\r\n\r\n{"
        )
        assert slow.recv(12) == b"HTTP/1.1 413"


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_a_body_a_little_over_the_limit_is_refused_however_it_comes(
    server: Running, encoding: str
) -> None:
    server.push()
    body = orjson.dumps({"workflow_id": "my-workflow"}) + b" " * (1 << 20)
    sent = gzip.compress(body) if encoding == "gzip" else body
    headers = {**JSON, "Content-Encoding": encoding}
    with server.http() as http:
        # From a generator: nothing says beforehand how long it is.
        response = http.post(JOBS, content=iter([sent]), headers=headers)
    _refused(response, 413, "PAYLOAD_TOO_LARGE")
    assert _no_job(server)


def test_json_that_calls_itself_a_form_is_refused(server: Running) -> None:
    """What a page of another origin may send without asking first."""
    server.push()
    with server.http() as http:
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
            body = orjson.dumps({"workflow_id": "my-workflow"})
            response = http.post(JOBS, content=body, headers={"Content-Type": kind})
            assert response.status_code == 415, response.text
    assert _no_job(server)
