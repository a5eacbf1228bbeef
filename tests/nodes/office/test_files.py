"""Workbooks as files: which one is meant, when it is saved, and which are refused."""

from __future__ import annotations

import io
import json
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest

from casare_rpa.domain.workflow import parse_workflow
from casare_rpa.engine import compile_workflow
from casare_rpa.errors import WorkflowInvalid
from casare_rpa.nodes import catalogue
from casare_rpa.nodes.capabilities import required_by
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
from tests.support.runs import chain, document, node, run_document
from tests.support.workbooks import MACROS, excel_workbook, packed, parts_of

OFFICE = sorted(n for n in catalogue.implemented() if n.startswith(("Excel", "Word")))


def book(folder: Path, name: str = "book.xlsx", **cells: Any) -> Path:
    """A small workbook that a library made."""
    made = openpyxl.Workbook()
    for cell, value in cells.items():
        made.active[cell] = value
    made.save(folder / name)
    return folder / name


def value_of(path: Path, cell: str) -> Any:
    return openpyxl.load_workbook(path).active[cell].value


# -- which one is meant ----------------------------------------------------------------------------


def test_without_a_workbook_the_one_opened_last_is_meant(tmp_path: Path) -> None:
    book(tmp_path, "one.xlsx", A1="one")
    book(tmp_path, "two.xlsx", A1="two")
    both = (opened("one.xlsx"), opened("two.xlsx"))
    assert last(tmp_path, *both, read("A1"))["value"] == "two"
    assert last(tmp_path, *both, read("A1", workbook="{{s0.workbook}}"))["value"] == "one"
    assert last(tmp_path, *both, read("A1", workbook="one.xlsx"))["value"] == "one"
    assert last(tmp_path, *both, read("A1", workbook="{{s0.app}}"))["value"] == "one"
    named = last(tmp_path, *both, read("A1", workbook=str(tmp_path / "one.xlsx")))
    assert named["value"] == "one"
    assert last(tmp_path, *both, closed(), read("A1"))["value"] == "one"


def test_a_workbook_comes_by_a_connection(tmp_path: Path) -> None:
    book(tmp_path, "one.xlsx", A1="one")
    book(tmp_path, "two.xlsx", A1="two")
    nodes = {
        "one": node("ExcelOpenNode", file_path="one.xlsx"),
        "two": node("ExcelOpenNode", file_path="two.xlsx"),
        "read": node("ExcelReadCellNode", cell="A1"),
        "close": node("ExcelCloseNode"),
        "left": node("ExcelReadCellNode", cell="A1"),
    }
    wires = [
        {"source_node": a, "source_port": p, "target_node": b, "target_port": q}
        for a, p, b, q in (("one", "workbook", "read", "workbook"), ("one", "app", "close", "app"))
    ]
    result = run_document(
        document(nodes, chain("one", "two", "read", "close", "left"), wires), folder=tmp_path
    )
    assert result.success, result.error
    assert (result.outputs["read"]["value"], result.outputs["left"]["value"]) == ("one", "two")


def test_a_workbook_that_is_not_open_is_told(tmp_path: Path) -> None:
    book(tmp_path)
    assert "no Excel workbook is open" in refusal(tmp_path, read("A1"))
    steps = (opened(), closed(), read("A1", workbook="{{s0.workbook}}"))
    assert "book.xlsx is closed" in refusal(tmp_path, *steps)
    said = refusal(tmp_path, opened(), read("A1", workbook="other.xlsx"))
    assert "'other.xlsx' is no Excel workbook that is open" in said
    assert run(tmp_path, opened(), closed(), closed()).success, "closing twice does no harm"


def test_after_an_opening_that_failed_no_other_workbook_is_meant(tmp_path: Path) -> None:
    path = book(tmp_path, "one.xlsx", A1="one")
    (tmp_path / "bad.xlsx").write_text("no workbook")
    for name in ("missing.xlsx", "bad.xlsx", ""):
        failed = (opened("one.xlsx"), opened(name, continue_on_error=True))
        assert "ExcelOpenNode before this node failed" in refusal(tmp_path, *failed, write("A1", 2))
        assert run(tmp_path, *failed, closed(), write("A1", 3, workbook="one.xlsx")).success
        steps = (*failed, opened("one.xlsx"), read("A1"))
        assert last(tmp_path, *steps)["value"] == "one", "until one is opened again"
    assert value_of(path, "A1") == "one"


def test_a_catch_does_not_go_on_with_another_workbook(tmp_path: Path) -> None:
    path = book(tmp_path, "one.xlsx", A1="one")
    nodes = {
        "one": node("ExcelOpenNode", file_path="one.xlsx"),
        "try": node("TryNode"),
        "two": node("ExcelOpenNode", file_path="two.xlsx"),
        "catch": node("CatchNode"),
        "write": node("ExcelWriteCellNode", cell="A1", value="two"),
        "close": node("ExcelCloseNode"),
    }
    raw = document(
        nodes, chain("one", "try", "two", "catch"), chain("catch.catch_body", "write", "close")
    )
    result = run_document(raw, folder=tmp_path)
    assert result.error is not None and result.error.node_id == "write"
    assert value_of(path, "A1") == "one"


def test_a_second_close_closes_no_other_workbook(tmp_path: Path) -> None:
    one = book(tmp_path, "one.xlsx", A1="one")
    book(tmp_path, "two.xlsx", A1="two")
    both = (opened("one.xlsx"), write("A1", 1), opened("two.xlsx"))
    result = run(tmp_path, *both, closed(), closed())
    assert result.success
    told, lost = warnings(result)
    assert "two.xlsx is closed already" in told and "one.xlsx stays open" in told
    assert "one.xlsx was left open" in lost
    assert value_of(one, "A1") == "one"
    assert run(tmp_path, *both, closed(), write("A2", 2), closed()).success
    assert value_of(one, "A2") == 2, "the one that was worked on since"


def test_changes_that_are_dropped_are_told(tmp_path: Path) -> None:
    book(tmp_path)
    result = run(tmp_path, opened(), write("A1", 2), closed(save=False))
    assert any("closed without its changes" in line["message"] for line in result.logs)
    result = run(tmp_path, opened(), closed(save=False))
    assert not any("without its changes" in line["message"] for line in result.logs)


def test_branches_have_the_workbook_that_they_opened(tmp_path: Path) -> None:
    for name in ("one", "two"):
        book(tmp_path, f"{name}.xlsx", A1=name)

    def branch(own: str, other: str) -> dict[str, Any]:
        waits = f"until [ -e {other} ]; do sleep 0.05; done"
        return {
            f"open_{own}": node("ExcelOpenNode", file_path=f"{own}.xlsx"),
            f"say_{own}": node("WriteFileNode", file_path=own, content="open"),
            f"wait_{own}": node("RunCommandNode", command=waits, shell=True, allow_dangerous=True),
            f"read_{own}": node("ExcelReadCellNode", cell="A1"),
        }

    one, two = branch("one", "two"), branch("two", "one")
    nodes = {"fork": node("ForkNode", branch_count=2), **one, **two, "join": node("JoinNode")}
    raw = document(
        nodes, chain("fork.branch_1", *one, "join"), chain("fork.branch_2", *two, "join")
    )
    result = run_document(raw, folder=tmp_path)
    assert result.success, result.error
    assert result.outputs["read_one"]["value"] == "one"
    assert result.outputs["read_two"]["value"] == "two"


def test_passes_side_by_side_write_into_one_workbook(tmp_path: Path) -> None:
    path = book(tmp_path)
    nodes = {
        "each": node("ParallelForEachNode", items=list(range(1, 21)), batch_size=6),
        "open": node("ExcelOpenNode", file_path="book.xlsx"),
        "write": node("ExcelWriteCellNode", cell="A{{item}}", value="{{item}}"),
        "close": node("ExcelCloseNode"),
        "end": node("LogNode", message="done"),
    }
    raw = document(
        nodes, chain("each.body", "open", "write", "close"), chain("each.completed", "end")
    )
    result = run_document(raw, folder=tmp_path)
    assert result.success, result.error
    assert [value_of(path, f"A{number}") for number in range(1, 21)] == list(range(1, 21))
    assert not warnings(result)


def test_a_subflow_finds_the_workbook_of_its_caller(tmp_path: Path) -> None:
    path = book(tmp_path)
    inner = document({"write": node("ExcelWriteCellNode", cell="A1", value="from within")})
    inner |= {"id": "inner", "name": "inner", "inputs": [], "outputs": []}
    (tmp_path / "inner.json").write_text(json.dumps(inner))
    call = ("SubflowNode", {"subflow_path": "inner.json"})
    assert run(tmp_path, opened(), call, closed()).success
    assert value_of(path, "A1") == "from within"


def test_a_file_that_is_opened_twice_is_one_workbook(tmp_path: Path) -> None:
    path = book(tmp_path, A1=1)
    (tmp_path / "link.xlsx").symlink_to(path)
    steps = (opened(), write("A1", 2), opened("link.xlsx"), read("A1"), closed(), read("A1"))
    result = run(tmp_path, *steps)
    assert (result.outputs["s3"]["value"], result.outputs["s5"]["value"]) == (2, 2)
    assert value_of(path, "A1") == 2


def test_opening_again_what_another_program_has_replaced_reads_it_again(tmp_path: Path) -> None:
    book(tmp_path, A1="old")
    book(tmp_path, "new.xlsx", A1="new")
    paths = {"source_path": "new.xlsx", "dest_path": "book.xlsx", "overwrite": True}
    copied = ("CopyFileNode", paths)
    assert last(tmp_path, opened(), copied, read("A1"))["value"] == "old"
    assert last(tmp_path, opened(), copied, opened(), read("A1"))["value"] == "new"
    kept = (opened(), write("A1", "mine"), copied, opened(), read("A1"))
    assert last(tmp_path, *kept)["value"] == "mine"


def test_a_loop_that_never_closes_is_told(tmp_path: Path) -> None:
    for number in range(51):
        book(tmp_path, f"{number}.xlsx")
    said = refusal(tmp_path, *(opened(f"{number}.xlsx") for number in range(51)))
    assert "50 files are open in this run: close them with ExcelCloseNode" in said


# -- when it is saved ------------------------------------------------------------------------------


def test_what_is_left_open_is_not_saved_and_the_log_says_so(tmp_path: Path) -> None:
    path = book(tmp_path, A1=1)
    before = path.read_bytes()
    told = warnings(run(tmp_path, opened(), write("A1", 2)))
    assert told == [f"{path} was left open, so it is not saved; ExcelCloseNode saves it"]
    assert path.read_bytes() == before
    assert not warnings(run(tmp_path, opened(), read("A1"))), "nothing is lost"
    assert not warnings(run(tmp_path, opened(), write("A1", 2), closed(save=False)))
    assert path.read_bytes() == before


def test_closing_without_a_change_writes_nothing(tmp_path: Path) -> None:
    path = book(tmp_path, A1=1)
    before = path.stat()
    assert run(tmp_path, opened(), read("A1"), closed()).success
    assert path.stat() == before or path.stat().st_mtime_ns == before.st_mtime_ns


def test_a_saved_file_keeps_its_mode_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = book(tmp_path)
    path.chmod(0o640)
    assert run(tmp_path, opened(), write("A1", "new"), closed()).success
    assert path.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in tmp_path.iterdir()] == ["book.xlsx"]
    assert value_of(path, "A1") == "new"


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = book(tmp_path)
    change = ("CopyFileNode", {"source_path": "new", "dest_path": "book.xlsx", "overwrite": True})
    (tmp_path / "new").write_bytes(b"theirs")
    said = refusal(tmp_path, opened(), write("A1", 1), change, closed())
    assert said.startswith("RESOURCE_LOCKED")
    assert "was changed by somebody else since it was opened" in said
    assert path.read_bytes() == b"theirs"
    assert not list(tmp_path.glob(".*"))


def test_a_missing_workbook_begins_when_it_is_wanted(tmp_path: Path) -> None:
    assert "no such Excel workbook" in refusal(tmp_path, opened("out/new.xlsx"))
    new = opened("out/new.xlsx", create_if_missing=True)
    steps = (new, write("A1", "head"), read("A1"))
    assert last(tmp_path, *steps)["value"] == "head"
    assert not (tmp_path / "out").exists(), "it was not closed"
    assert run(tmp_path, new, write("A1", "head"), closed()).success
    assert openpyxl.load_workbook(tmp_path / "out/new.xlsx").sheetnames == ["Sheet1"]
    assert run(tmp_path, new, write("A2", "row"), closed()).success
    assert value_of(tmp_path / "out/new.xlsx", "A1") == "head"
    assert value_of(tmp_path / "out/new.xlsx", "A2") == "row"
    said = refusal(tmp_path, opened("new.xlsm", create_if_missing=True))
    assert "only .xlsx files can be created" in said


def test_a_workbook_with_macros_keeps_them(tmp_path: Path) -> None:
    raw = excel_workbook(main_type=MACROS, vbaProject_bin=b"\xcc\x61 macros")
    (tmp_path / "book.xlsm").write_bytes(raw)
    assert run(tmp_path, opened("book.xlsm"), write("A2", 3), closed()).success
    parts = parts_of((tmp_path / "book.xlsm").read_bytes())
    assert parts["xl/vbaProject.bin"] == b"\xcc\x61 macros"
    assert MACROS.encode() in parts["[Content_Types].xml"]
    assert last(tmp_path, opened("book.xlsm"), read("A2"))["value"] == 3


def test_a_workbook_that_is_for_reading_takes_no_change(tmp_path: Path) -> None:
    book(tmp_path)
    said = refusal(tmp_path, opened(read_only=True), write("A1", 1))
    assert said.startswith("PERMISSION_DENIED")
    assert "was opened with read_only, so it cannot be changed" in said


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may write all")
def test_a_file_without_the_right_to_write_takes_no_change(tmp_path: Path) -> None:
    book(tmp_path).chmod(0o440)
    assert run(tmp_path, opened(), read("A1")).success
    assert "book.xlsx is read-only" in refusal(tmp_path, opened(), write("A1", 1))


def test_a_signature_that_no_longer_holds_is_told(tmp_path: Path) -> None:
    parts = parts_of(excel_workbook()) | {"_xmlsignatures/sig1.xml": b"<Signature/>"}
    (tmp_path / "book.xlsx").write_bytes(packed(parts))
    told = warnings(run(tmp_path, opened(), write("A2", 3), closed()))
    assert len(told) == 1
    assert "the signature does not hold for what was saved" in told[0]


@pytest.mark.parametrize(
    ("lock", "content", "owner"),
    [
        ("~$book.xlsx", b"\x0cAda Lovelace" + b" " * 42, " of Ada Lovelace"),
        (".~lock.book.xlsx#", b"Ada Lovelace,host,01.01.2026,file;", " of Ada Lovelace"),
        ("~$book.xlsx", b"", ""),
    ],
)
def test_a_file_that_somebody_has_open_is_opened_with_a_warning(
    tmp_path: Path, lock: str, content: bytes, owner: str
) -> None:
    path = book(tmp_path, A1=1)
    (tmp_path / lock).write_bytes(content)
    result = run(tmp_path, opened(), read("A1"))
    assert result.success
    (told,) = warnings(result)
    assert told.startswith(f"{path} is open in another program{owner}: what is saved there")
    assert not warnings(run(tmp_path, opened(read_only=True), read("A1")))


@pytest.mark.parametrize("name", ["show_excel", "visible", "show_window"])
def test_a_window_is_not_shown_which_is_said_once(tmp_path: Path, name: str) -> None:
    book(tmp_path)
    told = warnings(run(tmp_path, *[("ExcelOpenNode", {"file_path": "book.xlsx", name: True})] * 2))
    assert told == [
        "show_excel has no effect: Excel is not started, its files are opened themselves"
    ]


# -- what is refused -------------------------------------------------------------------------------

_OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)


def _with(name: str, content: bytes) -> bytes:
    return packed(parts_of(excel_workbook()) | {name: content})


def _cut(raw: bytes) -> bytes:
    return raw[: len(raw) // 2]


_CUT_SHEET = (
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    b'<dimension ref="A1"/><sheetData><row r="1"><c r="A1"><v>1</v>'
)
_ENTITY = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
REFUSED = {
    "empty": (b"", "is empty: no Excel workbook"),
    "text": (b"a;b\n1;2\n", "is no Excel workbook: it is no ZIP archive"),
    "old": (_OLE, "is in the old format (.xls) of Excel"),
    "encrypted": (_OLE + "EncryptedPackage".encode("utf-16-le"), "is encrypted with a password"),
    "zip": (packed({"a.txt": "a"}), "is no Excel workbook, though it is a ZIP archive"),
    "binary": (
        _with(
            "[Content_Types].xml", b'<T a="application/vnd.ms-excel.sheet.binary.macroEnabled"/>'
        ),
        "is a binary workbook (.xlsb)",
    ),
    "strict": (
        _with("_rels/.rels", b'<R a="http://purl.oclc.org/ooxml/officeDocument"/>'),
        "is a Strict Open XML file",
    ),
    "cut": (_cut(excel_workbook()), "is no ZIP archive"),
    "no workbook": (_with("xl/workbook.xml", b"<workbook"), "is no Excel workbook, or damaged"),
    "entities": (_with("xl/worksheets/sheet1.xml", _ENTITY), "declares entities in xl/worksheets"),
    "entities in UTF-16": (
        _with("xl/sharedStrings.xml", _ENTITY.decode().encode("utf-16")),
        "declares entities in xl/sharedStrings.xml",
    ),
    "many parts": (packed({str(n): "" for n in range(20_001)}), "20,001 parts of the 20,000"),
}


@pytest.mark.parametrize(("raw", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_workbook_is_refused_by_name(tmp_path: Path, raw: bytes, words: str) -> None:
    (tmp_path / "book.xlsx").write_bytes(raw)
    said = refusal(tmp_path, opened())
    assert f"{tmp_path / 'book.xlsx'} " in said
    assert words in said


def test_a_workbook_that_unpacks_to_more_than_is_allowed_is_refused(tmp_path: Path) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts_of(excel_workbook()).items():
            archive.writestr(name, content)
        for number in range(21):
            archive.writestr(f"xl/worksheets/more{number}.xml", bytes(10 << 20))
    (tmp_path / "book.xlsx").write_bytes(made.getvalue())
    said = refusal(tmp_path, opened())
    assert said.startswith("RESOURCE_EXHAUSTED")
    assert "bytes of XML of the 209,715,200 allowed" in said


def test_a_damaged_sheet_is_told_when_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "book.xlsx").write_bytes(_with("xl/worksheets/sheet1.xml", _CUT_SHEET))
    assert "is no Excel workbook, or damaged" in refusal(tmp_path, opened(), read("A1"))
    assert last(tmp_path, opened(), read("A2", sheet="Other"))["value"] == 5


def test_a_folder_and_a_path_out_of_reach_are_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    book(tmp_path)
    assert "is a folder, not a file" in refusal(tmp_path, opened("in"))
    allowed = {"allowed_paths": (str(tmp_path / "in"),)}
    said = refusal(tmp_path, opened(str(tmp_path / "book.xlsx")), **allowed)
    assert said.startswith("PERMISSION_DENIED")
    (tmp_path / "in" / "link.xlsx").symlink_to(tmp_path / "book.xlsx")
    said = refusal(tmp_path / "in", opened("link.xlsx"), **allowed)
    assert said.startswith("PERMISSION_DENIED")


# -- who can run it --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OFFICE)
def test_any_robot_with_the_extra_runs_these_nodes(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert required_by(name) is None
    line = catalogue.item(name)
    assert (line["runs_on"], line["requires"], line["extras"]) == ("any", [], ["office"])
    monkeypatch.setitem(sys.modules, "openpyxl" if "Excel" in name else "docx", None)
    raw = document({"n": node(name, **catalogue.node_class(name).example)})
    with pytest.raises(WorkflowInvalid, match="needs the extra 'office', which is not installed"):
        compile_workflow(parse_workflow(raw))


def test_the_examples_of_the_nodes_run_one_after_the_other(tmp_path: Path) -> None:
    book(tmp_path, "orders.xlsx", B2=1)
    docx.Document().save(str(tmp_path / "letter.docx"))
    order = ("Open", "ReadCell", "WriteCell", "GetRange", "GetText", "ReplaceText", "Close")
    names = [f"{p}{what}Node" for p in ("Excel", "Word") for what in order]
    steps = [(name, catalogue.node_class(name).example) for name in names if name in OFFICE]
    assert len(steps) == len(OFFICE) == 9
    result = run(tmp_path, *steps, variables={"total": 12})
    assert result.success, result.error
    assert value_of(tmp_path / "orders.xlsx", "B2") == 12


def test_an_open_workbook_is_its_path_in_a_result(tmp_path: Path) -> None:
    result = run(tmp_path, opened(str(book(tmp_path))), block(), closed())
    assert result.outputs["s0"]["workbook"] == str(tmp_path / "book.xlsx")
