"""What is tried again and what is not, and how a refusal is told."""

from __future__ import annotations

from typing import Any

import pytest

from casare_rpa.nodes.google import _requests
from tests.nodes.google.drive import Drive
from tests.nodes.google.runs import Robot
from tests.nodes.google.server import Google, Reply, refusal
from tests.support.runs import chain, node

AT_ONCE = {"Retry-After": "0"}


@pytest.fixture(autouse=True)
def _one_file(drive: Drive) -> None:
    drive.add("a.pdf", b"content")


@pytest.mark.parametrize(
    "reply",
    [
        refusal(429, "Slow down", "rateLimitExceeded", AT_ONCE),
        refusal(403, "Slow down", "userRateLimitExceeded", AT_ONCE),
        refusal(503, "Backend Error", "backendError", AT_ONCE),
        Reply(502, b"<html>bad gateway</html>", AT_ONCE),
    ],
)
def test_a_question_is_asked_again(google: Google, robot: Robot, reply: Reply) -> None:
    google.trouble("GET", "/drive", reply, times=4)
    assert robot.outputs("DriveGetFileNode", file_id="item-1")["name"] == "a.pdf"
    assert len(google.seen) == 5


def test_at_some_point_it_is_enough(google: Google, robot: Robot) -> None:
    reply = refusal(429, "Slow down", "rateLimitExceeded", AT_ONCE)
    google.trouble("GET", "/drive", reply, times=99)
    code, message = robot.failure("DriveGetFileNode", file_id="item-1")
    assert (code, len(google.seen)) == ("RESOURCE_EXHAUSTED", 5)
    assert "Slow down (HTTP 429 rateLimitExceeded)" in message


def test_a_quota_that_is_used_up_for_long_is_not_waited_for(google: Google, robot: Robot) -> None:
    reply = refusal(429, "Tomorrow", "dailyLimitExceeded", {"Retry-After": "3600"})
    google.trouble("GET", "/drive", reply)
    assert robot.failure("DriveGetFileNode", file_id="item-1")[0] == "RESOURCE_EXHAUSTED"
    assert len(google.seen) == 1


def test_what_was_too_fast_has_made_nothing_and_is_sent_again(
    google: Google, drive: Drive, robot: Robot
) -> None:
    google.trouble("POST", "/drive", refusal(403, "Slow down", "rateLimitExceeded", AT_ONCE))
    robot.outputs("DriveCreateFolderNode", folder_name="Invoices")
    assert [item["name"] for item in drive.items.values()] == ["a.pdf", "Invoices"]


def test_what_may_have_been_made_is_not_made_again(google: Google, robot: Robot) -> None:
    google.trouble("POST", "/drive", refusal(503, "Backend Error", "backendError", AT_ONCE), 9)
    code, message = robot.failure("DriveCreateFolderNode", folder_name="Invoices")
    assert (code, len(google.seen)) == ("NETWORK_ERROR", 1)
    assert "whether it was done is not known" in message


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(200, b"<html>"), "PARSE_ERROR"),
        (Reply(201, b"[]"), "PARSE_ERROR"),
        (Reply(200, b'{"id": "' + b"x" * 100 + b'"}'), "RESOURCE_EXHAUSTED"),
        (Reply(200, b"not zipped", {"Content-Encoding": "gzip"}), "NETWORK_ERROR"),
    ],
)
def test_what_was_done_and_told_so_that_none_can_read_it_may_have_been_done(
    google: Google, robot: Robot, monkeypatch: pytest.MonkeyPatch, reply: Reply, code: str
) -> None:
    monkeypatch.setattr(_requests, "_MOST_ANSWER_BYTES", 100)
    google.trouble("POST", "/", reply, 9)
    got, message = robot.failure("DriveCreateFolderNode", folder_name="Invoices")
    assert (got, len(google.seen)) == (code, 1)
    assert "; whether it was done is not known" in message
    email = {"to": "ada@example.org", "subject": "x", "body": "y"}
    result = robot.run("GmailBatchSendNode", emails=[email], continue_on_error=True)
    (one,) = result.outputs["n"]["results"]
    assert one["may_have_been_sent"]


def test_what_can_be_done_again_leaves_no_doubt(google: Google, robot: Robot) -> None:
    google.trouble("PATCH", "/", Reply(200, b"<html>"))
    _, message = robot.failure("DriveRenameFileNode", file_id="item-1", new_name="b.pdf")
    assert "is not known" not in message


def test_no_cookie_is_kept(google: Google, robot: Robot) -> None:
    headers = {"Set-Cookie": "who=ada; Path=/", "Content-Type": "application/json"}
    google.trouble("GET", "/drive", Reply(200, b'{"name": "a.pdf"}', headers))
    get = node("DriveGetFileNode", file_id="item-1")
    robot.steps(get, get)
    assert ["cookie" in call.headers for call in google.seen] == [False, False]


def test_a_change_that_leaves_the_same_is_sent_again(google: Google, robot: Robot) -> None:
    google.trouble("PATCH", "/drive", refusal(503, "Backend Error", "backendError", AT_ONCE))
    robot.outputs("DriveRenameFileNode", file_id="item-1", new_name="b.pdf")
    assert len(google.seen) == 2


@pytest.mark.parametrize(
    ("reply", "code", "words"),
    [
        (refusal(403, "No", "insufficientFilePermissions"), "PERMISSION_DENIED", "No (HTTP 403"),
        (refusal(404, "File not found: x.", "notFound"), "RESOURCE_NOT_FOUND", "is shared with"),
        (refusal(400, "Invalid Value", "invalid"), "INVALID_INPUT", "Invalid Value"),
        (Reply(404, b"<html>"), "RESOURCE_NOT_FOUND", "Not Found (HTTP 404)"),
        (Reply(400, b'{"error": {"errors": 1, "status": "X"}}'), "INVALID_INPUT", "HTTP 400 X"),
        (Reply(418, b'["error"]'), "API_ERROR", "HTTP 418"),
        (Reply(200, b"[]"), "PARSE_ERROR", "did not answer with a JSON object"),
        (Reply(200, b"{"), "PARSE_ERROR", "did not answer with a JSON object"),
    ],
)
def test_a_refusal_is_told_in_plain_words(
    google: Google, robot: Robot, reply: Reply, code: str, words: str
) -> None:
    google.trouble("GET", "/drive", reply)
    got, message = robot.failure("DriveGetFileNode", file_id="item-1")
    assert (got, len(google.seen)) == (code, 1)
    assert words in message
    assert "Google Drive as the account of the access token: " in message


@pytest.mark.parametrize("way", ["exec_error", "continue_on_error"])
def test_a_workflow_that_goes_on_knows_the_status(robot: Robot, way: str) -> None:
    config: dict[str, Any] = {"file_id": "none"}
    if way == "continue_on_error":
        config[way] = True
    port = way if way == "exec_error" else "exec_out"
    result = robot.run_nodes(
        {
            "get": node("DriveGetFileNode", **config),
            "say": node("SetVariableNode", variable_name="said", value="{{get.error_code}}"),
            "and": node("SetVariableNode", variable_name="well", value="{{get.success}}"),
        },
        chain(f"get.{port}", "say", "and"),
    )
    assert (result.variables["said"], result.variables["well"]) == (404, False)


def test_a_failure_without_an_answer_has_the_code_nought(robot: Robot) -> None:
    robot.environment["GOOGLE_API_BASE_URL"] = "nonsense"
    result = robot.run_nodes(
        {"n": node("DriveGetFileNode", file_id="item-1", continue_on_error=True)}
    )
    assert result.outputs["n"]["error_code"] == 0
    assert "GOOGLE_API_BASE_URL" in result.outputs["n"]["error"]


@pytest.mark.parametrize("file_id", ["../../about", "a/b?c=d", "ü #%"])
def test_an_id_leads_nowhere_else(google: Google, robot: Robot, file_id: str) -> None:
    assert robot.failure("DriveGetFileNode", file_id=file_id)[0] == "RESOURCE_NOT_FOUND"
    (call,) = google.seen
    assert call.path.startswith("/drive/v3/files/") and call.path.count("/") == 4


@pytest.mark.parametrize("file_id", ["..", "."])
def test_an_id_that_would_change_the_path_is_refused(
    google: Google, robot: Robot, file_id: str
) -> None:
    assert robot.failure("DriveGetFileNode", file_id=file_id)[0] == "INVALID_INPUT"
    assert google.seen == []
