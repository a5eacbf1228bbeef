from __future__ import annotations

import re

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from casare_rpa.orchestrator.requests.limits import Gate
from casare_rpa.settings import Settings
from casare_rpa.wire import ErrorResponse
from tests.orchestrator.support import Running


def _check(response: httpx.Response, status: int, code: str) -> ErrorResponse:
    assert response.status_code == status, response.text
    body = ErrorResponse.model_validate_json(response.content)
    assert body.error.code == code
    assert body.detail == body.error.message
    assert body.meta.request_id == response.headers["X-Request-ID"]
    assert response.headers["Content-Type"] == "application/json"
    assert "Traceback" not in response.text
    return body


@pytest.mark.parametrize(
    ("method", "path", "json", "status", "code"),
    [
        ("GET", "/nowhere", None, 404, "RESOURCE_NOT_FOUND"),
        ("GET", "/api/v1/nowhere", None, 404, "RESOURCE_NOT_FOUND"),
        ("GET", "/api/v1/jobs/", None, 404, "RESOURCE_NOT_FOUND"),
        ("PATCH", "/api/v1/jobs", None, 405, "INVALID_INPUT"),
        ("GET", "/api/v1/jobs/claim", None, 404, "RESOURCE_NOT_FOUND"),
        ("GET", "/api/v1/jobs/no-such-job", None, 404, "RESOURCE_NOT_FOUND"),
        ("GET", "/api/v1/jobs/%00", None, 404, "RESOURCE_NOT_FOUND"),
        ("GET", f"/api/v1/jobs/{'x' * 300}", None, 404, "RESOURCE_NOT_FOUND"),
        ("GET", "/api/v1/robots/nobody", None, 404, "RESOURCE_NOT_FOUND"),
        ("GET", "/api/v1/jobs?limit=0", None, 422, "VALIDATION_ERROR"),
        ("GET", "/api/v1/jobs?offset=-1", None, 422, "VALIDATION_ERROR"),
        ("GET", "/api/v1/jobs?status=odd", None, 422, "VALIDATION_ERROR"),
        ("POST", "/api/v1/jobs", {}, 422, "VALIDATION_ERROR"),
        ("POST", "/api/v1/jobs", [], 422, "VALIDATION_ERROR"),
        ("POST", "/api/v1/jobs", None, 422, "VALIDATION_ERROR"),
        ("POST", "/api/v1/jobs", {"workflow_id": "none"}, 404, "RESOURCE_NOT_FOUND"),
        ("POST", "/api/v1/jobs", {"workflow_id": "a/b"}, 422, "VALIDATION_ERROR"),
        ("DELETE", "/api/v1/workflows/none", None, 404, "RESOURCE_NOT_FOUND"),
        ("POST", "/api/v1/api-keys/none/revoke", {}, 404, "RESOURCE_NOT_FOUND"),
    ],
)
def test_every_refusal_has_the_same_shape(
    server: Running, method: str, path: str, json: object, status: int, code: str
) -> None:
    with server.http() as http:
        _check(http.request(method, path, json=json), status, code)


def test_a_validation_error_names_each_field(server: Running) -> None:
    with server.http() as http:
        response = http.post(
            "/api/v1/jobs", json={"workflow_id": "x", "priority": 21, "tags": ["ok", ""]}
        )
    body = _check(response, 422, "VALIDATION_ERROR")
    assert body.error.details is not None
    fields = [item["field"] for item in body.error.details["validation_errors"]]
    assert fields == ["priority", "tags.1"]
    assert body.error.field == "priority"


def test_broken_json_is_a_bad_request(server: Running) -> None:
    with server.http() as http:
        response = http.post(
            "/api/v1/jobs", content=b"{", headers={"Content-Type": "application/json"}
        )
    _check(response, 400, "INVALID_INPUT")


def test_a_missing_key_says_how_to_send_one(server: Running) -> None:
    with server.http("") as http:
        response = http.get("/api/v1/jobs")
    body = _check(response, 401, "AUTH_TOKEN_INVALID")
    assert body.error.hint is not None and "Bearer" in body.error.hint
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_a_key_in_the_other_header_works(server: Running) -> None:
    with server.http("") as http:
        response = http.get("/api/v1/jobs", headers={"X-Api-Key": server.admin_key})
    assert response.status_code == 200


def test_a_request_id_is_made_or_taken_over(server: Running) -> None:
    with server.http() as http:
        made = http.get("/health").headers["X-Request-ID"]
        assert re.fullmatch(r"req_[0-9a-f]{16}", made)
        given = http.get("/health", headers={"X-Request-ID": "mine-1"})
        assert given.headers["X-Request-ID"] == "mine-1"
        odd = http.get("/health", headers={"X-Request-ID": "x" * 200})
        assert odd.headers["X-Request-ID"].startswith("req_")


@pytest.mark.anyio
async def test_an_unforeseen_error_is_answered_without_its_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fails(scope: Scope, receive: Receive, send: Send) -> None:
        raise ZeroDivisionError("secret detail")

    transport = httpx.ASGITransport(app=Gate(fails, Settings()))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        response = await http.get("/health")
    body = _check(response, 500, "SERVER_FAILED")
    assert "secret detail" not in response.text
    assert "secret detail" in caplog.text
    assert body.meta.request_id in caplog.text
