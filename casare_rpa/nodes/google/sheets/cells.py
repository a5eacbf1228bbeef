"""Single cells of a spreadsheet."""

from __future__ import annotations

from typing import Any

from casare_rpa.nodes.base import Context, Output, Outputs, param
from casare_rpa.nodes.google._api import Api
from casare_rpa.nodes.google._node import OUTCOME
from casare_rpa.nodes.google.sheets._node import (
    SHORT_OUTCOME,
    FileSheetsNode,
    NamedSheetsNode,
    spreadsheet_param,
    spreadsheet_path,
)
from casare_rpa.nodes.google.sheets._ranges import cell_of
from casare_rpa.nodes.google.sheets._values import (
    cell_value,
    input_param,
    read,
    render_param,
    values_in,
    write,
)


def sheet_name_param(*, aliases: tuple[str, ...] = ()) -> Any:
    """The parameter for a sheet by its name."""
    return param("Sheet1", kind="string", aliases=aliases, help="The sheet, by its name.")


def _cell_param() -> Any:
    return param("A1", kind="string", required=True, help="The cell, such as B5.")


class SheetsGetCellNode(FileSheetsNode):
    """Read one cell of a Google spreadsheet; an empty one is empty text.

    For the account see the guide on Google.
    """

    example = {"credential_name": "google", "spreadsheet_id": "1x", "cell": "B5"}
    sheet_name: str = sheet_name_param()
    cell: str = _cell_param()
    value_render_option: str = render_param()
    outputs = (*OUTCOME, Output("value", "ANY"))

    async def work(self, ctx: Context, api: Api) -> Outputs:
        path = spreadsheet_path(self.spreadsheet_id)
        place = cell_of(self.cell, self.sheet_name)
        rows = values_in(await read(api, path, place, self.value_render_option))
        return {"value": rows[0][0] if rows and rows[0] else ""}


class SheetsWriteCellNode(FileSheetsNode):
    """Write one cell of a Google spreadsheet; empty text empties it.

    With USER_ENTERED a text is read as if it was typed: one that begins with `=` becomes a formula.
    Take RAW for what comes from elsewhere.
    """

    side_effect = True
    example = {
        "credential_name": "google",
        "spreadsheet_id": "1x",
        "cell": "B5",
        "value": "{{total}}",
    }
    sheet_name: str = sheet_name_param()
    cell: str = _cell_param()
    value: Any = param("", kind="any", required=True, help="A text, a number, true or false.")
    value_input_option: str = input_param()
    outputs = (*OUTCOME, Output("updated_cells", "INTEGER"), Output("updated_range", "STRING"))

    async def work(self, ctx: Context, api: Api) -> Outputs:
        path = spreadsheet_path(self.spreadsheet_id)
        place = cell_of(self.cell, self.sheet_name)
        rows = [[cell_value(self.value, "value")]]
        done = await write(api, path, place, rows, self.value_input_option)
        return {
            "updated_cells": done.get("updatedCells", 0),
            "updated_range": done.get("updatedRange", ""),
        }


class SheetsSetCellNode(NamedSheetsNode):
    """Write one cell of a Google spreadsheet as if its value was typed; empty text empties it.

    A text that begins with `=` becomes a formula. For what comes from elsewhere take
    SheetsWriteCellNode with RAW.
    """

    side_effect = True
    example = {
        "credential_name": "google",
        "spreadsheet_id": "1x",
        "cell": "B5",
        "value": "{{total}}",
    }
    spreadsheet_id: str = spreadsheet_param()
    cell: str = _cell_param()
    value: Any = param(None, kind="any", required=True, help="A text, a number, true or false.")
    sheet_name: str = sheet_name_param()
    outputs = (Output("updated_range", "STRING"), *SHORT_OUTCOME)

    async def work(self, ctx: Context, api: Api) -> Outputs:
        path = spreadsheet_path(self.spreadsheet_id)
        place = cell_of(self.cell, self.sheet_name)
        done = await write(api, path, place, [[cell_value(self.value, "value")]], "USER_ENTERED")
        return {"updated_range": done.get("updatedRange", "")}
