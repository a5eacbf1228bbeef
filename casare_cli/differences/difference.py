"""What differs between two things: found as a list, shown as `diff` shows it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from casare_cli import exit_codes
from casare_cli.terminal.output import SCHEMA_VERSION, Format, Output
from casare_cli.terminal.text import one_line

_ABSENT = object()
#: Of a longer value only the beginning is shown to a person.
_MOST_LETTERS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not the same in `a` and `b`.

    `name` says where in its `area`. What differs from run to run by itself, such as durations, does
    not count.
    """

    area: str
    name: str
    change: Literal["added", "removed", "changed"]
    a: Any = None
    b: Any = None
    counts: bool = True


def of_values(
    area: str, a: Mapping[str, Any], b: Mapping[str, Any], *, prefix: str = "", counts: bool = True
) -> Iterator[Difference]:
    """The members that differ; of objects inside objects theirs, named `outer.inner`."""
    waiting = [(prefix, a, b)]
    while waiting:
        prefix, a, b = waiting.pop()
        for key in dict.fromkeys((*a, *b)):
            name = f"{prefix}{key}"
            left, right = a.get(key, _ABSENT), b.get(key, _ABSENT)
            if isinstance(left, Mapping) and isinstance(right, Mapping):
                waiting.append((f"{name}.", left, right))
            elif left is _ABSENT:
                yield Difference(area=area, name=name, change="added", b=right, counts=counts)
            elif right is _ABSENT:
                yield Difference(area=area, name=name, change="removed", a=left, counts=counts)
            elif not _same(left, right):
                yield changed(area, name, left, right, counts=counts)


def changed(area: str, name: str, a: Any, b: Any, *, counts: bool = True) -> Difference:
    return Difference(area=area, name=name, change="changed", a=a, b=b, counts=counts)


def of_sets(area: str, a: Iterable[str], b: Iterable[str]) -> Iterator[Difference]:
    """What one of them has and the other has not, in their order."""
    left, right = dict.fromkeys(a), dict.fromkeys(b)
    for name in left:
        if name not in right:
            yield Difference(area=area, name=name, change="removed", a=True)
    for name in right:
        if name not in left:
            yield Difference(area=area, name=name, change="added", b=True)


def _same(left: Any, right: Any) -> bool:
    # 1 and true are equal to Python, 1 and 1.0 are the same number to JSON as well.
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def show(out: Output, a: str, b: str, found: Sequence[Difference]) -> int:
    """Print what differs between the things called *a* and *b*; 1 if any of it counts, else 0."""
    is_same = not any(difference.counts for difference in found)
    if out.format is Format.NAME:
        for difference in found:
            out.line(f"{difference.area} {one_line(difference.name)}")
    elif out.wants_json:
        head = {"schema_version": SCHEMA_VERSION, "a": a, "b": b, "same": is_same}
        out.json({**head, "differences": [asdict(difference) for difference in found]})
    elif out.format is Format.TABLE:
        _print(out, a, b, found)
        if is_same:
            out.note(f"{a} and {b} are the same" + (" but for what is shown" if found else ""))
    return exit_codes.OK if is_same else exit_codes.FAILED


def _print(out: Output, a: str, b: str, found: Sequence[Difference]) -> None:
    if found:
        out.line(f"--- {one_line(a)}", ansi="1")
        out.line(f"+++ {one_line(b)}", ansi="1")
    for difference in found:
        bare = difference.a is True or difference.b is True
        if bare and difference.change != "changed":
            sign, ansi = ("-", "31") if difference.change == "removed" else ("+", "32")
            out.line(f"{sign} {difference.area} {one_line(difference.name)}", ansi=ansi)
            continue
        out.line(f"@ {difference.area} {one_line(difference.name)}", ansi="36")
        if difference.change != "added":
            out.line(f"- {_shown(difference.a)}", ansi="31")
        if difference.change != "removed":
            out.line(f"+ {_shown(difference.b)}", ansi="32")


def _shown(value: Any) -> str:
    text = one_line(json.dumps(value, ensure_ascii=False, default=str))
    return text if len(text) <= _MOST_LETTERS else f"{text[:_MOST_LETTERS]}…"
