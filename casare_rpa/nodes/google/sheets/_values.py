"""What is in cells: how nodes are told of it, and how it is read and written."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError, param
from casare_rpa.nodes.google._api import Api
from casare_rpa.nodes.google._services import quoted
from casare_rpa.nodes.values.reading import as_list, one_of

INPUT_OPTIONS = ("USER_ENTERED", "RAW")
RENDER_OPTIONS = ("FORMATTED_VALUE", "UNFORMATTED_VALUE", "FORMULA")
DIMENSIONS = ("ROWS", "COLUMNS")
_NOT_FOUND = "Unable to parse range"


def input_param(declare: Callable[..., Any] = param) -> Any:
    """The parameter for how values are read that are written."""
    return declare(
        "USER_ENTERED",
        kind="choice",
        choices=INPUT_OPTIONS,
        port_kind="STRING",
        help="USER_ENTERED: as if typed, so that 1/2 becomes a date; RAW: as it is.",
    )


def render_param(declare: Callable[..., Any] = param) -> Any:
    """The parameter for how values are told."""
    return declare(
        "FORMATTED_VALUE",
        kind="choice",
        choices=RENDER_OPTIONS,
        port_kind="STRING",
        help="FORMATTED_VALUE: the text that is shown; UNFORMATTED_VALUE: numbers, and dates as"
        " days since 1899-12-30; FORMULA: formulas.",
    )


def rows_of(ctx: Context, value: Any, name: str = "values") -> list[list[Any]]:
    """Rows of a list of lists; a plain list is one row. Raises NodeError, also if there is none."""
    given = as_list(ctx, value, name)
    if not given:
        raise NodeError(f"{name} is empty", ErrorCode.MISSING_REQUIRED_FIELD)
    if not any(_is_row(each) for each in given):
        return [_cells(given, name)]
    for number, each in enumerate(given):
        if not _is_row(each):
            raise _no_cell(each, f"{name}[{number}]", "a row is a list of values")
    return [_cells(each, f"{name}[{number}]") for number, each in enumerate(given)]


def one_row(ctx: Context, value: Any, name: str = "values") -> list[list[Any]]:
    """As rows_of, but NodeError for several."""
    rows = rows_of(ctx, value, name)
    if len(rows) > 1:
        raise NodeError(
            f"{name} holds {len(rows)} rows; it takes one: a list of its values",
            ErrorCode.INVALID_INPUT,
        )
    return rows


def cell_value(value: Any, name: str) -> Any:
    """*value* as a cell can hold it. Raises NodeError for lists, maps and the like."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float | Decimal):
        number = float(value)
        if math.isfinite(number):
            return number
        raise NodeError(f"{name} is {number}, which no cell holds", ErrorCode.INVALID_INPUT)
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ", "seconds")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    raise _no_cell(value, name, "a cell holds a text, a number, true, false or nothing")


async def read(
    api: Api, path: str, place: str, render_option: Any, dimension: str = "ROWS"
) -> dict[str, Any]:
    """What Google says of the range *place*: `range`, and `values` if it is not empty."""
    query = {
        "majorDimension": dimension,
        "valueRenderOption": one_of(render_option, "value_render_option", RENDER_OPTIONS),
    }
    return await ask(api, "GET", f"{path}/values/{quoted(place)}", query=query)


async def write(
    api: Api, path: str, place: str, rows: Sequence[Sequence[Any]], input_option: Any
) -> dict[str, Any]:
    """Write from the first cell of *place* on, within it if it is more; what was updated."""
    query = {"valueInputOption": input_option_of(input_option)}
    body = {"majorDimension": "ROWS", "values": rows}
    return await ask(api, "PUT", f"{path}/values/{quoted(place)}", query=query, body=body)


def input_option_of(value: Any) -> str:
    return one_of(value, "value_input_option", INPUT_OPTIONS)


async def ask(api: Api, method: str, path: str, **about: Any) -> dict[str, Any]:
    """As `api.ask`, but a range that is not found says what that means."""
    try:
        return await api.ask(method, path, **about)
    except NodeError as error:
        if _NOT_FOUND in error.message and not error.hint:
            error.hint = "check the sheet's name and the range: SheetsGetSheetInfoNode lists sheets"
        raise


def values_in(answer: Mapping[str, Any]) -> list[list[Any]]:
    """The values of an answer's range; Google leaves empty ones at the ends out."""
    return list(answer.get("values") or [])


def _cells(row: Sequence[Any], name: str) -> list[Any]:
    return [cell_value(each, f"{name}[{number}]") for number, each in enumerate(row)]


def _is_row(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _no_cell(value: Any, name: str, what: str) -> NodeError:
    kinds = {"dict": "a map", "list": "a list", "tuple": "a list", "str": "a text"}
    kind = kinds.get(type(value).__name__, type(value).__name__)
    return NodeError(f"{name} is {kind}; {what}", ErrorCode.TYPE_MISMATCH)
