"""Packing and unpacking ZIP archives."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from tests.nodes.test_file_read_write import failure, outputs
from tests.support.runs import run_node


def _names(archive: Path) -> list[str]:
    with zipfile.ZipFile(archive) as packed:
        return sorted(packed.namelist())


def _folder(path: Path) -> None:
    (path / "in" / "sub").mkdir(parents=True)
    (path / "in" / "a.txt").write_text("a")
    (path / "in" / "sub" / "b.txt").write_text("b" * 5000)


def test_a_folder_goes_in_and_comes_out(tmp_path: Path) -> None:
    _folder(tmp_path)
    packed = outputs("ZipFilesNode", tmp_path, zip_path="out/z.zip", source_path="in")
    assert packed["file_count"] == 2
    assert _names(tmp_path / "out" / "z.zip") == ["a.txt", "sub/b.txt"]
    found = outputs("UnzipFilesNode", tmp_path, zip_path="out/z.zip", extract_to="there")
    assert found["file_count"] == 2
    assert (tmp_path / "there" / "sub" / "b.txt").read_text() == "b" * 5000
    assert found["files"] == [
        str(tmp_path / "there" / "a.txt"),
        str(tmp_path / "there" / "sub" / "b.txt"),
    ]


def test_patterns_and_lists_give_bare_names_unless_based(tmp_path: Path) -> None:
    _folder(tmp_path)
    outputs("ZipFilesNode", tmp_path, zip_path="z.zip", source_path="in/*.txt", files=["none"])
    assert _names(tmp_path / "z.zip") == ["a.txt"]
    outputs("ZipFilesNode", tmp_path, zip_path="z.zip", files=["in/sub/b.txt"], base_dir="in")
    assert _names(tmp_path / "z.zip") == ["sub/b.txt"]


def test_files_of_one_name_are_all_packed(tmp_path: Path) -> None:
    _folder(tmp_path)
    (tmp_path / "in" / "sub" / "a.txt").write_text("other")
    files = ["in/a.txt", "in/sub/a.txt", "in/a.txt"]
    assert outputs("ZipFilesNode", tmp_path, zip_path="z.zip", files=files)["file_count"] == 2
    assert _names(tmp_path / "z.zip") == ["a.txt", "a_2.txt"]


def test_packing_that_nobody_waits_for_stops(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with (tmp_path / "in" / "huge").open("wb") as stream:
        stream.truncate(1 << 40)  # Mostly a hole: it takes no room, but hours to pack.
    config = {"zip_path": "z.zip", "source_path": "in"}
    result = run_node("ZipFilesNode", config, folder=tmp_path, timeout_seconds=0.2)
    assert result.status == "timeout"
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_storing_does_not_compress(tmp_path: Path) -> None:
    _folder(tmp_path)
    config = {"zip_path": "z.zip", "source_path": "in"}
    outputs("ZipFilesNode", tmp_path, **config, compression="ZIP_STORED")
    stored = (tmp_path / "z.zip").stat().st_size
    outputs("ZipFilesNode", tmp_path, **config)
    assert (tmp_path / "z.zip").stat().st_size < stored / 5


def test_an_archive_inside_its_folder_is_not_packed_into_itself(tmp_path: Path) -> None:
    _folder(tmp_path)
    for _ in range(2):
        outputs("ZipFilesNode", tmp_path, zip_path="in/z.zip", source_path="in")
    assert _names(tmp_path / "in" / "z.zip") == ["a.txt", "sub/b.txt"]


def test_files_older_than_the_format_are_packed(tmp_path: Path) -> None:
    _folder(tmp_path)
    os.utime(tmp_path / "in" / "a.txt", (0, 0))
    outputs("ZipFilesNode", tmp_path, zip_path="z.zip", source_path="in/a.txt")


def test_nothing_to_pack_fails(tmp_path: Path) -> None:
    code, _ = failure("ZipFilesNode", tmp_path, zip_path="z.zip", source_path="*.none")
    assert (code, (tmp_path / "z.zip").exists()) == ("FILE_NOT_FOUND", False)


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/../../evil", "..\\evil", "C:\\evil"])
def test_an_entry_that_escapes_fails_before_anything_is_written(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as packed:
        packed.writestr("good", "x")
        packed.writestr(name, "x")
    code, message = failure("UnzipFilesNode", tmp_path, zip_path="z.zip", extract_to="in/side")
    assert (code, "leads out of" in message) == ("PERMISSION_DENIED", True)
    assert [p.name for p in tmp_path.iterdir()] == ["z.zip"]


def test_a_link_that_leads_out_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "link").symlink_to(tmp_path / "secret")
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as packed:
        packed.writestr("link/evil", "x")
    config = {"zip_path": "z.zip", "extract_to": "there"}
    assert failure("UnzipFilesNode", tmp_path, **config)[0] == "PERMISSION_DENIED"
    assert not list((tmp_path / "secret").iterdir())


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "z.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for number in range(3):
            packed.writestr(f"{number}", b"\0" * (40 << 20))
    config = {"zip_path": "z.zip", "extract_to": "there"}
    assert failure("UnzipFilesNode", tmp_path, **config)[0] == "RESOURCE_EXHAUSTED"
    assert not (tmp_path / "there").exists()


def test_what_is_no_archive_fails(tmp_path: Path) -> None:
    (tmp_path / "z.zip").write_text("no")
    config = {"zip_path": "z.zip", "extract_to": "there"}
    assert failure("UnzipFilesNode", tmp_path, **config)[0] == "INVALID_FORMAT"
