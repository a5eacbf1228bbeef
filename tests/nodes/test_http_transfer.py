"""Files to and from a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from casare_rpa.nodes.file import disk
from casare_rpa.nodes.http import transfer
from tests.nodes.web_server import Server, serving
from tests.support.runs import run_node


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


def _run(node_type: str, folder: Path, **config: Any) -> dict[str, Any]:
    result = run_node(node_type, config, folder=folder)
    assert result.success, result.error
    return dict(result.outputs["n"])


def _failure(node_type: str, folder: Path, **config: Any) -> tuple[str, str]:
    result = run_node(node_type, config, folder=folder)
    assert result.error is not None
    return result.error.code, result.error.message


def test_a_download_becomes_a_file(server: Server, tmp_path: Path) -> None:
    url = f"{server.url}/big/3000000"
    got = _run("HttpDownloadFileNode", tmp_path, url=url, save_path="d/f.bin")
    assert got == {
        "file_path": str(tmp_path / "d" / "f.bin"),
        "file_size": 3_000_000,
        "success": True,
        "error": "",
    }
    assert (tmp_path / "d" / "f.bin").read_bytes() == b"x" * 3_000_000


@pytest.mark.parametrize(
    ("path", "timeout"), [("status/404", 60), ("status/201", 60), ("cut", 60), ("slow", 0.5)]
)
def test_a_failed_download_leaves_the_old_file(
    server: Server, tmp_path: Path, path: str, timeout: float
) -> None:
    (tmp_path / "f").write_text("old")
    config = {"url": f"{server.url}/{path}", "save_path": "f", "timeout": timeout}
    code, message = _failure("HttpDownloadFileNode", tmp_path, **config)
    assert code in ("HTTP_ERROR", "NETWORK_ERROR", "TIMEOUT")
    assert ("HTTP" in message) == ("status" in path)
    assert [p.name for p in tmp_path.iterdir()] == ["f"]
    assert (tmp_path / "f").read_text() == "old"


@pytest.mark.parametrize("size", [1, 3_000_000])
def test_a_download_ends_before_it_fills_the_disk(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(disk, "_LEFT_FREE_BYTES", 1 << 60)  # more than any disk has
    config = {"url": f"{server.url}/big/{size}", "save_path": "f"}
    code, message = _failure("HttpDownloadFileNode", tmp_path, **config)
    assert (code, "stopped after 0 bytes: less than" in message) == ("DISK_FULL", True)
    assert list(tmp_path.iterdir()) == []


def test_a_download_ends_before_it_fills_what_was_left_of_the_disk(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk, of which there is one for all tests, is taken for full after the first look."""
    rooms = iter([0, 1 << 60])
    monkeypatch.setattr(transfer, "_LOOK_EVERY_BYTES", 1 << 20)

    def look(path: Path, size: int) -> None:
        monkeypatch.setattr(disk, "_LEFT_FREE_BYTES", next(rooms))
        disk.check_room(path, size)

    monkeypatch.setattr(transfer, "check_room", look)
    config = {"url": f"{server.url}/big/3000000", "save_path": "f"}
    code, message = _failure("HttpDownloadFileNode", tmp_path, **config)
    assert (code, "stopped after 1,0" in message) == ("DISK_FULL", True)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_kept_if_told(server: Server, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("old")
    config = {"url": f"{server.url}/big/1", "save_path": "f", "overwrite": False}
    assert _failure("HttpDownloadFileNode", tmp_path, **config)[0] == "INVALID_INPUT"
    assert server.seen == []


def test_a_download_is_tried_again(server: Server, tmp_path: Path) -> None:
    config = {"url": f"{server.url}/busy/1", "save_path": "f", "retry_count": 1, "retry_delay": 0}
    assert _run("HttpDownloadFileNode", tmp_path, **config)["file_size"] == 3


def test_the_super_node_downloads_and_tells_the_status(server: Server, tmp_path: Path) -> None:
    config = {"action": "Download File", "save_path": "f", "url": f"{server.url}/big/5"}
    got = _run("HttpSuperNode", tmp_path, **config)
    assert (got["status_code"], got["file_size"], got["success"]) == (200, 5, True)
    config |= {"url": f"{server.url}/status/404", "save_path": "g"}
    got = _run("HttpSuperNode", tmp_path, **config)
    assert (got["status_code"], got["success"], got["error"]) == (404, False, "HTTP 404")
    assert not (tmp_path / "g").exists()


@pytest.mark.parametrize("node_type", ["HttpUploadFileNode", "HttpSuperNode"])
def test_an_upload_is_a_form_with_the_file(server: Server, tmp_path: Path, node_type: str) -> None:
    (tmp_path / "data.bin").write_bytes(b"\x00\xffdata")
    got = _run(
        node_type,
        tmp_path,
        action="Upload File",
        url=f"{server.url}/to?url=/echo",
        file_path="data.bin",
        field_name="doc",
        extra_fields={"note": "ü", "n": 1},
        headers={"Content-Type": "wrong", "X-A": "b"},
    )
    assert (got["status_code"], got["response_json"]["method"]) == (200, "POST")
    for seen in server.seen:  # The redirect takes the whole form along.
        assert seen["headers"]["Content-Type"].startswith("multipart/form-data; boundary=")
        assert seen["headers"]["X-A"] == "b"
        assert b'name="doc"; filename="data.bin"' in seen["body"]
        assert b"\x00\xffdata" in seen["body"]
        assert 'name="note"\r\n\r\nü\r\n'.encode() in seen["body"]


def test_an_upload_of_nothing_fails(server: Server, tmp_path: Path) -> None:
    config = {"url": server.url, "file_path": "none"}
    assert _failure("HttpUploadFileNode", tmp_path, **config)[0] == "FILE_NOT_FOUND"
    assert server.seen == []
