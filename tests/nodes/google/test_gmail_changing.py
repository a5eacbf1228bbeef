"""Labels, the trash and deleting in Gmail."""

from __future__ import annotations

from typing import Any

import pytest

from tests.nodes.google.gmail import Mailbox
from tests.nodes.google.runs import Robot
from tests.nodes.google.server import EMAIL, Google, refusal

AT_ONCE = {"Retry-After": "0"}


def test_labels_are_listed(mailbox: Mailbox, robot: Robot) -> None:
    label = mailbox.label("Rechnungen/2026")
    got = robot.outputs("GmailGetLabelsNode")
    assert got["count"] == len(got["labels"]) == 9
    assert {"id": label, "name": "Rechnungen/2026", "type": "user"} in got["labels"]


def test_labels_are_put_on_and_taken_off_by_name(mailbox: Mailbox, robot: Robot) -> None:
    label, other = mailbox.label("Zu zahlen"), mailbox.label("Done")
    mail = mailbox.put(b"Subject: x\r\n\r\n", "INBOX")
    on = {"message_id": mail}
    got = robot.outputs("GmailAddLabelNode", **on, label_ids=["zu zahlen", "Done", other])
    assert got["labels"] == ["INBOX", label, other]
    assert robot.outputs("GmailAddLabelNode", **on, label="STARRED")["labels"][-1] == "STARRED"
    assert robot.outputs("GmailAddLabelNode", **on, label="Done, UNREAD")["labels"][-1] == "UNREAD"
    got = robot.outputs("GmailRemoveLabelNode", **on, label="Zu zahlen")
    assert got["labels"] == ["INBOX", other, "STARRED", "UNREAD"]
    got = robot.outputs(
        "GmailModifyLabelsNode",
        **on,
        add_labels='["Zu zahlen"]',
        remove_labels=["Done", "UNREAD", "STARRED"],
    )
    assert got["labels"] == ["INBOX", label]


@pytest.mark.parametrize(
    ("node_type", "config", "code", "words"),
    [
        ("GmailAddLabelNode", {"label_ids": "Don"}, "RESOURCE_NOT_FOUND", "did you mean 'Done'?"),
        ("GmailAddLabelNode", {"label_ids": []}, "MISSING_REQUIRED_FIELD", "label_ids is empty"),
        ("GmailRemoveLabelNode", {"label_ids": ["Done", "x"]}, "RESOURCE_NOT_FOUND", "label 'x'"),
        ("GmailModifyLabelsNode", {}, "MISSING_REQUIRED_FIELD", "neither add_labels nor"),
        (
            "GmailModifyLabelsNode",
            {"add_labels": ["Done"], "remove_labels": ["done"]},
            *("INVALID_INPUT", "is in add_labels and in remove_labels"),
        ),
    ],
)
def test_labels_that_are_none_change_nothing(
    google: Google,
    mailbox: Mailbox,
    robot: Robot,
    node_type: str,
    config: dict[str, Any],
    code: str,
    words: str,
) -> None:
    mailbox.label("Done")
    mail = mailbox.put(b"Subject: x\r\n\r\n", "INBOX")
    got, message = robot.failure(node_type, message_id=mail, **config)
    assert got == code
    assert words in message
    assert google.asked("POST") == []


@pytest.mark.parametrize(
    ("node_type", "config", "labels"),
    [
        ("GmailMarkAsReadNode", {}, ["INBOX", "STARRED"]),
        ("GmailMarkAsUnreadNode", {}, ["INBOX", "UNREAD", "STARRED"]),
        ("GmailArchiveEmailNode", {}, ["UNREAD", "STARRED"]),
        ("GmailStarEmailNode", {}, ["INBOX", "UNREAD", "STARRED"]),
        ("GmailStarEmailNode", {"star": "false"}, ["INBOX", "UNREAD"]),
        ("GmailMoveToTrashNode", {}, ["UNREAD", "STARRED", "TRASH"]),
        ("GmailTrashEmailNode", {}, ["UNREAD", "STARRED", "TRASH"]),
    ],
)
def test_a_message_is_marked_archived_starred_and_thrown_away(
    google: Google,
    mailbox: Mailbox,
    robot: Robot,
    node_type: str,
    config: dict[str, Any],
    labels: list[str],
) -> None:
    mail = mailbox.put(b"Subject: x\r\n\r\n", "INBOX", "UNREAD", "STARRED")
    # What leaves the same when it is done twice is tried again.
    google.trouble("POST", "/gmail", refusal(503, "Backend Error", "backendError", AT_ONCE))
    got = robot.outputs(node_type, message_id=mail, **config)
    assert (got["success"], got["error"]) == (True, "")
    assert mailbox.mails[mail].labels == labels


def test_a_message_is_deleted_for_good(google: Google, mailbox: Mailbox, robot: Robot) -> None:
    mailbox.put(b"Subject: x\r\n\r\n")
    kept = mailbox.put(b"Subject: y\r\n\r\n")
    robot.outputs("GmailDeleteEmailNode", message_id="m1")
    assert list(mailbox.mails) == [kept]
    assert robot.failure("GmailDeleteEmailNode", message_id="m1")[0] == "RESOURCE_NOT_FOUND"
    google.trouble("DELETE", "/gmail", refusal(503, "Backend Error", "backendError", AT_ONCE), 9)
    _, message = robot.failure("GmailDeleteEmailNode", message_id=kept)
    assert "is not known" in message


def test_many_messages_are_changed_and_deleted_a_thousand_at_a_time(
    google: Google, mailbox: Mailbox, robot: Robot
) -> None:
    label = mailbox.label("Done")
    ids = [mailbox.put(b"Subject: x\r\n\r\n") for _ in range(2001)]
    config = {"message_ids": ids, "add_labels": "Done", "remove_labels": ["UNREAD"]}
    assert robot.outputs("GmailBatchModifyNode", **config)["modified_count"] == 2001
    assert {tuple(mail.labels) for mail in mailbox.mails.values()} == {("INBOX", label)}
    assert len(google.asked("POST")) == 3
    some = [{"id": ids[0]}, {"message_id": ids[1]}, ids[2], ids[0]]
    assert robot.outputs("GmailBatchDeleteNode", message_ids=some)["deleted_count"] == 3
    assert len(mailbox.mails) == 1998
    google.trouble(
        "POST",
        "/gmail/v1/users/me/messages/batchDelete",
        refusal(403, "No", "forbidden"),
        when=lambda call: len(call.body["ids"]) == 998,
    )
    result = robot.run("GmailBatchDeleteNode", message_ids=ids[3:], continue_on_error=True)
    assert result.outputs["n"]["deleted_count"] == 1000
    assert result.outputs["n"]["success"] is False


def test_no_messages_are_no_failure_and_no_request(google: Google, robot: Robot) -> None:
    assert robot.outputs("GmailBatchDeleteNode", message_ids=[])["deleted_count"] == 0
    got = robot.outputs("GmailBatchModifyNode", message_ids="[]", add_labels=["UNREAD"])
    assert got["modified_count"] == 0
    assert google.seen == []
    code, _ = robot.failure("GmailBatchDeleteNode", message_ids=["m1", ""])
    assert (code, google.seen) == ("MISSING_REQUIRED_FIELD", [])


def test_a_service_account_reads_the_mail_of_the_user_it_acts_for(
    google: Google, mailbox: Mailbox, robot: Robot
) -> None:
    robot.secrets["google"] = google.key_file()
    code, message = robot.failure("GmailGetLabelsNode")
    assert (code, google.seen, google.grants) == ("CONFIG_INVALID", [], [])
    assert EMAIL in message and "`subject`" in message
    robot.secrets["google"] = google.key_file(subject="ada@example.org")
    robot.outputs("GmailGetLabelsNode")
    (grant,) = google.grants
    assert (grant["claims"]["sub"], grant["claims"]["scope"]) == (
        "ada@example.org",
        "https://mail.google.com/",
    )


def test_a_token_for_another_service_is_refused(
    google: Google, mailbox: Mailbox, robot: Robot
) -> None:
    drive = google.give_token("token-for-drive", ["https://www.googleapis.com/auth/drive"])
    robot.secrets["google"] = {"access_token": drive}
    code, message = robot.failure("GmailGetLabelsNode")
    assert (code, drive in message) == ("PERMISSION_DENIED", False)
