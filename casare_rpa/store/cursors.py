"""Cursors: where a list goes on, whatever came before that place meanwhile.

A cursor is the place of a page's last row in the list's order. What is added or taken away before
it moves nothing behind it, and to go on costs the same however far the list has come.
"""

from __future__ import annotations

import binascii
import math
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from casare_rpa.errors import InvalidInput
from casare_rpa.store.tx import Row, Tx, Values

_LARGEST = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The order of a list: by *columns*, the last of which is no other row's."""

    #: Stands in its cursors, so that one of another list is refused.
    name: str
    columns: tuple[sa.Column[Any], ...]
    descending: bool = False

    def terms(self, source: sa.FromClause | None = None) -> list[sa.ColumnElement[Any]]:
        """What to order by; *source* is a subquery with the columns, else their table."""
        columns = self.columns if source is None else [source.c[c.name] for c in self.columns]
        return [column.desc() if self.descending else column.asc() for column in columns]

    def behind(self, cursor: str | None) -> list[sa.ColumnElement[bool]]:
        """The rows behind the place of *cursor*; all for None. Raises InvalidInput."""
        if cursor is None:
            return []
        here = sa.tuple_(*self.columns)
        place = sa.tuple_(*self._place(cursor), types=[column.type for column in self.columns])
        return [here < place if self.descending else here > place]

    def cursor_at(self, row: Row | Values) -> str:
        """The cursor to go on with behind *row*."""
        return _written([self.name, *(row[column.name] for column in self.columns)])

    def page(self, rows: Sequence[Row], limit: int) -> tuple[Sequence[Row], str | None]:
        """At most *limit* of *rows*, and the cursor of what follows if there are more."""
        if len(rows) <= limit:
            return rows, None
        return rows[:limit], self.cursor_at(rows[limit - 1])

    def _place(self, cursor: str) -> list[Any]:
        name, *place = _read(cursor)
        if name != self.name:
            raise _refusal("it is of a list in another order")
        if [type(value) for value in place] != [c.type.python_type for c in self.columns]:
            raise _refusal()
        if not all(map(_is_storable, place)):
            raise _refusal()
        return place


def page_of(
    tx: Tx, query: sa.Select[Any], order: Order, *, cursor: str | None, limit: int, offset: int
) -> tuple[Sequence[Row], str | None]:
    """A page of *query*'s rows in *order*, and the cursor of the next one."""
    ordered = query.where(*order.behind(cursor)).order_by(*order.terms())
    return order.page(tx.rows(ordered.limit(limit + 1).offset(offset)), limit)


def _written(parts: list[Any]) -> str:
    return urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")


def _read(cursor: str) -> list[Any]:
    try:
        parts = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error):
        raise _refusal() from None
    if not isinstance(parts, list) or not parts or _written(parts) != cursor:
        raise _refusal()
    return parts


def _is_storable(value: object) -> bool:
    match value:
        case str():
            return "\x00" not in value
        case int():
            return abs(value) <= _LARGEST
        case float():
            return math.isfinite(value)
    return False


def _refusal(why: str = "no list has given it") -> InvalidInput:
    return InvalidInput(
        f"the cursor is refused: {why}",
        field="cursor",
        hint="Take next_cursor of the page before, with the same sort.",
    )
