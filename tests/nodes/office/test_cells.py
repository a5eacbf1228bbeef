"""What cells give, and what they take."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from casare_rpa.nodes.office._values import Content, to_cell
from tests.nodes.office.steps import (
    block,
    closed,
    last,
    opened,
    read,
    refusal,
    run,
    warnings,
    write,
)
from tests.support.workbooks import excel_workbook, packed, parts_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "book.xlsx").write_bytes(excel_workbook())
    return tmp_path


def sheet_of(folder: Path, name: str = "First") -> Any:
    """A sheet as a library sees it that rebuilds all of a workbook."""
    return openpyxl.load_workbook(folder / "book.xlsx")[name]


def test_a_sheet_that_excel_wrote_gives_its_values(folder: Path) -> None:
    found = last(folder, opened(), block())
    assert found == {
        "data": [
            ["Name", " spaced ", "twofold", ""],
            [12, 2.5, 30, ""],
            [4, 10, 40, ""],
            [1, 7, 7, ""],
            ["2024-01-15", "2024-01-15T13:30:00", "13:30:00", "25:30:00"],
            [True, "#DIV/0!", "", ""],
            ["a\nb", 77, 17, ""],
            [45306.1, 12, 6, ""],
            [24, 5, "", ""],
        ],
        "rows": 9,
        "columns": 4,
        "success": True,
    }
    assert [type(value) for value in found["data"][1][:2]] == [int, float]


def test_dates_of_a_workbook_that_counts_from_1904(tmp_path: Path) -> None:
    (tmp_path / "book.xlsx").write_bytes(excel_workbook(epoch_1904=True))
    assert last(tmp_path, opened(), read("A5"))["value"] == "2028-01-16"
    run(tmp_path, opened(), write("A5", "2024-02-29"), closed())
    assert last(tmp_path, opened(), read("A5"))["value"] == "2024-02-29"
    assert (
        b'<c r="A5" s="1"><v>43889</v></c>'
        in parts_of((tmp_path / "book.xlsx").read_bytes())["xl/worksheets/sheet1.xml"]
    )


@pytest.mark.parametrize(
    ("sheet", "value"),
    [("1", 12), (1, 12), (1.0, 12), ("", 12), (None, 12), ("first", 12), ("Other", 5), ("2", 5)],
)
def test_a_sheet_is_a_name_or_a_number(folder: Path, sheet: Any, value: int) -> None:
    assert last(folder, opened(), read("A2", sheet=sheet))["value"] == value


def test_a_sheet_called_like_a_number_is_found_by_text_and_by_its_place(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = "first"
    book.create_sheet("1")["A1"] = "called 1"
    book.save(tmp_path / "book.xlsx")
    assert last(tmp_path, opened(), read("A1", sheet="1"))["value"] == "called 1"
    assert last(tmp_path, opened(), read("A1", sheet=1))["value"] == "first"


def test_a_sheet_that_is_not_there_is_told_with_those_that_are(folder: Path) -> None:
    said = refusal(folder, opened(), read("A1", sheet="Sheet9"))
    assert "has no sheet 'Sheet9'; it has 'First', 'Other', 'Log'" in said
    assert "has no sheet '4'" in refusal(folder, opened(), read("A1", sheet="4"))


@pytest.mark.parametrize(
    ("cells", "data"),
    [
        ("A2:B3", [[12, 2.5], [4, 10]]),
        ("b3:a2", [[12, 2.5], [4, 10]]),
        ("$A$2", [[12]]),
        ("Other!A2:B3", [[5, 10], [6, 12]]),
        ("Amounts", [[12], [4], [1]]),
        ("stock", [["Quantity", "Twice"], [5, 10], [6, 12]]),
        ("2:2", [[12, 2.5, 30, ""]]),
        ("A8:A11", [[45306.1], [24], [""], [""]]),
        ("E:E", []),
        ("20:21", []),
    ],
)
def test_a_range_is_what_it_says(folder: Path, cells: str, data: list[Any]) -> None:
    found = last(folder, opened(), block(cells))
    assert found["data"] == data
    assert (found["rows"], found["columns"]) == (len(data), len(data[0]) if data else 0)


def test_an_empty_sheet_has_no_rows(folder: Path) -> None:
    assert last(folder, opened(), block(sheet="Log")) == {
        **{"data": [], "rows": 0, "columns": 0, "success": True}
    }


@pytest.mark.parametrize("cell", ["", "A0", "XFE1", "A1048577", "first cell", "A1:"])
def test_what_is_no_cell_is_refused(folder: Path, cell: str) -> None:
    assert "is no cell or range such as A1" in refusal(folder, opened(), read(cell))


def test_one_cell_is_not_several_and_a_range_has_an_end(folder: Path) -> None:
    assert "is more than one cell" in refusal(folder, opened(), read("A1:B2"))
    said = refusal(folder, opened(), block("A1:ZZ9999"))
    assert said.startswith("RESOURCE_EXHAUSTED: node s1 (ExcelGetRangeNode): a range of 9,999 rows")


WRITTEN = [
    ("12", 12),
    ("-3.50", -3.5),
    (7, 7),
    (2.0, 2),
    (True, True),
    ("true", True),
    ("007", "007"),
    ("+1", "+1"),
    ("1E5", "1E5"),
    ("1234567890123456", "1234567890123456"),
    (2**60, str(2**60)),
    ("1,5", "1,5"),
    ("'12", "12"),
    ("'=1+1", "=1+1"),
    ("=", "="),
    (" two  spaces ", " two  spaces "),
    ("a\r\nb", "a\nb"),
    ("_x0041_ <&>", "_x0041_ <&>"),
    ("2024-01-15", "2024-01-15"),
    ("2024-01-15T13:30:00", "2024-01-15T13:30:00"),
    ("2024-02-31", "2024-02-31"),
    ("1899-01-15", "1899-01-15"),
    ("2024-01-15T13:30:00+01:00", "2024-01-15T13:30:00+01:00"),
    ("", ""),
    (None, ""),
]


@pytest.mark.parametrize(("value", "got"), WRITTEN, ids=[repr(value) for value, _ in WRITTEN])
def test_a_value_is_read_as_it_was_written(folder: Path, value: Any, got: Any) -> None:
    """Before it is saved as well as from the file, by these nodes as by others."""
    found = last(folder, opened(), write("B2", value), read("B2"))
    assert (found["value"], type(found["value"])) == (got, type(got))
    run(folder, opened(), write("B2", value), closed())
    found = last(folder, opened(), read("B2"))
    assert (found["value"], type(found["value"])) == (got, type(got))


def test_what_others_read_of_dates_that_were_written(folder: Path) -> None:
    moments = {
        "E1": date(2024, 1, 15),
        "E2": datetime.fromisoformat("2024-01-15T13:30"),
        "E3": time(13, 30),
        "B5": date(2024, 1, 15),
    }
    steps = [write(cell, f"{{{{{cell}}}}}") for cell in moments]
    assert run(folder, opened(), *steps, closed(), variables=moments).success
    sheet = sheet_of(folder)
    assert sheet["E1"].value == datetime.fromisoformat("2024-01-15")
    assert sheet["E2"].value == datetime.fromisoformat("2024-01-15T13:30")
    assert sheet["E3"].value == time(13, 30)
    assert sheet["E1"].font.b, "the format of its column stays but for the date"
    assert sheet["B5"].number_format == "dd\\.mm\\.yyyy\\ hh:mm", "it showed dates already"


def test_letters_that_xml_does_not_hold_are_read_as_they_were_meant(tmp_path: Path) -> None:
    parts = parts_of(excel_workbook())
    name = "xl/sharedStrings.xml"
    parts[name] = parts[name].replace(b"<t>Name</t>", b"<t>one_x000D_\ntwo_x0009_three</t>")
    (tmp_path / "book.xlsx").write_bytes(packed(parts))
    assert last(tmp_path, opened(), read("A1"))["value"] == "one\ntwo\tthree"


def test_a_cell_that_is_formatted_as_text_takes_text(folder: Path) -> None:
    steps = (opened(), write("A7", "12"), read("A7"))
    assert last(folder, *steps)["value"] == "12"
    assert last(folder, opened(), write("A7", 12), read("A7"))["value"] == 12


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([1, 2], "a cell holds one value, not [1, 2]"),
        ({"a": 1}, "a cell holds one value"),
        (float("nan"), "a cell holds no nan"),
        ("a\x00b", "character 2 of the text, '\\x00', is none that files hold"),
        ("x" * 40_000, "the text has 40,000 characters; a cell holds 32,767"),
        ("=" + "1+" * 5_000 + "1", "the formula has 10,002 characters"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_what_no_cell_holds_is_refused(folder: Path, value: Any, words: str) -> None:
    assert words in refusal(folder, opened(), write("A1", "{{v}}"), variables={"v": value})


def test_an_empty_cell_is_copied_as_an_empty_one(folder: Path) -> None:
    """A placeholder that leads to nothing stays as it is written, and would be copied."""
    steps = (opened(), read("Z1"), write("A1", "{{s1.value}}"), closed())
    assert run(folder, *steps).success
    assert sheet_of(folder)["A1"].value is None


def test_what_merged_cells_hide_is_not_written(tmp_path: Path) -> None:
    parts = parts_of(excel_workbook())
    name = "xl/worksheets/sheet1.xml"
    merged = b'<mergeCells count="1"><mergeCell ref="A3:B4"/></mergeCells><pageMargins'
    parts[name] = parts[name].replace(b"<pageMargins", merged)
    (tmp_path / "book.xlsx").write_bytes(packed(parts))
    said = refusal(tmp_path, opened(), write("B4", 1))
    assert "First!B4 of" in said
    assert "is hidden by the merged cells A3:B4" in said
    assert run(tmp_path, opened(), write("A3", 1), write("C4", 1)).success


def test_a_part_of_an_array_and_a_heading_are_refused(folder: Path) -> None:
    said = refusal(folder, opened(), write("B9", 1))
    assert "First!B9 of" in said
    assert "is part of the array formula in A9:B9, which cannot be changed in part" in said
    said = refusal(folder, opened(), write("Other!A1", "Count"))
    assert "Other!A1 of" in said
    assert "is a heading of the table Stock" in said
    assert run(folder, opened(), write("Other!A1", "Quantity")).success


# -- formulas --------------------------------------------------------------------------------------


def test_a_formula_that_no_change_reaches_keeps_its_value(folder: Path) -> None:
    steps = (opened(), write("E2", "done"), write("A2", 1), read("C3"))
    assert last(folder, *steps)["value"] == 40
    assert last(folder, opened(), write("Other!A3", 1), read("Other!B2"))["value"] == 10


@pytest.mark.parametrize(
    ("changed", "asked"),
    [
        ("A2", "C2"),  # itself
        ("A4", "C4"),  # by a formula that several share
        ("A2", "B7"),  # by another formula
        ("A3", "C7"),  # by a name
        ("Other!A2", "C8"),  # from another sheet
        ("Other!A3", "Other!B3"),  # by the row of a table
        ("Z99", "B8"),  # nobody can tell
        ("A2", "A9"),  # an array
        ("A2", "B9"),  # and what it fills
    ],
)
def test_a_value_that_a_change_made_wrong_is_not_given(
    folder: Path, changed: str, asked: str
) -> None:
    said = refusal(folder, opened(), write(changed, 99), read(asked))
    assert said.startswith("RESOURCE_NOT_FOUND")
    assert "its value in the file is no longer true" in said
    run(folder, opened(), write(changed, 99), closed())
    said = refusal(folder, opened(), read(asked))
    assert "has no value in the file, and formulas are not calculated here" in said


def test_a_formula_that_was_written_has_no_value_until_excel_has_been_there(folder: Path) -> None:
    assert "was written in this run" in refusal(folder, opened(), write("E1", "=A2+1"), read("E1"))
    run(folder, opened(), write("E1", "=A2+1"), closed())
    assert sheet_of(folder)["E1"].value == "=A2+1"
    assert "has no value in the file" in refusal(folder, opened(), read("E1"))
    assert "has no value in the file" in refusal(folder, opened(), block("A1:E1"))


def test_a_file_of_a_program_that_does_not_calculate_is_told_of_once(tmp_path: Path) -> None:
    parts = parts_of(excel_workbook())
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(
        b'calcId="191029"', b'calcId="0" fullCalcOnLoad="1"'
    )
    (tmp_path / "book.xlsx").write_bytes(packed(parts))
    told = warnings(run(tmp_path, opened(), read("C2"), read("C3"), read("A2"), block()))
    assert len(told) == 1
    assert "was saved last by a program that does not calculate" in told[0]
    assert not warnings(run(tmp_path, opened(), read("A2")))


def test_a_shared_formula_survives_the_one_that_spelt_it(folder: Path) -> None:
    assert run(folder, opened(), write("C3", 1), closed()).success
    sheet = sheet_of(folder)
    assert (sheet["C3"].value, sheet["C4"].value) == (1, "=A4*B4")
    assert last(folder, opened(), read("C4"))["value"] == 7


def test_nothing_but_the_written_cells_changes_in_the_file(folder: Path) -> None:
    before = parts_of((folder / "book.xlsx").read_bytes())
    assert run(folder, opened(), write("A4", 2), write("G30", "new"), closed()).success
    after = parts_of((folder / "book.xlsx").read_bytes())
    assert before.keys() - after.keys() == {"xl/calcChain.xml"}
    changed = {name for name in after if before[name] != after[name]}
    assert changed == {
        *("xl/worksheets/sheet1.xml", "xl/workbook.xml"),
        *("xl/_rels/workbook.xml.rels", "[Content_Types].xml"),
    }
    sheet = after["xl/worksheets/sheet1.xml"]
    assert b"x14:sparklineGroups" in sheet
    assert b'<drawing r:id="rId1"/>' in sheet
    assert b'<dimension ref="A1:G30"/>' in sheet
    assert b'fullCalcOnLoad="1"' in after["xl/workbook.xml"]
    assert b"calcChain" not in after["[Content_Types].xml"] + after["xl/_rels/workbook.xml.rels"]


def test_cells_and_rows_that_do_not_say_where_they_are(tmp_path: Path) -> None:
    parts = parts_of(excel_workbook())
    name = "xl/worksheets/sheet3.xml"
    bare = b"<sheetData><row><c><v>1</v></c><c><v>2</v></c></row><row><c><v>3</v></c></row>"
    parts[name] = parts[name].replace(b"<sheetData/>", bare + b"</sheetData>")
    (tmp_path / "book.xlsx").write_bytes(packed(parts))
    on = {"sheet": "Log"}
    assert last(tmp_path, opened(), block(**on))["data"] == [[1, 2], [3, ""]]
    assert run(tmp_path, opened(), write("B2", 4, **on), write("A1", 5, **on), closed()).success
    assert last(tmp_path, opened(), block(**on))["data"] == [[5, 2], [3, 4]]


# -- formulas --------------------------------------------------------------------------------------

FORMULAS = [
    "=1E+5",
    "=A1:B2 C1:C3",
    "=--A1",
    "=+A1",
    "=A1%",
    "={1,2;-3,4}",
    "=IF(A1,,2)",
    "=IF(A1,2,)",
    "=PI()",
    "='It''s'!A1",
    "=T[[#This Row],[a b]]",
    "=Sheet1!#REF!",
    "=A1:INDEX(A:A,3)",
    "=INDEX(A1:B2,1,1):B2",
    "=LAMBDA(x,x+1)(2)",
    "=SUM((A1,B1))",
    "=A1\n+2 ",
    '="a""b"&A1',
    "=[1]S!A1",
    "=#N/A",
    "=$A$1+A$1",
    "=5:7",
    '=IF(A1="x;y|z",1,0)',
    "=SUM(First:Last!A1)",
    "=Größe*2",
    "=A1/-2",
    "=INDEX(A:A,1):INDEX(A:A,2)",
    "=SUMPRODUCT((A1:A3=1)*(B1:B3))",
    "=_xlfn.XLOOKUP(A1,B:B,C:C)",
]
NO_FORMULAS = [
    "=== Summary ===",
    "=1+",
    "=-",
    "==5",
    "=SUMME(A1;B1)",
    "=SUM(A1:A3",
    "=SUM(A1))",
    "=cmd|' /C calc'!A0",
    "=cmd|x!A0",
    "='cmd|x'!A0",
    "=A1#",
    "=@A1",
    "=Sum 3",
    "=A1!",
    "=\"a\"'b'",
    "=12abc",
    "={=SUM(A1)}",
    "=A1:",
    '="abc',
    "=1,5",
    "=()",
    "=*2",
    "=SUM(1+,2)",
    "={A1}",
    "={1+2}",
    "=(1;2)",
    "= ",
    "=1_000",
    "=(1,2)",
    "=50%5",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_what_excel_reads_as_a_formula_is_one(text: str) -> None:
    assert to_cell(text) == Content("formula", text)


@pytest.mark.parametrize("text", NO_FORMULAS)
def test_what_excel_does_not_read_as_a_formula_is_text(text: str) -> None:
    made = to_cell(text)
    assert (made.kind, made.value) == ("text", text)
    assert made.fault


def test_long_text_from_outside_is_soon_told_from_a_formula() -> None:
    for text in ("=" + "A:" * 2_000 + "!", "=" + "[a]:" * 1_000 + "!", "=" + "T[[a]]:" * 500 + ";"):
        assert to_cell(text).kind == "text"


def test_text_that_begins_like_a_formula_is_written_as_text_and_told_once(folder: Path) -> None:
    texts = {"E1": "=== Summary ===", "E2": "=cmd|' /C calc'!A0", "E3": "=SUM(A1:A3)"}
    steps = [write(cell, f"{{{{{cell}}}}}") for cell in texts]
    result = run(folder, opened(), *steps, closed(), variables=texts)
    assert result.success
    (said,) = warnings(result)
    assert "First!E1 of" in said and "was written as text" in said
    written = parts_of((folder / "book.xlsx").read_bytes())["xl/worksheets/sheet1.xml"]
    assert b"<f>SUM(A1:A3)</f>" in written
    assert b"calc" not in b"".join(re.findall(rb"<f[ >].*?</f>", written))
    assert last(folder, opened(), read("E2"))["value"] == texts["E2"]


def test_what_is_written_beneath_a_table_is_told_once_for_the_table(folder: Path) -> None:
    beneath = [write(cell, 7, sheet="Other") for cell in ("A4", "B4")]
    result = run(folder, opened(), *beneath, closed())
    assert result.success
    (said,) = warnings(result)
    assert "Other!A4 of" in said and "directly beneath the table Stock" in said
    elsewhere = [write(cell, 7, sheet="Other") for cell in ("A3", "C4", "A5")]
    others = [write("A4", 7), write("A4", "", sheet="Other")]
    assert not warnings(run(folder, opened(), *elsewhere, *others, closed()))
