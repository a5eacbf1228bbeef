"""Options that a model may choose among, and which one it chose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.llm._asking import Unfit
from casare_rpa.nodes.values.reading import as_list, as_text, comma_separated, literal

_MOST_OPTIONS = 1000
_QUOTES = "\"'`.“”‘’"  # noqa: RUF001 - what models put around a name


def texts_of(value: Any) -> list[str]:
    """The options that a literal value spells, without variables: a list, or a text with commas."""
    if isinstance(value, str):
        found = literal(value)
        value = found if isinstance(found, list | tuple) else comma_separated(value)
    items = value if isinstance(value, list | tuple) else []
    return list(dict.fromkeys(text for item in items if (text := as_text(item).strip())))


def options_of(ctx: Context, value: Any, name: str) -> list[str]:
    """The options of a parameter, each once. Raises NodeError when there are none."""
    found = texts_of(value if isinstance(value, str) else as_list(ctx, value, name))
    if not found:
        raise NodeError(f"{name} is empty", ErrorCode.MISSING_REQUIRED_FIELD)
    if len(found) > _MOST_OPTIONS:
        raise NodeError(
            f"{name}: {len(found)} are more than {_MOST_OPTIONS}", ErrorCode.VALUE_OUT_OF_RANGE
        )
    return found


def chosen(said: Any, options: Sequence[str]) -> str:
    """The option that the model means: spelt alike but for case, spaces and quotes. Or Unfit."""
    if isinstance(said, str):
        if said in options:
            return said
        alike = [option for option in options if _folded(option) == _folded(said)]
        if len(alike) == 1:
            return alike[0]
    raise Unfit(f"{as_text(said)[:80]!r} is none of {', '.join(map(repr, options))[:500]}")


def _folded(text: str) -> str:
    return " ".join(text.strip(f"{_QUOTES} \t\n").casefold().split())
