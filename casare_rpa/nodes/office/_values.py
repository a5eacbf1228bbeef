"""Values on their way out of a cell and into it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final, Literal

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.office._grammar import fault_of
from casare_rpa.nodes.values.reading import shown

MAX_TEXT_LENGTH: Final = 32_767
MAX_FORMULA_LENGTH: Final = 8_192
#: From here on numbers in a cell no longer tell each whole number from the next.
_MAX_EXACT = 2**53
_MAX_DIGITS = 15
_FIRST_YEAR = 1900

#: As a person would type it: no leading zero, sign or exponent, for these are often no numbers.
_NUMERAL = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)?")
#: Letters that XML does not hold as they are; openpyxl leaves them as files spell them.
_ESCAPED = re.compile("_x(00[01][0-9A-Fa-f]|005[Ff])_")
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")

Kind = Literal["empty", "number", "boolean", "text", "formula", "date", "datetime", "time", "span"]
Moment = datetime | date | time | timedelta


@dataclass(frozen=True, slots=True)
class Content:
    """What a cell is to hold: a formula is its text with the `=`, moments are Python's."""

    kind: Kind
    value: Any = None
    #: Why a text that begins with `=` is not the formula that it may have been meant as.
    fault: str = ""


def from_cell(value: Any, number_format: str) -> Any:
    """A cell's value as nodes and JSON take it.

    A whole number is an integer. A date is ISO 8601 text: without a time where *number_format*
    shows none and there is none; a time of the day is `13:30:00`, a span of hours `25:00:00`.
    """
    match value:
        case str():
            return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value).replace("\r\n", "\n")
        case float() if value.is_integer() and abs(value) < _MAX_EXACT:
            return int(value)
        case datetime():
            whole = value.time() == time() and not _shows_time(number_format)
            return value.date().isoformat() if whole else value.isoformat()
        case date() | time():
            return value.isoformat()
        case timedelta():
            return _hours(value)
    return value


def to_cell(value: Any, *, as_text: bool = False) -> Content:
    """What is written into a cell for *value*; *as_text*: the cell is formatted as text.

    Numbers, booleans and moments keep their type. Text is read as Excel reads what is typed: see
    ExcelWriteCellNode. Raises NodeError for what no cell holds.
    """
    match value:
        case None | "":
            return Content("empty")
        case bool():
            return Content("boolean", value)
        case int() | float() | Decimal():
            return _number(value)
        case str():
            return _typed(value, as_text)
        case date() | time() | timedelta():
            return _moment(value)
        case Mapping() | list() | tuple() | set() | bytes() | bytearray():
            raise NodeError(
                f"a cell holds one value, not {shown(value)}"
                "; write its items one by one, or as JSON text",
                ErrorCode.TYPE_MISMATCH,
            )
    return _text(str(value))


def out_of(content: Content) -> Any:
    """What reading gives for *content*, which is no formula."""
    if content.kind == "empty":
        return ""
    if content.kind == "number":
        return from_cell(content.value, "")
    if content.kind in ("date", "datetime", "time", "span"):
        return from_cell(content.value, "h")
    return content.value


def _typed(text: str, as_text: bool) -> Content:
    if text.startswith("'"):
        return _text(text[1:])
    if text.startswith("=") and len(text) > 1:
        return _formula(text)
    plain = text.strip()
    if as_text:
        return _text(text)
    if _NUMERAL.fullmatch(plain) and sum(map(str.isdigit, plain)) <= _MAX_DIGITS:
        return _number(float(plain) if "." in plain else int(plain))
    if plain.upper() in ("TRUE", "FALSE"):
        return Content("boolean", plain.upper() == "TRUE")
    return _date(plain) or _text(text)


def _date(text: str) -> Content | None:
    if not _DATE.fullmatch(text):
        return None
    try:
        if len(text) == len("2024-01-15"):
            return _moment(date.fromisoformat(text))
        return _moment(datetime.fromisoformat(text))
    except ValueError:  # the 31st of February
        return None


def _moment(value: Moment) -> Content:
    """There is no time zone in a workbook, and no date before 1900: such values are text."""
    match value:
        case timedelta():
            return Content("span", value)
        case time():
            return Content("time", value.replace(tzinfo=None))
        case datetime() if value.tzinfo is None and value.year >= _FIRST_YEAR:
            return Content("datetime", value)
        case date() if not isinstance(value, datetime) and value.year >= _FIRST_YEAR:
            return Content("date", value)
    return Content("text", value.isoformat())


def _number(value: int | float | Decimal) -> Content:
    if isinstance(value, int) and abs(value) > _MAX_EXACT:
        return Content("text", str(value))
    number = value if isinstance(value, int) else float(value)
    if not math.isfinite(number):
        raise NodeError(f"a cell holds no {value}", ErrorCode.VALUE_OUT_OF_RANGE)
    return Content("number", number)


def _formula(text: str) -> Content:
    if len(text) > MAX_FORMULA_LENGTH:
        raise NodeError(
            f"the formula has {len(text):,} characters; Excel takes {MAX_FORMULA_LENGTH:,}"
            "; put ' before it if it is text",
            ErrorCode.VALUE_OUT_OF_RANGE,
        )
    formula = xml_text(text)
    fault = fault_of(formula)
    return Content("text", formula, fault) if fault else Content("formula", formula)


def _text(text: str) -> Content:
    if len(text) > MAX_TEXT_LENGTH:
        raise NodeError(
            f"the text has {len(text):,} characters; a cell holds {MAX_TEXT_LENGTH:,}",
            ErrorCode.VALUE_OUT_OF_RANGE,
        )
    return Content("text", xml_text(text)) if text else Content("empty")


def xml_text(text: str) -> str:
    """*text* with line feeds as line ends. Raises NodeError for a letter that no XML holds."""
    found = _NO_TEXT.search(text)
    if found:
        raise NodeError(
            f"character {found.start() + 1} of the text, {found[0]!r}, is none that files hold",
            ErrorCode.INVALID_INPUT,
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _shows_time(number_format: str) -> bool:
    # What stands in quotes and brackets is no part of the date.
    plain = re.sub(r'"[^"]*"|\[[^\]]*\]|\\.', "", number_format.lower())
    return "h" in plain or "s" in plain


def _hours(value: timedelta) -> str:
    sign = "-" if value < timedelta() else ""
    seconds, rest = divmod(abs(value), timedelta(seconds=1))
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    fraction = f".{rest.microseconds:06}" if rest else ""
    return f"{sign}{hours:02}:{minute:02}:{second:02}{fraction}"
