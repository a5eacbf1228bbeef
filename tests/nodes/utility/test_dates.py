"""Dates and times."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

import pytest

from tests.nodes.cases import Does, Refuses, named, outputs
from tests.support.runs import run_node

ADD = "DateTimeAddNode"
DIFF = "DateTimeDiffNode"
PARSE = "ParseDateTimeNode"


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Local time with a summer time, whatever the machine's is."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def add(moment: object, result: str, **amounts: object) -> Does:
    return Does(ADD, {"datetime": moment, **amounts}, {"result": result})


def parse(text: object, iso: str, form: str = "") -> Does:
    config = {"datetime_string": text, "format": form}
    return Does(PARSE, config, {"iso_format": iso, "success": True})


DOES = [
    add("2024-01-31T08:00:00", "2024-02-29T08:00:00+01:00", months=1),
    add("2024-02-29", "2025-02-28T00:00:00+01:00", years=1),
    add("2024-01-01T00:00:00Z", "2023-12-31T00:00:00+00:00", days=-1),
    add(
        "2024-01-01T00:00:00Z", "2024-01-08T01:02:03+00:00", weeks=1, hours=1, minutes=2, seconds=3
    ),
    # The clocks go forward on 31 March: a day keeps the wall clock, 24 hours do not.
    add("2024-03-30T12:00:00", "2024-03-31T12:00:00+02:00", days=1),
    add("2024-03-30T12:00:00", "2024-03-31T13:00:00+02:00", hours="24"),
    parse("2024-01-15T10:30:00+02:00", "2024-01-15T10:30:00+02:00"),
    parse("2024-07-15", "2024-07-15T00:00:00+02:00"),
    parse("03/04/2024 10:30", "2024-04-03T10:30:00+02:00"),
    parse("12/31/2024", "2024-12-31T00:00:00+01:00"),
    parse("15.01.2024", "2024-01-15T00:00:00+01:00"),
    parse("20240115", "2024-01-15T00:00:00+01:00"),
    parse("15 January 2024", "2024-01-15T00:00:00+01:00"),
    parse("0", "1970-01-01T01:00:00+01:00"),
    parse("24|01|15", "2024-01-15T00:00:00+01:00", "%y|%m|%d"),
    # What these nodes wrote has an offset, which the form of a file leaves out.
    parse("2024-02-01T08:00:00+02:00", "2024-02-01T08:00:00+02:00", "%Y-%m-%dT%H:%M:%S"),
    parse("2024-02-01T08:00:00Z", "2024-02-01T08:00:00+00:00", "%Y-%m-%dT%H:%M:%S"),
    Does(PARSE, {"datetime_string": "2024-01-15 10:30"}, {"year": 2024, "day": 15, "hour": 10}),
    Does(
        "FormatDateTimeNode",
        {"datetime": "2024-01-15T10:00:00", "format": "%d.%m.%Y %H:%M"},
        {"result": "15.01.2024 10:00"},
    ),
    Does(
        "FormatDateTimeNode",
        {"datetime": "2024-01-15T10:05:07", "format": "DD/MM/YYYY HH:mm:ss"},
        {"result": "15/01/2024 10:05:07"},
    ),
    Does("FormatDateTimeNode", {"datetime": 0}, {"result": "1970-01-01 01:00:00"}),
    Does(
        "FormatDateTimeNode",
        {"datetime": "01-02-2024", "input_format": "%m-%d-%Y", "format": "%Y-%m-%d"},
        {"result": "2024-01-02"},
    ),
    Does(
        DIFF,
        {"datetime_1": "2024-01-01", "datetime_2": "2024-01-02T12:00:01"},
        {
            **{"total_seconds": 129601.0, "total_days": 129601 / 86400},
            **{"days": 1, "hours": 12, "minutes": 0, "seconds": 1},
        },
    ),
    Does(
        DIFF,
        {"datetime_1": "2024-01-01T01:00:00Z", "datetime_2": "2024-01-01T01:00:00+01:00"},
        {"total_hours": -1.0, "hours": 1},
    ),
    # A day without a zone is a day, also the one on which the clocks go forward.
    Does(
        DIFF,
        {"datetime_1": "2024-03-30", "datetime_2": "2024-04-01"},
        {"total_days": 2.0, "days": 2, "hours": 0},
    ),
    Does(
        "DateTimeCompareNode",
        {"datetime_1": "2024-01-01", "datetime_2": "02/01/2024"},
        {"is_before": True, "is_after": False, "is_equal": False, "comparison": -1},
    ),
    Does(
        "DateTimeCompareNode",
        {"datetime_1": "2024-01-01T00:00:00Z", "datetime_2": "2024-01-01T01:00:00"},
        {"is_equal": True, "comparison": 0},
    ),
]
REFUSES = [
    Refuses(ADD, {"datetime": "someday"}, "datetime: 'someday'", "PARSE_ERROR"),
    Refuses(ADD, {"datetime": "2024-01-01", "days": "x"}, "days must be a whole number"),
    Refuses(ADD, {"datetime": "2024-01-01", "years": 9999}, "no date", "VALUE_OUT_OF_RANGE"),
    Refuses(PARSE, {"datetime_string": "31/31/2024"}, "datetime_string", "PARSE_ERROR"),
    Refuses(PARSE, {}, "datetime_string", "MISSING_REQUIRED_FIELD"),
    Refuses(PARSE, {"datetime_string": "2024", "format": "%d"}, "'%d'", "PARSE_ERROR"),
    Refuses("FormatDateTimeNode", {}, "datetime", "MISSING_REQUIRED_FIELD"),
    Refuses("FormatDateTimeNode", {"datetime": 1e300}, "datetime", "PARSE_ERROR"),
    Refuses(DIFF, {"datetime_1": "2024-01-01"}, "datetime_2", "MISSING_REQUIRED_FIELD"),
    Refuses("DateTimeCompareNode", {"datetime_1": "x", "datetime_2": "y"}, "datetime_1"),
]


@pytest.mark.parametrize("row", DOES, ids=named)
def test_it_works(row: Does) -> None:
    row.check()


@pytest.mark.parametrize("row", REFUSES, ids=named)
def test_it_refuses(row: Refuses) -> None:
    row.check()


def test_the_current_time_carries_its_zone() -> None:
    got = outputs("GetCurrentDateTimeNode", {"timezone": "Asia/Tokyo"})
    now = datetime.fromisoformat(got["datetime"])
    assert now.utcoffset() is not None
    assert now.strftime("%z") == "+0900"
    assert abs(got["timestamp"] - time.time()) < 60
    assert (got["year"], got["day"], got["hour"]) == (now.year, now.day, now.hour)
    assert got["day_of_week"] == now.strftime("%A")


def test_an_unknown_zone_means_local_time_with_a_warning() -> None:
    result = run_node("GetCurrentDateTimeNode", {"timezone": "Moon/Sea", "format": "%Z"})
    assert result.outputs["n"]["datetime"] in ("CET", "CEST")
    assert [entry["level"] for entry in result.logs] == ["WARNING"]


def test_a_timestamp_counts_seconds_or_milliseconds() -> None:
    assert abs(outputs("GetTimestampNode", {})["timestamp"] - time.time()) < 60
    milliseconds = outputs("GetTimestampNode", {"milliseconds": True})["timestamp"]
    assert abs(milliseconds / 1000 - time.time()) < 60


def test_a_date_without_a_start_is_counted_from_now() -> None:
    got = outputs(ADD, {"days": 1})
    assert abs(got["timestamp"] - time.time() - 86400) < 3700
