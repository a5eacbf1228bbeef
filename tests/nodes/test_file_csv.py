"""Reading and writing CSV files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.nodes.test_file_read_write import failure, outputs
from tests.support.runs import run_node


def _read(folder: Path, raw: bytes, **config: Any) -> dict[str, Any]:
    (folder / "f.csv").write_bytes(raw)
    return outputs("ReadCSVNode", folder, file_path="f.csv", **config)


def test_rows_become_maps_of_text(tmp_path: Path) -> None:
    found = _read(tmp_path, '\ufeffid,name\r\n007,"A, ""B"""\r\n\r\n8,"two\nlines"\r\n'.encode())
    assert found["headers"] == ["id", "name"]
    assert found["data"] == [{"id": "007", "name": 'A, "B"'}, {"id": "8", "name": "two\nlines"}]
    assert found["row_count"] == 2


def test_without_a_header_rows_are_lists(tmp_path: Path) -> None:
    found = _read(tmp_path, b"1;2\n3;4\n", has_header=False, delimiter=";")
    assert (found["data"], found["headers"]) == ([["1", "2"], ["3", "4"]], [])


def test_lines_are_skipped_and_rows_limited(tmp_path: Path) -> None:
    raw = b"made by x\n\nid\n1\n2\n3\n"
    found = _read(tmp_path, raw, skip_rows=2, max_rows=2)
    assert found["data"] == [{"id": "1"}, {"id": "2"}]


def test_tab_can_be_written_as_an_escape(tmp_path: Path) -> None:
    assert _read(tmp_path, b"a\tb\n1\t2\n", delimiter="\\t")["data"] == [{"a": "1", "b": "2"}]


def test_uneven_rows_lose_nothing_and_equal_columns_differ(tmp_path: Path) -> None:
    found = _read(tmp_path, b"a,a,\n1\n1,2,3,4\n")
    assert found["headers"] == ["a", "a_2", "column_3"]
    assert found["data"] == [
        {"a": "1", "a_2": "", "column_3": ""},
        {"a": "1", "a_2": "2", "column_3": "3", "column_4": "4"},
    ]


def test_strict_reading_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_bytes(b"a,b\n1,2\n3\n")
    code, message = failure("ReadCSVNode", tmp_path, file_path="f.csv", strict=True)
    assert (code, "line 3" in message) == ("PARSE_ERROR", True)


def test_an_empty_file_has_no_rows(tmp_path: Path) -> None:
    assert _read(tmp_path, b"") == {"data": [], "headers": [], "row_count": 0, "success": True}


def test_a_field_may_be_larger_than_the_library_likes(tmp_path: Path) -> None:
    found = _read(tmp_path, b"a\n" + b"x" * 200_000)
    assert len(found["data"][0]["a"]) == 200_000


def test_another_encoding_and_a_wrong_one(tmp_path: Path) -> None:
    assert _read(tmp_path, "ä\nö".encode("cp1252"), encoding="cp1252")["data"] == [{"ä": "ö"}]
    assert failure("ReadCSVNode", tmp_path, file_path="f.csv")[0] == "PARSE_ERROR"


@pytest.mark.parametrize("delimiter", ["", ";;", "\n"])
def test_a_delimiter_is_one_character(tmp_path: Path, delimiter: str) -> None:
    (tmp_path / "f.csv").write_text("a")
    config = {"file_path": "f.csv", "delimiter": delimiter}
    assert failure("ReadCSVNode", tmp_path, **config)[0] == "INVALID_INPUT"


def test_maps_are_written_by_the_keys_of_the_first(tmp_path: Path) -> None:
    rows = [{"a": 1, "b": None}, {"b": "x,y"}, {"a": {"k": [1]}}]
    written = outputs("WriteCSVNode", tmp_path, file_path="d/f.csv", data=rows)
    assert written["row_count"] == 3
    assert (tmp_path / "d" / "f.csv").read_bytes() == (
        b'a,b\r\n1,\r\n,"x,y"\r\n"{""k"": [1]}",\r\n'
    )


def test_lists_are_written_under_given_headers(tmp_path: Path) -> None:
    config: dict[str, Any] = {"file_path": "f.csv", "data": "[[1, 2], [3, 4]]", "delimiter": ";"}
    outputs("WriteCSVNode", tmp_path, **config, headers=["x", "y"])
    assert (tmp_path / "f.csv").read_bytes() == b"x;y\r\n1;2\r\n3;4\r\n"
    outputs("WriteCSVNode", tmp_path, **config, headers=["x", "y"], write_header=False)
    assert (tmp_path / "f.csv").read_bytes() == b"1;2\r\n3;4\r\n"


def test_an_unknown_key_fails_and_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("old")
    rows = [{"a": 1}, {"a": 2, "z": 3}]
    code, message = failure("WriteCSVNode", tmp_path, file_path="f.csv", data=rows)
    assert (code, message.endswith("row 2 has no column for z")) == ("VALIDATION_FAILED", True)
    assert (tmp_path / "f.csv").read_text() == "old"


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    rows = [{"k": "a\r\nb", "v": '"'}, {"k": "", "v": "ü"}]
    outputs("WriteCSVNode", tmp_path, file_path="f.csv", data=rows)
    assert outputs("ReadCSVNode", tmp_path, file_path="f.csv")["data"] == rows


@pytest.mark.parametrize(
    ("written", "encoding"),
    [
        *(("utf-8-sig", "utf-8"), ("utf-16", "utf-8"), ("utf-16", "utf-16"), ("utf-32", "")),
        *(("utf-16", "utf-16-le"), ("utf-16-be", "utf-16-be"), ("cp1252", "cp1252")),
        *(("shift_jis", "shift_jis"), ("cp437", "cp437")),
    ],
)
def test_a_mark_tells_the_encoding_and_is_no_text(
    tmp_path: Path, written: str, encoding: str
) -> None:
    text = "n;t\r\n1;\u00b0C\r\n"
    (tmp_path / "f.csv").write_bytes(text.encode(written))
    config = {"file_path": "f.csv", "encoding": encoding, "delimiter": ";"}
    result = run_node("ReadCSVNode", config, folder=tmp_path)
    assert result.success, result.error
    assert result.outputs["n"]["data"] == [{"n": "1", "t": "\u00b0C"}]
