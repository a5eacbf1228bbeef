"""One of a few words: the buttons of a box."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from casare_rpa.nodes.dialogs._dialog import Asking
from casare_rpa.nodes.dialogs._lines import one_line


async def pressed(
    asking: Asking, buttons: Sequence[str], default: int | None, seconds: float | None = None
) -> int | None:
    """The index of the button that the person names by its first letters, or by its number.

    An empty answer is *default*. Raises Left for Ctrl-D, and TimeoutError after *seconds*, however
    many answers there were that name no button.
    """
    async with asyncio.timeout(seconds):
        return await _pressed(asking, buttons, default)


async def _pressed(asking: Asking, buttons: Sequence[str], default: int | None) -> int | None:
    words = [one_line(asking.ctx.masked(name)) for name in buttons]
    names = [_shown(word, is_default=index == default) for index, word in enumerate(words)]
    while True:
        answer = await asking.line(f"{' / '.join(names)}: ")
        if not answer.strip():
            return default
        if (found := _named(answer, buttons)) is not None:
            return found
        asking.show(f"Please answer with one of: {', '.join(words)}.")


def _shown(name: str, *, is_default: bool) -> str:
    return f"[{name}]" if is_default else name


def _named(answer: str, buttons: Sequence[str]) -> int | None:
    word = answer.strip().lower()
    names = [name.strip().lower() for name in buttons]
    if word in names:
        return names.index(word)
    meant = [index for index, name in enumerate(names) if name.startswith(word)]
    if len(meant) == 1:
        return meant[0]
    if word.isdecimal() and 1 <= int(word) <= len(names):
        return int(word) - 1
    return None
