"""Sheets and spreadsheets of Google, how cells look, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.nodes.google.runs import Robot
from tests.nodes.google.server import Google, refusal
from tests.nodes.google.sheets import ID, Sheets, on
from tests.nodes.google.sheets_book import Book
from tests.support.runs import node


def test_cells_are_formatted(book: Book, robot: Robot) -> None:
    area = {"sheet_id": 0, "start_row": 0, "end_row": 1, "start_column": 1, "end_column": 3}
    first, second = robot.steps(
        on("SheetsFormatCellsNode", **area, background_color="#ff0080", text_color="0f0"),
        on("SheetsFormatCellsNode", **area, bold=True, italic="yes", font_size=14),
    )
    assert first == second == {"success": True, "error": ""}
    formats = book.sheets[0].formats
    assert formats.keys() == {(0, 1), (0, 2)}
    color = formats[0, 1]["backgroundColorStyle"]["rgbColor"]
    assert color == {"red": 1.0, "green": 0.0, "blue": pytest.approx(128 / 255)}
    assert formats[0, 1]["textFormat"] == {"bold": True, "italic": True, "fontSize": 14}


def test_text_gets_a_colour_only_if_one_is_given(book: Book, robot: Robot) -> None:
    area = {"sheet_id": 0, "start_row": 0, "end_row": 1, "start_column": 0, "end_column": 1}
    robot.outputs("SheetsFormatCellsNode", spreadsheet_id=ID, **area, text_color="#0f0")
    green = {"rgbColor": {"red": 0.0, "green": 1.0, "blue": 0.0}}
    plain = {"bold": False, "italic": False, "fontSize": 10}
    text = {"textFormat": {**plain, "foregroundColorStyle": green}}
    assert book.sheets[0].formats[0, 0] == text


def test_columns_and_rows_fit_what_is_in_them(book: Book, robot: Robot) -> None:
    span = {"sheet_id": 0, "start_index": 0, "end_index": 3}
    robot.steps(
        on("SheetsAutoResizeNode", **span),
        on("SheetsAutoResizeNode", **span, dimension="ROWS"),
    )
    assert book.sheets[0].resized == [("COLUMNS", 0, 3), ("ROWS", 0, 3)]


def test_sheets_come_and_go(book: Book, robot: Robot) -> None:
    added, small, twin, _, _ = robot.steps(
        on("SheetsAddSheetNode", title="July"),
        on("SheetsAddSheetNode", sheet_name="Small", row_count=5, column_count="3"),
        on("SheetsDuplicateSheetNode", source_sheet_id=0, new_sheet_name="Twin", insert_index=2),
        on("SheetsRenameSheetNode", sheet_id="{{n0.sheet_id}}", new_name="August"),
        on("SheetsDeleteSheetNode", sheet_id=0),
    )
    assert (added["sheet_name"], small["sheet_name"]) == ("July", "Small")
    assert (twin["new_sheet_name"], twin["new_sheet_id"]) == ("Twin", book.sheets[1].sheet_id)
    titles = [sheet.title for sheet in book.sheets]
    assert titles == ["My 'own' sheet", "Twin", "Q1", "August", "Small"]
    assert (book.sheets[-1].rows, book.sheets[-1].columns) == (5, 3)
    assert book.sheets[1].table()[1][0] == "Ada"


def test_a_duplicate_needs_no_name(book: Book, robot: Robot) -> None:
    got = robot.outputs("SheetsDuplicateSheetNode", spreadsheet_id=ID, source_sheet_id=0)
    assert (got["new_sheet_name"], book.sheets[0].title) == ("Copy of Sheet1", "Copy of Sheet1")


def test_a_sheet_is_copied_to_another_spreadsheet(sheets: Sheets, book: Book, robot: Robot) -> None:
    other = sheets.add({"Sheet1": []})
    address = "https://docs.google.com/spreadsheets/d/book-2/edit#gid=0"
    config = {"source_sheet_id": 0, "destination_spreadsheet_id": address}
    got = robot.outputs("SheetsCopySheetNode", source_spreadsheet_id=ID, **config)
    assert got["new_sheet_name"] == "Copy of Sheet1"
    assert got["new_sheet_id"] == other.sheets[1].sheet_id
    assert other.sheets[1].table()[0] == ["name", "amount", ""]


def test_a_spreadsheet_is_made(sheets: Sheets, robot: Robot) -> None:
    small = {"title": "Small", "row_count": 5}
    config = {"title": "July", "sheets": ["Invoices", small], "locale": "de_DE"}
    got = robot.outputs("SheetsCreateSpreadsheetNode", **config)
    made = sheets.books[got["spreadsheet_id"]]
    assert (made.title, made.locale) == ("July", "de_DE")
    about = [(sheet.title, sheet.rows, sheet.columns) for sheet in made.sheets]
    assert about == [("Invoices", 1000, 26), ("Small", 5, 26)]
    assert got["spreadsheet_url"].endswith("/book-1/edit")
    got = robot.outputs("SheetsCreateSpreadsheetNode", title="Plain")
    assert [sheet.title for sheet in sheets.books[got["spreadsheet_id"]].sheets] == ["Sheet1"]


def test_a_spreadsheet_is_told_of(book: Book, robot: Robot) -> None:
    book.sheets[1].kind = "OBJECT"
    address = f"https://docs.google.com/spreadsheets/u/0/d/{ID}/edit?gid=100#gid=100"
    info, plain, full = robot.steps(
        node("SheetsGetSheetInfoNode", spreadsheet_id=address),
        on("SheetsGetSpreadsheetNode"),
        on("SheetsGetSpreadsheetNode", include_grid_data=True),
    )
    assert (info["title"], info["locale"], info["sheet_count"]) == ("Book", "en_US", 3)
    grid = {"type": "GRID", "hidden": False, "row_count": 1000, "column_count": 26}
    assert info["sheets"][0] == {"sheet_id": 0, "title": "Sheet1", "index": 0, **grid}
    chart = {"type": "OBJECT", "hidden": True, "row_count": 0, "column_count": 0}
    assert info["sheets"][1] == {"sheet_id": 100, "title": "My 'own' sheet", "index": 1, **chart}
    assert (plain["title"], plain["sheets"]) == ("Book", info["sheets"])
    (data,) = full["sheets"][2]["data"]
    assert data["rowData"] == [{"values": [{"formattedValue": "quarter"}]}]


@pytest.mark.parametrize(
    ("node_type", "config", "code", "words"),
    [
        ("GetRange", {"range": "None!A1"}, "INVALID_INPUT", "Unable to parse range: 'None'!A1"),
        ("GetRange", {"range": "A2000"}, "INVALID_INPUT", "exceeds grid limits"),
        ("GetRange", {"range": " "}, "MISSING_REQUIRED_FIELD", "range is empty"),
        ("GetRange", {"spreadsheet_id": ""}, "MISSING_REQUIRED_FIELD", "spreadsheet_id is empty"),
        ("GetRange", {"spreadsheet_id": "none"}, "RESOURCE_NOT_FOUND", "check the id"),
        ("GetRange", {"spreadsheet_id": ".."}, "INVALID_INPUT", "is no id"),
        ("GetRange", {"value_render_option": "PRETTY"}, "INVALID_INPUT", "value_render_option"),
        ("GetCell", {"cell": "A1:B2"}, "INVALID_INPUT", "cell must be like B5, not 'A1:B2'"),
        ("GetCell", {"sheet_name": ""}, "MISSING_REQUIRED_FIELD", "sheet_name is empty"),
        ("GetRow", {"row_num": 0}, "VALUE_OUT_OF_RANGE", "row_num must be from 1"),
        ("GetRow", {"start_col": "1"}, "INVALID_INPUT", "start_col must be a column's letters"),
        ("GetColumn", {"start_row": 5, "end_row": 4}, "VALUE_OUT_OF_RANGE", "is before start_row"),
        ("WriteRange", {"values": []}, "MISSING_REQUIRED_FIELD", "values is empty"),
        ("WriteRange", {"values": [{"a": 1}]}, "TYPE_MISMATCH", "values[0] is a map; a cell holds"),
        ("WriteRange", {"values": [[1], {"a": 1}]}, "TYPE_MISMATCH", "values[1] is a map; a row"),
        ("WriteRange", {"values": [["a", ["b"]]]}, "TYPE_MISMATCH", "values[0][1] is a list"),
        ("WriteRange", {"values": [[1, 2, 3]]}, "INVALID_INPUT", "Requested writing within range"),
        ("WriteCell", {"value": {"a": 1}}, "TYPE_MISMATCH", "value is a map"),
        ("UpdateRow", {"values": [[1], [2]]}, "INVALID_INPUT", "values holds 2 rows; it takes one"),
        ("BatchGet", {"ranges": []}, "MISSING_REQUIRED_FIELD", "ranges is empty"),
        ("BatchGet", {"ranges": ["A1", ""]}, "MISSING_REQUIRED_FIELD", "ranges[1] is empty"),
        ("BatchUpdate", {"updates": []}, "MISSING_REQUIRED_FIELD", "updates is empty"),
        ("BatchUpdate", {"updates": ["A1"]}, "TYPE_MISMATCH", "updates[0] must be a map"),
        (
            "BatchUpdate",
            {"updates": [{"range": "A1"}]},
            "MISSING_REQUIRED_FIELD",
            "updates[0].values is missing",
        ),
        ("InsertRow", {"sheet_name": "May"}, "RESOURCE_NOT_FOUND", "there are 'Sheet1', "),
        ("InsertColumn", {"sheet_id": 0, "column_index": -1}, "VALUE_OUT_OF_RANGE", "from 0"),
        ("InsertColumn", {"sheet_id": 7, "column_index": 0}, "RESOURCE_NOT_FOUND", "sheet_id 7"),
        ("DeleteColumn", {"sheet_id": "x", "column": 0}, "TYPE_MISMATCH", "sheet_id"),
        ("DeleteSheet", {"sheet_id": 7}, "INVALID_INPUT", "No grid with id: 7"),
        ("AddSheet", {"sheet_name": "q1"}, "INVALID_INPUT", "already exists"),
        ("AddSheet", {"sheet_name": "May", "row_count": 0}, "VALUE_OUT_OF_RANGE", "row_count"),
        ("RenameSheet", {"sheet_id": 0, "new_name": " "}, "MISSING_REQUIRED_FIELD", "new_name"),
        (
            "AutoResize",
            {"sheet_id": 0, "start_index": 2, "end_index": 2},
            "VALUE_OUT_OF_RANGE",
            "end_index must be greater than start_index (2), not 2",
        ),
        ("Search", {"search_value": ""}, "MISSING_REQUIRED_FIELD", "search_value"),
    ],
)
def test_what_cannot_be_done_says_why(
    book: Book, robot: Robot, node_type: str, config: dict[str, Any], code: str, words: str
) -> None:
    before = [dict(sheet.cells) for sheet in book.sheets]
    given = {"spreadsheet_id": ID, **config}
    told = robot.failure(f"Sheets{node_type}Node", **given)
    assert (told[0], words in told[1]) == (code, True), told
    assert [sheet.cells for sheet in book.sheets] == before


def test_a_colour_that_is_none_is_refused(book: Book, robot: Robot) -> None:
    area = {"sheet_id": 0, "start_row": 0, "end_row": 1, "start_column": 0, "end_column": 1}
    code, message = robot.failure(
        "SheetsFormatCellsNode", spreadsheet_id=ID, **area, text_color="reddish"
    )
    assert code == "INVALID_INPUT"
    assert message.endswith("text_color must be a colour like #ff0000, not 'reddish'")


def test_a_file_that_is_not_shared_is_told(google: Google, book: Book, robot: Robot) -> None:
    reply = refusal(403, "The caller does not have permission", status="PERMISSION_DENIED")
    google.trouble("GET", "/v4", reply)
    code, message = robot.failure("SheetsGetSheetInfoNode", spreadsheet_id=ID)
    assert (code, "check that it is shared with the account" in message) == (
        "PERMISSION_DENIED",
        True,
    )


def test_only_what_is_the_same_when_done_twice_is_sent_again(
    google: Google, book: Book, robot: Robot
) -> None:
    lost = refusal(503, "Backend Error", "", {"Retry-After": "0"}, status="UNAVAILABLE")
    area = {"sheet_id": 0, "start_row": 0, "end_row": 1, "start_column": 0, "end_column": 1}
    cases: list[tuple[str, dict[str, Any], bool]] = [
        ("WriteRange", {"range": "Q1!A1", "values": [1]}, True),
        ("ClearRange", {"range": "Q1!A1"}, True),
        ("BatchClear", {"ranges": ["Q1!A1"]}, True),
        ("BatchUpdate", {"updates": [{"range": "Q1!A1", "values": [1]}]}, True),
        ("RenameSheet", {"sheet_id": 0, "new_name": "Sheet1"}, True),
        ("FormatCells", area, True),
        ("AutoResize", {"sheet_id": 0, "start_index": 0, "end_index": 1}, True),
        ("AppendRow", {"values": [1]}, False),
        ("AddSheet", {"sheet_name": "New"}, False),
        ("DuplicateSheet", {"source_sheet_id": 0}, False),
        ("DeleteSheet", {"sheet_id": 0}, False),
        ("InsertRow", {}, False),
        ("DeleteRow", {}, False),
        ("InsertColumn", {"sheet_id": 0, "column": "A"}, False),
        ("DeleteColumn", {"sheet_id": 0, "column": "A"}, False),
    ]
    for node_type, config, is_tried_again in cases:
        google.trouble("PUT" if node_type == "WriteRange" else "POST", "/v4", lost)
        result = robot.run(f"Sheets{node_type}Node", spreadsheet_id=ID, **config)
        assert result.success == is_tried_again, node_type
        if result.error:
            assert "whether it was done is not known" in result.error.message


def test_the_account_asks_for_the_scope_of_sheets(google: Google, book: Book, robot: Robot) -> None:
    robot.secrets["google"] = google.key_file()
    robot.outputs("SheetsGetSheetInfoNode", spreadsheet_id=ID)
    scope = "https://www.googleapis.com/auth/spreadsheets"
    assert [grant["claims"]["scope"] for grant in google.grants] == [scope]
