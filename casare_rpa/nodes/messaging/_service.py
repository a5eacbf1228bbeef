"""Asking a messaging service: waits that it asks for, and what it may have done already."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._attempts import MAY_HAVE_ACTED, in_doubt, may_have_acted, tried
from casare_rpa.nodes.base import Context, NodeError, Outputs
from casare_rpa.nodes.http._call import Call, checked_url
from casare_rpa.nodes.http.request import ask

T = TypeVar("T")

#: Seconds for one answer, and for one to a request that carries files.
ANSWER_SECONDS: Final = 30.0
UPLOAD_SECONDS: Final = 300.0
#: The detail of a refusal that may be asked again after so many seconds: nothing was done.
RETRY_AFTER: Final = "retry_after"

_MOST_WAITS = 4
_MOST_WAIT_SECONDS = 60.0
_FIRST_SERVER_ERROR = 500


async def exchange(ctx: Context, call: Call, judge: Callable[[Outputs], T], *, acts: bool) -> T:
    """What *judge* makes of the answer to *call*, which it gets as the outputs of `ask`.

    A refusal of *judge* with RETRY_AFTER is waited for, at most a minute in all, and asked again;
    nothing else is. Raises NodeError, marked MAY_HAVE_ACTED if the call *acts* and nobody knows
    whether it did.
    """
    waits = _Waits()

    async def attempt(left: int) -> T:
        return judge(await _asked(ctx, call, acts=acts))

    return await tried(
        ctx,
        attempt,
        more=_MOST_WAITS,
        pause_seconds=lambda: waits.pause_seconds,
        is_final=waits.are_over,
    )


def no_such_answer(service: str, what: str, status: int, *, acts: bool) -> NodeError:
    """An answer that is not in the form of *service*."""
    if status >= _FIRST_SERVER_ERROR:
        error = NodeError(f"{what}: HTTP {status}", ErrorCode.NETWORK_ERROR)
        return in_doubt(error) if acts else error
    return NodeError(
        f"{what}: HTTP {status}, and not an answer of {service}; check api_url",
        ErrorCode.API_ERROR,
    )


def base_url(text: str, name: str = "api_url") -> str:
    """The address of a service without a slash at its end. Raises NodeError."""
    try:
        url = checked_url(text)
    except NodeError as error:
        raise NodeError(f"{name}: {error.message}", error.error_code, hint=error.hint) from error
    if "?" in url or "#" in url:
        raise NodeError(f"{name}: {without_login(url)} has a query", ErrorCode.INVALID_INPUT)
    return url.rstrip("/")


def without_login(url: str) -> str:
    """*url* up to its path, without user and password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def given(**fields: Any) -> dict[str, Any]:
    """Those of *fields* that say something: not None, empty text, or false."""
    return {k: v for k, v in fields.items() if v is not None and v is not False and v != ""}


class _Waits:
    """How long it was waited already, and how long it is now."""

    def __init__(self) -> None:
        self.pause_seconds = 0.0
        self._spent_seconds = 0.0

    def are_over(self, error: NodeError) -> bool:
        """Whether *error* is final; else it is waited for."""
        wanted = error.details.get(RETRY_AFTER)
        if wanted is None or error.details.get(MAY_HAVE_ACTED):
            return True
        self.pause_seconds = max(float(wanted), 0.0)
        self._spent_seconds += self.pause_seconds
        if self._spent_seconds <= _MOST_WAIT_SECONDS:
            return False
        error.message += (
            f"; it asks for a pause of {self.pause_seconds:g} s, and this node waits at most"
            f" {_MOST_WAIT_SECONDS:g} s in all"
        )
        return True


async def _asked(ctx: Context, call: Call, *, acts: bool) -> Outputs:
    try:
        return await ask(ctx, call)
    except NodeError as error:
        raise (in_doubt(error) if acts and may_have_acted(error) else error) from None
