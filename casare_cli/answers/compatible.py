"""Whether programs that read an answer by its old schema can read it by the new one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Schema = dict[str, Any]


def breaking_changes(old: Schema, new: Schema) -> list[str]:
    """What a reader of *old* would miss or not understand in what *new* allows, in sentences.

    New members are no break, and neither are fewer possible values.
    """
    return list(_changes(_Document(old), _Document(new), old, new, ""))


@dataclass(slots=True)
class _Kind:
    """What a part of a schema allows, its alternatives taken together."""

    types: set[str] = field(default_factory=set)
    #: None: any value of the types.
    values: set[str] | None = field(default_factory=set)
    members: dict[str, Schema] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    items: Schema | None = None


class _Document:
    """A schema with its definitions."""

    def __init__(self, root: Schema) -> None:
        self._root = root

    def resolved(self, part: Schema) -> Schema:
        name = str(part.get("$ref", "")).removeprefix("#/$defs/")
        found: Schema = self._root["$defs"][name] if name else part
        return found

    def kind(self, part: Schema) -> _Kind:
        part = self.resolved(part)
        kind = _Kind()
        for branch in part.get("anyOf") or [part]:
            _take_in(kind, self.resolved(branch))
        return kind


def _take_in(kind: _Kind, branch: Schema) -> None:
    types = branch.get("type", "any")
    kind.types |= set(types) if isinstance(types, list) else {types}
    values = branch.get("enum", [branch["const"]] if "const" in branch else None)
    if values is None and branch.get("type") != "null":
        kind.values = None
    elif kind.values is not None:
        kind.values |= set(map(repr, values or [None]))
    kind.members |= branch.get("properties", {})
    kind.required |= set(branch.get("required", ()))
    kind.items = branch.get("items", kind.items)


def _changes(
    old_root: _Document, new_root: _Document, old: Schema, new: Schema, where: str
) -> Iterator[str]:
    was, now = old_root.kind(old), new_root.kind(new)
    shown = where or "the answer"
    if "any" not in was.types and (added := now.types - _widened(was.types)):
        yield f"{shown} may be {', '.join(sorted(added))} now"
    if was.values is not None and (now.values is None or now.values - was.values):
        others = "anything" if now.values is None else ", ".join(sorted(now.values - was.values))
        yield f"{shown} may be {others} now"
    for name, part in was.members.items():
        inner = f"{where}.{name}" if where else name
        if name not in now.members:
            yield f"{inner} is gone"
            continue
        if name in was.required - now.required:
            yield f"{inner} may be left out now"
        yield from _changes(old_root, new_root, part, now.members[name], inner)
    if was.items is not None and now.items is not None:
        yield from _changes(old_root, new_root, was.items, now.items, f"{where}[]")


def _widened(types: set[str]) -> set[str]:
    """A reader of numbers reads integers, too."""
    return types | {"integer"} if "number" in types else types
