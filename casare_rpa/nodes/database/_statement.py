"""SQL with the values beside it: nothing that a workflow computes is ever written into the text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Fragments, NodeError
from casare_rpa.nodes.database._marks import HOLE, Style
from casare_rpa.nodes.database._types import text_of, to_driver
from casare_rpa.nodes.values.reading import missing, shown

Sql: TypeAlias = str | Fragments
Parameters: TypeAlias = Sequence[Any] | Mapping[str, Any]

_IN_LIST = re.compile(r"\bin\s*\(\s*$", re.IGNORECASE)
_LONGEST_IN = 20
#: Behind these words stands the name of a table, which no driver can bind.
_TABLE = re.compile(
    r"\b(?:(?<!distinct )from|join|into|update|table(?:\s+if(?:\s+not)?\s+exists)?)\s+$",
    re.IGNORECASE,
)
_SUBQUERY = re.compile(r"\s*(?:select|with)\b", re.IGNORECASE)
_PLAIN_NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*){0,2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """SQL as the driver takes it: the text with a mark for each of the values, in their order.

    Without values (None) the text is as its author wrote it, percent signs too.
    """

    sql: str
    values: tuple[Any, ...] | None = None


def prepare(style: Style, sql: Sql, parameters: Parameters = ()) -> Statement:
    """The statement that *sql* means, with *parameters* at its marks.

    The value of a placeholder is bound in its place. In quotes it is bound as text, together with
    what else stands in them; as `IN ({{list}})` a list becomes its items. As the name of a table a
    plain name is taken as it is: it has neither spaces nor signs, so it can be nothing else.

    Raises NodeError where a value cannot be bound, and when marks and parameters do not match.
    """
    text, holes = _with_holes(sql)
    if not text.strip():
        raise missing("query")
    if not holes and not parameters:
        return Statement(sql=text)
    return _Binding(style, text, holes, parameters).statement()


def _with_holes(sql: Sql) -> tuple[str, tuple[Any, ...]]:
    if isinstance(sql, Fragments):
        texts, values = sql.texts, sql.values
    elif isinstance(sql, str):
        texts, values = (sql,), ()
    else:
        raise NodeError(f"the SQL must be text, not {shown(sql)}", ErrorCode.TYPE_MISMATCH)
    if any(HOLE in text for text in texts):
        raise NodeError("the SQL contains NUL", ErrorCode.INVALID_INPUT)
    return HOLE.join(texts), values


class _Binding:
    """One pass over a statement, from its start to its end."""

    def __init__(
        self, style: Style, text: str, holes: Sequence[Any], parameters: Parameters
    ) -> None:
        self._style = style
        self._text = text
        self._holes = iter(holes)
        self._named = parameters if isinstance(parameters, Mapping) else None
        self._listed = () if isinstance(parameters, Mapping) else parameters
        self._used: set[int] = set()
        self._next = 0
        self._sql: list[str] = []
        self._values: list[Any] = []

    def statement(self) -> Statement:
        position = 0
        for token in self._style.tokens.finditer(self._text):
            self._copy(self._text[position : token.start()])
            self._take(token)
            position = token.end()
        self._copy(self._text[position:])
        if self._next > len(self._listed) or len(self._used) < len(self._listed):
            marks = max(self._next, len(self._used))
            raise NodeError(
                f"the query has {marks} marks for parameters, and there are {len(self._listed)}",
                ErrorCode.INVALID_INPUT,
            )
        return Statement(sql="".join(self._sql), values=tuple(self._values))

    def _take(self, token: re.Match[str]) -> None:
        found = token[0]
        match token.lastgroup:
            case "comment":
                for _ in range(found.count(HOLE)):
                    next(self._holes)
                self._copy(found.replace(HOLE, ""))
            case "hole":
                self._bind_hole(token.start())
            case "text" if HOLE in found:
                self._bind_text(found)
            case "name" | "foreign" if HOLE in found:
                raise _unbindable(found)
            case "mark" if self._listed:
                self._bind_mark(token["number"])
            case "keyed" | "named" if self._named is not None:
                self._bind_named(token["keyed"] or token["named"])
            case "open":
                raise NodeError(
                    f"the query has a {found} that nothing closes", ErrorCode.INVALID_INPUT
                )
            case _:
                self._copy(found)

    def _copy(self, text: str) -> None:
        # Where the mark is %s, the driver reads %% as one percent sign.
        self._sql.append(text.replace("%", "%%") if self._style.mark == "%s" else text)

    def _bind(self, value: Any) -> None:
        self._sql.append(self._style.mark)
        self._values.append(to_driver(value, arrays=self._style.arrays))

    def _bind_hole(self, start: int) -> None:
        value = next(self._holes)
        if isinstance(value, str) and self._names_table(start):
            self._copy(_table_name(value))
            return
        before = self._text[max(0, start - _LONGEST_IN) : start]
        if not isinstance(value, list | tuple) or not _IN_LIST.search(before):
            self._bind(value)
            return
        if not value:
            raise NodeError(
                "the list in IN (...) is empty, which SQL does not allow", ErrorCode.INVALID_INPUT
            )
        for index, item in enumerate(value):
            self._sql.append(", " if index else "")
            self._bind(item)

    def _names_table(self, start: int) -> bool:
        before = self._text[:start]
        if not _TABLE.search(before):
            return False
        # In EXTRACT(YEAR FROM ...) and its like a value stands there.
        within = before[_last_open(before) :]
        return not within.startswith("(") or _SUBQUERY.match(within, 1) is not None

    def _bind_text(self, literal: str) -> None:
        """A text in quotes with placeholders: one value, as the whole text would have been."""
        if self._style.escapes and "\\" in literal:
            raise _unbindable(literal)
        quote, body = literal[0], literal[1:-1]
        first, *others = body.replace(quote * 2, quote).split(HOLE)
        self._bind(first + "".join(text_of(next(self._holes)) + other for other in others))

    def _bind_mark(self, number: str | None) -> None:
        if number:
            index = int(number) - 1
            self._used.add(index)
            if not 0 <= index < len(self._listed):
                raise NodeError(
                    f"the query has a mark for parameter {number}, and there are "
                    f"{len(self._listed)}",
                    ErrorCode.INVALID_INPUT,
                )
        else:
            index = self._next
            self._next += 1
            self._used.add(index)
        if index < len(self._listed):
            self._bind(self._listed[index])

    def _bind_named(self, name: str) -> None:
        assert self._named is not None
        if name not in self._named:
            raise NodeError(f"no parameter is called {name!r}", ErrorCode.INVALID_INPUT)
        self._bind(self._named[name])


def _table_name(value: str) -> str:
    if not _PLAIN_NAME.fullmatch(value):
        raise NodeError(
            f"{shown(value)} is no plain name of a table (letters, digits, _ and dots)",
            ErrorCode.INVALID_INPUT,
        )
    return value


def _last_open(text: str) -> int:
    """Where the last bracket stands that nothing in *text* closes; 0 for none."""
    closed = 0
    for position in range(len(text) - 1, -1, -1):
        closed += (text[position] == ")") - (text[position] == "(")
        if closed < 0:
            return position
    return 0


def _unbindable(where: str) -> NodeError:
    there = shown(where.replace(HOLE, "{{...}}"))
    return NodeError(
        f"a placeholder cannot be bound in {there}: it stands for a value, not for a name or a "
        "part of a program; a text node can build such a statement",
        ErrorCode.INVALID_INPUT,
    )
