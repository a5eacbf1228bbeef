"""Finding and reading messages in Gmail, against a server that keeps a mailbox in memory."""

from __future__ import annotations

import base64
import threading
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from casare_rpa.nodes.email._parts import parsed
from casare_rpa.nodes.google.gmail import _messages
from tests.nodes.google.gmail import Mailbox
from tests.nodes.google.runs import Robot
from tests.nodes.google.server import Google, refusal
from tests.support.runs import chain, node


def mail(subject: str, text: str = "Hello.\n", **files: bytes) -> bytes:
    message = EmailMessage()
    message["From"] = "Ada Lovelace <ada@example.org>"
    message["To"] = '"Babbage, Charles" <charles@example.org>, me@example.org'
    message["Cc"] = "Grün <gruen@example.org>"
    message["Subject"] = subject
    message["Date"] = "Fri, 02 Jan 2026 03:04:05 +0100"
    message["Message-ID"] = f"<{len(subject)}@example.org>"
    message.set_content(text)
    for name, content in files.items():
        name = name.replace("_", ".")
        message.add_attachment(content, maintype="application", subtype="pdf", filename=name)
    return message.as_bytes()


def with_html(subject: str) -> bytes:
    message = EmailMessage()
    message["Subject"] = subject
    message.set_content("grün\n", charset="iso-8859-1")
    message.add_alternative("<p>grün</p>\n", subtype="html")
    return message.as_bytes()


def _subjects(outputs: dict[str, Any]) -> list[str]:
    return [each["subject"] for each in outputs["messages"]]


def test_a_message_is_read(mailbox: Mailbox, robot: Robot) -> None:
    raw = mail("Größe 7", "Grüße,\nAda\n", a_pdf=b"content")
    message_id = mailbox.put(raw)
    got = robot.outputs("GmailGetEmailNode", message_id=message_id)
    (file,) = got.pop("attachments")
    answer = got.pop("raw_message")
    assert got == {
        **{"success": True, "error": "", "error_code": 0},
        "message_id": "m1",
        "thread_id": "t1",
        "subject": "Größe 7",
        "from_address": "Ada Lovelace <ada@example.org>",
        "to_addresses": ['"Babbage, Charles" <charles@example.org>', "me@example.org"],
        "cc_addresses": ["Grün <gruen@example.org>"],
        "date": "2026-01-02T03:04:05+01:00",
        "snippet": "Grüße, Ada",
        "body_plain": "Grüße,\nAda\n",
        "body_html": "",
        "label_ids": ["INBOX", "UNREAD"],
        "has_attachments": True,
        "attachment_count": 1,
    }
    assert file.pop("attachment_id").startswith("file-")
    assert file == {"filename": "a.pdf", "content_type": "application/pdf", "size": 7}
    assert answer["sizeEstimate"] == len(raw)


def test_a_message_is_read_as_far_as_it_is_asked_for(mailbox: Mailbox, robot: Robot) -> None:
    mailbox.put(mail("one", a_pdf=b"content"))
    got = {
        form: robot.outputs("GmailGetEmailNode", message_id="m1", format=form)
        for form in ("minimal", "metadata", "raw")
    }
    assert [each["subject"] for each in got.values()] == ["", "one", "one"]
    assert [each["body_plain"] for each in got.values()] == ["", "", "Hello.\n"]
    assert got["minimal"]["date"] == "2026-02-02T02:40:01+00:00"
    (file,) = got["raw"]["attachments"]
    assert (file["filename"], file["size"], file["attachment_id"]) == ("a.pdf", 7, "")


def test_both_texts_are_read_and_long_ones_fetched(mailbox: Mailbox, robot: Robot) -> None:
    mailbox.put(with_html("both"))
    got = robot.outputs("GmailGetEmailNode", message_id="m1")
    assert (got["body_plain"], got["body_html"]) == ("grün\n", "<p>grün</p>\n")
    assert got["attachments"] == []
    long = mailbox.put(mail("long", "line\n" * 10_000))
    got = robot.outputs("GmailGetEmailNode", message_id=long)
    assert got["body_plain"] == "line\n" * 10_000
    assert not got["has_attachments"]


@pytest.mark.parametrize(
    ("charset", "text", "raw"),
    [
        ("iso-8859-1", "grün", "grün".encode("latin-1")),
        ("iso-2022-jp", "日本", "日本".encode("iso-2022-jp")),
        ("iso-8859-1", "grün", "grün".encode()),
        ("x-none", "gr€n", "gr€n".encode("cp1252")),
    ],
)
def test_a_text_is_read_whatever_it_is_handed_out_in(
    google: Google, robot: Robot, charset: str, text: str, raw: bytes
) -> None:
    @google.route("GET", "/gmail/v1/users/me/messages/{id}", query=("format",))
    def get(call: Any) -> Any:
        return {
            "id": "x",
            "payload": {
                "mimeType": "text/plain",
                "headers": [
                    {"name": "Content-Type", "value": f"text/plain; charset={charset}"},
                ],
                "body": {"data": base64.urlsafe_b64encode(raw).decode()},
            },
        }

    assert robot.outputs("GmailGetEmailNode", message_id="x")["body_plain"] == text


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"payload": None, "labelIds": None, "internalDate": "soon"},
        {"payload": {"mimeType": "multipart/mixed", "parts": [None, 1, {}, {"body": None}]}},
        {"payload": {"headers": [None, {}, {"name": "Subject"}], "body": {}}},
    ],
)
def test_an_answer_that_lacks_things_is_read_as_well_as_it_goes(
    google: Google, robot: Robot, answer: dict[str, Any]
) -> None:
    @google.route("GET", "/gmail/v1/users/me/messages/{id}", query=("format",))
    def get(call: Any) -> Any:
        return answer

    got = robot.outputs("GmailGetEmailNode", message_id="x")
    assert (got["body_plain"], got["date"], got["attachments"]) == ("", "", [])


def test_a_message_in_a_message_is_an_attachment(mailbox: Mailbox, robot: Robot) -> None:
    inner = EmailMessage()
    inner["Subject"] = "inner"
    inner.set_content("not the text of the outer one\n")
    outer = EmailMessage()
    outer["Subject"] = "outer"
    outer.set_content("See below.\n")
    outer.add_attachment(inner)
    got = robot.outputs("GmailGetEmailNode", message_id=mailbox.put(outer.as_bytes()))
    assert got["body_plain"] == "See below.\n"
    assert [each["content_type"] for each in got["attachments"]] == ["message/rfc822"]


def test_a_picture_without_a_name_is_an_attachment(mailbox: Mailbox, robot: Robot) -> None:
    raw = b"Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n"
    raw += b"--b\r\nContent-Type: image/png\r\nContent-ID: <p>\r\n\r\nPNG\r\n--b--\r\n"
    got = robot.outputs("GmailGetEmailNode", message_id=mailbox.put(raw))
    (file,) = got["attachments"]
    assert (file["filename"], file["content_type"], file["size"]) == ("", "image/png", 3)


def test_messages_are_listed_page_by_page(google: Google, mailbox: Mailbox, robot: Robot) -> None:
    for number in range(7):
        mailbox.put(mail(f"mail {number}", f_pdf=b"x"))
    mailbox.put(mail("sent"), "SENT")
    got = robot.outputs("GmailListEmailsNode", max_results=5)
    assert _subjects(got) == [f"mail {number}" for number in (6, 5, 4, 3, 2)]
    assert (got["count"], got["next_page_token"]) == (5, "5")
    first = got["messages"][0]
    assert first["id"] == first["message_id"] == "m7"
    assert first["internet_message_id"] == "<6@example.org>"
    assert (first["from"], first["is_unread"]) == ("Ada Lovelace <ada@example.org>", True)
    assert (first["attachments"][0]["filename"], first["has_attachments"]) == ("f.pdf", True)
    assert (first["body_text"], first["snippet"]) == ("", "Hello.")
    assert not google.asked("GET", "/gmail/v1/users/me/labels"), "INBOX is its own id"
    got = robot.outputs("GmailListEmailsNode", max_results=5, page_token="5")
    assert (_subjects(got), got["next_page_token"]) == (["mail 1", "mail 0"], "")
    assert robot.outputs("GmailListEmailsNode", label_ids=[])["count"] == 8


def test_a_list_fits_the_nodes_for_mail(mailbox: Mailbox, robot: Robot) -> None:
    mailbox.put(mail("Invoice 7", a_pdf=b"x"))
    mailbox.put(mail("Invoice 8"))
    result = robot.run_nodes(
        {
            "list": node("GmailListEmailsNode"),
            "some": node(
                "FilterEmailsNode",
                emails="{{list.messages}}",
                subject_contains="invoice",
                has_attachments=True,
            ),
            "read": node("GmailMarkAsReadNode", message_id="{{some.filtered[0]}}"),
        },
        chain("list", "some", "read"),
    )
    assert result.success, result.error
    assert [each.labels for each in mailbox.mails.values()] == [["INBOX"], ["INBOX", "UNREAD"]]


def test_messages_are_searched(mailbox: Mailbox, robot: Robot) -> None:
    label = mailbox.label("Rechnungen, alte/2026")
    mailbox.put(mail("one"), "INBOX", label)
    mailbox.put(mail("two"), "INBOX", "UNREAD")
    mailbox.put(mail("three"), "SPAM", "UNREAD")
    search = "GmailSearchEmailsNode"
    got = robot.outputs(search, query="is:unread from:ada")
    assert (_subjects(got), got["message_ids"], got["message_count"]) == (["two"], ["m3"], 1)
    got = robot.outputs(search, query="is:unread", include_spam_trash=True)
    assert _subjects(got) == ["three", "two"]
    assert _subjects(robot.outputs(search, label_ids="inbox, unread")) == ["two"]
    assert _subjects(robot.outputs(search, label_ids=["rechnungen, alte/2026"])) == ["one"]
    assert _subjects(robot.outputs(search)) == ["two", "one"]
    got = robot.outputs(search, query="subject:none")
    assert (got["messages"], got["next_page_token"]) == ([], "")
    assert _subjects(robot.outputs("GmailListEmailsNode", query="is:unread")) == ["two"]


def test_a_message_that_goes_meanwhile_is_left_out_of_the_list(
    google: Google, mailbox: Mailbox, robot: Robot
) -> None:
    for number in range(3):
        mailbox.put(mail(f"mail {number}"))
    gone = refusal(404, "Requested entity was not found.", "notFound")
    google.trouble("GET", "/gmail/v1/users/me/messages/m2", gone)
    assert _subjects(robot.outputs("GmailListEmailsNode")) == ["mail 2", "mail 0"]


def test_a_list_that_fails_asks_for_no_more(google: Google, mailbox: Mailbox, robot: Robot) -> None:
    for number in range(12):
        mailbox.put(mail(f"mail {number}"))
    google.trouble("GET", "/gmail/v1/users/me/messages/", refusal(403, "No", "forbidden"), 99)
    assert robot.failure("GmailListEmailsNode", max_results=12)[0] == "PERMISSION_DENIED"
    assert len(google.asked("GET", "/gmail/v1/users/me/messages/")) <= 4


def test_a_conversation_is_read(mailbox: Mailbox, robot: Robot) -> None:
    first = mailbox.put(mail("Order"))
    mailbox.put(mail("Re: Order", "Late.\n"), thread=mailbox.mails[first].thread)
    mailbox.put(mail("other"))
    got = robot.outputs("GmailGetThreadNode", thread_id="t1")
    assert (_subjects(got), got["message_count"]) == (["Order", "Re: Order"], 2)
    assert (got["thread_id"], got["snippet"]) == ("t1", "Late.")
    assert got["first_message"] == got["messages"][0]
    assert got["last_message"]["body_text"] == "Late.\n"
    addresses = ["ada@example.org", "charles@example.org", "me@example.org", "gruen@example.org"]
    assert got["participants"] == addresses
    got = robot.outputs("GmailGetThreadNode", thread_id="t1", format="raw")
    assert [each["body_text"] for each in got["messages"]] == ["Hello.\n", "Late.\n"]
    got = robot.outputs("GmailGetThreadNode", thread_id="t1", format="metadata")
    assert [each["body_text"] for each in got["messages"]] == ["", ""]


def test_long_conversations_are_not_held_twice_and_hold_nothing_up(
    google: Google, mailbox: Mailbox, robot: Robot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real functions are watched: what is fetched is described before more is fetched."""
    first = mailbox.put(mail("0"))
    for number in range(1, 12):
        mailbox.put(mail(str(number)), thread=mailbox.mails[first].thread)
    waiting: list[int] = []
    threads: set[threading.Thread] = set()

    def watched(raw: bytes) -> Any:
        fetched = len(google.asked("GET", "/gmail/v1/users/me/messages/"))
        waiting.append(fetched - len(waiting))
        threads.add(threading.current_thread())
        return parsed(raw)

    monkeypatch.setattr(_messages, "parsed", watched)
    got = robot.outputs("GmailGetThreadNode", thread_id="t1", format="raw")
    assert _subjects(got) == [str(number) for number in range(12)]
    assert (len(waiting), max(waiting) <= 8) == (12, True)
    assert threading.main_thread() not in threads


@pytest.mark.parametrize(
    ("node_type", "config", "code"),
    [
        ("GmailGetEmailNode", {"message_id": "none"}, "RESOURCE_NOT_FOUND"),
        ("GmailGetEmailNode", {"message_id": " "}, "MISSING_REQUIRED_FIELD"),
        ("GmailGetEmailNode", {"message_id": {"subject": "x"}}, "MISSING_REQUIRED_FIELD"),
        ("GmailGetEmailNode", {"message_id": "m1", "format": "all"}, "INVALID_INPUT"),
        ("GmailGetThreadNode", {"thread_id": "none"}, "RESOURCE_NOT_FOUND"),
        ("GmailListEmailsNode", {"max_results": 501}, "VALUE_OUT_OF_RANGE"),
        ("GmailListEmailsNode", {"label_ids": ["Invoice"]}, "RESOURCE_NOT_FOUND"),
        ("GmailMarkAsReadNode", {}, "MISSING_REQUIRED_FIELD"),
    ],
)
def test_what_is_not_there_or_none_is_said(
    mailbox: Mailbox, robot: Robot, node_type: str, config: dict[str, Any], code: str
) -> None:
    assert robot.failure(node_type, **config)[0] == code


def test_an_attachment_is_fetched(mailbox: Mailbox, robot: Robot, tmp_path: Path) -> None:
    mailbox.put(mail("one", a_pdf=b"a" * 100, b_pdf=b"\0\xff"))
    files = robot.outputs("GmailGetEmailNode", message_id="m1")["attachments"]
    wanted = {"message_id": "m1", "attachment_id": files[1]["attachment_id"]}
    got = robot.outputs("GmailGetAttachmentNode", **wanted)
    assert base64.b64decode(got["attachment_data"]) == b"\0\xff"
    assert (got["saved"], got["save_path"], got["size"]) == (False, "", 2)
    assert got["filename"] == "b.pdf", "found by its length, for the id is another one now"
    (tmp_path / "x.pdf").write_bytes(b"old")
    got = robot.outputs("GmailGetAttachmentNode", **wanted, save_path="x.pdf")
    assert (got["saved"], got["save_path"]) == (True, str(tmp_path / "x.pdf"))
    assert (tmp_path / "x.pdf").read_bytes() == b"\0\xff"
    assert got["filename"] == "x.pdf"


@pytest.mark.parametrize(
    ("config", "saved"),
    [
        ({"save_path": "there"}, "there/a (2).pdf"),
        ({"save_path": "new/"}, "new/a.pdf"),
        ({"save_path": "new", "filename": "../../own.pdf"}, "new/own.pdf"),
        ({"save_path": "there", "filename": "CON"}, "there/_CON"),
        ({"save_path": "new/deep/x"}, "new/deep/x"),
    ],
)
def test_an_attachment_is_saved_under_a_safe_name(
    mailbox: Mailbox, robot: Robot, tmp_path: Path, config: dict[str, Any], saved: str
) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "a.pdf").write_bytes(b"mine")
    message = EmailMessage()
    message.set_content("text")
    name = "../../a.pdf"
    message.add_attachment(b"content", maintype="application", subtype="pdf", filename=name)
    mailbox.put(message.as_bytes())
    (file,) = robot.outputs("GmailGetEmailNode", message_id="m1")["attachments"]
    got = robot.outputs(
        "GmailGetAttachmentNode", message_id="m1", attachment_id=file["attachment_id"], **config
    )
    assert got["save_path"] == str(tmp_path / saved)
    assert (tmp_path / saved).read_bytes() == b"content"
    assert (tmp_path / "there" / "a.pdf").read_bytes() == b"mine"
    assert not [path for path in tmp_path.rglob("*") if path.name.endswith(".part")]


def test_an_attachment_goes_nowhere_else(mailbox: Mailbox, robot: Robot, tmp_path: Path) -> None:
    mailbox.put(mail("one", a_pdf=b"a"))
    (file,) = robot.outputs("GmailGetEmailNode", message_id="m1")["attachments"]
    wanted = {"message_id": "m1", "attachment_id": file["attachment_id"]}
    code, message = robot.failure("GmailGetAttachmentNode", **wanted, save_path="../x.pdf")
    assert (code, "../x.pdf" in message) == ("PERMISSION_DENIED", True)
    assert not (tmp_path.parent / "x.pdf").exists()
    wanted["attachment_id"] = "none"
    assert robot.failure("GmailGetAttachmentNode", **wanted, save_path="y")[0] == "INVALID_INPUT"
    assert list(tmp_path.iterdir()) == []
