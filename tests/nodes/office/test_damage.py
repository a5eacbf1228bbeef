"""Files with bytes changed at random: opened or refused in words, and never a surprise."""

from __future__ import annotations

import io
import random
from pathlib import Path

import docx
import openpyxl
import pytest

from tests.nodes.office.steps import block, closed, opened, refusal, run, write
from tests.support.workbooks import excel_workbook, packed, parts_of

#: What a damaged file may come to; UNKNOWN_ERROR would be an exception that nobody thought of.
_TOLD = {
    *("INVALID_FORMAT", "RESOURCE_NOT_FOUND", "RESOURCE_EXHAUSTED"),
    *("INVALID_INPUT", "PERMISSION_DENIED"),
}
_ODD = (b'<row r="0"/>', b"-1", b"99999999999", b'<c r="ZZZZ1"/>', b"<", b"\x00", b"xx")


def damaged(raw: bytes, chance: random.Random) -> bytes:
    """*raw* with a few bytes of the archive, or of a part in it, changed."""
    if chance.random() < 0.3:
        return _changed(raw, chance)
    parts = parts_of(raw)
    name = chance.choice(sorted(parts))
    return packed(parts | {name: _changed(parts[name], chance)})


def _changed(content: bytes, chance: random.Random) -> bytes:
    found = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(found) + 1)
        length = chance.choice((0, 0, 1, 30))
        found[at : at + length] = chance.choice(_ODD)
    return bytes(found)


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_workbook_is_read_or_refused(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(damaged(excel_workbook(), random.Random(seed)))
    before = path.read_bytes()
    result = run(tmp_path, opened(), block(), write("A2", "2024-01-15"), write("C3", 1), closed())
    if result.error is not None:
        assert result.error.code in _TOLD, result.error
        assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["book.xlsx"]


@pytest.mark.parametrize("seed", range(20))
def test_a_damaged_document_is_read_or_refused(tmp_path: Path, seed: int) -> None:
    made = io.BytesIO()
    document = docx.Document()
    document.add_paragraph("a letter")
    document.add_table(1, 1)
    document.save(made)
    path = tmp_path / "letter.docx"
    path.write_bytes(damaged(made.getvalue(), random.Random(seed)))
    steps = [
        ("WordOpenNode", {"file_path": "letter.docx"}),
        ("WordGetTextNode", {}),
        ("WordReplaceTextNode", {"find_text": "t", "replace_text": "\n"}),
        ("WordCloseNode", {}),
    ]
    result = run(tmp_path, *steps)
    if result.error is not None:
        assert result.error.code in _TOLD, result.error
    assert [each.name for each in tmp_path.iterdir()] == ["letter.docx"]


def test_a_chart_sheet_without_a_chart_is_told(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    made.create_chartsheet("Sales")
    made.save(tmp_path / "book.xlsx")
    said = refusal(tmp_path, opened())
    assert "the chart sheet 'Sales' holds no chart; put one in or delete it" in said
