"""Reading and writing whole files."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.runs import chain, document, node, run_document, run_node


def outputs(node_type: str, folder: Path, **config: Any) -> dict[str, Any]:
    result = run_node(node_type, config, folder=folder)
    assert result.success, result.error
    return dict(result.outputs["n"])


def failure(node_type: str, folder: Path, **config: Any) -> tuple[str, str]:
    result = run_node(node_type, config, folder=folder)
    assert not result.success
    assert result.error is not None
    return result.error.code, result.error.message


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    written = outputs("WriteFileNode", tmp_path, file_path="a/b.txt", content="grüße\n")
    assert written["bytes_written"] == 6
    assert written["file_path"] == str(tmp_path / "a" / "b.txt")
    assert written["attachment_file"] == [str(tmp_path / "a" / "b.txt")]
    read = outputs("ReadFileNode", tmp_path, file_path="a/b.txt")
    assert read == {"content": "grüße\n", "size": 8, "success": True}


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    code, message = failure("ReadFileNode", tmp_path, file_path="none.txt")
    assert code == "FILE_NOT_FOUND"
    assert str(tmp_path / "none.txt") in message


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    code, message = failure("ReadFileNode", tmp_path, file_path=".")
    assert (code, "folder" in message) == ("INVALID_INPUT", True)


def test_an_empty_path_is_refused(tmp_path: Path) -> None:
    assert failure("ReadFileNode", tmp_path, file_path=" ")[0] == "MISSING_REQUIRED_FIELD"


@pytest.mark.parametrize(("content", "text"), [(0, ""), ("", ""), (False, ""), (7, "7")])
def test_zero_and_empty_write_an_empty_file(tmp_path: Path, content: Any, text: str) -> None:
    outputs("WriteFileNode", tmp_path, file_path="f", content=content)
    assert (tmp_path / "f").read_text() == text


def test_a_map_is_written_as_json(tmp_path: Path) -> None:
    outputs("WriteFileNode", tmp_path, file_path="f", content={"ä": [1, None]})
    assert (tmp_path / "f").read_text("utf-8") == '{"ä": [1, null]}'


def test_undecodable_bytes_fail_or_follow_the_policy(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    code, message = failure("ReadFileNode", tmp_path, file_path="latin")
    assert (code, "0xe9" in message) == ("PARSE_ERROR", True)
    assert outputs("ReadFileNode", tmp_path, file_path="latin", encoding="latin-1")["content"] == (
        "café"
    )
    assert outputs("ReadFileNode", tmp_path, file_path="latin", errors="ignore")["content"] == "caf"


def test_an_unknown_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    assert failure("ReadFileNode", tmp_path, file_path="f", encoding="utf-99") == (
        "INVALID_INPUT",
        "node n (ReadFileNode): unknown encoding: utf-99",
    )
    assert failure("ReadFileNode", tmp_path, file_path="f", encoding="rot13") == (
        "INVALID_INPUT",
        "node n (ReadFileNode): 'rot13' is not a text encoding",
    )


def test_a_byte_order_mark_is_dropped_and_line_ends_are_one(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes("\ufeffa\r\nb".encode())
    assert outputs("ReadFileNode", tmp_path, file_path="f")["content"] == "a\nb"


def test_bytes_go_from_node_to_node(tmp_path: Path) -> None:
    (tmp_path / "raw").write_bytes(b"\x00\xff\r\n")
    raw = document(
        {
            "read": node("ReadFileNode", file_path="raw", binary_mode=True),
            "write": node(
                "WriteFileNode", file_path="copy", content="{{read.content}}", binary_mode=True
            ),
        },
        chain("read", "write"),
    )
    result = run_document(raw, folder=tmp_path)
    assert result.success, result.error
    assert (tmp_path / "copy").read_bytes() == b"\x00\xff\r\n"
    assert result.outputs["write"]["bytes_written"] == 4


def test_a_file_over_max_size_fails(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("12345")
    assert outputs("ReadFileNode", tmp_path, file_path="f", max_size=5)["content"] == "12345"
    assert failure("ReadFileNode", tmp_path, file_path="f", max_size=4)[0] == "RESOURCE_EXHAUSTED"


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("old")
    code, _ = failure("WriteFileNode", tmp_path, file_path="f", content="ж", encoding="ascii")
    assert code == "SERIALIZATION_ERROR"
    assert (tmp_path / "f").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


@pytest.mark.skipif(sys.platform == "win32", reason="modes and links are POSIX")
def test_replacing_keeps_the_mode_and_follows_the_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "real").chmod(0o640)
    (tmp_path / "link").symlink_to("real")
    outputs("WriteFileNode", tmp_path, file_path="link", content="new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"
    assert stat.S_IMODE((tmp_path / "real").stat().st_mode) == 0o640


def test_missing_folders_are_made_only_if_wanted(tmp_path: Path) -> None:
    code, message = failure(
        "WriteFileNode", tmp_path, file_path="a/f", content="x", create_dirs=False
    )
    assert (code, str(tmp_path / "a") in message) == ("FILE_NOT_FOUND", True)
    assert not (tmp_path / "a").exists()


def test_appending_adds_to_the_end(tmp_path: Path) -> None:
    for text in ("a", "b"):
        outputs("AppendFileNode", tmp_path, file_path="new/f", content=text)
    outputs("WriteFileNode", tmp_path, file_path="new/f", content="c", append_mode=True)
    assert (tmp_path / "new" / "f").read_text() == "abc"


def _append(folder: Path, node_type: str, **config: Any) -> None:
    mode = {"append_mode": True} if node_type == "WriteFileNode" else {}
    outputs(node_type, folder, file_path="f", **mode, **config)


@pytest.mark.parametrize("node_type", ["AppendFileNode", "WriteFileNode"])
@pytest.mark.parametrize(
    "encoding", ["utf-16", "UTF16", "utf-32", "utf-8-sig", "utf-16-be", "utf-8", "latin-1"]
)
def test_what_is_appended_brings_no_second_byte_order_mark(
    tmp_path: Path, node_type: str, encoding: str
) -> None:
    for text in ("ä", "ö", "ü"):
        _append(tmp_path, node_type, content=text, encoding=encoding)
    assert (tmp_path / "f").read_bytes() == "äöü".encode(encoding)


@pytest.mark.parametrize("node_type", ["AppendFileNode", "WriteFileNode"])
@pytest.mark.parametrize("width", ["16", "32"])
@pytest.mark.parametrize("order", ["be", "le"])
@pytest.mark.parametrize("said", ["utf-{}", None])
def test_what_is_appended_is_encoded_as_the_files_own_mark_says(
    tmp_path: Path, node_type: str, width: str, order: str, said: str | None
) -> None:
    whole = "\ufeffäö".encode(f"utf-{width}-{order}")
    (tmp_path / "f").write_bytes(whole[: len(whole) - int(width) // 8])
    encoding = {} if said is None else {"encoding": said.format(width)}
    _append(tmp_path, node_type, content="ö", **encoding)
    assert (tmp_path / "f").read_bytes() == whole
    assert outputs("ReadFileNode", tmp_path, file_path="f")["content"] == "äö"


def test_an_empty_file_gets_its_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    _append(tmp_path, "AppendFileNode", content="a", encoding="utf-16")
    assert (tmp_path / "f").read_bytes() == "a".encode("utf-16")


def test_a_file_without_a_mark_gets_none_in_its_middle(tmp_path: Path) -> None:
    plain = "utf-16-le" if sys.byteorder == "little" else "utf-16-be"
    (tmp_path / "f").write_bytes("a".encode(plain))
    _append(tmp_path, "AppendFileNode", content="b", encoding="utf-16")
    assert (tmp_path / "f").read_bytes() == "ab".encode(plain)


def test_appending_in_an_unknown_encoding_says_so(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    config = {"file_path": "f", "content": "x", "encoding": "no-such"}
    assert failure("AppendFileNode", tmp_path, **config) == (
        "INVALID_INPUT",
        "node n (AppendFileNode): unknown encoding: no-such",
    )


def test_appending_to_a_missing_file_can_be_a_failure(tmp_path: Path) -> None:
    config = {"file_path": "f", "content": "x", "create_if_missing": False}
    assert failure("AppendFileNode", tmp_path, **config)[0] == "FILE_NOT_FOUND"
    assert not (tmp_path / "f").exists()


def test_json_goes_out_and_comes_back(tmp_path: Path) -> None:
    value = {"naïve": [1, 2.5, None, True]}
    outputs("WriteJSONFileNode", tmp_path, file_path="d/v.json", data=value)
    assert "naïve" in (tmp_path / "d" / "v.json").read_text("utf-8")
    assert outputs("ReadJSONFileNode", tmp_path, file_path="d/v.json")["data"] == value


def test_a_number_of_any_length_keeps_its_digits(tmp_path: Path) -> None:
    (tmp_path / "v.json").write_text("[12345678901234567890123]")
    raw = document(
        {
            "read": node("ReadJSONFileNode", file_path="v.json"),
            "write": node("WriteJSONFileNode", file_path="w.json", data="{{read.data}}", indent=0),
        },
        chain("read", "write"),
    )
    assert run_document(raw, folder=tmp_path).success
    assert (tmp_path / "w.json").read_text() == "[12345678901234567890123]"


def test_broken_json_is_told_by_line_and_column(tmp_path: Path) -> None:
    (tmp_path / "v.json").write_text('{"a": 1,\n "b": }')
    code, message = failure("ReadJSONFileNode", tmp_path, file_path="v.json")
    assert (code, "line 2, column 7" in message) == ("PARSE_ERROR", True)


@pytest.mark.parametrize("text", ["NaN", "[" * 100_000, ""])
def test_what_is_no_json_fails(tmp_path: Path, text: str) -> None:
    (tmp_path / "v.json").write_text(text)
    assert failure("ReadJSONFileNode", tmp_path, file_path="v.json")[0] == "PARSE_ERROR"


def test_a_value_that_json_lacks_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "raw").write_bytes(b"\xff")
    raw = document(
        {
            "read": node("ReadFileNode", file_path="raw", binary_mode=True),
            "write": node("WriteJSONFileNode", file_path="v.json", data="{{read.content}}"),
        },
        chain("read", "write"),
    )
    result = run_document(raw, folder=tmp_path)
    assert result.error is not None
    assert result.error.code == "SERIALIZATION_ERROR"
    assert not (tmp_path / "v.json").exists()


def test_paths_that_climb_are_refused_unless_allowed(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    (tmp_path / "sub").mkdir()
    config = {"file_path": "../f"}
    assert failure("ReadFileNode", tmp_path / "sub", **config)[0] == "PERMISSION_DENIED"
    allowed = {**config, "allow_dangerous_paths": True}
    assert outputs("ReadFileNode", tmp_path / "sub", **allowed)["content"] == "x"


def test_files_outside_the_allowed_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").write_text("x")
    (tmp_path / "in" / "link").symlink_to(tmp_path / "out")
    result = run_node(
        "ReadFileNode",
        {"file_path": "link"},
        folder=tmp_path / "in",
        allowed_paths=(str(tmp_path / "in"),),
    )
    assert result.error is not None
    assert result.error.code == "PERMISSION_DENIED"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are POSIX")
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for node_type in ("ReadFileNode", "WriteFileNode", "AppendFileNode"):
        code, message = failure(node_type, tmp_path, file_path="pipe", content="x")
        assert (code, "pipe, not a file" in message) == ("INVALID_INPUT", True)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may write all")
def test_a_read_only_file_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("old")
    (tmp_path / "f").chmod(0o444)
    config = {"file_path": "f", "content": "new"}
    assert failure("WriteFileNode", tmp_path, **config)[0] == "FILE_ACCESS_DENIED"
    assert (tmp_path / "f").read_text() == "old"
