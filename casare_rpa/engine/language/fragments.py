"""Texts whose placeholders stay apart from them, for languages into which no value is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.engine.language.placeholders import (
    MISSING,
    Reference,
    Resolver,
    Scope,
    compile_text,
    find_placeholders,
)
from casare_rpa.nodes.base import Fragments, NodeError

_READ_AS_JSON = frozenset({"json", "list"})


def compile_fragments(value: Any, kind: str) -> Resolver | None:
    """How to get *value* with Fragments for its texts; None if it has no placeholder."""
    if isinstance(value, str) and kind in _READ_AS_JSON:
        value = _parsed(value)
    return _compiled(value)


def _parsed(text: str) -> Any:
    """The list or map that *text* spells, else the text: a placeholder, or nothing of use."""
    try:
        return json.loads(text) if text.lstrip().startswith(("[", "{")) else text
    except (ValueError, RecursionError):
        return text


def _compiled(value: Any) -> Resolver | None:
    match value:
        case str():
            return _of_text(value)
        case Mapping():
            return _of_items(dict(value))
        case list() | tuple():
            resolve = _of_items(dict(enumerate(value)))
            return None if resolve is None else lambda scope: list(resolve(scope).values())
    return None


def _of_items(items: dict[Any, Any]) -> Resolver | None:
    parts = {key: _compiled(item) for key, item in items.items()}
    if all(resolve is None for resolve in parts.values()):
        return None

    def find(scope: Scope) -> dict[Any, Any]:
        return {k: items[k] if get is None else get(scope) for k, get in parts.items()}

    return find


def _of_text(text: str) -> Resolver | None:
    spans = list(find_placeholders(text, legacy_percent=False))
    if not spans:
        return None
    starts, ends = zip(*spans, strict=True)
    texts = tuple(text[a:b] for a, b in zip((0, *ends), (*starts, len(text)), strict=True))
    references = [compile_text(text[a:b]).reference for a, b in spans]
    if len(references) == 1 and not "".join(texts).strip():
        return lambda scope: _value(references[0], scope)
    return lambda scope: Fragments(texts, tuple(_value(each, scope) for each in references))


def _value(reference: Reference | None, scope: Scope) -> Any:
    assert reference is not None
    found = reference.find(scope)
    if found is MISSING:
        raise NodeError(
            f"{reference.written} names no variable and no output of a node that has run",
            ErrorCode.INVALID_INPUT,
        )
    return found
