"""Compare two tables."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Node, NodeError, Output, Outputs, param, port, prop
from casare_rpa.nodes.data.lists import optional_list
from casare_rpa.nodes.values.reading import as_list

Row = Mapping[str, Any]


class DataCompareNode(Node):
    """Compare two lists of rows by key columns.

    A row of A and one of B belong together when their key columns are equal; without key columns,
    when they are equal as a whole. `matched` holds the rows of A whose partner agrees in every
    column (in the key alone with `compare_all_columns` off). Rows that differ from their partner
    are in `diff_summary["changed"]`, each with its key and the values of both sides.
    """

    category = "data_operation"
    example = {
        "data_a": [{"id": 1, "n": "a"}, {"id": 2, "n": "b"}],
        "data_b": [{"id": 1, "n": "x"}, {"id": 3, "n": "c"}],
        "key_columns": "id",
    }
    outputs = (
        *(Output("only_in_a", "LIST"), Output("only_in_b", "LIST"), Output("matched", "LIST")),
        *(Output("diff_summary", "DICT"), Output("has_differences", "BOOLEAN")),
    )
    data_a: Any = port(None, port_kind="LIST", required=True, help="The first list of rows.")
    data_b: Any = port(None, port_kind="LIST", required=True, help="The second list of rows.")
    key_columns: Any = param("", kind="string", help="Column names, separated by commas.")
    compare_all_columns: bool = prop(True, kind="boolean", help="Compare beyond the key.")
    case_sensitive: bool = prop(True, kind="boolean", help="Tell A from a.")

    def run(self, ctx: Context) -> Outputs:
        rows_a = _rows(as_list(ctx, self.data_a, "data_a"), "data_a")
        rows_b = _rows(as_list(ctx, self.data_b, "data_b"), "data_b")
        keys = [str(column) for column in optional_list(ctx, self._columns(), "key_columns")]
        pairs, only_a, only_b = self._paired(rows_a, rows_b, keys)
        changed = [change for a, b in pairs if (change := self._change(a, b, keys))]
        matched = [a for a, b in pairs if not self._change(a, b, keys)]
        return {
            "only_in_a": only_a,
            "only_in_b": only_b,
            "matched": matched,
            "diff_summary": {
                **{"total_a": len(rows_a), "total_b": len(rows_b)},
                **{"only_in_a": len(only_a), "only_in_b": len(only_b)},
                **{"matched": len(matched), "different": len(changed), "changed": changed},
            },
            "has_differences": bool(only_a or only_b or changed),
        }

    def _columns(self) -> Any:
        """One column may be named as plain text; it is no variable."""
        named = self.key_columns
        if isinstance(named, str) and not named.lstrip().startswith("["):
            return [part.strip() for part in named.split(",") if part.strip()]
        return named

    def _paired(
        self, rows_a: list[Row], rows_b: list[Row], keys: list[str]
    ) -> tuple[list[tuple[Row, Row]], list[Row], list[Row]]:
        """The pairs, and what is left of either side; equal keys pair up in order."""
        waiting: dict[Hashable, list[Row]] = {}
        for row in reversed(rows_b):
            waiting.setdefault(self._key(row, keys), []).append(row)
        pairs: list[tuple[Row, Row]] = []
        only_a: list[Row] = []
        for row in rows_a:
            partners = waiting.get(self._key(row, keys))
            if partners:
                pairs.append((row, partners.pop()))
            else:
                only_a.append(row)
        left = {id(row) for rows in waiting.values() for row in rows}
        return pairs, only_a, [row for row in rows_b if id(row) in left]

    def _key(self, row: Row, keys: list[str]) -> Hashable:
        columns = keys or sorted(row)
        return tuple((column, self._plain(row.get(column))) for column in columns)

    def _plain(self, value: Any) -> Hashable:
        """A value by which equal values are found, also where it cannot be hashed."""
        if isinstance(value, str):
            return value if self.case_sensitive else value.casefold()
        return value if isinstance(value, Hashable) else ("text", str(value))

    def _change(self, a: Row, b: Row, keys: list[str]) -> dict[str, Any] | None:
        if not self.compare_all_columns:
            return None
        columns = {
            column: {"a": a.get(column), "b": b.get(column)}
            for column in dict.fromkeys([*a, *b])
            if self._plain(a.get(column)) != self._plain(b.get(column))
        }
        return {"key": {key: a.get(key) for key in keys}, "columns": columns} if columns else None


def _rows(items: list[Any], name: str) -> list[Row]:
    for index, item in enumerate(items):
        if not isinstance(item, Mapping):
            raise NodeError(
                f"{name}[{index}] is no row of named columns",
                ErrorCode.TYPE_MISMATCH,
                business=True,
            )
    # Copies, so that a row that both sides share is still two rows.
    return [dict(item) for item in items]
