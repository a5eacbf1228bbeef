"""Sending one question to a service: limits, another try when it is busy, refusals in words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._addresses import is_blocking
from casare_rpa.nodes._attempts import tried
from casare_rpa.nodes._pauses import Pauses, seconds_in
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.http._call import Call
from casare_rpa.nodes.llm._service import ANTHROPIC, Service
from casare_rpa.nodes.values.reading import as_text

if TYPE_CHECKING:
    import httpx

#: A model may think for minutes; the time limit of nodes usually ends the wait before.
_ATTEMPT_SECONDS = 600.0
_MORE_ATTEMPTS = 2
_MAX_ANSWER_BYTES = 64 << 20
_MOST_QUOTED = 300
_ANTHROPIC_VERSION = "2023-06-01"
#: 529 is how Anthropic says that it is overloaded.
_BUSY: Final = frozenset({408, 429, 500, 502, 503, 504, 529})
#: A 429 with this code does not pass by itself.
_SPENT = "insufficient_quota"
_CODES: Final = {
    400: ErrorCode.API_ERROR,
    401: ErrorCode.PERMISSION_DENIED,
    403: ErrorCode.PERMISSION_DENIED,
    404: ErrorCode.RESOURCE_NOT_FOUND,
    408: ErrorCode.TIMEOUT,
    413: ErrorCode.VALUE_OUT_OF_RANGE,
    429: ErrorCode.RESOURCE_EXHAUSTED,
}
_HINTS: Final = {
    401: "check the key: the stored secret, api_key or the setting",
    404: "check the name of the model and the address of the service",
}


class Refused(NodeError):
    """A service answered with an error. `parameter`: what it does not take, where it says so."""

    def __init__(self, message: str, status: int, told: dict[str, Any], **more: Any) -> None:
        super().__init__(message, _CODES.get(status, ErrorCode.API_ERROR), **more)
        self.status = status
        self.words = as_text(told.get("message"))
        self.parameter = as_text(told.get("param"))
        self.passes = status in _BUSY and told.get("code") != _SPENT


async def post(ctx: Context, service: Service, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """The JSON object that *service* answers to *body*.

    A busy service and a connection that fails are tried again twice, after the time that the
    service names. Raises Refused, and NodeError when no answer came or it is none.
    """
    pauses = Pauses()
    call = _call(ctx, service, path, body)
    return await tried(
        ctx,
        lambda left: _attempt(ctx, service, call, pauses),
        more=_MORE_ATTEMPTS,
        pause_seconds=pauses.next_seconds,
        is_final=lambda error: not _may_pass(error) or pauses.is_too_long,
    )


def _may_pass(error: NodeError) -> bool:
    if isinstance(error, Refused):
        return error.passes
    # Who thought for ten minutes in vain is not asked again, nor a port where nobody listens.
    return error.error_code in (ErrorCode.NETWORK_ERROR, ErrorCode.CONNECTION_TIMEOUT)


def _call(ctx: Context, service: Service, path: str, body: dict[str, Any]) -> Call:
    try:
        content = json.dumps(body, ensure_ascii=False, allow_nan=False, default=str).encode()
    except (ValueError, RecursionError) as error:
        raise NodeError(
            f"what to send cannot be written as JSON: {type(error).__name__}",
            ErrorCode.SERIALIZATION_ERROR,
        ) from None
    return Call(
        method="POST",
        url=f"{service.base_url}{path}",
        headers=_headers(service),
        content=content,
        timeout_seconds=_ATTEMPT_SECONDS,
        # A key goes to the server that was named, and to no other.
        max_redirects=0,
        block_private=is_blocking(ctx),
        keeps_cookies=False,
    )


def _headers(service: Service) -> dict[str, str]:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if service.protocol == ANTHROPIC:
        headers["anthropic-version"] = _ANTHROPIC_VERSION
    if not service.key:
        return headers
    if service.protocol == ANTHROPIC:
        return headers | {"x-api-key": service.key}
    return headers | {"Authorization": f"Bearer {service.key}"}


async def _attempt(ctx: Context, service: Service, call: Call, pauses: Pauses) -> dict[str, Any]:
    # httpx takes as long to load as all of the engine: only runs that ask pay for it.
    from casare_rpa.nodes.http import _client  # noqa: PLC0415

    pauses.asked = None

    async def receive(response: httpx.Response) -> dict[str, Any]:
        raw = await _client.read_body(response, _MAX_ANSWER_BYTES)
        if response.is_success:
            return _object(raw, service)
        pauses.asked = seconds_in(response.headers.get("retry-after", ""))
        raise _refusal(ctx, service, response.status_code, raw, pauses)

    return await _client.fetch(ctx, call, receive)


def _object(raw: bytes, service: Service) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise strange(service, "its answer is no JSON object")
    return found


def strange(service: Service, what: str) -> NodeError:
    """The error for an answer that is none of the protocol."""
    return NodeError(
        f"{service.host}: {what}",
        ErrorCode.API_ERROR,
        hint="check that the address is that of the API, with /v1 for OpenAI's protocol",
    )


def _refusal(ctx: Context, service: Service, status: int, raw: bytes, pauses: Pauses) -> Refused:
    told = _told(raw)
    # Some services repeat the key that they refuse.
    words = told.get("message", "")
    words = words.replace(service.key, "***") if service.key else words
    words = ctx.masked(" ".join(words.split()))
    wait = " and wants to be left alone for longer than a minute" if pauses.is_too_long else ""
    shown = f": {words[:_MOST_QUOTED]}" if words else ""
    return Refused(
        f"{service.host} refused the model {service.model!r} with HTTP {status}{wait}{shown}",
        status,
        told,
        hint=_HINTS.get(status),
    )


def _told(raw: bytes) -> dict[str, Any]:
    """What an answer says of its error: {"error": {"message", "param", "code"}} or its like."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    inner = found.get("error", found) if isinstance(found, dict) else {}
    if isinstance(inner, str):
        inner = {"message": inner}
    if not isinstance(inner, dict):
        return {}
    return inner | {"message": as_text(inner.get("message"))}
