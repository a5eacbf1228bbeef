"""The allowed folders hold while a file is opened, not only before."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath

import pytest

from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.file import _beneath, reach
from casare_rpa.nodes.file.disk import replacing
from tests.support.runs import chain, document, node, run_document

pytestmark = pytest.mark.skipif(
    not _beneath.AVAILABLE, reason="this system opens nothing relative to a folder"
)
_FLAGS = os.O_RDONLY


def _openat2(root: Path, relative: str) -> int:
    if not _beneath.has_openat2():
        pytest.skip("this kernel has no openat2")
    return _beneath.open_file(root, PurePath(relative), _FLAGS, 0)


def _walk(root: Path, relative: str) -> int:
    top = os.open(root, os.O_RDONLY)
    try:
        return _beneath.walk(top, PurePath(relative), _FLAGS, 0)
    finally:
        os.close(top)


@pytest.mark.parametrize("way", [_openat2, _walk])
def test_both_ways_open_below_a_folder_and_follow_no_link(
    way: Callable[[Path, str], int], tmp_path: Path
) -> None:
    root = tmp_path / "root"
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "b" / "f").write_text("fine")
    (root / "inside").symlink_to("a")
    (root / "a" / "outside").symlink_to(tmp_path)
    (root / "a" / "link").symlink_to("b/f")
    with os.fdopen(way(root, "a/b/f")) as stream:
        assert stream.read() == "fine"
    for relative in ("inside/b/f", "a/outside/root", "a/link"):
        with pytest.raises(OSError) as caught:
            way(root, relative)
        assert caught.value.errno == errno.ELOOP, relative
    with pytest.raises(FileNotFoundError):
        way(root, "a/none")
    with pytest.raises(NotADirectoryError):
        way(root, "a/b/f/g")


def _linger(place: Path) -> None:
    """Long enough for the other thread to come by."""
    for _ in range(20):
        place.stat()


@contextmanager
def _swapping(place: Path, outside: Path) -> Iterator[None]:
    """*place*, a folder, is now and then a link to *outside*."""
    over = threading.Event()
    real, link = place.with_name("real"), place.with_name("link")

    def swap() -> None:
        while not over.is_set():
            place.rename(real)
            link.symlink_to(outside)
            link.rename(place)
            _linger(place)
            place.unlink()
            real.rename(place)
            _linger(place)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_a_folder_that_becomes_a_link_meanwhile_leads_nowhere(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "place").mkdir(parents=True)
    outside.mkdir()
    (root / "place" / "f").write_text("fine")
    (outside / "f").write_text("secret")
    path = root / "place" / "f"
    seen: list[str] = []
    tries, over_at = 0, time.monotonic() + 60
    token = reach.CURRENT.set(reach.Reach((str(root),)))
    try:
        with _swapping(root / "place", outside):
            # Some are to meet the folder and some the link, however busy the machine is.
            while tries < 400 or not 0 < len(seen) < tries:
                assert time.monotonic() < over_at, f"{len(seen)} of {tries} found the folder"
                tries += 1
                with suppress(OSError, NodeError), reach.opened(path) as stream:
                    seen.append(stream.read().decode())
                with suppress(OSError, NodeError), replacing(path) as stream:
                    stream.write(b"fine")
    finally:
        reach.CURRENT.reset(token)
    assert set(seen) == {"fine"}
    assert [p.name for p in outside.iterdir()] == ["f"]
    assert (outside / "f").read_text() == "secret"


def test_every_file_node_works_within_the_allowed_folders(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "here").symlink_to(tmp_path / "in")
    nodes = {
        "write": node("WriteFileNode", file_path="here/a/b/f.txt", content="one"),
        "append": node("AppendFileNode", file_path="a/b/f.txt", content="+"),
        "copy": node("CopyFileNode", source_path="a/b/f.txt", dest_path="c/f.txt"),
        "again": node("CopyFileNode", source_path="a/b/f.txt", dest_path="c/g.txt"),
        "move": node("MoveFileNode", source_path="c/f.txt", dest_path="d/f.txt"),
        "zip": node("ZipFilesNode", zip_path="z.zip", source_path="d"),
        "unzip": node("UnzipFilesNode", zip_path="z.zip", extract_to="e/f"),
        "csv": node("WriteCSVNode", file_path="g/t.csv", data=[{"a": 1}]),
        "rows": node("ReadCSVNode", file_path="g/t.csv"),
        "delete": node("DeleteFileNode", file_path="g/t.csv"),
        "folder": node("CreateDirectoryNode", directory_path="h/i"),
        "list": node("ListFilesNode", directory_path=".", recursive=True),
        "read": node("ReadFileNode", file_path="e/f/f.txt"),
    }
    result = run_document(
        document(nodes, chain(*nodes)),
        folder=tmp_path / "in",
        allowed_paths=(str(tmp_path / "in"),),
    )
    assert result.success, result.error
    assert result.outputs["read"]["content"] == "one+"
    assert result.outputs["rows"]["data"] == [{"a": "1"}]
    listed = [Path(name).relative_to(tmp_path / "in") for name in result.outputs["list"]["files"]]
    assert list(map(str, listed)) == ["a/b/f.txt", "c/g.txt", "d/f.txt", "e/f/f.txt", "z.zip"]
    assert (tmp_path / "in" / "h" / "i").is_dir()


def test_an_allowed_folder_that_is_missing_is_made(tmp_path: Path) -> None:
    raw = document({"n": node("WriteFileNode", file_path="new/f", content="x")})
    allowed = (str(tmp_path / "new"),)
    assert run_document(raw, folder=tmp_path, allowed_paths=allowed).success
    assert (tmp_path / "new" / "f").read_text() == "x"


def test_the_limits_of_a_run_end_with_it(tmp_path: Path) -> None:
    raw = document({"n": node("FileExistsNode", path="x")})
    assert run_document(raw, folder=tmp_path, allowed_paths=(str(tmp_path),)).success
    assert not reach.reach().limited
