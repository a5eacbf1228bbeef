"""Lists of texts and ids, of which there is often only one."""

from __future__ import annotations

from typing import Any

from casare_rpa.nodes.base import Context
from casare_rpa.nodes.values.reading import (
    as_list,
    comma_separated,
    literal,
    missing,
    refuse_unresolved,
)


def one_or_more(ctx: Context, value: Any, name: str, *, commas: bool = False) -> list[Any]:
    """A new list as `as_list` makes it, but a text that is neither one nor a variable is one item.

    Without *commas* these divide no text. Raises NodeError for nothing, and for a placeholder that
    nothing filled.
    """
    if not isinstance(value, str):
        return as_list(ctx, value, name)
    if not value.strip():
        raise missing(name)
    found = _spelt(value)
    if isinstance(found, str):
        found = ctx.get_variable(found.strip(), found)
    if isinstance(found, str):
        found = _spelt(found)
    if not isinstance(found, str):
        return as_list(ctx, found, name)
    refuse_unresolved(found, name)
    return comma_separated(found) if commas else [found]


def _spelt(text: str) -> Any:
    """The list or map that *text* spells; else the text."""
    found = literal(text)
    return found if isinstance(found, list | tuple | set | dict) else text
