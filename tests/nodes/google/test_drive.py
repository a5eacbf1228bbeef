"""The nodes of Google Drive, against a server that keeps items in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from casare_rpa.nodes.google.drive._node import as_item
from tests.nodes.google.drive import DOCUMENT, FOLDER, Drive
from tests.nodes.google.runs import Robot
from tests.nodes.google.server import Google


def _names(outputs: dict[str, Any]) -> list[str]:
    return [each["name"] for each in outputs["files"]]


def test_a_file_is_described(drive: Drive, robot: Robot) -> None:
    drive.add("a.pdf", b"content", description="July", starred=True)
    got = robot.outputs("DriveGetFileNode", file_id="item-1")
    assert got == {
        **{"success": True, "error": "", "error_code": 0},
        "file_id": "item-1",
        "name": "a.pdf",
        "mime_type": "application/pdf",
        "size": 7,
        "created_time": "2026-01-02T03:04:05.000Z",
        "modified_time": "2026-01-02T03:04:06.000Z",
        "web_view_link": "https://drive.google.com/file/d/item-1/view",
        "web_content_link": "",
        "parents": ["root"],
        "description": "July",
        "starred": True,
        "trashed": False,
        "shared": False,
    }


def test_a_folder_is_listed_page_by_page(drive: Drive, robot: Robot) -> None:
    folder = drive.folder("it's \\ here")
    for name in "edcba":
        drive.add(name, parents=[folder])
    drive.add("elsewhere")
    got = robot.outputs("DriveListFilesNode", folder_id=folder)
    assert (_names(got), got["file_count"], got["has_more"]) == (list("abcde"), 5, False)
    assert got["folder_id"] == folder
    got = robot.outputs("DriveListFilesNode", folder_id=folder, max_results=3)
    assert (_names(got), got["has_more"]) == (list("abc"), True)
    got = robot.outputs("DriveListFilesNode", folder_id=folder, order_by="name desc")
    assert _names(got) == list("edcba")


def test_a_list_is_narrowed(drive: Drive, robot: Robot) -> None:
    drive.folder("reports")
    drive.add("report one")
    drive.add("report two", trashed=True)
    drive.add("letter")
    listed = "DriveListFilesNode"
    assert _names(robot.outputs(listed)) == ["letter", "report one", "reports"]
    query = "name contains 'report'"
    assert _names(robot.outputs(listed, query=query)) == ["report one", "reports"]
    assert _names(robot.outputs(listed, query=query, mime_type=FOLDER)) == ["reports"]
    assert "report two" in _names(robot.outputs(listed, include_trashed=True))
    assert _names(robot.outputs("DriveSearchFilesNode", query=query)) == ["report one", "reports"]


def test_shared_drives_are_searched(google: Google, drive: Drive, robot: Robot) -> None:
    drive.add("own")
    drive.add("shared", driveId="drive-1", parents=["drive-1"])
    query = "name contains 'shared'"
    assert _names(robot.outputs("DriveListFilesNode")) == ["own", "shared"]
    assert _names(robot.outputs("DriveSearchFilesNode", query=query)) == ["shared"]
    assert _names(robot.outputs("DriveListFilesNode", folder_id="drive-1")) == ["shared"]
    assert [call.one("corpora") for call in google.seen] == ["allDrives", "allDrives", ""]


def test_a_search_that_google_cut_short_is_told(drive: Drive, robot: Robot) -> None:
    for name in "abc":
        drive.add(name)
    assert not robot.outputs("DriveListFilesNode")["has_more"]
    assert "did not search all drives" not in robot.told()
    drive.is_incomplete = True
    got = robot.outputs("DriveListFilesNode")
    assert (_names(got), got["has_more"]) == (list("abc"), True)
    assert "did not search all drives" in robot.told()


def test_what_is_found_by_its_text_is_not_sorted(
    google: Google, drive: Drive, robot: Robot
) -> None:
    drive.add("fullText of July")
    query = "fullText contains 'July'"
    assert _names(robot.outputs("DriveListFilesNode", query=query)) == ["fullText of July"]
    assert "no order_by" in robot.told()
    robot.outputs("DriveListFilesNode", query="name = 'it\\'s no fullText search'")
    assert ["orderBy" in call.query for call in google.seen] == [False, True]


@pytest.mark.parametrize(
    ("node_type", "config", "code"),
    [
        ("DriveSearchFilesNode", {"query": "reports, please"}, "INVALID_INPUT"),
        ("DriveSearchFilesNode", {"query": " "}, "MISSING_REQUIRED_FIELD"),
        ("DriveListFilesNode", {"max_results": 0}, "VALUE_OUT_OF_RANGE"),
        ("DriveGetFileNode", {"file_id": "none"}, "RESOURCE_NOT_FOUND"),
        ("DriveGetFileNode", {"file_id": ""}, "MISSING_REQUIRED_FIELD"),
        ("DriveCreateFolderNode", {"folder_name": ""}, "MISSING_REQUIRED_FIELD"),
        ("DriveShareFileNode", {"file_id": "x", "email": ""}, "MISSING_REQUIRED_FIELD"),
        ("DriveShareFileNode", {"file_id": "x", "role": "owner"}, "INVALID_INPUT"),
        ("DriveShareFileNode", {"file_id": "x", "role": "king"}, "INVALID_INPUT"),
        (
            "DriveShareFileNode",
            {"file_id": "x", "permission_type": "domain"},
            "MISSING_REQUIRED_FIELD",
        ),
        ("DriveRemoveShareNode", {"file_id": "x", "permission_id": ""}, "MISSING_REQUIRED_FIELD"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(
    drive: Drive, robot: Robot, node_type: str, config: dict[str, Any], code: str
) -> None:
    drive.add("a.pdf")
    assert robot.failure(node_type, **config)[0] == code


@pytest.mark.parametrize(
    ("node_type", "config", "name"),
    [
        ("DriveGetFileNode", {}, "file_id"),
        ("DriveListFilesNode", {}, "folder_id"),
        ("DriveListFilesNode", {}, "query"),
        ("DriveSearchFilesNode", {}, "query"),
        ("DriveCreateFolderNode", {}, "folder_name"),
        ("DriveCreateFolderNode", {"folder_name": "x"}, "parent_id"),
        ("DriveUploadFileNode", {"file_path": "f"}, "file_name"),
        ("DriveUploadFileNode", {"file_path": "f"}, "folder_id"),
        ("DriveCopyFileNode", {"file_id": "item-1"}, "new_name"),
        ("DriveCopyFileNode", {"file_id": "item-1"}, "folder_id"),
        ("DriveRenameFileNode", {"file_id": "item-1"}, "new_name"),
        ("DriveShareFileNode", {"file_id": "item-1"}, "email"),
        ("GmailGetEmailNode", {}, "message_id"),
        ("SheetsGetCellNode", {"cell": "A1"}, "spreadsheet_id"),
    ],
)
def test_a_placeholder_that_stands_for_nothing_is_no_name(
    google: Google, robot: Robot, tmp_path: Path, node_type: str, config: dict[str, Any], name: str
) -> None:
    (tmp_path / "f").touch()
    code, message = robot.failure(node_type, **config, **{name: "{{ nothing.here }}"})
    assert (code, google.seen) == ("MISSING_REQUIRED_FIELD", [])
    assert f"{name}: nothing is called" in message


def test_a_copy_may_be_called_as_the_original_whatever_that_is(drive: Drive, robot: Robot) -> None:
    drive.add("{{name}}")
    got = robot.outputs("DriveBatchCopyNode", file_ids="item-1", folder_id="f")
    assert got["results"][0]["name"] == "{{name}}"


def test_items_that_lack_something_share_nothing() -> None:
    one, other = as_item({}), as_item({})
    one["parents"].append("x")
    assert other["parents"] == []


def test_a_folder_is_made(drive: Drive, robot: Robot) -> None:
    config = {"name": "Invoices", "parent_id": "p", "description": "of July"}
    got = robot.outputs("DriveCreateFolderNode", **config)
    made = drive.items[got["folder_id"]]
    assert (made["name"], made["mimeType"], made["parents"]) == ("Invoices", FOLDER, ["p"])
    assert (made["description"], got["folder_name"]) == ("of July", "Invoices")
    assert got["web_view_link"].endswith("/view")


def test_a_file_is_copied(drive: Drive, robot: Robot) -> None:
    drive.add("a.pdf", b"content")
    got = robot.outputs("DriveCopyFileNode", file_id="item-1")
    assert got["name"] == "Copy of a.pdf"
    got = robot.outputs("DriveCopyFileNode", file_id="item-1", new_name="b.pdf", folder_id="f")
    assert got["name"] == "b.pdf"
    assert drive.items[got["new_file_id"]]["parents"] == ["f"]
    assert drive.contents[got["new_file_id"]] == b"content"


def test_a_file_is_moved_out_of_all_it_was_in(drive: Drive, robot: Robot) -> None:
    drive.add("a.pdf", parents=["one", "two"])
    got = robot.outputs("DriveMoveFileNode", file_id="item-1", folder_id="three")
    assert (got["new_parents"], got["file_id"]) == (["three"], "item-1")
    assert drive.items["item-1"]["parents"] == ["three"]


def test_a_file_is_renamed(drive: Drive, robot: Robot) -> None:
    drive.add("a.pdf")
    got = robot.outputs("DriveRenameFileNode", file_id="item-1", new_name="ü.pdf")
    assert (got["name"], drive.items["item-1"]["name"]) == ("ü.pdf", "ü.pdf")


def test_a_file_goes_to_the_trash_and_only_if_told_for_good(drive: Drive, robot: Robot) -> None:
    drive.add("a.pdf")
    robot.outputs("DriveDeleteFileNode", file_id="item-1")
    assert drive.items["item-1"]["trashed"]
    robot.outputs("DriveDeleteFileNode", file_id="item-1", permanent=True)
    assert drive.items == {}


def test_a_file_is_shared_and_the_share_taken_back(
    google: Google, drive: Drive, robot: Robot
) -> None:
    drive.add("a.pdf")
    config = {"file_id": "item-1", "email": "ada@example.org", "role": "writer"}
    got = robot.outputs(
        "DriveShareFileNode", **config, email_message="here", send_notification=True
    )
    assert got["permission"]["emailAddress"] == "ada@example.org"
    (call,) = google.asked("POST")
    assert (call.one("sendNotificationEmail"), call.one("emailMessage")) == ("true", "here")
    listed = robot.outputs("DriveGetPermissionsNode", file_id="item-1")
    assert (listed["count"], listed["permissions"][0]["role"]) == (1, "writer")
    taken = {"file_id": "item-1", "permission_id": got["permission_id"]}
    robot.outputs("DriveRemovePermissionNode", **taken)
    assert robot.outputs("DriveGetPermissionsNode", file_id="item-1")["count"] == 0
    assert robot.failure("DriveRemoveShareNode", **taken)[0] == "RESOURCE_NOT_FOUND"


def test_a_file_gets_another_owner(google: Google, drive: Drive, robot: Robot) -> None:
    drive.add("a.pdf")
    config = {"file_id": "item-1", "email": "ada@example.org", "role": "owner"}
    robot.outputs("DriveShareFileNode", **config, transfer_ownership=True)
    assert google.asked("POST")[0].one("transferOwnership") == "true"


def test_a_link_is_for_anyone(drive: Drive, robot: Robot) -> None:
    drive.add("a.pdf")
    config = {"file_id": "item-1", "allow_file_discovery": True}
    got = robot.outputs("DriveCreateShareLinkNode", **config, link_role="commenter")
    made = drive.permissions["item-1"][got["permission_id"]]
    assert (made["type"], made["role"], made["allowFileDiscovery"]) == ("anyone", "commenter", True)
    assert got["share_link"] == "https://drive.google.com/file/d/item-1/view"
    got = robot.outputs("DriveCreateShareLinkNode", **config, access_type="anyoneWithLink")
    assert not drive.permissions["item-1"][got["permission_id"]]["allowFileDiscovery"]


def test_several_are_copied_under_their_names(drive: Drive, robot: Robot) -> None:
    drive.add("a.pdf", b"a")
    drive.add("b.pdf", b"b")
    ids = [{"id": "item-1"}, "none", "item-2"]
    got = robot.outputs("DriveBatchCopyNode", file_ids=ids, folder_id="f")
    assert (got["copied_count"], got["failed_count"], got["success"]) == (2, 1, False)
    assert [drive.items[each]["name"] for each in got["new_file_ids"]] == ["a.pdf", "b.pdf"]
    assert [each["error_code"] for each in got["results"]] == [0, 404, 0]
    assert (got["error_code"], "1 of 3 failed" in got["error"]) == (404, True)
    got = robot.outputs("DriveBatchCopyNode", file_ids="item-1", folder_id="f", preserve_name=False)
    assert got["results"][0]["name"] == "Copy of a.pdf"


def test_several_are_moved_and_deleted(drive: Drive, robot: Robot) -> None:
    for name in "ab":
        drive.add(name)
    ids = ["item-1", "item-2"]
    got = robot.outputs("DriveBatchMoveNode", file_ids=ids, folder_id="f")
    assert (got["moved_count"], got["success"], got["error_code"]) == (2, True, 0)
    assert drive.items["item-2"]["parents"] == ["f"]
    assert robot.outputs("DriveBatchDeleteNode", file_ids=ids)["deleted_count"] == 2
    assert drive.items["item-1"]["trashed"]


def test_told_so_a_batch_ends_with_the_first_failure(
    google: Google, drive: Drive, robot: Robot
) -> None:
    for name in "ab":
        drive.add(name)
    ids = ["item-1", "none", "item-2"]
    config = {"file_ids": ids, "continue_on_error": False}
    code, message = robot.failure("DriveBatchDeleteNode", **config)
    assert (code, "1 of 3 done, then: " in message) == ("RESOURCE_NOT_FOUND", True)
    assert not drive.items["item-2"]["trashed"]


def test_a_batch_that_cannot_sign_in_asks_for_nothing(google: Google, robot: Robot) -> None:
    robot.secrets["google"] = google.key_file(client_email="someone@else")
    ids = [f"item-{n}" for n in range(50)]
    assert robot.failure("DriveBatchDeleteNode", file_ids=ids)[0] == "PERMISSION_DENIED"
    assert google.seen == []


def test_a_document_is_no_file(drive: Drive, robot: Robot) -> None:
    drive.add("Report", None, mimeType=DOCUMENT)
    assert robot.outputs("DriveGetFileNode", file_id="item-1")["size"] == 0
