"""A large sheet is changed by its touched rows alone, and comes out as if all of it had been."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casare_rpa.nodes.office._slices import NotToBeCut, cut
from tests.nodes.office.steps import closed, last, opened, read, run, write
from tests.support.workbooks import excel_workbook, packed, parts_of

_HEAD = b'<?xml version="1.0" encoding="UTF-8"?>\n<worksheet><rowBreaks/><sheetData>'
_TAIL = b"</sheetData><rowBreaks count='1'/></worksheet>"


def sheet(*rows: int) -> bytes:
    return _HEAD + b"\n".join(b'<row spans="1:1" r="%d"><c/></row>' % row for row in rows) + _TAIL


_NUMBERS = st.lists(st.integers(1, 60), unique=True).map(sorted)


@given(there=_NUMBERS, touched=_NUMBERS)
def test_rows_come_back_in_their_order(there: list[int], touched: list[int]) -> None:
    """Also with those that are new among them."""
    slices = cut(sheet(*there), touched)
    assert slices.small.count(b"<row ") == len(set(there) & set(touched))
    joined = slices.joined(sheet(*touched))
    positions = [joined.index(b'r="%d"' % row) for row in sorted({*there, *touched})]
    assert positions == sorted(positions)
    assert joined.count(b"<row ") == len({*there, *touched})
    assert joined.startswith(_HEAD)
    assert joined.endswith(_TAIL)


@pytest.mark.parametrize(
    "raw",
    [
        sheet(1, 2, 2),
        sheet(3, 1),
        _HEAD + b"<row><c/></row>" + _TAIL,
        _HEAD + b"<!-- <row r='1'/> -->" + _TAIL,
        _HEAD + b"<row r='1'><c><v><![CDATA[</row>]]></v></c></row>" + _TAIL,
        b"<worksheet><sheetData/></worksheet>",
        sheet(1).replace(b"UTF-8", b"UTF-16"),
    ],
)
def test_what_cannot_be_told_apart_by_its_bytes_is_not_cut(raw: bytes) -> None:
    with pytest.raises(NotToBeCut):
        cut(raw, [1])


@pytest.mark.parametrize("prefix", ["", "x:"])
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(places=st.lists(st.tuples(st.integers(1, 30), st.integers(1, 5)), min_size=1, max_size=6))
def test_what_is_written_is_all_that_changes(
    tmp_path: Path, prefix: str, places: list[tuple[int, int]]
) -> None:
    made = openpyxl.Workbook()
    for row in range(3, 28, 4):
        for column in (1, 3):
            made.active.cell(row, column, f"{row}/{column}")
    raw = io.BytesIO()
    made.save(raw)
    (tmp_path / "book.xlsx").write_bytes(_prefixed(raw.getvalue(), prefix))
    steps = [write(f"{'ABCDE'[column - 1]}{row}", row * column) for row, column in places]
    assert run(tmp_path, opened(), *steps, closed()).success
    wanted = made.active
    for row, column in places:
        wanted.cell(row, column).value = row * column
    got = openpyxl.load_workbook(tmp_path / "book.xlsx").active
    assert _values(got) == _values(wanted)


def test_a_sheet_with_comments_is_changed_as_a_whole(tmp_path: Path) -> None:
    parts = parts_of(excel_workbook())
    name = "xl/worksheets/sheet1.xml"
    parts[name] = parts[name].replace(b"<sheetData>", b"<sheetData><!-- <row r='3'> -->")
    (tmp_path / "book.xlsx").write_bytes(packed(parts))
    assert run(tmp_path, opened(), write("A3", 5), closed()).success
    assert last(tmp_path, opened(), read("A3"))["value"] == 5
    assert last(tmp_path, opened(), read("A4"))["value"] == 1


def _prefixed(raw: bytes, prefix: str) -> bytes:
    """The same workbook with a prefix for the names in its sheet."""
    parts = parts_of(raw)
    name = "xl/worksheets/sheet1.xml"
    text = parts[name].decode()
    if prefix:
        text = text.replace("</", f"</{prefix}").replace("<", f"<{prefix}")
        text = text.replace(f"<{prefix}/{prefix}", f"</{prefix}").replace("xmlns=", "xmlns:x=")
        text = text.replace(f"<{prefix}?xml", "<?xml")
    return packed(parts | {name: text.encode()})


def _values(sheet: Any) -> dict[str, Any]:
    cells = (cell for row in sheet.iter_rows() for cell in row)
    return {cell.coordinate: cell.value for cell in cells if cell.value is not None}
