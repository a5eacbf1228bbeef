"""Rows of a sheet. They are counted from 1, as a spreadsheet shows them."""

from __future__ import annotations

from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Json, NodeError, Output, Outputs, param
from casare_rpa.nodes.google._api import Api
from casare_rpa.nodes.google._node import OUTCOME
from casare_rpa.nodes.google._services import quoted
from casare_rpa.nodes.google.sheets._node import FileSheetsNode, changed, spreadsheet_path
from casare_rpa.nodes.google.sheets._ranges import (
    LAST_COLUMN,
    MOST_ROWS,
    column_of,
    in_sheet,
    row_of,
    table_place,
)
from casare_rpa.nodes.google.sheets._sheets import dimension_of, inserted, sheet_named
from casare_rpa.nodes.google.sheets._values import (
    ask,
    input_option_of,
    input_param,
    one_row,
    read,
    render_param,
    rows_of,
    values_in,
    write,
)
from casare_rpa.nodes.google.sheets.cells import sheet_name_param
from casare_rpa.nodes.values.reading import as_list, as_text, int_within


def _row_param(help: str) -> Any:
    return param(
        1, kind="integer", required=True, minimum=1, aliases=("row",), help=f"{help}, from 1."
    )


def _values_param(help: str, *, required: bool = True) -> Any:
    return param([], kind="json", required=required, port_kind="LIST", help=help)


class SheetsGetRowNode(FileSheetsNode):
    """Read a row of a Google spreadsheet as a list of values.

    Rows are counted from 1. Empty cells are empty text; those at the end are left out.
    """

    example = {"credential_name": "google", "spreadsheet_id": "1x", "row_num": 2}
    sheet_name: str = sheet_name_param()
    row_num: int = _row_param("The row")
    start_col: str = param("A", kind="string", help="Its first column.")
    end_col: str = param("Z", kind="string", help="Its last column; empty: the last there is.")
    value_render_option: str = render_param()
    outputs = (*OUTCOME, Output("values", "LIST"), Output("cell_count", "INTEGER"))

    async def work(self, ctx: Context, api: Api) -> Outputs:
        path = spreadsheet_path(self.spreadsheet_id)
        row = row_of(self.row_num, "row_num")
        first = column_of(self.start_col, "start_col")
        last = column_of(as_text(self.end_col).strip() or LAST_COLUMN, "end_col")
        place = in_sheet(self.sheet_name, f"{first}{row}:{last}{row}")
        rows = values_in(await read(api, path, place, self.value_render_option))
        values = rows[0] if rows else []
        return {"values": values, "cell_count": len(values)}


class SheetsAppendRowNode(FileSheetsNode):
    """Append a row to a sheet of a Google spreadsheet, below the last row that holds something.

    `values` is the list of its values; a list of lists appends several rows. They begin in the
    first column of the table that Google finds there, which `table_range` tells, and are inserted,
    so that nothing below is overwritten. If a sheet has several tables `sheet_name` may be a range,
    such as `Sheet1!A1:C1`: then it is that table's end.
    With USER_ENTERED a text that begins with `=` becomes a formula: take RAW for what comes from
    elsewhere.
    """

    side_effect = True
    example = {
        "credential_name": "google",
        "spreadsheet_id": "1x",
        "values": ["{{name}}", "{{amount}}"],
    }
    sheet_name: str = sheet_name_param(aliases=("range",))
    values: Json = _values_param("The row's values, also as JSON text.")
    value_input_option: str = input_param()
    outputs = (
        *OUTCOME,
        Output("updated_cells", "INTEGER"),
        Output("updated_range", "STRING"),
        Output("table_range", "STRING"),
    )

    async def work(self, ctx: Context, api: Api) -> Outputs:
        path = spreadsheet_path(self.spreadsheet_id)
        place = quoted(table_place(self.sheet_name))
        query = {
            "valueInputOption": input_option_of(self.value_input_option),
            "insertDataOption": "INSERT_ROWS",
        }
        body = {"majorDimension": "ROWS", "values": rows_of(ctx, self.values)}
        done = await ask(api, "POST", f"{path}/values/{place}:append", query=query, body=body)
        updates = done.get("updates") or {}
        return {
            "updated_cells": updates.get("updatedCells", 0),
            "updated_range": updates.get("updatedRange", ""),
            "table_range": done.get("tableRange", ""),
        }


class SheetsUpdateRowNode(FileSheetsNode):
    """Overwrite a row of a Google spreadsheet, from `start_col` on.

    Rows are counted from 1. Cells beyond `values` stay, as do those whose value is null; empty text
    empties one. With USER_ENTERED a text that begins with `=` becomes a formula: take RAW for what
    comes from elsewhere.
    """

    side_effect = True
    example = {
        "credential_name": "google",
        "spreadsheet_id": "1x",
        "row_num": 2,
        "values": ["{{name}}", "{{amount}}"],
    }
    sheet_name: str = sheet_name_param()
    row_num: int = _row_param("The row")
    values: Json = _values_param("The row's values, also as JSON text.")
    start_col: str = param("A", kind="string", help="The column of the first value.")
    value_input_option: str = input_param()
    outputs = (*OUTCOME, Output("updated_cells", "INTEGER"), Output("updated_range", "STRING"))

    async def work(self, ctx: Context, api: Api) -> Outputs:
        path = spreadsheet_path(self.spreadsheet_id)
        row = row_of(self.row_num, "row_num")
        place = in_sheet(self.sheet_name, f"{column_of(self.start_col, 'start_col')}{row}")
        rows = one_row(ctx, self.values)
        done = await write(api, path, place, rows, self.value_input_option)
        return {
            "updated_cells": done.get("updatedCells", 0),
            "updated_range": done.get("updatedRange", ""),
        }


class SheetsInsertRowNode(FileSheetsNode):
    """Insert a row into a sheet of a Google spreadsheet, before the one that is `row_num` now.

    Rows are counted from 1. `values` are written into it from column A on; a list of lists inserts
    several rows. These are two requests: if the second fails the message says that the row is there
    without its values.
    """

    side_effect = True
    example = {
        "credential_name": "google",
        "spreadsheet_id": "1x",
        "row_num": 2,
        "values": ["{{name}}", "{{amount}}"],
    }
    sheet_name: str = sheet_name_param()
    row_num: int = _row_param("The row that it becomes")
    values: Json = _values_param("Its values, also as JSON text; empty: none.", required=False)
    value_input_option: str = input_param()
    outputs = (*OUTCOME, Output("inserted_row", "INTEGER"))

    async def work(self, ctx: Context, api: Api) -> Outputs:
        path = spreadsheet_path(self.spreadsheet_id)
        row = row_of(self.row_num, "row_num")
        # All that can be wrong is found before the row is there.
        input_option_of(self.value_input_option)
        rows = self._rows(ctx)
        sheet = await sheet_named(api, path, self.sheet_name)
        await inserted(api, path, sheet, "ROWS", row - 1, max(1, len(rows)))
        if rows:
            await self._fill(api, path, row, rows)
        return {"inserted_row": row}

    def _rows(self, ctx: Context) -> list[list[Any]]:
        if self.values is None or self.values == "":
            return []
        given = as_list(ctx, self.values, "values")
        return rows_of(ctx, given) if given else []

    async def _fill(self, api: Api, path: str, row: int, rows: list[list[Any]]) -> None:
        place = in_sheet(self.sheet_name, f"A{row}")
        try:
            await write(api, path, place, rows, self.value_input_option)
        except NodeError as error:
            told = NodeError(
                f"row {row} was inserted, but its values were not written: {error.message}",
                error.error_code,
                hint=error.hint,
                details=error.details,
            )
            told.outputs = {"inserted_row": row}
            raise told from error


class SheetsDeleteRowNode(FileSheetsNode):
    """Delete rows of a sheet of a Google spreadsheet; those below move up.

    Rows are counted from 1. `deleted_rows` is less than `num_rows` if the sheet ends before.
    """

    side_effect = True
    example = {"credential_name": "google", "spreadsheet_id": "1x", "row_num": 2, "num_rows": 3}
    sheet_name: str = sheet_name_param()
    row_num: int = _row_param("The first of them")
    num_rows: int = param(1, kind="integer", minimum=1, help="How many.")
    outputs = (*OUTCOME, Output("deleted_rows", "INTEGER"))

    async def work(self, ctx: Context, api: Api) -> Outputs:
        path = spreadsheet_path(self.spreadsheet_id)
        row = row_of(self.row_num, "row_num")
        wanted = int_within(self.num_rows, "num_rows", 1, MOST_ROWS)
        sheet = await sheet_named(api, path, self.sheet_name)
        count = min(wanted, sheet["row_count"] - row + 1)
        if count < 1:
            raise NodeError(
                f"there is no row {row}: the sheet {sheet['title']!r} has {sheet['row_count']}",
                ErrorCode.VALUE_OUT_OF_RANGE,
            )
        area = dimension_of(sheet["sheet_id"], "ROWS", row - 1, count)
        await changed(api, path, "deleteDimension", {"range": area}, repeatable=False)
        return {"deleted_rows": count}
