"""Asking for several things at once, no more of them than Google likes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from casare_rpa.nodes.base import NodeError

T = TypeVar("T")
R = TypeVar("R")

_AT_ONCE = 4


async def in_order(items: Sequence[T], act: Callable[[T], Awaitable[R]]) -> list[R]:
    """What *act* makes of each of *items*, in their order.

    The first NodeError ends it: what was begun is brought to its end, and nothing more begun.
    """
    waiting = iter(enumerate(items))
    found: dict[int, R] = {}
    failed: list[NodeError] = []

    async def work() -> None:
        for number, item in waiting:
            if failed:
                return
            try:
                found[number] = await act(item)
            except NodeError as error:
                failed.append(error)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(_AT_ONCE, len(items))):
            group.create_task(work())
    if failed:
        raise failed[0]
    return [found[number] for number in range(len(items))]
