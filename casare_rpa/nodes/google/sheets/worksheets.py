"""Sheets of a spreadsheet: adding, deleting, renaming, duplicating, copying."""

from __future__ import annotations

from typing import Any

from casare_rpa.nodes.base import Context, Output, Outputs, port
from casare_rpa.nodes.google._api import Api
from casare_rpa.nodes.google._node import OUTCOME, wanted
from casare_rpa.nodes.google.sheets._node import (
    NamedSheetsNode,
    SheetsNode,
    changed,
    sheet_id_of,
    sheet_id_param,
    spreadsheet_id_of,
    spreadsheet_param,
    spreadsheet_path,
)
from casare_rpa.nodes.google.sheets._ranges import MOST_COLUMNS, MOST_ROWS
from casare_rpa.nodes.values.reading import as_text, int_within

#: More sheets than a spreadsheet can have.
_MOST_INDEX = 100_000


def _sheet_id_port(help: str) -> Any:
    return port(None, kind="integer", required=True, help=f"{help}: `gid` in its address.")


class SheetsAddSheetNode(SheetsNode):
    """Add an empty sheet to a Google spreadsheet, behind the others.

    Without `row_count` and `column_count` it has 1000 rows and 26 columns. There can be no two of
    one name.
    """

    side_effect = True
    example = {"credential_name": "google", "spreadsheet_id": "1x", "sheet_name": "July"}
    sheet_name: str = port(
        "", kind="string", required=True, aliases=("title",), help="What it is called."
    )
    row_count: int = port(None, kind="integer", help="How many rows it has.")
    column_count: int = port(None, kind="integer", help="How many columns it has.")
    outputs = (*OUTCOME, Output("sheet_id", "INTEGER"), Output("sheet_name", "STRING"))

    async def work(self, ctx: Context, api: Api) -> Outputs:
        path = spreadsheet_path(self.spreadsheet_id)
        properties: dict[str, Any] = {"title": wanted(self.sheet_name, "sheet_name")}
        if grid := grid_of(self.row_count, self.column_count):
            properties["gridProperties"] = grid
        made = await changed(api, path, "addSheet", {"properties": properties}, repeatable=False)
        about = made.get("properties") or {}
        return {"sheet_id": about.get("sheetId", 0), "sheet_name": about.get("title", "")}


class SheetsDeleteSheetNode(SheetsNode):
    """Delete a sheet of a Google spreadsheet with all that is on it; the last one cannot be."""

    side_effect = True
    example = {"credential_name": "google", "spreadsheet_id": "1x", "sheet_id": 1234}
    sheet_id: int = _sheet_id_port("The sheet's number")
    outputs = OUTCOME

    async def work(self, ctx: Context, api: Api) -> Outputs:
        path = spreadsheet_path(self.spreadsheet_id)
        request = {"sheetId": sheet_id_of(self.sheet_id)}
        await changed(api, path, "deleteSheet", request, repeatable=False)
        return {}


class SheetsRenameSheetNode(SheetsNode):
    """Rename a sheet of a Google spreadsheet; formulas that name it follow."""

    side_effect = True
    example = {
        **{"credential_name": "google", "spreadsheet_id": "1x"},
        **{"sheet_id": 0, "new_name": "July"},
    }
    sheet_id: int = _sheet_id_port("The sheet's number")
    new_name: str = port("", kind="string", required=True, help="What it is called from now on.")
    outputs = OUTCOME

    async def work(self, ctx: Context, api: Api) -> Outputs:
        path = spreadsheet_path(self.spreadsheet_id)
        title = wanted(self.new_name, "new_name")
        properties = {"sheetId": sheet_id_of(self.sheet_id), "title": title}
        request = {"properties": properties, "fields": "title"}
        await changed(api, path, "updateSheetProperties", request, repeatable=True)
        return {}


class SheetsDuplicateSheetNode(SheetsNode):
    """Duplicate a sheet inside its Google spreadsheet.

    Without `new_sheet_name` Google names it. `insert_index` is its place among the sheets, from 0;
    without it the first.
    """

    side_effect = True
    example = {
        **{"credential_name": "google", "spreadsheet_id": "1x"},
        **{"source_sheet_id": 0, "new_sheet_name": "July"},
    }
    source_sheet_id: int = _sheet_id_port("The sheet's number")
    new_sheet_name: str = port("", kind="string", help="What the duplicate is called.")
    insert_index: int = port(None, kind="integer", help="Its place among the sheets, from 0.")
    outputs = (*OUTCOME, Output("new_sheet_id", "INTEGER"), Output("new_sheet_name", "STRING"))

    async def work(self, ctx: Context, api: Api) -> Outputs:
        path = spreadsheet_path(self.spreadsheet_id)
        request: dict[str, Any] = {
            "sourceSheetId": sheet_id_of(self.source_sheet_id, "source_sheet_id")
        }
        if name := as_text(self.new_sheet_name).strip():
            request["newSheetName"] = name
        if self.insert_index is not None:
            place = int_within(self.insert_index, "insert_index", 0, _MOST_INDEX)
            request["insertSheetIndex"] = place
        made = await changed(api, path, "duplicateSheet", request, repeatable=False)
        return _as_new(made.get("properties") or {})


class SheetsCopySheetNode(NamedSheetsNode):
    """Copy a sheet to another Google spreadsheet, behind its sheets; Google names the copy."""

    side_effect = True
    example = {
        **{"credential_name": "google", "source_spreadsheet_id": "1x"},
        **{"source_sheet_id": 0, "destination_spreadsheet_id": "1y"},
    }
    source_spreadsheet_id: str = spreadsheet_param(
        aliases=("spreadsheet_id",), help="The spreadsheet of the sheet: its id or address."
    )
    source_sheet_id: int = sheet_id_param()
    destination_spreadsheet_id: str = spreadsheet_param(
        help="The spreadsheet it is copied to: its id or address."
    )
    outputs = (*OUTCOME, Output("new_sheet_id", "INTEGER"), Output("new_sheet_name", "STRING"))

    async def work(self, ctx: Context, api: Api) -> Outputs:
        path = spreadsheet_path(self.source_spreadsheet_id, "source_spreadsheet_id")
        sheet_id = sheet_id_of(self.source_sheet_id, "source_sheet_id")
        target = spreadsheet_id_of(self.destination_spreadsheet_id, "destination_spreadsheet_id")
        body = {"destinationSpreadsheetId": target}
        return _as_new(await api.ask("POST", f"{path}/sheets/{sheet_id}:copyTo", body=body))


def grid_of(row_count: Any, column_count: Any) -> dict[str, int]:
    """The size of a new sheet, as far as it is given. Raises NodeError."""
    found: dict[str, int] = {}
    if row_count is not None:
        found["rowCount"] = int_within(row_count, "row_count", 1, MOST_ROWS)
    if column_count is not None:
        found["columnCount"] = int_within(column_count, "column_count", 1, MOST_COLUMNS)
    return found


def _as_new(properties: dict[str, Any]) -> Outputs:
    return {
        "new_sheet_id": properties.get("sheetId", 0),
        "new_sheet_name": properties.get("title", ""),
    }
