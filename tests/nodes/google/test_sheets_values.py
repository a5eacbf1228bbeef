"""Values in the cells of Google Sheets, against a server that keeps them in memory."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from tests.nodes.google.runs import Robot
from tests.nodes.google.server import Google, refusal
from tests.nodes.google.sheets import ID, on
from tests.nodes.google.sheets_book import Book, Formula
from tests.support.runs import node


def test_a_range_is_read_by_rows_or_columns_and_counted(book: Book, robot: Robot) -> None:
    by_rows, by_columns, nothing = robot.steps(
        on("SheetsGetRangeNode", range="Sheet1!A1:D10"),
        on("SheetsGetRangeNode", range="Sheet1!A1:D10", major_dimension="COLUMNS"),
        on("SheetsGetRangeNode", range="Sheet1!F:G"),
    )
    assert by_rows["values"] == [["name", "amount"], ["Ada", "12.5"], ["Bob", "", "x"], ["", "6"]]
    assert (by_rows["row_count"], by_rows["column_count"]) == (4, 3)
    assert by_columns["values"] == [["name", "Ada", "Bob"], ["amount", "12.5", "", "6"], _x(2)]
    assert (by_columns["row_count"], by_columns["column_count"]) == (4, 3)
    assert (nothing["values"], nothing["row_count"], nothing["column_count"]) == ([], 0, 0)
    assert (nothing["success"], nothing["error"], nothing["error_code"]) == (True, "", 0)


def _x(row: int) -> list[str]:
    return [""] * row + ["x"]


def test_values_are_told_as_shown_as_they_are_or_as_formulas(book: Book, robot: Robot) -> None:
    steps = [
        on("SheetsGetCellNode", cell="B4", value_render_option=how)
        for how in ("FORMATTED_VALUE", "unformatted_value", "FORMULA")
    ]
    assert [each["value"] for each in robot.steps(*steps)] == ["6", 6, "=2*3"]
    assert robot.outputs("SheetsGetCellNode", spreadsheet_id=ID, cell="Z9")["value"] == ""


@pytest.mark.parametrize(
    ("given", "sheet_name", "asked"),
    [
        ("A1:B2", None, "A1:B2"),
        ("A1:B2", "Sheet1", "'Sheet1'!A1:B2"),
        ("Sheet1!A1:B2", "Q1", "'Sheet1'!A1:B2"),
        ("My 'own' sheet!A:A", None, "'My ''own'' sheet'!A:A"),
        ("'My ''own'' sheet'!$a$1", None, "'My ''own'' sheet'!$a$1"),
        ("My 'own' sheet", None, "'My ''own'' sheet'"),
        ("'Q1'", None, "'Q1'"),
        ("Sheet1!2:3", None, "'Sheet1'!2:3"),
        ("A5:A", "Q1", "'Q1'!A5:A"),
        ("2:2", "Q1", "'Q1'!2:2"),
        ("Totals", "Q1", "Totals"),
        ("Sheet1", None, "Sheet1"),
    ],
)
def test_a_range_may_be_written_in_every_usual_way(
    google: Google, book: Book, robot: Robot, given: str, sheet_name: str | None, asked: str
) -> None:
    book.named["Totals"] = "Sheet1!B2:B4"
    robot.outputs("SheetsBatchGetNode", spreadsheet_id=ID, ranges=[given], sheet_name=sheet_name)
    assert google.seen[0].query["ranges"] == [asked]


def test_sheets_of_all_names_are_found(book: Book, robot: Robot) -> None:
    found = robot.steps(
        *(on("SheetsGetCellNode", sheet_name=each.title) for each in book.sheets),
        on("SheetsGetCellNode", sheet_name="'My ''own'' sheet'"),
        on("SheetsGetCellNode", sheet_name="Sheet1", cell="Q1!A1"),
    )
    assert [each["value"] for each in found] == ["name", "here", "quarter", "here", "quarter"]


def test_a_row_and_a_column_are_lists(book: Book, robot: Robot) -> None:
    whole, part, wide, column, from_two, to_the_end = robot.steps(
        on("SheetsGetRowNode", row_num=3),
        on("SheetsGetRowNode", row=2, start_col="b", end_col="B"),
        on("SheetsGetRowNode", row_num=3, start_col="C", end_col=""),
        on("SheetsGetColumnNode", column="A"),
        on("SheetsGetColumnNode", column="b", start_row=2, end_row=3),
        on("SheetsGetColumnNode", column="b", start_row=2, end_row=99999),
    )
    assert (whole["values"], whole["cell_count"]) == (["Bob", "", "x"], 3)
    assert (part["values"], wide["values"]) == (["12.5"], ["x"])
    assert (column["values"], column["cell_count"]) == (["name", "Ada", "Bob"], 3)
    assert (from_two["values"], to_the_end["values"]) == (["12.5"], ["12.5", "", "6"])


def test_several_ranges_are_read_at_once(google: Google, book: Book, robot: Robot) -> None:
    ranges = '["Sheet1!A1:B1", "Sheet1!Y:Z", "\'Q1\'"]'
    got = robot.outputs("SheetsBatchGetNode", spreadsheet_id=ID, ranges=ranges)
    assert got["values"] == [[["name", "amount"]], [], [["quarter"]]]
    assert (got["ranges_count"], len(google.seen)) == (3, 1)


def test_rows_are_written(book: Book, robot: Robot) -> None:
    got, text, flat = robot.steps(
        on("SheetsWriteRangeNode", range="Q1!A1", values=[["a", "1.5"], [None, "=2*3"], ["", ""]]),
        on("SheetsWriteRangeNode", range="Q1!D1:E1", values='[["TRUE", "x"]]'),
        on("SheetsWriteRangeNode", range="F1", sheet_name="Q1", values=[1, 2]),
    )
    assert book.sheets[2].table() == [
        ["a", 1.5, "", True, "x", 1, 2],
        ["", Formula("=2*3"), "", "", "", "", ""],
    ]
    assert (got["updated_rows"], got["updated_columns"], got["updated_cells"]) == (3, 2, 5)
    assert (got["updated_range"], text["updated_range"]) == ("'Q1'!A1:B3", "'Q1'!D1:E1")
    assert (flat["updated_rows"], flat["updated_columns"]) == (1, 2)


def test_raw_values_are_what_they_were(book: Book, robot: Robot) -> None:
    when = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    values = [["=2*3", "007", when.date(), when.replace(tzinfo=None)]]
    config = {"spreadsheet_id": ID, "range": "Q1!A1", "values": "{{rows}}"}
    result = robot.run_nodes(
        {"n": node("SheetsWriteRangeNode", **config, value_input_option="RAW")},
        variables={"rows": values},
    )
    assert result.success, result.error
    assert book.sheets[2].table() == [["=2*3", "007", "2026-01-02", "2026-01-02 03:04:05"]]
    assert not isinstance(book.sheets[2].cells[0, 0], Formula)


def test_a_cell_is_written(book: Book, robot: Robot) -> None:
    written, typed, emptied = robot.steps(
        on("SheetsWriteCellNode", sheet_name="Q1", cell="B2", value="7", value_input_option="RAW"),
        on("SheetsSetCellNode", sheet_name="Q1", cell="C3", value="7"),
        on("SheetsWriteCellNode", sheet_name="Q1", cell="A1", value=""),
    )
    assert book.sheets[2].cells == {(1, 1): "7", (2, 2): 7}
    assert (written["updated_cells"], written["updated_range"]) == (1, "'Q1'!B2")
    assert typed == {"updated_range": "'Q1'!C3", "success": True, "error": ""}
    assert emptied["updated_range"] == "'Q1'!A1"


def test_several_ranges_are_written_at_once_or_none(
    google: Google, book: Book, robot: Robot
) -> None:
    updates = [
        {"range": "Q1!A1", "values": [["a"], ["b"]]},
        {"range": "Q1!B1", "values": [["c", "d"]], "majorDimension": "COLUMNS"},
    ]
    got = robot.outputs("SheetsBatchUpdateNode", spreadsheet_id=ID, updates=updates)
    assert book.sheets[2].table() == [["a", "c"], ["b", "d"]]
    assert (got["total_updated_cells"], got["total_updated_rows"]) == (4, 4)
    updates = [{"range": "Q1!A1", "values": [["z"]]}, {"range": "None!A1", "values": [["z"]]}]
    code, _ = robot.failure("SheetsBatchUpdateNode", spreadsheet_id=ID, updates=updates)
    assert (code, book.sheets[2].cells[0, 0]) == ("INVALID_INPUT", "a")


def test_ranges_are_emptied(book: Book, robot: Robot) -> None:
    one, several = robot.steps(
        on("SheetsClearRangeNode", range="Sheet1!A2:B"),
        on("SheetsBatchClearNode", ranges=["'Q1'", "My 'own' sheet!A1:B2"]),
    )
    assert one["cleared_range"] == "Sheet1!A2:B1000"
    assert book.sheets[0].table() == [["name", "amount", ""], ["", "", ""], ["", "", "x"]]
    assert several["cleared_ranges"] == ["'Q1'!A1:Z1000", "'My ''own'' sheet'!A1:B2"]
    assert book.sheets[1].cells == book.sheets[2].cells == {}


def test_a_row_is_appended_below_the_last(google: Google, book: Book, robot: Robot) -> None:
    sheet = book.sheets[0].filled([["a"], ["b"], [], ["c"], ["d"]])
    sheet.cells = {place: value for place, value in sheet.cells.items() if place[1] == 0}
    del sheet.cells[2, 0]
    last, first, several = robot.steps(
        on("SheetsAppendRowNode", values=["e", "=2*3"]),
        on("SheetsAppendRowNode", range="Sheet1!A1:A2", values=["between"]),
        on("SheetsAppendRowNode", sheet_name="Q1", values='[["one"], ["two"]]'),
    )
    assert [row[0] for row in sheet.table()] == ["a", "b", "between", "", "c", "d", "e"]
    assert (last["updated_range"], last["updated_cells"]) == ("Sheet1!A6:B6", 2)
    assert (last["table_range"], first["table_range"]) == ("Sheet1!A4:A5", "Sheet1!A1:A2")
    assert several["updated_range"] == "'Q1'!A2:A3"


def test_a_row_is_overwritten_and_what_it_does_not_name_stays(book: Book, robot: Robot) -> None:
    config = {"spreadsheet_id": ID, "row": 2, "values": [None, "1"], "start_col": "A"}
    got = robot.outputs("SheetsUpdateRowNode", **config)
    assert book.sheets[0].table()[:3] == [["name", "amount", ""], ["Ada", 1, ""], ["Bob", "", "x"]]
    assert (got["updated_cells"], got["updated_range"]) == (1, "Sheet1!A2:B2")


def test_a_row_is_inserted_where_it_is_said(book: Book, robot: Robot) -> None:
    sheet = book.sheets[2]
    sheet.rows = 2
    steps = [
        on("SheetsInsertRowNode", sheet_name="q1", row=1, values=["first", "=2*3"]),
        on("SheetsInsertRowNode", sheet_name="'Q1'", row_num=2),
        on("SheetsInsertRowNode", sheet_name="Q1", row_num=5, values="[[1], [2]]"),
    ]
    assert [each["inserted_row"] for each in robot.steps(*steps)] == [1, 2, 5]
    formula = Formula("=2*3")
    assert sheet.table() == [
        ["first", formula],
        ["", ""],
        ["quarter", ""],
        ["", ""],
        [1, ""],
        [2, ""],
    ]
    assert sheet.rows == 6
    code, message = robot.failure("SheetsInsertRowNode", **_of("Q1"), row_num=8)
    assert (code, "the sheet 'Q1' has 6" in message) == ("VALUE_OUT_OF_RANGE", True)


def _of(sheet_name: str) -> dict[str, Any]:
    return {"spreadsheet_id": ID, "sheet_name": sheet_name}


def test_a_row_that_stays_empty_is_told(google: Google, book: Book, robot: Robot) -> None:
    google.trouble("PUT", "/v4", refusal(403, "That cell is protected.", status="INVALID_ARGUMENT"))
    result = robot.run("SheetsInsertRowNode", **_of("Q1"), values=["a"], continue_on_error=True)
    said = result.outputs["n"]
    assert said["error"].startswith("row 1 was inserted, but its values were not written: ")
    assert (said["inserted_row"], said["success"], said["error_code"]) == (1, False, 403)
    assert book.sheets[2].table() == [[""], ["quarter"]]


def test_wrong_values_insert_no_row(google: Google, book: Book, robot: Robot) -> None:
    for config in ({"values": [{"a": 1}]}, {"values": ["a"], "value_input_option": "AS_IS"}):
        robot.failure("SheetsInsertRowNode", **_of("Q1"), **config)
    assert google.seen == []


def test_rows_are_deleted_as_far_as_there_are_any(book: Book, robot: Robot) -> None:
    sheet = book.sheets[0]
    sheet.rows = 4
    middle, end = robot.steps(
        on("SheetsDeleteRowNode", row=2),
        on("SheetsDeleteRowNode", row_num=3, num_rows=9),
    )
    assert (middle["deleted_rows"], end["deleted_rows"], sheet.rows) == (1, 1, 2)
    assert sheet.table() == [["name", "amount", ""], ["Bob", "", "x"]]
    code, message = robot.failure("SheetsDeleteRowNode", spreadsheet_id=ID, row_num=3)
    assert code == "VALUE_OUT_OF_RANGE"
    assert message.endswith("there is no row 3: the sheet 'Sheet1' has 2")


def test_columns_are_counted_from_0_or_named_by_letters(book: Book, robot: Robot) -> None:
    sheet = book.sheets[0].filled([["a", "b", "c"]])
    sheet.cells = {place: value for place, value in sheet.cells.items() if place[0] == 0}
    sheet.columns = 3
    done = robot.steps(
        on("SheetsInsertColumnNode", sheet_id=0, column_index=1, num_columns=2),
        on("SheetsDeleteColumnNode", sheet_id=0, column="A"),
        on("SheetsInsertColumnNode", sheet_id="0", column="D"),
        on("SheetsInsertColumnNode", sheet_id="0", column_index=5),
    )
    assert sheet.table() == [["", "", "b", "", "c"]]
    assert sheet.columns == 6
    assert done[0] == {"success": True, "error": ""}
    robot.outputs("SheetsDeleteColumnNode", spreadsheet_id=ID, sheet_id=0, start_column="1")
    assert sheet.table() == [["", "b", "", "c"]]


def test_cells_are_found_by_what_they_show(book: Book, robot: Robot) -> None:
    book.sheets[0].columns = 30
    book.sheets[0].cells[9, 27] = "ADA too"
    search = "SheetsSearchNode"
    everywhere, exact, case, whole, below, none = robot.steps(
        on(search, search_value="ada"),
        on(search, search_value="6", match_entire_cell=True),
        on(search, search_value="ADA", match_case=True),
        on(search, search_value="ada", match_entire_cell=True),
        on(search, search_value="b", search_range="A3:B"),
        on(search, search_value="b", search_range="Q1!B2:C3"),
    )
    assert everywhere["results"] == [
        {"cell": "A2", "row": 2, "column": "A", "value": "Ada"},
        {"cell": "AB10", "row": 10, "column": "AB", "value": "ADA too"},
    ]
    assert (everywhere["match_count"], everywhere["first_match"]["cell"]) == (2, "A2")
    assert [each["cell"] for each in exact["results"]] == ["B4"]
    assert [each["cell"] for each in case["results"]] == ["AB10"]
    assert [each["cell"] for each in whole["results"]] == ["A2"]
    assert [each["cell"] for each in below["results"]] == ["A3"]
    assert (none["results"], none["match_count"], none["first_match"]) == ([], 0, {})
