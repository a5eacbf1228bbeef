"""How cells of a sheet look. Rows and columns are counted from 0, and the end is not included."""

from __future__ import annotations

import re
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError, Outputs, param, prop, unlisted
from casare_rpa.nodes.google._api import Api
from casare_rpa.nodes.google.sheets._node import (
    SHORT_OUTCOME,
    NamedSheetsNode,
    changed,
    sheet_id_of,
    sheet_id_param,
    spreadsheet_param,
    spreadsheet_path,
)
from casare_rpa.nodes.google.sheets._ranges import MOST_COLUMNS, MOST_ROWS
from casare_rpa.nodes.values.reading import as_text, int_within, one_of, shown

_COLOR = re.compile(r"#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_MOST_FONT_SIZE = 400
_DIMENSIONS = ("COLUMNS", "ROWS")


def _index_param(help: str) -> Any:
    return param(None, kind="integer", required=True, help=help)


class SheetsFormatCellsNode(NamedSheetsNode):
    """Format cells of a Google spreadsheet: bold, italic, font size, colours.

    Rows and columns are counted from 0, and the end is not included: `start_row` 0 and `end_row` 1
    are the first row. Bold, italic and the size are always set, to their defaults if nothing else
    is said; colours (`#ff0000` or `#f00`) only if they are given.
    """

    side_effect = True
    example = {
        **{"credential_name": "google", "spreadsheet_id": "1x", "sheet_id": 0},
        **{"start_row": 0, "end_row": 1, "start_column": 0, "end_column": 4},
        **{"bold": True, "background_color": "#eeeeee"},
    }
    spreadsheet_id: str = spreadsheet_param()
    sheet_id: int = sheet_id_param()
    start_row: int = _index_param("The first row, from 0.")
    end_row: int = _index_param("The row after the last, from 0.")
    start_column: int = _index_param("The first column, from 0 (column A).")
    end_column: int = _index_param("The column after the last, from 0.")
    bold: bool = unlisted(False, kind="boolean", help="Bold text.")
    italic: bool = unlisted(False, kind="boolean", help="Italic text.")
    font_size: int = unlisted(10, kind="integer", help="The size of the text in points.")
    background_color: str = unlisted("", kind="string", help="The colour of the cells, #rrggbb.")
    text_color: str = unlisted("", kind="string", help="The colour of the text, #rrggbb.")
    outputs = SHORT_OUTCOME

    async def work(self, ctx: Context, api: Api) -> Outputs:
        path = spreadsheet_path(self.spreadsheet_id)
        cell_format, fields = self._format()
        request = {
            "range": self._area(),
            "cell": {"userEnteredFormat": cell_format},
            "fields": f"userEnteredFormat({','.join(fields)})",
        }
        await changed(api, path, "repeatCell", request, repeatable=True)
        return {}

    def _area(self) -> dict[str, Any]:
        first_row, last_row = _span(self.start_row, self.end_row, "row", MOST_ROWS)
        first_column, last_column = _span(
            self.start_column, self.end_column, "column", MOST_COLUMNS
        )
        return {
            "sheetId": sheet_id_of(self.sheet_id),
            "startRowIndex": first_row,
            "endRowIndex": last_row,
            "startColumnIndex": first_column,
            "endColumnIndex": last_column,
        }

    def _format(self) -> tuple[dict[str, Any], list[str]]:
        """The format, and the names of its fields that are to be set."""
        text: dict[str, Any] = {
            "bold": bool(self.bold),
            "italic": bool(self.italic),
            "fontSize": int_within(self.font_size, "font_size", 1, _MOST_FONT_SIZE),
        }
        found: dict[str, Any] = {"textFormat": text}
        fields = ["textFormat.bold", "textFormat.italic", "textFormat.fontSize"]
        if color := _color(self.text_color, "text_color"):
            text["foregroundColorStyle"] = color
            fields.append("textFormat.foregroundColorStyle")
        if color := _color(self.background_color, "background_color"):
            found["backgroundColorStyle"] = color
            fields.append("backgroundColorStyle")
        return found, fields


class SheetsAutoResizeNode(NamedSheetsNode):
    """Make columns (or rows) of a Google spreadsheet as wide (or high) as what is in them.

    They are counted from 0, and `end_index` is not included: 0 and 3 are the columns A to C.
    """

    side_effect = True
    example = {
        **{"credential_name": "google", "spreadsheet_id": "1x", "sheet_id": 0},
        **{"start_index": 0, "end_index": 3},
    }
    spreadsheet_id: str = spreadsheet_param()
    sheet_id: int = sheet_id_param()
    start_index: int = _index_param("The first of them, from 0.")
    end_index: int = _index_param("The one after the last, from 0.")
    dimension: str = prop(
        "COLUMNS", kind="choice", choices=_DIMENSIONS, help="Columns get wider, rows higher."
    )
    outputs = SHORT_OUTCOME

    async def work(self, ctx: Context, api: Api) -> Outputs:
        path = spreadsheet_path(self.spreadsheet_id)
        dimension = one_of(self.dimension, "dimension", _DIMENSIONS)
        most = MOST_COLUMNS if dimension == "COLUMNS" else MOST_ROWS
        first, end = _span(self.start_index, self.end_index, "index", most)
        area = {
            "sheetId": sheet_id_of(self.sheet_id),
            "dimension": dimension,
            "startIndex": first,
            "endIndex": end,
        }
        request = {"dimensions": area}
        await changed(api, path, "autoResizeDimensions", request, repeatable=True)
        return {}


def _span(start: Any, end: Any, name: str, most: int) -> tuple[int, int]:
    """Start and end, from 0. Raises NodeError if nothing lies between."""
    first = int_within(start, f"start_{name}", 0, most)
    after = int_within(end, f"end_{name}", 0, most)
    if after <= first:
        raise NodeError(
            f"end_{name} must be greater than start_{name} ({first}), not {after}:"
            " it is the first that is not included",
            ErrorCode.VALUE_OUT_OF_RANGE,
        )
    return first, after


def _color(value: Any, name: str) -> dict[str, Any]:
    """Google's form of a colour; empty if none is given. Raises NodeError."""
    text = as_text(value).strip()
    if not text:
        return {}
    found = _COLOR.fullmatch(text)
    if not found:
        raise NodeError(
            f"{name} must be a colour like #ff0000, not {shown(text)}", ErrorCode.INVALID_INPUT
        )
    digits = found[1] if len(found[1]) == 6 else "".join(each * 2 for each in found[1])
    parts = (int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4))
    return {"rgbColor": dict(zip(("red", "green", "blue"), parts, strict=True))}
