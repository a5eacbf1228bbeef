"""Columns of a sheet: by their letters, or by numbers from 0 as Google's changes count them."""

from __future__ import annotations

from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError, Output, Outputs, param
from casare_rpa.nodes.google._api import Api
from casare_rpa.nodes.google._node import OUTCOME
from casare_rpa.nodes.google.sheets._node import (
    SHORT_OUTCOME,
    FileSheetsNode,
    NamedSheetsNode,
    changed,
    sheet_id_of,
    sheet_id_param,
    spreadsheet_param,
    spreadsheet_path,
)
from casare_rpa.nodes.google.sheets._ranges import (
    MOST_COLUMNS,
    column_index,
    column_of,
    in_sheet,
    row_of,
)
from casare_rpa.nodes.google.sheets._sheets import dimension_of, inserted, sheet_numbered
from casare_rpa.nodes.google.sheets._values import read, render_param, values_in
from casare_rpa.nodes.google.sheets.cells import sheet_name_param
from casare_rpa.nodes.values.reading import int_within


def _column_param(help: str) -> Any:
    return param(
        None,
        kind="any",
        port_kind="INTEGER",
        required=True,
        aliases=("column",),
        help=f"{help}: a number from 0 (column A), or its letters.",
    )


def _count_param() -> Any:
    return param(1, kind="integer", minimum=1, help="How many.")


class SheetsGetColumnNode(FileSheetsNode):
    """Read a column of a Google spreadsheet as a list of values.

    Rows are counted from 1. Empty cells are empty text; those at the end are left out. `end_row`
    may lie beyond the end of the sheet.
    """

    example = {"credential_name": "google", "spreadsheet_id": "1x", "column": "B", "start_row": 2}
    sheet_name: str = sheet_name_param()
    column: str = param("A", kind="string", required=True, help="The column, by its letters.")
    start_row: int = param(1, kind="integer", minimum=1, help="The first row, from 1.")
    end_row: int = param(1000, kind="integer", minimum=1, help="The last row, from 1.")
    value_render_option: str = render_param()
    outputs = (*OUTCOME, Output("values", "LIST"), Output("cell_count", "INTEGER"))

    async def work(self, ctx: Context, api: Api) -> Outputs:
        path = spreadsheet_path(self.spreadsheet_id)
        place = in_sheet(self.sheet_name, self._cells())
        columns = values_in(await read(api, path, place, self.value_render_option, "COLUMNS"))
        values = columns[0] if columns else []
        return {"values": values, "cell_count": len(values)}

    def _cells(self) -> str:
        column = column_of(self.column, "column")
        first = row_of(self.start_row, "start_row")
        last = row_of(self.end_row, "end_row")
        if last < first:
            raise NodeError(
                f"end_row {last} is before start_row {first}", ErrorCode.VALUE_OUT_OF_RANGE
            )
        return f"{column}{first}:{column}{last}"


class SheetsInsertColumnNode(NamedSheetsNode):
    """Insert empty columns into a sheet of a Google spreadsheet, before the one that is there now.

    Columns are counted from 0: column A is 0. Letters do as well.
    """

    side_effect = True
    example = {
        "credential_name": "google",
        "spreadsheet_id": "1x",
        "sheet_id": 0,
        "column_index": 1,
    }
    spreadsheet_id: str = spreadsheet_param()
    sheet_id: int = sheet_id_param()
    column_index: Any = _column_param("The column that the first becomes")
    num_columns: int = _count_param()
    outputs = SHORT_OUTCOME

    async def work(self, ctx: Context, api: Api) -> Outputs:
        path = spreadsheet_path(self.spreadsheet_id)
        first = column_index(self.column_index, "column_index")
        count = int_within(self.num_columns, "num_columns", 1, MOST_COLUMNS)
        sheet = await sheet_numbered(api, path, sheet_id_of(self.sheet_id))
        await inserted(api, path, sheet, "COLUMNS", first, count)
        return {}


class SheetsDeleteColumnNode(NamedSheetsNode):
    """Delete columns of a sheet of a Google spreadsheet; those to the right move up.

    Columns are counted from 0: column A is 0. Letters do as well.
    """

    side_effect = True
    example = {
        "credential_name": "google",
        "spreadsheet_id": "1x",
        "sheet_id": 0,
        "start_column": 1,
    }
    spreadsheet_id: str = spreadsheet_param()
    sheet_id: int = sheet_id_param()
    start_column: Any = _column_param("The first of them")
    num_columns: int = _count_param()
    outputs = SHORT_OUTCOME

    async def work(self, ctx: Context, api: Api) -> Outputs:
        path = spreadsheet_path(self.spreadsheet_id)
        first = column_index(self.start_column, "start_column")
        count = int_within(self.num_columns, "num_columns", 1, MOST_COLUMNS)
        area = dimension_of(sheet_id_of(self.sheet_id), "COLUMNS", first, count)
        await changed(api, path, "deleteDimension", {"range": area}, repeatable=False)
        return {}
