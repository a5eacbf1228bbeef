"""Whole spreadsheets: making one, and what is known of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from casare_rpa.nodes.base import Context, Output, Outputs, param, port
from casare_rpa.nodes.google._api import Api
from casare_rpa.nodes.google._node import OUTCOME, wanted
from casare_rpa.nodes.google.sheets._node import (
    SPREADSHEETS,
    FileSheetsNode,
    NamedSheetsNode,
    SheetsNode,
    spreadsheet_path,
)
from casare_rpa.nodes.google.sheets._sheets import as_sheet
from casare_rpa.nodes.google.sheets.worksheets import grid_of
from casare_rpa.nodes.values.reading import as_list, as_text


class SheetsCreateSpreadsheetNode(NamedSheetsNode):
    """Make a Google spreadsheet in the account's own folder.

    `sheets` are the names of its sheets, or maps with `title` and, if they are to have another size
    than 1000 rows and 26 columns, `row_count` and `column_count`; without any it has one, which
    Google names in the language of `locale`. A service account has no storage of its own: make the
    file in a folder of a shared drive instead (DriveCopyFileNode, of an empty one).
    """

    side_effect = True
    example = {"credential_name": "google", "title": "July", "sheets": ["Invoices", "Totals"]}
    title: str = param(None, kind="string", required=True, help="What it is called.")
    sheets: Any = param(None, kind="list", help="The names of its sheets.")
    locale: str = param("en_US", kind="string", help="How numbers and dates are written: de_DE.")
    outputs = (*OUTCOME, Output("spreadsheet_id", "STRING"), Output("spreadsheet_url", "STRING"))

    async def work(self, ctx: Context, api: Api) -> Outputs:
        about = {"title": wanted(self.title, "title")}
        if locale := as_text(self.locale).strip():
            about["locale"] = locale
        body: dict[str, Any] = {"properties": about}
        if self.sheets is not None and self.sheets != "":
            given = as_list(ctx, self.sheets, "sheets")
            body["sheets"] = [
                {"properties": _new_sheet(each, f"sheets[{number}]")}
                for number, each in enumerate(given)
            ]
        query = {"fields": "spreadsheetId,spreadsheetUrl"}
        made = await api.ask("POST", SPREADSHEETS, query=query, body=body)
        return {
            "spreadsheet_id": made.get("spreadsheetId", ""),
            "spreadsheet_url": made.get("spreadsheetUrl", ""),
        }


class SheetsGetSpreadsheetNode(SheetsNode):
    """Tell the title and the sheets of a Google spreadsheet.

    `sheets` are maps with sheet_id, title, index (its place, from 0), type (GRID, OBJECT for a
    chart, DATA_SOURCE), hidden, row_count and column_count. With `include_grid_data` each has
    `data` as well: everything in its cells with their formats, as Google's API tells it. For the
    values alone take SheetsGetRangeNode.
    """

    example = {"credential_name": "google", "spreadsheet_id": "1x"}
    include_grid_data: bool = port(False, kind="boolean", help="All cells with their formats.")
    outputs = (*OUTCOME, Output("title", "STRING"), Output("sheets", "LIST"))

    async def work(self, ctx: Context, api: Api) -> Outputs:
        path = spreadsheet_path(self.spreadsheet_id)
        # Where fields are named, they and not includeGridData say whether cells are told.
        parts = "properties,data" if self.include_grid_data else "properties"
        query = {"fields": f"properties.title,sheets({parts})"}
        found = await api.ask("GET", path, query=query)
        sheets = [self._sheet(each) for each in found.get("sheets") or []]
        return {"title": (found.get("properties") or {}).get("title", ""), "sheets": sheets}

    def _sheet(self, sheet: Mapping[str, Any]) -> dict[str, Any]:
        about = as_sheet(sheet.get("properties") or {})
        return {**about, "data": sheet.get("data") or []} if self.include_grid_data else about


class SheetsGetSheetInfoNode(FileSheetsNode):
    """Tell the title, the locale and the sheets of a Google spreadsheet.

    `sheets` are maps with sheet_id, title, index (its place, from 0), type (GRID, OBJECT for a
    chart, DATA_SOURCE), hidden, row_count and column_count.
    """

    example = {"credential_name": "google", "spreadsheet_id": "1x"}
    outputs = (
        *OUTCOME,
        Output("title", "STRING"),
        Output("sheets", "LIST"),
        Output("sheet_count", "INTEGER"),
        Output("locale", "STRING"),
    )

    async def work(self, ctx: Context, api: Api) -> Outputs:
        path = spreadsheet_path(self.spreadsheet_id)
        query = {"fields": "properties(title,locale),sheets.properties"}
        found = await api.ask("GET", path, query=query)
        about = found.get("properties") or {}
        sheets = [as_sheet(each.get("properties") or {}) for each in found.get("sheets") or []]
        return {
            "title": about.get("title", ""),
            "sheets": sheets,
            "sheet_count": len(sheets),
            "locale": about.get("locale", ""),
        }


def _new_sheet(value: Any, name: str) -> dict[str, Any]:
    """The properties of a sheet that is named, or told of by a map."""
    if not isinstance(value, Mapping):
        return {"title": wanted(value, name)}
    found: dict[str, Any] = {"title": wanted(value.get("title"), f"{name}.title")}
    if grid := grid_of(value.get("row_count"), value.get("column_count")):
        found["gridProperties"] = grid
    return found
