"""How every route is guarded: key, role, then body. Nothing is read from a caller without a key."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Security
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from starlette.requests import Request
from starlette.responses import Response

from casare_rpa.errors import BadRequest, NotFound, RateLimited
from casare_rpa.orchestrator.access.auth import Principal, key_in
from casare_rpa.orchestrator.access.rules import API, RateClass, Rule, rate_of, rule_for
from casare_rpa.orchestrator.deps import PRINCIPAL, Desk, address_of, desk_of
from casare_rpa.orchestrator.requests.bodies import check_body
from casare_rpa.orchestrator.requests.problems import ALLOWANCE, rate_headers, request_id_of
from casare_rpa.wire import ErrorResponse

#: Who did what, where it takes an administrator or a person's judgement.
audit_log = logging.getLogger("casare_rpa.audit")

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

_BEARER = HTTPBearer(
    scheme_name="key",
    bearerFormat="sk_live_... or robot_...",
    description="`Authorization: Bearer KEY`. `X-Api-Key: KEY` is understood as well.",
    auto_error=False,
)

#: What the error answers mean, for the documentation.
MEANINGS = {
    400: "The request cannot be read.",
    401: "The key is missing, unknown, expired or revoked; `details.rotated`: another replaced it.",
    403: "The key's role, the thing's robot or the page's origin does not allow it.",
    404: "There is no such thing.",
    408: "The body did not arrive in time.",
    409: "The thing's state forbids it.",
    410: "The lease is gone: the attempt is no longer the caller's.",
    413: "The body is too large.",
    415: "The body is neither JSON nor gzipped JSON.",
    421: "The `Host` is not one of this server's names.",
    422: "A value is wrong; `details.validation_errors` says which.",
    429: "Too many wrong keys or calls; `Retry-After` says when to try again.",
    503: "Not now; `Retry-After` says when to try again.",
}


class GuardedRoute(APIRoute):
    """A route with its row of the rules. Made without one, it raises LookupError at start."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()
        (method,) = self.methods or {"GET"}
        rule = rule_for(method, self.path)
        takes_body = method in ("POST", "PUT")
        rate = rate_of(method, self.path)
        is_workflow = self.path.startswith(f"{API}/workflows")

        async def guarded(request: Request) -> Response:
            desk = desk_of(request)
            if rule.roles:
                await _authorize(request, desk, rule)
                _count(request, desk, rate)
            _check_names(request)
            if takes_body:
                request = await check_body(request, _limit_bytes(desk, is_workflow))
            response = await handle(request)
            response.headers.update(rate_headers(request.scope))
            if rate == "admin" or rule.audited:
                _note(request)
            return response

        return guarded


async def _authorize(request: Request, desk: Desk, rule: Rule) -> None:
    request.scope[PRINCIPAL] = await desk.auth.principal(
        key_in(request.headers), rule, address=address_of(request)
    )


def _count(request: Request, desk: Desk, rate: RateClass | None) -> None:
    """Raises RateLimited when the key has called too often."""
    principal: Principal = request.scope[PRINCIPAL]
    allowance = desk.rates.take(principal.key_id, rate)
    request.scope[ALLOWANCE] = allowance
    if allowance is not None and allowance.wait_seconds:
        raise RateLimited(
            f"this key has made {allowance.limit} calls of this kind within a minute",
            hint="Wait as long as Retry-After says.",
            details={"retry_after_seconds": math.ceil(allowance.wait_seconds * 1000) / 1000},
        )


def _note(request: Request) -> None:
    """One line for what was done, and who answers for it."""
    principal: Principal = request.scope[PRINCIPAL]
    audit_log.info(
        "%s key %s (%s) from %s: %s %s",
        request_id_of(request.scope),
        principal.key_name,
        principal.key_id,
        address_of(request),
        request.method,
        request.url.path,  # printable, see _check_names
    )


def _check_names(request: Request) -> None:
    """No id holds what a database or a terminal would choke on, so there is nothing to find."""
    for value in request.path_params.values():
        text = str(value)
        if len(text) > 256 or not text.isprintable():
            raise NotFound("there is nothing of that name")
    if b"%00" in request.scope["query_string"]:
        raise BadRequest("the address holds a NUL character")


def _limit_bytes(desk: Desk, is_workflow: bool) -> int:
    settings = desk.settings
    return settings.max_workflow_bytes if is_workflow else settings.max_body_bytes


def router(prefix: str, noun: str) -> APIRouter:
    """A router of guarded routes under *prefix*."""
    return APIRouter(
        prefix=prefix,
        tags=[noun],
        route_class=GuardedRoute,
        dependencies=[Security(_BEARER)],
        strict_content_type=False,
        responses=failures(401, 403, 429, 503),
    )


def public_router(noun: str) -> APIRouter:
    """A router for the few routes without a key; each still has its row of the rules."""
    return APIRouter(tags=[noun], route_class=GuardedRoute, responses=failures(503))


def failures(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error answers of a route, for its documentation."""
    return {
        status: {"model": ErrorResponse, "description": MEANINGS[status]} for status in statuses
    }
