"""What an answer says: its JSON, or the error that the server raised."""

from __future__ import annotations

from typing import Any

import httpx
import orjson

from casare_rpa import errors
from casare_rpa.domain.json_values import Json


def decoded(response: httpx.Response) -> Json:
    """The JSON body, {} for null. Raises the class of error that the server raised.

    A body that is no JSON is a proxy speaking, whatever its status says: worth another try.
    """
    try:
        body: Any = orjson.loads(response.content or b"null")
    except orjson.JSONDecodeError:
        raise errors.Unreachable(
            f"{response.url.host} answered {response.status_code} with something that is not JSON",
            hint="Is a proxy or another program listening at this address?",
        ) from None
    if response.is_success:
        found: Json = {} if body is None else body
        return found
    raise _error(response, body if isinstance(body, dict) else {})


def _error(response: httpx.Response, body: Json) -> errors.CasareError:
    given = body.get("error")
    about: Json = given if isinstance(given, dict) else {}
    kind = errors.CasareError.by_code.get(about.get("code", ""))
    if kind is None or kind is errors.CasareError:
        kind = _by_status(response.status_code)
    details = dict(about.get("details") or {})
    if retry_after := response.headers.get("Retry-After"):
        details.setdefault("retry_after_seconds", _number(retry_after))
    message = about.get("message") or body.get("detail") or response.reason_phrase
    error = kind(str(message), hint=about.get("hint"), details=details)
    error.request_id = response.headers.get("X-Request-ID")
    return error


def _by_status(status: int) -> type[errors.CasareError]:
    exact = {
        400: errors.BadRequest,
        401: errors.Unauthenticated,
        403: errors.Forbidden,
        404: errors.NotFound,
        408: errors.RequestTimeout,
        409: errors.Conflict,
        410: errors.LeaseLost,
        413: errors.PayloadTooLarge,
        415: errors.UnsupportedMedia,
        422: errors.InvalidInput,
        425: errors.Unavailable,
        429: errors.RateLimited,
        502: errors.Unreachable,
        503: errors.Unavailable,
        504: errors.Unreachable,
    }
    return exact.get(status, errors.ServerFailed if status >= 500 else errors.BadRequest)


def _number(text: str) -> float:
    try:
        return max(0.0, float(text))
    except ValueError:
        return 1.0
