"""The sheets of a spreadsheet: what is known of one, and how it is found by its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.google._api import Api
from casare_rpa.nodes.google.sheets._node import changed
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
    sheets = await _sheets(api, path)
    for same in (str, str.casefold):
        for each in sheets:
            if same(each["title"]) == same(title):
                return each
    raise _missing(f"there is no sheet {title!r}", [repr(each["title"]) for each in sheets])


async def sheet_numbered(api: Api, path: str, sheet_id: int) -> dict[str, Any]:
    """The sheet with this number. Raises NodeError that says which there are."""
    sheets = await _sheets(api, path)
    for each in sheets:
        if each["sheet_id"] == sheet_id:
            return each
    numbers = [f"{each['sheet_id']} ({each['title']!r})" for each in sheets]
    raise _missing(f"there is no sheet with the sheet_id {sheet_id}", numbers)


async def inserted(
    api: Api, path: str, sheet: Mapping[str, Any], dimension: str, start: int, count: int
) -> None:
    """Insert ROWS or COLUMNS before *start*, from 0; that is at most the end of the sheet."""
    size = sheet["row_count" if dimension == "ROWS" else "column_count"]
    if start > size:
        raise NodeError(
            f"nothing can be inserted beyond the end: the sheet {sheet['title']!r} has {size}"
            f" {dimension.lower()}",
            ErrorCode.VALUE_OUT_OF_RANGE,
        )
    request = {
        "range": dimension_of(sheet["sheet_id"], dimension, start, count),
        # At the end there is nothing after it whose format it could have.
        "inheritFromBefore": start == size,
    }
    await changed(api, path, "insertDimension", request, repeatable=False)


def dimension_of(sheet_id: int, dimension: str, start: int, count: int) -> dict[str, Any]:
    """*count* ROWS or COLUMNS from *start*, from 0, as Google's changes name them."""
    return {
        "sheetId": sheet_id,
        "dimension": dimension,
        "startIndex": start,
        "endIndex": start + count,
    }


async def _sheets(api: Api, path: str) -> list[dict[str, Any]]:
    answer = await api.ask("GET", path, query={"fields": _PLACE})
    return [as_sheet(each.get("properties") or {}) for each in answer.get("sheets") or []]


def _missing(what: str, there: list[str]) -> NodeError:
    more = ["…"] if len(there) > _MOST_TOLD else []
    return NodeError(
        f"{what}; there are {', '.join(there[:_MOST_TOLD] + more)}",
        ErrorCode.RESOURCE_NOT_FOUND,
    )
