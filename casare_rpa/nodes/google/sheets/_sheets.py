"""The sheets of a spreadsheet: what is known of one, and how it is found by its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.google._api import Api
from casare_rpa.nodes.google.sheets._ranges import title_of

_PLACE = "sheets.properties(sheetId,title,gridProperties(rowCount,columnCount))"
_MOST_TOLD = 20


def as_sheet(properties: Mapping[str, Any]) -> dict[str, Any]:
    """A sheet as the nodes tell of it; one that is no grid (a chart) has no rows and columns."""
    grid = properties.get("gridProperties") or {}
    return {
        "sheet_id": properties.get("sheetId", 0),
        "title": properties.get("title", ""),
        "index": properties.get("index", 0),
        "type": properties.get("sheetType", "GRID"),
        "hidden": properties.get("hidden", False),
        "row_count": grid.get("rowCount", 0),
        "column_count": grid.get("columnCount", 0),
    }


async def sheet_named(api: Api, path: str, sheet_name: Any) -> dict[str, Any]:
    """The sheet of this name, letter case aside. Raises NodeError that says which there are."""
    title = title_of(sheet_name)
    answer = await api.ask("GET", path, query={"fields": _PLACE})
    sheets = [as_sheet(each.get("properties") or {}) for each in answer.get("sheets") or []]
    for same in (str, str.casefold):
        for each in sheets:
            if same(str(each["title"])) == same(title):
                return each
    names = [repr(each["title"]) for each in sheets[:_MOST_TOLD]]
    more = ["…"] if len(sheets) > _MOST_TOLD else []
    raise NodeError(
        f"there is no sheet {title!r}; there are {', '.join(names + more)}",
        ErrorCode.RESOURCE_NOT_FOUND,
    )
