"""Finding cells of a sheet by what they show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from casare_rpa.nodes.base import Context, Output, Outputs, param
from casare_rpa.nodes.google._api import Api
from casare_rpa.nodes.google._node import OUTCOME
from casare_rpa.nodes.google.sheets._node import FileSheetsNode, spreadsheet_path
from casare_rpa.nodes.google.sheets._ranges import in_sheet, letters, range_of, start_of
from casare_rpa.nodes.google.sheets._values import read, values_in
from casare_rpa.nodes.google.sheets.cells import sheet_name_param
from casare_rpa.nodes.values.reading import as_text, missing


class SheetsSearchNode(FileSheetsNode):
    """Find the cells of a sheet of a Google spreadsheet that contain a text, as they are shown.

    `results` are maps, row by row: cell (`B5`), row (from 1), column (its letters) and value.
    `first_match` is the first of them, an empty map if there is none.
    """

    example = {"credential_name": "google", "spreadsheet_id": "1x", "search_value": "overdue"}
    search_value: str = param("", kind="string", required=True, help="The text.")
    sheet_name: str = sheet_name_param()
    search_range: str = param("", kind="string", help="Only in these cells, such as B2:D.")
    match_case: bool = param(False, kind="boolean", help="Capital letters are others than small.")
    match_entire_cell: bool = param(False, kind="boolean", help="The text is all that is in it.")
    outputs = (
        *OUTCOME,
        Output("results", "LIST"),
        Output("match_count", "INTEGER"),
        Output("first_match", "OBJECT"),
    )

    async def work(self, ctx: Context, api: Api) -> Outputs:
        path = spreadsheet_path(self.spreadsheet_id)
        holds = self._test()
        answer = await read(api, path, self._place(), "FORMATTED_VALUE")
        start = start_of(as_text(answer.get("range")))
        results = [
            _match(row, column, value)
            for row, column, value in _numbered(values_in(answer), start)
            if holds(value)
        ]
        return {
            "results": results,
            "match_count": len(results),
            "first_match": results[0] if results else {},
        }

    def _place(self) -> str:
        if as_text(self.search_range).strip():
            return range_of(self.search_range, self.sheet_name, "search_range")
        return in_sheet(self.sheet_name)

    def _test(self) -> Callable[[str], bool]:
        fold = str if self.match_case else str.casefold
        text = fold(as_text(self.search_value))
        if not text:
            raise missing("search_value")
        if self.match_entire_cell:
            return lambda value: fold(value) == text
        return lambda value: text in fold(value)


def _numbered(rows: list[list[Any]], start: tuple[int, int]) -> Iterator[tuple[int, int, str]]:
    """Every cell with its row, from 1, and its column, from 0."""
    for row, cells in enumerate(rows, start[0]):
        for column, value in enumerate(cells, start[1]):
            yield row, column, as_text(value)


def _match(row: int, column: int, value: str) -> dict[str, Any]:
    name = letters(column)
    return {"cell": f"{name}{row}", "row": row, "column": name, "value": value}
