from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from casare_cli.terminal.columns import Column
from casare_cli.terminal.lookalikes import LOOKALIKE
from casare_cli.terminal.output import Format, Output, TimeFormat
from casare_cli.terminal.shaping import Query, Shape
from casare_cli.terminal.text import ago, milliseconds, moment, plain
from casare_rpa.errors import InvalidInput, NotFound
from casare_rpa.unsafe_text import escape

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


def shaped(
    monkeypatch: pytest.MonkeyPatch, format: Format, *fields: str, query: str | None = None
) -> Output:
    monkeypatch.setattr("sys.stdout", io.StringIO())
    return Output(format, shape=Shape(fields=fields, query=Query(query) if query else None))


ITEMS = [{"id": 1, "n": "x"}, {"id": 2, "n": "y"}]


def test_yaml_means_the_same_and_is_safe_for_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    out = shaped(monkeypatch, Format.YAML)
    text = NASTY.replace("\ud800", "")
    value: dict[str, Any] = {text: text, "ids": ["007", "yes", "2026-11-23"], "lines": "a\nb\n"}
    out.item({**value, "x": None, "long": "ä " * 200}, (), name="x")
    assert yaml.safe_load(printed(out)) == {**value, "x": None, "long": "ä " * 200}
    assert not set(printed(out)) & {"\x1b", "\x9b", "\x7f", "\u202e", "\x00"}
    assert "lines: |\n  a\n  b\n" in printed(out)


def test_fields_are_chosen_of_each_item(monkeypatch: pytest.MonkeyPatch) -> None:
    out = shaped(monkeypatch, Format.JSON, "n", "gone")
    out.list(ITEMS, (), name="id")
    assert json.loads(printed(out))["items"] == [{"n": "x", "gone": None}, {"n": "y", "gone": None}]


@pytest.mark.parametrize(
    ("format", "query", "text"),
    [
        (Format.JSON, "items[?id > `1`].n | [0]", '"y"\n'),
        (Format.JSONL, "n", '"x"\n"y"\n'),
        (Format.YAML, "items[].id", "- 1\n- 2\n"),
        (Format.NAME, "items[].n", "x\ny\n"),
        (Format.NAME, "items[0].n", "x\n"),
        (Format.NONE, "items", ""),
    ],
)
def test_a_query_sees_the_answer_and_with_jsonl_each_line(
    monkeypatch: pytest.MonkeyPatch, format: Format, query: str, text: str
) -> None:
    out = shaped(monkeypatch, format, query=query)
    out.list(ITEMS, (), name="id")
    assert printed(out) == text


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("items[?", "unexpected the end at character 8"),
        ("items[].]", "unexpected ']' at character 9"),
        ("a ~ b", "unexpected '~' at character 3"),
        ("", "unexpected the end at character 1"),
        ("items[].lenth(@)", "no function lenth()"),
    ],
)
def test_a_wrong_query_is_refused_with_the_position(expression: str, message: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Query(expression)
    assert message in refused.value.message


def test_a_function_that_does_not_take_what_it_gets_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(InvalidInput, match="length"):
        shaped(monkeypatch, Format.JSON, query="length(items[0].id)").list(ITEMS, (), name="id")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "now"), (59, "59s ago"), (-90, "in 1m"), (7200, "2h ago"), (200_000, "2d ago")],
)
def test_a_time_is_told_from_now(seconds: float, text: str) -> None:
    now = 1_800_000_000.0
    assert ago(datetime.fromtimestamp(now - seconds, UTC).isoformat(), now) == text
    assert ago("yesterday", now) == "yesterday"
    assert ago("2026-11-23T10:05:07", now) == "2026-11-23T10:05:07"


def test_times_are_relative_where_that_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", io.StringIO())
    out = Output(time_format=TimeFormat.RELATIVE)
    items = [{"at": "2026-11-23T10:05:07Z"}]
    out.list(items, [Column("AT", "at", moment)], name="at")
    assert printed(out).endswith(" ago\n") or printed(out).startswith("in ")


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


def test_signs_that_a_terminal_does_not_have_are_written_as_something_like_them() -> None:
    written = "✓ read → ✗ write … é 表".encode("latin-1", LOOKALIKE)
    assert written.decode("latin-1") == "+ read -> x write ... é ?"
