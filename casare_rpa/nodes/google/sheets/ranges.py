"""Blocks of cells of a spreadsheet."""

from __future__ import annotations

from typing import Any

from casare_rpa.nodes.base import Context, Json, Output, Outputs, param, unlisted
from casare_rpa.nodes.google._api import Api
from casare_rpa.nodes.google._node import OUTCOME
from casare_rpa.nodes.google._services import quoted
from casare_rpa.nodes.google.sheets._node import FileSheetsNode, spreadsheet_path
from casare_rpa.nodes.google.sheets._ranges import range_of
from casare_rpa.nodes.google.sheets._values import (
    DIMENSIONS,
    ask,
    input_param,
    read,
    render_param,
    rows_of,
    values_in,
    write,
)
from casare_rpa.nodes.values.reading import one_of


def _range_param(default: str) -> Any:
    return param(
        default,
        kind="string",
        required=True,
        help="The cells: 'My sheet'!A1:B10, Sheet1!A:C (columns), Sheet1!2:2 (a row), Sheet1 (all),"
        " or a range's own name.",
    )


class SheetsRangeNode(FileSheetsNode, abstract=True):
    """A node for one range of a spreadsheet."""

    sheet_name: str = unlisted(
        None, kind="string", help="The sheet of a range that names none; without it the first."
    )


class SheetsGetRangeNode(SheetsRangeNode):
    """Read a range of a Google spreadsheet: a list of rows, each a list of values.

    With `major_dimension` COLUMNS it is a list of columns. Empty cells are empty text; those at the
    end of a row, and rows at the end, are left out, so rows may differ in length. `row_count` and
    `column_count` are those of what is there.
    """

    example = {"credential_name": "google", "spreadsheet_id": "1x", "range": "Sheet1!A1:D"}
    range: str = _range_param("Sheet1!A1:B10")
    value_render_option: str = render_param()
    major_dimension: str = param(
        "ROWS", kind="choice", choices=DIMENSIONS, port_kind="STRING", help="What the lists are."
    )
    outputs = (
        *OUTCOME,
        Output("values", "LIST"),
        Output("row_count", "INTEGER"),
        Output("column_count", "INTEGER"),
    )

    async def work(self, ctx: Context, api: Api) -> Outputs:
        path = spreadsheet_path(self.spreadsheet_id)
        place = range_of(self.range, self.sheet_name)
        dimension = one_of(self.major_dimension, "major_dimension", DIMENSIONS)
        values = values_in(await read(api, path, place, self.value_render_option, dimension))
        count, longest = len(values), max(map(len, values), default=0)
        rows, columns = (count, longest) if dimension == "ROWS" else (longest, count)
        return {"values": values, "row_count": rows, "column_count": columns}


class SheetsWriteRangeNode(SheetsRangeNode):
    """Write rows of values into a range of a Google spreadsheet, from its first cell on.

    `values` is a list of rows, each a list; a plain list is one row. A range of one cell (`A1`)
    takes any size, others must be large enough. Empty text empties a cell, null leaves it as it is.
    With USER_ENTERED a text that begins with `=` becomes a formula: take RAW for what comes from
    elsewhere.
    """

    side_effect = True
    example = {
        "credential_name": "google",
        "spreadsheet_id": "1x",
        "range": "Sheet1!A1",
        "values": [["name", "amount"], ["{{name}}", 12.5]],
    }
    range: str = _range_param("Sheet1!A1:B10")
    values: Json = param(
        [], kind="json", required=True, port_kind="LIST", help="The rows, also as JSON text."
    )
    value_input_option: str = input_param()
    outputs = (
        *OUTCOME,
        *(Output(f"updated_{each}", "INTEGER") for each in ("cells", "rows", "columns")),
        Output("updated_range", "STRING"),
    )

    async def work(self, ctx: Context, api: Api) -> Outputs:
        path = spreadsheet_path(self.spreadsheet_id)
        place = range_of(self.range, self.sheet_name)
        rows = rows_of(ctx, self.values)
        done = await write(api, path, place, rows, self.value_input_option)
        return {
            "updated_cells": done.get("updatedCells", 0),
            "updated_rows": done.get("updatedRows", 0),
            "updated_columns": done.get("updatedColumns", 0),
            "updated_range": done.get("updatedRange", ""),
        }


class SheetsClearRangeNode(SheetsRangeNode):
    """Empty the cells of a range of a Google spreadsheet; formats and notes stay."""

    side_effect = True
    example = {"credential_name": "google", "spreadsheet_id": "1x", "range": "Sheet1!A2:Z"}
    range: str = _range_param("Sheet1!A1:Z1000")
    outputs = (*OUTCOME, Output("cleared_range", "STRING"))

    async def work(self, ctx: Context, api: Api) -> Outputs:
        path = spreadsheet_path(self.spreadsheet_id)
        place = quoted(range_of(self.range, self.sheet_name))
        done = await ask(api, "POST", f"{path}/values/{place}:clear", body={}, repeatable=True)
        return {"cleared_range": done.get("clearedRange", "")}
