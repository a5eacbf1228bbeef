"""Trying again, as `retry_count` and `retry_interval` of a node say."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

from casare_rpa.nodes.base import Context, NodeError

T = TypeVar("T")

#: Details of a failure that say that another attempt is not this node's to make.
IN_TRANSACTION = "in_transaction"
MAY_HAVE_ACTED = "may_have_acted"


class Retrying(Protocol):
    """The parameters of a node that tries again."""

    retry_count: Any
    retry_interval: Any


async def retried(ctx: Context, asked: Retrying, attempt: Callable[[], Awaitable[T]]) -> T:
    """What *attempt* (a coroutine function) returns, at the latest after `retry_count` more tries.

    Only what may pass is tried again (no connection, a lock, a time limit). Nothing is inside a
    transaction, for that is undone with the first failure, or where the server may have acted.
    """
    for left in range(max(int(asked.retry_count or 0), 0), -1, -1):
        try:
            return await attempt()
        except NodeError as error:
            final = error.details.get(IN_TRANSACTION) or error.details.get(MAY_HAVE_ACTED)
            if left == 0 or final or not error.error_code.is_retryable:
                raise
            ctx.log(f"{error.message}; trying again, {left} left", "warning")
        await asyncio.sleep(max(float(asked.retry_interval or 0), 0.0) / 1000)
    raise AssertionError("the last attempt returns or raises")
