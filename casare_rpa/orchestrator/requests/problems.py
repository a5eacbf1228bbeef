"""Every error as one shape: `casare_rpa.wire.ErrorResponse`, never a traceback."""

from __future__ import annotations

import logging
import math
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from casare_rpa import errors
from casare_rpa.orchestrator.access.rates import Allowance

log = logging.getLogger(__name__)

REQUEST_ID = "casare.request_id"
#: In the scope of a counted call: its Allowance.
ALLOWANCE = "casare.allowance"


def new_request_id() -> str:
    return f"req_{secrets.token_hex(8)}"


def request_id_of(scope: Scope) -> str:
    """The id that the answer to this request carries."""
    found = scope.get(REQUEST_ID)
    if found is None:
        found = scope[REQUEST_ID] = new_request_id()
    return str(found)


def rate_headers(scope: Scope) -> Mapping[str, str]:
    """What the answer to a counted call says about the next ones."""
    allowance: Allowance | None = scope.get(ALLOWANCE)
    return allowance.headers if allowance is not None else {}


def install(app: FastAPI) -> None:
    """Make *app* answer every error in the one shape."""
    app.add_exception_handler(errors.CasareError, _on_casare_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)


def problem_response(
    error: errors.CasareError, scope: Scope, headers: Mapping[str, str] | None = None
) -> Response:
    """*error* as an HTTP answer."""
    request_id = request_id_of(scope)
    return Response(
        orjson.dumps(problem_body(error, request_id), default=str),
        status_code=error.http_status,
        media_type="application/json",
        headers={
            "X-Request-ID": request_id,
            **rate_headers(scope),
            **headers_of(error),
            **(headers or {}),
        },
    )


async def refuse(error: errors.CasareError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer *error*, to a socket as well: before it is accepted it can have an HTTP answer."""
    response = problem_response(error, scope)
    if scope["type"] == "http" or "websocket.http.response" in scope.get("extensions", {}):
        await response(scope, receive, send)
    else:
        await close_socket(send, 1008)


async def close_socket(send: Send, code: int) -> None:
    """Close a socket, unless it was closed already."""
    try:
        await send({"type": "websocket.close", "code": code})
    except RuntimeError:
        return


def problem_body(error: errors.CasareError, request_id: str) -> dict[str, Any]:
    """*error* in the shape of ErrorResponse."""
    # What a database says about itself is for the log.
    message = error.message if error.http_status < 500 else error.message.partition("\n")[0]
    details = dict(error.details)
    if isinstance(error, errors.WorkflowInvalid):
        details["problems"] = [problem.to_dict() for problem in error.problems]
    return {
        "success": False,
        "data": None,
        "error": {
            "code": error.code,
            "message": message,
            "details": details or None,
            "field": getattr(error, "field", None),
            "hint": error.hint,
        },
        "meta": {"request_id": request_id, "timestamp": _now()},
        "detail": message,
    }


def headers_of(error: errors.CasareError) -> dict[str, str]:
    """What *error* says in headers as well."""
    headers: dict[str, str] = {}
    if isinstance(error, errors.Unavailable):
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after_seconds)))
    if isinstance(error, errors.Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    return headers


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def _on_casare_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.CasareError)
    if error.http_status >= 500:
        log.error("%s %s: %s", request_id_of(request.scope), request.url.path, error.message)
    return problem_response(error, request.scope, _end_of_stream(request, error))


def _end_of_stream(request: Request, error: errors.CasareError) -> Mapping[str, str]:
    """A body that does not come, or does not end, is not read any further."""
    endless = isinstance(error, errors.PayloadTooLarge) and "content-length" not in request.headers
    late = isinstance(error, errors.RequestTimeout)
    return {"Connection": "close"} if endless or late else {}


async def _on_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = [
        {"field": _field_name(item["loc"]), "message": str(item["msg"])} for item in error.errors()
    ]
    first = found[0] if found else {"field": "body", "message": "the request is not valid"}
    problem = errors.InvalidInput(
        f"{first['field']}: {first['message']}",
        field=first["field"],
        details={"validation_errors": found},
    )
    return problem_response(problem, request.scope)


def _field_name(location: tuple[Any, ...]) -> str:
    """`("body", "tags", 0)` as `tags.0`; the place itself when there is nothing below it."""
    inside = [str(part) for part in location[1:]]
    return ".".join(inside) or str(location[0] if location else "body")


async def _on_http_exception(request: Request, error: Exception) -> Response:
    """What the router itself refuses: 404 no such path, 405 no such method there."""
    assert isinstance(error, HTTPException)
    path = request.url.path
    problem: errors.CasareError
    if error.status_code == 404:
        problem = errors.NotFound(f"there is nothing at {path}")
    else:
        problem = errors.BadRequest(f"{request.method} {path}: {error.detail}")
    response = problem_response(problem, request.scope, error.headers)
    response.status_code = error.status_code
    return response
