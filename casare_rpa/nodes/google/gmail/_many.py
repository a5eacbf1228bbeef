"""Many messages of Gmail in few requests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from casare_rpa.nodes.base import Context, NodeError, Outputs, param
from casare_rpa.nodes.google._node import wanted
from casare_rpa.nodes.google.gmail._node import id_of, words

#: As many as Google takes in one request.
_AT_ONCE = 1000


def message_ids_param() -> Any:
    return param(None, kind="list", required=True, help="The ids, or messages that a node gave.")


def message_ids_of(ctx: Context, value: Any) -> list[str]:
    """The ids in a list, each once; an empty list has none. Raises NodeError for an empty one."""
    given = [wanted(id_of(each), "an id in message_ids") for each in words(ctx, value)]
    return list(dict.fromkeys(given))


async def by_the_thousand(
    ids: Sequence[str], act: Callable[[Sequence[str]], Awaitable[None]], count: str
) -> Outputs:
    """Do *act* to a thousand ids at a time; how many they were, as the output *count*."""
    done = 0
    try:
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            await act(some)
            done += len(some)
    except NodeError as error:
        error.outputs = {count: done}
        raise
    return {count: done}
