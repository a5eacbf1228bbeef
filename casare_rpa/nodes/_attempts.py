"""Trying again, as `retry_count` and `retry_interval` of a node say."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError

T = TypeVar("T")

#: Details of a failure that say that another attempt is not this node's to make.
IN_TRANSACTION = "in_transaction"
MAY_HAVE_ACTED = "may_have_acted"


#: Failures of a request that the server may have got all the same.
_UNCERTAIN = frozenset({ErrorCode.TIMEOUT, ErrorCode.NETWORK_ERROR, ErrorCode.RESOURCE_EXHAUSTED})


class Retrying(Protocol):
    """The parameters of a node that tries again."""

    retry_count: Any
    retry_interval: Any


async def retried(ctx: Context, asked: Retrying, attempt: Callable[[], Awaitable[T]]) -> T:
    """What *attempt* (a coroutine function) returns, at the latest after `retry_count` more tries.

    Only what may pass is tried again (no connection, a lock, a time limit). Nothing is inside a
    transaction, for that is undone with the first failure, or where the server may have acted.
    """
    return await tried(
        ctx,
        lambda left: attempt(),
        more=int(asked.retry_count or 0),
        pause_seconds=lambda: float(asked.retry_interval or 0) / 1000,
        is_final=lambda error: bool(
            error.details.get(IN_TRANSACTION)
            or error.details.get(MAY_HAVE_ACTED)
            or not error.error_code.is_retryable
        ),
    )


async def tried(
    ctx: Context,
    attempt: Callable[[int], Awaitable[T]],
    *,
    more: int,
    pause_seconds: Callable[[], float],
    is_final: Callable[[NodeError], bool],
) -> T:
    """What *attempt* returns; it is told how many are left. Raises what *is_final*, or the last."""
    for left in range(max(more, 0), -1, -1):
        try:
            return await attempt(left)
        except NodeError as error:
            if left == 0 or is_final(error):
                raise
            ctx.log(f"{error.message}; trying again, {left} left", "warning")
        await asyncio.sleep(max(pause_seconds(), 0.0))
    raise AssertionError("the last attempt returns or raises")


def may_have_acted(error: NodeError) -> bool:
    """Whether the server may have got the request that ended so."""
    return error.error_code in _UNCERTAIN


def in_doubt(error: NodeError, what: str = "it was done") -> NodeError:
    """*error*, which says from now on that nobody knows whether *what*: MAY_HAVE_ACTED."""
    error.message += f"; whether {what} is not known"
    error.details[MAY_HAVE_ACTED] = True
    return error
