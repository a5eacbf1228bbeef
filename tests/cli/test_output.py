from __future__ import annotations

import io
import json
from typing import Any

import pytest

from casare_cli.output import Column, Format, Output
from casare_cli.text import escape, milliseconds, moment, plain
from casare_rpa.errors import NotFound

NASTY = "a\x1b[31m\x00\x9b\x7f\u202e\ud800\tb\nc"


@pytest.fixture
def out(monkeypatch: pytest.MonkeyPatch) -> Output:
    """An output into memory, which is no terminal."""
    monkeypatch.setattr("sys.stdout", io.StringIO())
    monkeypatch.setattr("sys.stderr", io.StringIO())
    return Output()


def printed(out: Output) -> str:
    assert isinstance(out.stdout, io.StringIO)
    return out.stdout.getvalue()


def test_control_characters_are_made_visible() -> None:
    assert escape(NASTY) == "a\\x1b[31m\\x00\\x9b\\x7f\\u202e\\ud800\tb\nc"


def test_a_cell_stays_in_its_row_and_column(out: Output) -> None:
    out.list([{"a": "x\ty\nz", "b": None}], [Column("A", "a"), Column("B", "b")], name="a")
    assert printed(out) == "x\\ty\\nz\t\n"


def test_json_is_safe_for_a_terminal_and_means_the_same(out: Output) -> None:
    value: dict[str, Any] = {"text": NASTY.replace("\ud800", ""), "umlaut": "ä→😀"}
    out.json(value)
    assert json.loads(printed(out)) == value
    assert not set(printed(out)) & {"\x1b", "\x9b", "\x7f", "\u202e", "\x00"}
    assert "ä→😀" in printed(out)


@pytest.mark.parametrize(
    ("format", "text"),
    [
        (Format.TABLE, "1\tx\n2\ty\n"),
        (Format.NAME, "1\n2\n"),
        (Format.JSONL, '{"id": 1, "n": "x"}\n{"id": 2, "n": "y"}\n'),
        (Format.NONE, ""),
    ],
)
def test_a_list_in_each_format(out: Output, format: Format, text: str) -> None:
    out.format = format
    items = [{"id": 1, "n": "x"}, {"id": 2, "n": "y"}]
    out.list(items, [Column("ID", "id"), Column("N", "n")], name="id")
    assert printed(out) == text


def test_a_list_in_json_has_a_cursor(out: Output) -> None:
    out.format = Format.JSON
    out.list([], (), name="id", next_cursor="50")
    assert json.loads(printed(out)) == {"schema_version": 1, "items": [], "next_cursor": "50"}


def test_an_error_has_a_hint_and_a_request_id(out: Output) -> None:
    error = NotFound("there is no job \x1bx", hint="casare-rpa jobs list")
    error.request_id = "req_1"
    out.error(error)
    assert isinstance(out.stderr, io.StringIO)
    assert out.stderr.getvalue() == (
        "casare-rpa: there is no job \\x1bx\n  hint: casare-rpa jobs list\n  request id: req_1\n"
    )


def test_quiet_drops_notes_but_no_errors(out: Output) -> None:
    out.quiet = True
    out.note("by the way")
    out.error(NotFound("gone"))
    assert isinstance(out.stderr, io.StringIO)
    assert out.stderr.getvalue() == "casare-rpa: gone\n"


@pytest.mark.parametrize(
    ("env", "colored"),
    [
        ({}, False),
        ({"CLICOLOR_FORCE": "1"}, True),
        ({"CLICOLOR_FORCE": "0"}, False),
        ({"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_colour_off_a_terminal_must_be_asked_for(
    out: Output, monkeypatch: pytest.MonkeyPatch, env: dict[str, str], colored: bool
) -> None:
    for name in ("NO_COLOR", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    out.line("✓ done", ansi="32")
    assert printed(out) == ("\x1b[32m✓ done\x1b[0m\n" if colored else "✓ done\n")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (0.2, "<1 ms"),
        (12.4, "12 ms"),
        (3400, "3.4 s"),
        (125_000, "2 m 05 s"),
        (7_380_000, "2 h 03 m"),
    ],
)
def test_durations_are_short(value: float | None, text: str) -> None:
    assert milliseconds(value) == text


def test_values_are_plain() -> None:
    assert [plain(v) for v in (None, True, "x", ["a", "b"], {}, {"a": 1}, 1.5)] == [
        "",
        "yes",
        "x",
        "a, b",
        "",
        '{"a": 1}',
        "1.5",
    ]
    assert moment("2026-11-23T10:05:07.123456Z") == "2026-11-23 10:05:07Z"
    assert moment("yesterday") == "yesterday"
