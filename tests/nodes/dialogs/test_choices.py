"""Lists, tables, forms and pages, at a pseudo-terminal."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.person import CTRL_D, ENTER, asked, outputs, somebody
from tests.support.runs import document, node, run_document, run_node

LIST, TABLE = "ListPickerDialogNode", "TableDialogNode"
FORM, WIZARD = "FormDialogNode", "WizardDialogNode"
NAMES = ["Miller", "Meyer", "Schmidt"]
ROWS = [{"no": 7, "name": "Miller"}, {"no": 8, "name": "Meyer"}]


@pytest.mark.parametrize(
    ("config", "answer", "selected"),
    [
        ({}, "2\n", "Meyer"),
        ({}, "schm\n", "Schmidt"),
        ({"default_selection": "Miller"}, ENTER, "Miller"),
        ({"items": "Miller, Meyer"}, "1\n", "Miller"),
        ({"items": [{"id": 1}, {"id": 2}]}, "2\n", {"id": 2}),
        ({"multi_select": True}, "1,3\n", ["Miller", "Schmidt"]),
        ({"multi_select": True}, "2-3\n", ["Meyer", "Schmidt"]),
        ({"multi_select": True, "default_selection": "Meyer,Miller"}, ENTER, ["Meyer", "Miller"]),
    ],
)
def test_one_or_several_of_a_list_are_chosen(
    config: dict[str, Any], answer: str, selected: Any
) -> None:
    found = outputs(LIST, {"items": NAMES, **config}, ("1  ", ""), (": ", answer))
    assert found == {"selected": selected, "confirmed": True}


@pytest.mark.parametrize("answer", [ENTER, CTRL_D])
def test_nothing_is_chosen_by_leaving(answer: str) -> None:
    assert outputs(LIST, {"items": NAMES}, (": ", answer)) == {"confirmed": False}
    found = outputs(LIST, {"items": NAMES, "multi_select": True}, (": ", answer))
    assert found == {"selected": [], "confirmed": False}


def test_a_word_makes_a_list_shorter() -> None:
    items = [f"customer {n}" for n in range(1, 201)]
    found = outputs(
        LIST,
        {"items": items},
        ("customer 50\n… and 150 more", ""),
        (": ", "nobody\n"),
        ("None has that in it.", ""),
        (": ", "9\n"),
    )
    assert found["selected"] == "customer 9"
    found = outputs(
        LIST, {"items": items}, (": ", "mer 11\n"), ("119  customer 119", ""), (": ", "mer 115\n")
    )
    assert found["selected"] == "customer 115"


def test_only_one_is_chosen_unless_there_may_be_more() -> None:
    config = {"items": NAMES, "search_enabled": False}
    script = [(": ", "1,2\n"), ("choose one", ""), (": ", "M\n"), ("from 1 to 3", "")]
    assert outputs(LIST, config, *script, (": ", "3\n"))["selected"] == "Schmidt"


def test_a_list_of_nothing_is_refused() -> None:
    error = run_node(LIST, {"items": []}).error
    assert error is not None
    assert "nothing to choose" in error.message


def test_a_row_of_a_table_is_chosen() -> None:
    found, seen = asked(TABLE, {"data": ROWS, "selectable": True}, (": ", "2\n"))
    assert found.outputs["n"] == {
        "selected_row": ROWS[1],
        "selected_index": 1,
        "confirmed": True,
    }
    assert "   no  name\n1  7   Miller\n2  8   Meyer\n" in seen


def test_a_table_shows_the_columns_that_are_asked_for() -> None:
    config = {"data": '[["a", 1], ["b", 22]]', "columns": "2,1"}
    found, seen = asked(TABLE, config, ("Enter to go on: ", ENTER))
    assert "\n2   1\n1   a\n22  b\n" in seen
    assert found.outputs["n"] == {"selected_index": -1, "confirmed": True}
    assert outputs(TABLE, {"data": ROWS}, ("on: ", CTRL_D))["confirmed"] is False


@pytest.mark.parametrize("config", [{"data": [["{{pin}}"]]}, {"data": ["{{pin}}"]}])
def test_a_secret_that_is_cut_off_is_a_secret(config: dict[str, Any]) -> None:
    pin = {"name": "pin", "default_value": "geheim-" * 20, "sensitive": True}
    raw = document({"n": node(TABLE, **config, selectable=True)}, variables={"pin": pin})
    with somebody(("1  ***\n", ""), (": ", CTRL_D)) as person:
        assert run_document(raw, person=person.person).success
    raw = document({"n": node(LIST, items=["{{pin}}", "b"])}, variables={"pin": pin})
    with somebody(("1  ***\n", ""), (": ", CTRL_D)) as person:
        assert run_document(raw, person=person.person).success


def at_columns(count: int, node_type: str, config: dict[str, Any], *script: tuple[str, str]) -> str:
    """What a terminal of so many columns shows."""
    with somebody(*script, columns=count) as person:
        raw = document({"n": node(node_type, **config)})
        assert run_document(raw, person=person.person, timeout_seconds=20).success
    assert not person.unanswered, person.seen
    return person.seen


@pytest.mark.parametrize(
    ("item", "line"),
    [
        ("x" * 20, "1  xxxxxxxxxxxxxxx…"),
        ("x" * 16, "1  " + "x" * 16),
        ("漢字" * 10, "1  漢字漢字漢字漢…"),
        ("漢" * 8, "1  " + "漢" * 8),
        ("e\u0301" * 16, "1  " + "e\u0301" * 16),
        ("\x1b" * 20, "1  \\x1b\\x1b\\x1b\\x1…"),
    ],
)
def test_a_line_that_is_cut_says_so_and_fits_by_what_it_takes_on_screen(
    item: str, line: str
) -> None:
    seen = at_columns(20, LIST, {"items": [item, "b"]}, (": ", CTRL_D))
    assert f"\n{line}\n2  b\n" in seen


def test_an_item_is_one_line_and_forges_no_other() -> None:
    config = {"items": ["a\n2  b", "c"], "default_selection": "a\n2  b"}
    found = outputs(LIST, config, ("\n1  a\\n2  b\n2  c\n", ""), ("[1]: ", ENTER))
    assert found["selected"] == "a\n2  b"
    choice = {"name": "kind", "type": "choice", "options": ["a\n2  b", "c"]}
    found = outputs(FORM, {"fields": [choice]}, ("\n1  a\\n2  b\n2  c\n", "1\n"))
    assert found["data"] == {"kind": "a\n2  b"}
    seen = at_columns(80, TABLE, {"data": [["a\nb"]]}, ("\n1\na\\nb\nEnter", ENTER))
    assert "a\nb" not in seen


def test_wide_characters_keep_the_columns_of_a_table_in_line() -> None:
    data = [{"name": "漢字", "no": 1}, {"name": "e\u0301va", "no": 2}]
    seen = at_columns(80, TABLE, {"data": data}, ("on: ", ENTER))
    assert "\nname  no\n漢字  1\ne\u0301va   2\n" in seen


def test_columns_that_have_no_room_are_counted_and_searched() -> None:
    data = [{c: f"{c * 6}{row}" for c in "abcdef"} for row in range(2)]
    script = (("1  aaaaaa0  bbbbbb0\n", ""), (": ", "ffffff1\n"))
    seen = at_columns(24, TABLE, {"data": data, "selectable": True}, *script)
    assert "\n   a        b\n… and 4 more columns\n1  aaaaaa0  bbbbbb0\n" in seen
    seen = at_columns(50, TABLE, {"data": data}, ("on: ", ENTER))
    assert seen.count("eeeeee") == 2
    assert "\n… and 1 more column\n" in seen


def test_a_cell_that_is_cut_says_so() -> None:
    seen = at_columns(80, TABLE, {"data": [["x" * 41, 1]]}, ("on: ", ENTER))
    assert f"\n{'x' * 39}…  1\n" in seen


FIELDS = [
    {"name": "month", "label": "Month:", "type": "integer", "default": 11},
    {"name": "rate", "type": "number", "required": True},
    {"name": "paid", "type": "checkbox", "default": "true"},
    {"name": "kind", "type": "select", "options": ["new", "old"], "default": "old"},
    {"name": "key", "type": "password"},
    "note",
]


def test_a_form_asks_for_each_field() -> None:
    result, seen = asked(
        FORM,
        {"fields": FIELDS},
        ("Month [11]: ", "twelve\n"),
        ("Month must be a whole number, not 'twelve'\nMonth [11]: ", "12\n"),
        ("rate: ", ENTER),
        ("cannot be left out", ""),
        ("rate: ", "1.5\n"),
        ("paid (y/n) [y]: ", ENTER),
        ("kind:\n1  new\n2  old\n", ""),
        ("[2]: ", "new\n"),
        ("key: ", "open-sesame\n"),
        ("note: ", ENTER),
    )
    assert result.outputs["n"] == {
        "data": {"month": 12, "rate": 1.5, "paid": True, "kind": "new", "key": "***", "note": ""},
        "confirmed": True,
    }
    assert "open-sesame" not in seen


def test_a_form_is_left_as_a_whole() -> None:
    script = (("month: ", "3\n"), ("year: ", CTRL_D))
    assert outputs(FORM, {"fields": ["month", "year"]}, *script) == {
        "data": {},
        "confirmed": False,
    }


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ([], "fields is empty"),
        ([1], "fields[0]: 1 is no field"),
        ([{"type": "text"}], "fields[0] has no name"),
        ([{"name": "a", "type": "choice"}], "fields[0]: a has no options"),
        (["a", "a"], "two fields are called 'a'"),
    ],
)
def test_a_form_that_nobody_can_fill_in_is_refused(fields: Any, words: str) -> None:
    error = run_node(FORM, {"fields": fields}).error
    assert error is not None
    assert words in error.message


STEPS = [
    {"title": "Which", "description": "The month to pay.", "fields": ["month"]},
    {"title": "How", "fields": [{"name": "fast", "type": "bool"}]},
]


def test_pages_are_gone_through_and_back() -> None:
    found = outputs(
        WIZARD,
        {"steps": STEPS},
        ("1/2  Which\nThe month to pay.\nmonth: ", "10\n"),
        ("[Next] / Cancel: ", ENTER),
        ("2/2  How\nfast (y/n) [n]: ", "y\n"),
        ("[Finish] / Cancel / Back: ", "b\n"),
        ("month [10]: ", "11\n"),
        ("[Next] / Cancel: ", "next\n"),
        ("fast (y/n) [y]: ", ENTER),
        ("Back: ", ENTER),
    )
    assert found == {
        "data": {"month": "11", "fast": True},
        "completed": True,
        "canceled": False,
        "last_step": 1,
    }


@pytest.mark.parametrize("answer", ["c\n", CTRL_D])
def test_pages_are_left_at_any_of_them(answer: str) -> None:
    found = outputs(
        WIZARD,
        {"steps": STEPS, "allow_back": False},
        ("month: ", "10\n"),
        (": ", ENTER),
        ("[n]: ", ENTER),
        ("[Finish] / Cancel: ", answer),
    )
    assert found == {"data": {}, "completed": False, "canceled": True, "last_step": 1}
