"""Several ranges of a spreadsheet with one request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError, Output, Outputs, port, unlisted
from casare_rpa.nodes.google._api import Api
from casare_rpa.nodes.google._node import OUTCOME
from casare_rpa.nodes.google.sheets._node import SheetsNode, spreadsheet_path
from casare_rpa.nodes.google.sheets._ranges import range_of
from casare_rpa.nodes.google.sheets._values import (
    DIMENSIONS,
    RENDER_OPTIONS,
    ask,
    input_option_of,
    input_param,
    render_param,
    rows_of,
    values_in,
)
from casare_rpa.nodes.values.reading import as_list, one_of, shown


class SheetsBatchNode(SheetsNode, abstract=True):
    """A node for several ranges."""

    sheet_name: str = unlisted(
        None, kind="string", help="The sheet of ranges that name none; without it the first."
    )

    def places(self, ctx: Context, value: Any) -> list[str]:
        """The ranges of a list of texts. Raises NodeError, also if there are none."""
        given = as_list(ctx, value, "ranges")
        if not given:
            raise NodeError("ranges is empty", ErrorCode.MISSING_REQUIRED_FIELD)
        return [
            range_of(each, self.sheet_name, f"ranges[{number}]")
            for number, each in enumerate(given)
        ]


def _ranges_port() -> Any:
    return port(
        [], kind="list", required=True, help="The ranges, such as ['Sheet1!A1:B2', 'Sheet2!C:C']."
    )


class SheetsBatchGetNode(SheetsBatchNode):
    """Read several ranges of a Google spreadsheet with one request.

    `values` has for each range, in order, its rows, as SheetsGetRangeNode reads them; a range with
    nothing in it is an empty list.
    """

    example = {
        "credential_name": "google",
        "spreadsheet_id": "1x",
        "ranges": ["Sheet1!A1:B2", "Totals!A:A"],
    }
    ranges: Any = _ranges_port()
    value_render_option: str = render_param(port)
    outputs = (*OUTCOME, Output("values", "LIST"), Output("ranges_count", "INTEGER"))

    async def work(self, ctx: Context, api: Api) -> Outputs:
        path = spreadsheet_path(self.spreadsheet_id)
        query = {
            "ranges": self.places(ctx, self.ranges),
            "majorDimension": "ROWS",
            "valueRenderOption": one_of(
                self.value_render_option, "value_render_option", RENDER_OPTIONS
            ),
        }
        answer = await ask(api, "GET", f"{path}/values:batchGet", query=query)
        found = [values_in(each) for each in answer.get("valueRanges") or []]
        return {"values": found, "ranges_count": len(found)}


class SheetsBatchUpdateNode(SheetsBatchNode):
    """Write several ranges of a Google spreadsheet with one request: all of them or none.

    `updates` is a list of maps with `range` and `values`, which are as those of
    SheetsWriteRangeNode; with `majorDimension` COLUMNS the lists in `values` are columns.
    """

    side_effect = True
    example = {
        "credential_name": "google",
        "spreadsheet_id": "1x",
        "updates": [{"range": "Sheet1!A1", "values": [["total"], ["{{total}}"]]}],
    }
    updates: Any = port([], kind="list", required=True, help="Maps with `range` and `values`.")
    value_input_option: str = input_param(port)
    outputs = (
        *OUTCOME,
        Output("total_updated_cells", "INTEGER"),
        Output("total_updated_rows", "INTEGER"),
    )

    async def work(self, ctx: Context, api: Api) -> Outputs:
        path = spreadsheet_path(self.spreadsheet_id)
        given = as_list(ctx, self.updates, "updates")
        if not given:
            raise NodeError("updates is empty", ErrorCode.MISSING_REQUIRED_FIELD)
        updates = [
            self._update(ctx, each, f"updates[{number}]") for number, each in enumerate(given)
        ]
        body = {"valueInputOption": input_option_of(self.value_input_option), "data": updates}
        done = await ask(api, "POST", f"{path}/values:batchUpdate", body=body, repeatable=True)
        return {
            "total_updated_cells": done.get("totalUpdatedCells", 0),
            "total_updated_rows": done.get("totalUpdatedRows", 0),
        }

    def _update(self, ctx: Context, value: Any, name: str) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise NodeError(
                f"{name} must be a map with range and values, not {shown(value)}",
                ErrorCode.TYPE_MISMATCH,
            )
        dimension = value.get("majorDimension") or value.get("major_dimension") or "ROWS"
        return {
            "range": range_of(value.get("range"), self.sheet_name, f"{name}.range"),
            "majorDimension": one_of(dimension, f"{name}.majorDimension", DIMENSIONS),
            "values": rows_of(ctx, value.get("values"), f"{name}.values"),
        }


class SheetsBatchClearNode(SheetsBatchNode):
    """Empty several ranges of a Google spreadsheet with one request; formats and notes stay."""

    side_effect = True
    example = {
        "credential_name": "google",
        "spreadsheet_id": "1x",
        "ranges": ["Sheet1!A2:Z", "Totals!A:A"],
    }
    ranges: Any = _ranges_port()
    outputs = (*OUTCOME, Output("cleared_ranges", "LIST"))

    async def work(self, ctx: Context, api: Api) -> Outputs:
        path = spreadsheet_path(self.spreadsheet_id)
        body = {"ranges": self.places(ctx, self.ranges)}
        done = await ask(api, "POST", f"{path}/values:batchClear", body=body, repeatable=True)
        return {"cleared_ranges": done.get("clearedRanges") or []}
