"""Files to and from Google Drive."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from casare_rpa.nodes.file import disk
from casare_rpa.nodes.google import _services, _upload
from casare_rpa.nodes.google.drive import folders
from casare_rpa.nodes.http import transfer
from tests.nodes.google.drive import DOCUMENT, SPREADSHEET, Drive
from tests.nodes.google.runs import Robot
from tests.nodes.google.server import Google, Reply, refusal
from tests.support.runs import node

FORM = "application/vnd.google-apps.form"
PIECE = 256 << 10


def _tree(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text() for path in files}


def test_a_file_is_uploaded(drive: Drive, robot: Robot, tmp_path: Path) -> None:
    (tmp_path / "report.csv").write_bytes(b"a,b\n")
    got = robot.outputs("DriveUploadFileNode", file_path="report.csv", folder_id="f")
    made = drive.items[got["file_id"]]
    assert (made["name"], made["mimeType"], made["parents"]) == ("report.csv", "text/csv", ["f"])
    assert drive.contents[got["file_id"]] == b"a,b\n"
    config = {"file_name": "ü", "mime_type": "text/x-own", "description": "mine"}
    got = robot.outputs("DriveUploadFileNode", file_path="report.csv", **config)
    made = drive.items[got["file_id"]]
    assert (made["name"], made["mimeType"], made["description"]) == ("ü", "text/x-own", "mine")


@pytest.mark.parametrize("name", ["", "Sums", "sums.csv"])
def test_a_file_becomes_a_document(drive: Drive, robot: Robot, tmp_path: Path, name: str) -> None:
    (tmp_path / "sums.csv").write_bytes(b"a,b\n")
    config = {"file_path": "sums.csv", "file_name": name, "mime_type": SPREADSHEET}
    made = drive.items[robot.outputs("DriveUploadFileNode", **config)["file_id"]]
    assert (made["mimeType"], made["sent_as"]) == (SPREADSHEET, "text/csv")


def test_an_empty_file_is_uploaded(
    google: Google, drive: Drive, robot: Robot, tmp_path: Path
) -> None:
    (tmp_path / "empty").touch()
    got = robot.outputs("DriveUploadFileNode", file_path="empty")
    assert drive.contents[got["file_id"]] == b""
    assert drive.items[got["file_id"]]["mimeType"] == "application/octet-stream"
    assert ["content-range" in call.headers for call in google.asked("PUT")] == [False]


@pytest.mark.parametrize("cut_after", [set(), {1}, {2}, {3}, {4}, {1, 2, 3, 4}])
def test_an_upload_goes_on_where_it_was_cut_off(
    drive: Drive,
    robot: Robot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    cut_after: set[int],
) -> None:
    monkeypatch.setattr(_upload, "_PIECE_BYTES", 2 * PIECE)
    content = b"".join(number.to_bytes(4, "big") for number in range(7 * PIECE // 4))
    (tmp_path / "big").write_bytes(content)
    drive.cut_after = cut_after
    got = robot.outputs("DriveUploadFileNode", file_path="big")
    assert drive.contents[got["file_id"]] == content
    assert len(drive.items) == 1


@pytest.mark.parametrize("also_when_asked", [True, False])
def test_an_upload_that_is_cut_off_for_ever_ends(
    google: Google, drive: Drive, robot: Robot, tmp_path: Path, also_when_asked: bool
) -> None:
    (tmp_path / "f").write_bytes(b"content")
    reply = refusal(503, "Backend Error", "backendError", {"Retry-After": "0"})
    google.trouble("PUT", "/upload", reply, 99, lambda call: bool(call.raw) or also_when_asked)
    assert robot.failure("DriveUploadFileNode", file_path="f")[0] == "NETWORK_ERROR"
    pieces = [call for call in google.asked("PUT") if call.raw]
    assert len(pieces) == (1 if also_when_asked else 6)
    assert drive.items == {}


@pytest.mark.parametrize("received", [{}, {"Range": "bytes=0-2"}, {"Range": "bytes=0-99"}])
def test_an_upload_of_which_nothing_more_is_taken_ends(
    google: Google, drive: Drive, robot: Robot, tmp_path: Path, received: dict[str, str]
) -> None:
    (tmp_path / "f").write_bytes(b"content")
    google.trouble("PUT", "/upload", Reply(308, b"", {"Retry-After": "0", **received}), 999)
    code, message = robot.failure("DriveUploadFileNode", file_path="f")
    assert (code, "the upload does not go on" in message) == ("NETWORK_ERROR", True)
    assert len(google.asked("PUT")) == (7 if received else 6)


def test_an_upload_that_only_goes_back_and_forth_ends(
    google: Google, drive: Drive, robot: Robot, tmp_path: Path
) -> None:
    (tmp_path / "f").write_bytes(b"content")
    for _ in range(40):
        for last in (1, 3):
            headers = {"Retry-After": "0", "Range": f"bytes=0-{last}"}
            google.trouble("PUT", "/upload", Reply(308, b"", headers))
    assert robot.failure("DriveUploadFileNode", file_path="f")[0] == "NETWORK_ERROR"
    assert len(google.asked("PUT")) == 8


def test_an_upload_that_is_to_wait_for_long_ends_at_once(
    google: Google, drive: Drive, robot: Robot, tmp_path: Path
) -> None:
    (tmp_path / "f").write_bytes(b"content")
    google.trouble("PUT", "/upload", Reply(308, b"", {"Retry-After": "3600"}), 99)
    assert robot.failure("DriveUploadFileNode", file_path="f")[0] == "NETWORK_ERROR"
    assert len(google.asked("PUT")) == 1


def test_an_upload_that_is_refused_is_not_tried_again(
    google: Google, drive: Drive, robot: Robot, tmp_path: Path
) -> None:
    (tmp_path / "f").write_bytes(b"content")
    google.trouble("PUT", "/upload", refusal(403, "No more", "storageQuotaExceeded"))
    code, message = robot.failure("DriveUploadFileNode", file_path="f")
    assert (code, drive.items, len(google.asked("PUT"))) == ("PERMISSION_DENIED", {}, 1)
    assert "service accounts have no storage" in message


def test_an_upload_is_sent_nowhere_else(
    google: Google, drive: Drive, robot: Robot, tmp_path: Path
) -> None:
    (tmp_path / "f").write_bytes(b"content")
    google.trouble("POST", "/upload", refusal(200, "", "", {"Location": "http://127.0.0.1:9/x"}))
    code, message = robot.failure("DriveUploadFileNode", file_path="f")
    assert (code, "another server" in message) == ("API_ERROR", True)
    assert google.asked("PUT") == []


@pytest.mark.parametrize(
    ("url", "is_ours"),
    [
        ("https://gmail.googleapis.com/upload/x", True),
        ("https://www.googleapis.com/upload/x", True),
        ("https://www.googleapis.com:443/upload/x", True),
        ("http://www.googleapis.com/upload/x", False),
        ("https://www.googleapis.com:8443/upload/x", False),
        ("https://www.googleapis.com.example.org/upload/x", False),
        ("https://notgoogleapis.com/upload/x", False),
        ("https://www.googleapis.com@example.org/upload/x", False),
        ("https://www.googleapis.com:x/upload", False),
        ("https://[/upload", False),
        ("/upload/x", False),
        ("", False),
    ],
)
def test_google_s_own_addresses_are_known_unless_another_is_set(url: str, is_ours: bool) -> None:
    assert _services.is_own({}, _services.GMAIL, url) == is_ours
    elsewhere = {_services.BASE_URL: "http://127.0.0.1:8080"}
    assert not _services.is_own(elsewhere, _services.GMAIL, url)
    assert _services.is_own(elsewhere, _services.GMAIL, "http://127.0.0.1:8080/upload/x")


@pytest.mark.parametrize(("path", "code"), [("none", "FILE_NOT_FOUND"), (".", "INVALID_INPUT")])
def test_what_is_no_file_is_not_uploaded(
    google: Google, drive: Drive, robot: Robot, path: str, code: str
) -> None:
    assert robot.failure("DriveUploadFileNode", file_path=path)[0] == code
    assert google.asked("POST") == []


def test_a_file_is_downloaded(drive: Drive, robot: Robot, tmp_path: Path) -> None:
    drive.add("../a:b.pdf", b"x" * 3_000_000)
    config = {"file_id": "item-1", "destination": "d/f.pdf"}
    got = robot.outputs("DriveDownloadFileNode", **config)
    assert got["file_path"] == str(tmp_path / "d" / "f.pdf")
    assert (tmp_path / "d" / "f.pdf").read_bytes() == b"x" * 3_000_000
    got = robot.outputs("DriveDownloadFileNode", file_id="item-1", destination_path="d")
    assert got["file_path"] == str(tmp_path / "d" / "a_b.pdf")


def test_a_failed_download_leaves_the_old_file(
    drive: Drive, robot: Robot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "f").write_text("old")
    drive.add("Report", None, mimeType=DOCUMENT)
    config = {"file_id": "item-1", "destination_path": "f"}
    code, message = robot.failure("DriveDownloadFileNode", **config)
    assert (code, "DriveExportFileNode" in message) == ("PERMISSION_DENIED", True)
    monkeypatch.setattr(transfer, "_LOOK_EVERY_BYTES", 1 << 20)
    monkeypatch.setattr(disk, "_LEFT_FREE_BYTES", 1 << 60)  # more than any disk has
    drive.add("big", b"x" * 3_000_000)
    assert (
        robot.failure("DriveDownloadFileNode", **{**config, "file_id": "item-2"})[0] == "DISK_FULL"
    )
    assert _tree(tmp_path) == {"f": "old"}


def test_a_run_writes_within_its_folders_only(
    google: Google, drive: Drive, robot: Robot, tmp_path: Path
) -> None:
    drive.add("a.txt", b"a", parents=["top"])
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path)
    for folder, code in (
        ("in/out", None),
        ("out", "PERMISSION_DENIED"),
        ("in/link", "PERMISSION_DENIED"),
    ):
        config = {"folder_id": "top", "destination_folder": str(tmp_path / folder)}
        result = robot.run_nodes(
            {"n": node("DriveDownloadFolderNode", **config)}, allowed_paths=(str(tmp_path / "in"),)
        )
        assert (result.error.code if result.error else None) == code
    assert [path.name for path in tmp_path.rglob("*.txt")] == ["a.txt"]


@pytest.mark.parametrize("node_type", ["DriveDownloadFileNode", "DriveExportFileNode"])
def test_a_path_out_of_reach_is_refused(
    google: Google, drive: Drive, robot: Robot, node_type: str
) -> None:
    config = {"file_id": "item-1", "destination_path": "../f"}
    assert robot.failure(node_type, **config)[0] == "PERMISSION_DENIED"
    assert google.seen == []


def test_a_document_is_exported(drive: Drive, robot: Robot, tmp_path: Path) -> None:
    drive.add("Report/July", None, mimeType=DOCUMENT)
    config = {"file_id": "item-1", "export_format": "txt"}
    got = robot.outputs("DriveExportFileNode", **config, destination_path="r.txt")
    assert (got["original_name"], got["original_type"]) == ("Report/July", DOCUMENT)
    assert (tmp_path / "r.txt").read_text() == "Report/July as text/plain"
    got = robot.outputs("DriveExportFileNode", file_id="item-1", destination_path=".")
    assert got["file_path"] == str(tmp_path / "July.pdf")


def test_the_pages_of_a_spreadsheet_come_as_an_archive(
    drive: Drive, robot: Robot, tmp_path: Path
) -> None:
    drive.add("Sums", None, mimeType=SPREADSHEET)
    config = {"file_id": "item-1", "export_format": "html", "destination_path": "."}
    got = robot.outputs("DriveExportFileNode", **config)
    assert got["file_path"] == str(tmp_path / "Sums.zip")
    assert (tmp_path / "Sums.zip").read_text() == "Sums as application/zip"


@pytest.mark.parametrize(
    ("kind", "wanted", "words"),
    [
        (DOCUMENT, "xlsx", "it can become docx, pdf"),
        (FORM, "pdf", "it cannot be exported"),
        ("application/pdf", "pdf", "DriveDownloadFileNode fetches it"),
        (DOCUMENT, "doc", "there is no 'doc'"),
    ],
)
def test_what_a_document_cannot_become_is_refused(
    drive: Drive, robot: Robot, kind: str, wanted: str, words: str
) -> None:
    drive.add("Report", None, mimeType=kind)
    config = {"file_id": "item-1", "destination_path": "f", "export_format": wanted}
    code, message = robot.failure("DriveExportFileNode", **config)
    assert (code, words in message) == ("INVALID_INPUT", True)


def test_a_folder_is_downloaded_with_all_below_it(
    drive: Drive, robot: Robot, tmp_path: Path
) -> None:
    top = drive.folder("top")
    below = drive.folder("../below", top)
    drive.folder("empty", top)
    drive.add("a.txt", b"1", parents=[top])
    drive.add("A.txt", b"2", parents=[top])
    drive.add("../../a.txt", b"3", parents=[below])
    drive.add("below", b"4", parents=[top])
    drive.add("Sums", None, mimeType=SPREADSHEET, parents=[top])
    drive.add("Form", None, mimeType=FORM, parents=[top])
    drive.add("gone.txt", b"5", parents=[top], trashed=True)
    config = {"folder_id": top, "destination_folder": "out"}
    got = robot.outputs("DriveDownloadFolderNode", **config)
    sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert _tree(tmp_path / "out") == {
        "A.txt": "2",
        "a (2).txt": "1",
        "below": "4",
        "below (2)/a.txt": "3",
        "Sums.xlsx": f"Sums as {sheet}",
    }
    assert got["downloaded_count"] == len(got["file_paths"]) == 5
    assert "'Form' is left out" in robot.told()
    assert robot.outputs("DriveDownloadFolderNode", **config) == got


def test_what_fails_in_a_folder_stops_no_other_file(
    google: Google, drive: Drive, robot: Robot, tmp_path: Path
) -> None:
    for name in "abc":
        drive.add(name, name.encode(), parents=["top"])
    google.trouble("GET", "/drive/v3/files/item-2", refusal(403, "Virus", "abusiveFile"))
    config = {"folder_id": "top", "destination_folder": "out"}
    result = robot.run("DriveDownloadFolderNode", **config)
    assert result.error is not None
    assert "1 of 3 files failed; the first: " in result.error.message
    assert _tree(tmp_path / "out") == {"a": "a", "c": "c"}
    assert result.outputs["n"]["downloaded_count"] == 2
    assert result.outputs["n"]["error_code"] == 403


def test_a_folder_has_bounds(
    drive: Drive, robot: Robot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = top = drive.folder("top")
    for _ in range(20):
        folder = drive.folder("deeper", folder)
    config = {"folder_id": top, "destination_folder": "out"}
    code, message = robot.failure("DriveDownloadFolderNode", **config)
    assert (code, "20 levels deep" in message) == ("RESOURCE_EXHAUSTED", True)
    monkeypatch.setattr(folders, "_MOST_ITEMS", 5)
    code, message = robot.failure("DriveDownloadFolderNode", **config)
    assert (code, "more than 5 items" in message) == ("RESOURCE_EXHAUSTED", True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("at_once", [1, 8])
def test_several_files_are_downloaded(
    drive: Drive, robot: Robot, tmp_path: Path, at_once: int
) -> None:
    for _ in range(3):
        drive.add("a.txt", b"a")
    files: list[Any] = [{"id": "item-1", "name": "a.txt"}, "item-2", "none", {"file_id": "item-3"}]
    got = robot.outputs(
        "DriveBatchDownloadNode",
        files=files,
        destination_folder="out",
        max_concurrent_downloads=at_once,
    )
    assert (got["downloaded_count"], got["failed_count"], got["success"]) == (3, 1, False)
    assert (got["error_code"], "1 of 4 files failed" in got["error"]) == (404, True)
    assert [Path(path).name for path in got["file_paths"]] == [
        "a.txt",
        "a (2).txt",
        "a (3).txt",
    ]
    assert set(_tree(tmp_path / "out").values()) == {"a"}


def test_the_files_of_a_folder_are_downloaded_without_those_below(
    drive: Drive, robot: Robot, tmp_path: Path
) -> None:
    top = drive.folder("top")
    drive.add("a.txt", b"a", parents=[top])
    drive.add("b.txt", b"b", parents=[drive.folder("below", top)])
    config = {"folder_id": top, "destination_folder": "out"}
    assert robot.outputs("DriveBatchDownloadNode", **config)["success"]
    assert _tree(tmp_path / "out") == {"a.txt": "a"}
    code, message = robot.failure("DriveBatchDownloadNode", destination_folder="out")
    assert code == "MISSING_REQUIRED_FIELD"
    assert "without files, folder_id is empty" in message


def test_a_folder_of_too_many_files_is_not_cut(
    drive: Drive, robot: Robot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "_MOST_ITEMS", 3)
    top = drive.folder("top")
    config = {"folder_id": top, "destination_folder": "out"}
    for name in "abc":
        drive.add(name, parents=[top])
    assert robot.outputs("DriveBatchDownloadNode", **config)["downloaded_count"] == 3
    drive.add("d", parents=[top])
    code, message = robot.failure("DriveBatchDownloadNode", **config)
    assert (code, "more than 3 items" in message) == ("RESOURCE_EXHAUSTED", True)
    assert not (tmp_path / "out" / "d").exists()
