"""Methods that no route has by itself: HEAD, OPTIONS, wrong ones; and sockets that are none."""

from __future__ import annotations

import logging
import socket
from collections import defaultdict
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import orjson
import pytest
from websockets.exceptions import InvalidStatus

from casare_rpa.orchestrator.openapi.document import describe
from tests.orchestrator.routes import application, served
from tests.orchestrator.support import Running, running

_OF_THE_MOMENT = {"date", "x-request-id", "x-ratelimit-remaining", "x-ratelimit-reset"}


def _methods_by_path() -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for method, path, _ in served():
        if method != "WS":
            found[path] |= {method, "OPTIONS"} | ({"HEAD"} if method == "GET" else set())
    return found


def _allowed(response: httpx.Response) -> set[str]:
    return set(response.headers["Allow"].split(", "))


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/v1/jobs", "GET, HEAD, OPTIONS, POST"),
        ("PATCH", "/api/v1/schedules", "GET, HEAD, OPTIONS, POST"),
        ("PATCH", "/api/v1/workflows", "GET, HEAD, OPTIONS, POST"),
        ("POST", "/api/v1/workflows/my-workflow", "DELETE, GET, HEAD, OPTIONS, PUT"),
        ("HEAD", "/api/v1/jobs/some/cancel", "OPTIONS, POST"),
        ("TRACE", "/health", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_refused_method_is_answered_with_all_methods_of_its_path(
    server: Running, method: str, path: str, allowed: str
) -> None:
    with server.http() as http:
        response = http.request(method, path)
        assert http.options(path).headers["Allow"] == allowed
    assert (response.status_code, response.headers["Allow"]) == (405, allowed)


def test_options_names_the_methods_of_every_path_without_a_key(server: Running) -> None:
    wanted = _methods_by_path()
    with server.http("") as http:
        for path, methods in wanted.items():
            response = http.options(path.replace("{", "").replace("}", ""))
            assert (response.status_code, response.content) == (204, b"")
            # A fixed path may also be read as a name: GET /jobs/claim asks for the job `claim`.
            assert _allowed(response) >= methods
            assert not [name for name in response.headers if name.startswith("access-control")]
        assert http.options("/nowhere").status_code == 404


def test_options_of_a_page_of_another_origin_is_refused(server: Running) -> None:
    with server.http() as http:
        response = http.options("/health", headers={"Origin": "https://evil.example"})
    assert response.status_code == 403


@pytest.mark.parametrize(
    "path", ["/health", "/health/ready", "/openapi.json", "/api/v1/jobs", "/api/v1/jobs/nobody"]
)
def test_head_says_what_get_says_without_the_body(server: Running, path: str) -> None:
    def head_of(response: httpx.Response) -> tuple[int, dict[str, str]]:
        headers = {k: v for k, v in response.headers.items() if k not in _OF_THE_MOMENT}
        return response.status_code, headers

    with server.http() as http:
        got, head = http.get(path), http.head(path)
        again = http.get(path)
    assert head.content == b""
    (status, headers), (_, wanted) = head_of(head), head_of(got)
    assert (status, headers.keys()) == (got.status_code, wanted.keys())
    if "timestamp" not in got.text:
        assert headers == wanted
    assert again.status_code == got.status_code, "the connection goes on behind the head"


def test_a_head_sends_no_byte_of_a_body(server: Running) -> None:
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=60) as line:
        line.sendall(b"HEAD /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        said = b"".join(iter(lambda: line.recv(1 << 16), b""))
    assert said.startswith(b"HTTP/1.1 200 ")
    assert said.endswith(b"\r\n\r\n")


def test_a_head_needs_the_key_and_counts_as_a_get(tmp_path: Path) -> None:
    with running(tmp_path, reads_per_minute=2) as server:
        with server.http("") as http:
            assert http.head("/api/v1/jobs").status_code == 401
        with server.http() as http:
            assert [http.head("/api/v1/jobs").status_code for _ in range(3)] == [200, 200, 429]
            assert http.get("/api/v1/jobs").status_code == 429


def test_heads_are_not_documented_once_more() -> None:
    methods = {m for operations in describe(application())["paths"].values() for m in operations}
    assert methods == {"get", "post", "put", "delete"}


@pytest.mark.parametrize("path", ["/ws/nothing", "/nowhere", "/api/v1/jobs", "/health"])
def test_a_socket_that_is_none_is_refused_as_any_other_path(
    server: Running, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    with pytest.raises(InvalidStatus) as refused, server.socket(path):
        pass
    response = refused.value.response
    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/json"
    answer = orjson.loads(response.body or b"")
    assert answer["error"]["code"] == "RESOURCE_NOT_FOUND"
    assert answer["error"]["message"] == f"there is no socket at {path}"
    assert answer["meta"]["request_id"] == response.headers["X-Request-ID"]
    assert not [r for r in caplog.records if r.levelno >= logging.WARNING], "anybody can do that"
