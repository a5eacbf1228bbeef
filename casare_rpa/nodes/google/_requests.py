"""One request to Google: its answer as JSON, refusals in plain words, patience within bounds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._addresses import is_blocking
from casare_rpa.nodes._attempts import in_doubt, may_have_acted, tried
from casare_rpa.nodes._pauses import Pauses
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.google._refusals import (
    HTTP_STATUS,
    RETRY_AFTER,
    is_too_fast,
    refusal,
    status_of,
)
from casare_rpa.nodes.http._call import Call

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

_MOST_ANSWER_BYTES = 64 << 20
_MOST_REFUSAL_BYTES = 1 << 20
#: What takes so long to parse that other nodes would notice.
_LARGE_BYTES = 1 << 16
_FURTHER_ATTEMPTS = 4
_NEVER_ARRIVED = frozenset(
    {ErrorCode.CONNECTION_REFUSED, ErrorCode.CONNECTION_TIMEOUT, ErrorCode.DNS_LOOKUP_FAILED}
)
_LOST_ON_THE_WAY = frozenset({ErrorCode.NETWORK_ERROR, ErrorCode.TIMEOUT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`repeatable`: sent twice it does what it does once. `secrets` are in no message.

    `timeout_seconds` bounds each attempt, or unless *is_bounded* each wait for the server.
    """

    what: str
    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes | None = field(default=None, repr=False)
    repeatable: bool
    secrets: tuple[str, ...] = field(default=(), repr=False)
    timeout_seconds: float = 60.0
    is_bounded: bool = True
    #: Statuses beside 200 to 299 that are no refusal.
    accepts: frozenset[int] = frozenset()


async def ask(ctx: Context, request: Request) -> dict[str, Any]:
    """The answer's JSON object, an empty one if it has no body. Raises NodeError."""
    return await send(ctx, request, json_of)


async def send(
    ctx: Context, request: Request, receive: Callable[[httpx.Response], Awaitable[T]]
) -> T:
    """What *receive* makes of a good answer.

    Tried again, at growing intervals, is what Google was too busy for, and what is lost on the way
    if it is repeatable. Raises NodeError: details hold HTTP_STATUS if there was an answer, and
    MAY_HAVE_ACTED where nobody knows whether the request was carried out.
    """
    # httpx takes as long to load as all of the engine: only runs that ask pay for it.
    from casare_rpa.nodes.http import _client  # noqa: PLC0415

    call = _call(ctx, request)
    patience = _Patience(request)

    async def attempt(_left: int) -> T:
        is_done = False

        async def checked(response: httpx.Response) -> T:
            nonlocal is_done
            if response.is_success or response.status_code in request.accepts:
                is_done = True
                return await receive(response)
            raw = await _client.read_body(response, _MOST_REFUSAL_BYTES)
            raise refusal(request.what, response.status_code, response.headers, raw)

        try:
            return await _client.fetch(ctx, call, checked)
        except NodeError as error:
            _make_plain(request, error, is_done=is_done)
            raise

    return await tried(
        ctx,
        attempt,
        more=_FURTHER_ATTEMPTS,
        pause_seconds=patience.seconds,
        is_final=patience.is_over,
    )


async def json_of(response: httpx.Response) -> dict[str, Any]:
    """The JSON object of a good answer. Raises NodeError."""
    from casare_rpa.nodes.http import _client  # noqa: PLC0415

    raw = await _client.read_body(response, _MOST_ANSWER_BYTES)
    found = _object(raw) if len(raw) < _LARGE_BYTES else await asyncio.to_thread(_object, raw)
    if found is None:
        shown = str(response.url.copy_with(query=None))
        raise NodeError(f"{shown} did not answer with a JSON object", ErrorCode.PARSE_ERROR)
    return found


def _object(raw: bytes) -> dict[str, Any] | None:
    """The JSON object that *raw* is, an empty one if there is nothing; None if it is none."""
    if not raw.strip():
        return {}
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _call(ctx: Context, request: Request) -> Call:
    return Call(
        method=request.method,
        url=request.url,
        headers=request.headers,
        content=request.content,
        timeout_seconds=request.timeout_seconds,
        is_bounded=request.is_bounded,
        # Where something else than a question is redirected to, nobody has signed in for.
        max_redirects=5 if request.method == "GET" else 0,
        # Who asks is in each request: what a server would keep of one account is not for another.
        keeps_cookies=False,
        block_private=is_blocking(ctx),
    )


class _Patience:
    """How long to wait for another attempt, and when there is no use in it."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._pauses = Pauses()
        self.seconds = self._pauses.next_seconds

    def is_over(self, error: NodeError) -> bool:
        self._pauses.asked = error.details.get(RETRY_AFTER)
        if self._pauses.is_too_long:
            return True
        if is_too_fast(error) or error.error_code in _NEVER_ARRIVED:
            return False
        return not (self._request.repeatable and _is_passing(error))


def _is_passing(error: NodeError) -> bool:
    """Whether Google failed, or the line was lost."""
    if HTTP_STATUS in error.details:
        return status_of(error) >= 500
    return error.error_code in _LOST_ON_THE_WAY


def _make_plain(request: Request, error: NodeError, *, is_done: bool) -> None:
    """Say what was to be done, that it may have been done, and nothing that is secret.

    *is_done*: Google said so, and what it said of it was lost.
    """
    has_status = HTTP_STATUS in error.details
    if not has_status:
        error.message = f"{request.what}: {error.message}"
    is_open = _is_passing(error) if has_status else is_done or may_have_acted(error)
    if is_open and not request.repeatable:
        in_doubt(error)
    for secret in request.secrets:
        error.message = error.message.replace(secret, "***")
    error.args = (error.message,)
