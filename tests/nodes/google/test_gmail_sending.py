"""Sending, drafts, replies and forwarded messages in Gmail."""

from __future__ import annotations

import json
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from casare_rpa.nodes.google import _upload
from casare_rpa.nodes.google.gmail import _sending
from tests.nodes.google.gmail import Mailbox
from tests.nodes.google.runs import Robot
from tests.nodes.google.server import Google, Reply, refusal
from tests.nodes.mailbox import BROKEN

AT_ONCE = {"Retry-After": "0"}
BUSY = refusal(503, "Backend Error", "backendError", AT_ONCE)
TOO_FAST = refusal(429, "Slow down", "rateLimitExceeded", AT_ONCE)
LETTER = {"to": "Ada <ada@example.org>", "subject": "Größe 7", "body": "Grüße,\nBob\n"}


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def test_a_message_is_sent(mailbox: Mailbox, robot: Robot) -> None:
    got = robot.outputs(
        "GmailSendEmailNode",
        **LETTER,
        cc="Grün <b@example.org>; c@example.org",
        bcc=["d@example.org"],
    )
    (message,) = mailbox.sent
    assert got == {
        **{"success": True, "error": "", "error_code": 0},
        **{"message_id": "m1", "thread_id": "t1"},
    }
    assert message["To"] == "Ada <ada@example.org>"
    assert message["Cc"] == "Grün <b@example.org>, c@example.org"
    assert (message["Bcc"], message["Subject"]) == ("d@example.org", "Größe 7")
    assert text_of(message) == "Grüße,\nBob\n"
    assert message["From"] is None, "Gmail knows who it is"


def test_html_is_sent_with_a_text_beside_it(mailbox: Mailbox, robot: Robot) -> None:
    body = "<style>p{}</style><p>Grüße,</p><p>Bob</p>"
    robot.outputs("GmailSendEmailNode", **LETTER | {"body": body, "body_type": "html"})
    (message,) = mailbox.sent
    assert message.get_content_type() == "multipart/alternative"
    assert text_of(message).split() == ["Grüße,", "Bob"]
    assert text_of(message, "html").strip() == body


def test_an_address_outside_ascii_is_written_as_it_is(mailbox: Mailbox, robot: Robot) -> None:
    got = robot.outputs("GmailSendEmailNode", **LETTER | {"to": "Grün <grün@bücher.example>"})
    head = mailbox.mails[got["message_id"]].raw.partition(b"\r\n\r\n")[0]
    assert "To: Grün <grün@xn--bcher-kva.example>" in head.decode()


def test_files_are_sent_along(mailbox: Mailbox, robot: Robot, tmp_path: Path) -> None:
    (tmp_path / "größe.pdf").write_bytes(b"%PDF")
    (tmp_path / "b.csv").write_bytes(b"a,b\n")
    (tmp_path / "c.eml").write_bytes(b"Subject: c\r\n\r\ntext\r\n")
    send = "GmailSendWithAttachmentNode"
    got = robot.outputs(
        send, **LETTER, attachments="größe.pdf, b.csv", attachment_list=[str(tmp_path / "c.eml")]
    )
    assert got["attachment_count"] == 3
    files = list(mailbox.sent[0].iter_attachments())
    assert [each.get_filename() for each in files] == ["größe.pdf", "b.csv", "c.eml"]
    assert [each.get_payload(decode=True) for each in files] == [
        b"%PDF",
        b"a,b\n",
        b"Subject: c\r\n\r\ntext\r\n",
    ]
    assert robot.outputs(send, **LETTER)["attachment_count"] == 0
    assert robot.failure(send, **LETTER, attachments="none.pdf")[0] == "FILE_NOT_FOUND"
    assert robot.failure(send, **LETTER, attachments="../x.pdf")[0] == "PERMISSION_DENIED"
    assert len(mailbox.sent) == 2


@pytest.mark.parametrize(
    ("config", "code", "words"),
    [
        ({"to": ""}, "MISSING_REQUIRED_FIELD", "to is empty"),
        ({"to": "nobody"}, "INVALID_INPUT", "to: 'nobody' is no address"),
        ({"cc": "a@example.org\nBcc: b@example.org"}, "INVALID_INPUT", "cc holds a line break"),
        ({"subject": "x\r\nBcc: b@example.org"}, "INVALID_INPUT", "subject holds a line break"),
        ({"body_type": "rtf"}, "INVALID_INPUT", "there is no 'rtf'; there are plain, html"),
    ],
)
def test_what_is_no_message_is_not_sent(
    google: Google, robot: Robot, config: dict[str, Any], code: str, words: str
) -> None:
    got, message = robot.failure("GmailSendEmailNode", **LETTER | config)
    assert got == code
    assert words in message
    assert "Grüße" not in message
    assert google.seen == []


@pytest.mark.parametrize("is_cut", [True, False])
def test_what_may_have_been_sent_is_not_sent_again(
    google: Google, mailbox: Mailbox, robot: Robot, is_cut: bool
) -> None:
    if is_cut:
        mailbox.cut_sending = 1
    else:
        google.trouble("POST", "/gmail", BUSY, 9)
    code, message = robot.failure("GmailSendEmailNode", **LETTER)
    assert code == "NETWORK_ERROR"
    assert "whether it was done is not known" in message
    assert len(google.asked("POST")) == 1
    assert len(mailbox.sent) == is_cut


def test_what_came_too_fast_was_not_sent_and_is_sent_again(
    google: Google, mailbox: Mailbox, robot: Robot
) -> None:
    google.trouble("POST", "/gmail", TOO_FAST, 2)
    robot.outputs("GmailSendEmailNode", **LETTER)
    assert (len(mailbox.sent), len(google.asked("POST"))) == (1, 3)


def test_neither_tokens_nor_bodies_are_in_errors_and_logs(
    google: Google, mailbox: Mailbox, robot: Robot
) -> None:
    letter = LETTER | {"body": "the body that nobody is to read"}
    google.trouble("POST", "/gmail", TOO_FAST, 99)
    _, message = robot.failure("GmailSendEmailNode", **letter)
    assert "Slow down" in message
    logged = [str(event.to_dict()) for event in robot.events if "Log" in type(event).__name__]
    assert len(logged) == 4, "the attempts"
    for text in (message, *logged):
        assert "nobody is to read" not in text and "token-by-hand" not in text


def test_a_large_message_goes_in_pieces(
    google: Google,
    mailbox: Mailbox,
    robot: Robot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_sending, "_MOST_BYTES_AT_ONCE", 100_000)
    monkeypatch.setattr(_upload, "_PIECE_BYTES", 256 << 10)
    content = bytes(range(256)) * 2_000
    (tmp_path / "big").write_bytes(content)
    google.trouble("PUT", "/upload", BUSY, 1)
    robot.outputs("GmailSendWithAttachmentNode", **LETTER, attachments="big")
    (message,) = mailbox.sent
    (file,) = message.iter_attachments()
    assert file.get_payload(decode=True) == content
    got = robot.outputs("GmailCreateDraftNode", **LETTER, attachments="big")
    assert got["draft_id"] in mailbox.drafts
    assert len([call for call in google.asked("PUT") if call.raw]) == 7


def test_a_large_message_that_may_have_been_sent_is_not_sent_again(
    google: Google,
    mailbox: Mailbox,
    robot: Robot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_sending, "_MOST_BYTES_AT_ONCE", 100)
    mailbox.cut_sending = 1
    email = {**LETTER, "body": "x" * 1000}
    result = robot.run("GmailBatchSendNode", emails=[email], continue_on_error=True)
    (one,) = result.outputs["n"]["results"]
    assert one["may_have_been_sent"] and "whether it was done is not known" in one["error"]
    assert len(mailbox.sent) == 1


def test_a_message_larger_than_gmail_takes_is_refused(
    google: Google, robot: Robot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_sending, "_MOST_BYTES", 1000)
    code, message = robot.failure("GmailSendEmailNode", **LETTER | {"body": "x" * 1000})
    assert (code, google.seen) == ("VALUE_OUT_OF_RANGE", [])
    assert "Gmail takes 1,000" in message


def test_a_draft_is_saved_and_sent(
    google: Google, mailbox: Mailbox, robot: Robot, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("a")
    draft = robot.outputs("GmailCreateDraftNode", **LETTER, attachments="a.txt")
    assert mailbox.drafts == {draft["draft_id"]: draft["message_id"]}
    assert mailbox.sent == []
    got = robot.outputs("GmailSendDraftNode", draft_id=draft["draft_id"])
    (message,) = mailbox.sent
    assert (got["message_id"], got["thread_id"]) == ("m3", "t3")
    assert [each.get_filename() for each in message.iter_attachments()] == ["a.txt"]
    code, _ = robot.failure("GmailSendDraftNode", draft_id=draft["draft_id"])
    assert code == "RESOURCE_NOT_FOUND"
    draft = robot.outputs("GmailCreateDraftNode", **LETTER)
    mailbox.cut_sending = 1
    _, said = robot.failure("GmailSendDraftNode", draft_id=draft["draft_id"])
    assert "is not known" in said
    assert len(mailbox.sent) == 2


def test_several_messages_are_sent_and_each_is_told_of(
    google: Google, mailbox: Mailbox, robot: Robot, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("a")
    emails: list[Any] = [
        {**LETTER, "to": ["a@example.org", "b@example.org"], "attachments": ["a.txt"]},
        {**LETTER, "to": "nobody"},
        {**LETTER, "body": "<p>x</p>", "body_type": "html"},
        {**LETTER, "attachments": "none.txt"},
        "the body that nobody is to read",
    ]
    got = robot.outputs("GmailBatchSendNode", emails=emails)
    results = got["results"]
    assert (got["sent_count"], got["failed_count"], got["success"]) == (2, 3, False)
    assert got["error"].startswith("3 of 5 failed; the first: emails[1]: to: 'nobody' is")
    assert [each["success"] for each in results] == [True, False, True, False, False]
    assert results[0] == {
        **{"index": 0, "to": "a@example.org, b@example.org", "success": True, "error": ""},
        **{"error_code": 0, "message_id": "m1", "thread_id": "t1", "may_have_been_sent": False},
    }
    assert "none.txt" in results[3]["error"]
    assert results[4]["error"] == "emails[4] is no map"
    assert "nobody is to read" not in str(results)
    assert len(mailbox.sent) == 2


def test_of_several_messages_none_is_sent_twice(
    google: Google, mailbox: Mailbox, robot: Robot
) -> None:
    mailbox.cut_sending = 1
    emails = [{**LETTER, "subject": str(number)} for number in range(3)]
    got = robot.outputs("GmailBatchSendNode", emails=emails)
    assert [each["may_have_been_sent"] for each in got["results"]] == [True, False, False]
    assert (got["sent_count"], got["failed_count"]) == (2, 1)
    assert [message["Subject"] for message in mailbox.sent] == ["0", "1", "2"]


def test_messages_that_the_account_may_not_send_are_not_tried_one_by_one(
    google: Google, mailbox: Mailbox, robot: Robot
) -> None:
    google.trouble("POST", "/gmail", refusal(403, "Delegation denied", "forbidden"), 9)
    result = robot.run("GmailBatchSendNode", emails=[LETTER] * 3, continue_on_error=True)
    got = result.outputs["n"]
    assert (got["sent_count"], got["failed_count"], got["success"]) == (0, 3, False)
    assert len(google.asked("POST")) == 1
    assert [each["error_code"] for each in got["results"]] == [403, 403, 403]
    assert got["results"][2]["error"].startswith("not tried, after: Gmail as ")
    assert robot.failure("GmailBatchSendNode", emails=[LETTER])[0] == "PERMISSION_DENIED"


def test_emails_that_are_none_are_refused_without_a_word_of_them(
    google: Google, robot: Robot
) -> None:
    assert robot.outputs("GmailBatchSendNode", emails=[])["sent_count"] == 0
    code, message = robot.failure("GmailBatchSendNode", emails='[{"body": "not to be read"')
    assert (code, "not to be read" in message) == ("TYPE_MISMATCH", False)
    assert google.seen == []


LONG_ID = f"<{'x' * 120}@example.org>"


def _original(**heads: str) -> bytes:
    message = EmailMessage()
    known = {"Subject": "Größe 7", "Message-ID": "<one@example.org>"}
    known |= {"From": "Ada <ada@example.org>", "To": "me@example.org"}
    for name, value in {**known, **heads}.items():
        message[name] = value
    message.set_content("Original text.\n")
    return message.as_bytes()


def test_a_reply_stays_in_its_conversation(mailbox: Mailbox, robot: Robot) -> None:
    raw = b"Message-ID: " + LONG_ID.encode() + b"\r\nReferences: <zero@example.org> <b@x>\r\n"
    raw += b"From: =?utf-8?q?Gr=C3=BCn=2C_Ada?= <ada@example.org>\r\nTo: me@example.org\r\n"
    raw += b"Subject: =?utf-8?q?Gr=C3=B6=C3=9Fe?=\r\n\r\ntext"
    message_id = mailbox.put(raw)
    got = robot.outputs(
        "GmailReplyToEmailNode",
        thread_id="t1",
        message_id=message_id,
        body="Danke!",
        cc="c@example.org",
    )
    assert got["thread_id"] == "t1"
    (reply,) = mailbox.sent
    assert (reply["Subject"], reply["Cc"]) == ("Re: Größe", "c@example.org")
    assert [each.addr_spec for each in reply["To"].addresses] == ["ada@example.org"]
    assert reply["In-Reply-To"] == LONG_ID
    assert str(reply["References"]).split() == ["<zero@example.org>", "<b@x>", LONG_ID]
    assert text_of(reply).strip() == "Danke!"
    sent = mailbox.mails[got["message_id"]].raw
    assert b"=?" not in sent.partition(b"Subject:")[0].partition(b"To:")[0]
    again = robot.outputs(
        "GmailReplyToEmailNode", thread_id="t1", message_id=got["message_id"], body="<b>!</b>"
    )
    assert again["thread_id"] == "t1"


def test_a_reply_goes_where_the_sender_wants_it(mailbox: Mailbox, robot: Robot) -> None:
    wanted = mailbox.put(_original(**{"Reply-To": "Desk <desk@example.org>"}))
    ours = mailbox.put(_original(To="a@example.org, b@example.org"), "SENT")
    robot.outputs("GmailReplyToEmailNode", thread_id="", message_id=wanted, body="x")
    robot.outputs("GmailReplyToEmailNode", thread_id="", message_id=ours, body="x")
    _, first, second = mailbox.sent
    assert first["To"] == "Desk <desk@example.org>"
    assert second["To"] == "a@example.org, b@example.org"
    assert first["Subject"] == "Re: Größe 7"


def test_a_header_of_somebody_else_s_begins_no_other(
    google: Google, mailbox: Mailbox, robot: Robot
) -> None:
    """Encoded words in encoded words, with line breaks in the inner ones."""
    inner = "=?utf-8?q?x=0d=0aBcc:_eve@example.org?="

    evil = {"Subject": f"{inner}\u2028", "From": f'"{inner}\r\n" <ada@example.org>'}
    evil["Message-ID"] = "<a@b>\r\nBcc: eve@example.org"
    headers = [{"name": name, "value": value} for name, value in evil.items()]
    answer = {"id": "x", "threadId": "t", "payload": {"headers": headers}}
    google.trouble("GET", "/gmail", Reply(200, json.dumps(answer).encode()))
    robot.outputs("GmailReplyToEmailNode", thread_id="t", message_id="x", body="y")
    (reply,) = mailbox.sent
    assert (reply["Bcc"], reply["In-Reply-To"]) == (None, "<a@b>")
    assert reply["Subject"].startswith("Re: x")
    assert [each.addr_spec for each in reply["To"].addresses] == ["ada@example.org"]


@pytest.mark.parametrize("subject", ["Re: Order", "RE: Order", "AW: Order"])
def test_a_subject_is_no_further_reply(mailbox: Mailbox, robot: Robot, subject: str) -> None:
    message_id = mailbox.put(_original(Subject=subject))
    robot.outputs("GmailReplyToEmailNode", thread_id="t1", message_id=message_id, body="x")
    assert mailbox.sent[0]["Subject"] == subject


def test_a_reply_that_belongs_nowhere_is_refused(
    google: Google, mailbox: Mailbox, robot: Robot
) -> None:
    message_id = mailbox.put(_original())
    code, message = robot.failure(
        "GmailReplyToEmailNode", thread_id="t9", message_id=message_id, body="x"
    )
    assert (code, "in the conversation t1, not in t9" in message) == ("INVALID_INPUT", True)
    nobody = mailbox.put(b"From: undisclosed <>\r\nSubject: x\r\n\r\n")
    code, message = robot.failure(
        "GmailReplyToEmailNode", thread_id="", message_id=nobody, body="x"
    )
    assert "names nobody to reply to" in message
    assert google.asked("POST") == []


def test_a_reply_to_a_message_without_an_id_goes_all_the_same(
    mailbox: Mailbox, robot: Robot
) -> None:
    message_id = mailbox.put(b"From: ada@example.org\r\nSubject: x\r\n\r\n")
    robot.outputs("GmailReplyToEmailNode", thread_id="", message_id=message_id, body="y")
    (reply,) = mailbox.sent
    assert (reply["In-Reply-To"], reply["Subject"]) == (None, "Re: x")


def test_a_message_is_forwarded_with_its_files(mailbox: Mailbox, robot: Robot) -> None:
    message = EmailMessage()
    message["From"], message["To"] = "Ada <ada@example.org>", "me@example.org"
    message["Subject"], message["Date"] = "Größe", "Fri, 02 Jan 2026 03:04:05 +0100"
    message.set_content("Original text.\n")
    name = "größe.pdf"
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename=name)
    inner = EmailMessage()
    inner["Subject"] = "inner"
    inner.set_content("inner text")
    message.add_attachment(inner, filename="inner.eml")
    message_id = mailbox.put(message.as_bytes())
    got = robot.outputs(
        "GmailForwardEmailNode",
        message_id=message_id,
        to="b@example.org",
        bcc="c@example.org",
        additional_body="Für dich.",
    )
    (sent,) = mailbox.sent
    assert got["thread_id"] != "t1"
    assert (sent["To"], sent["Bcc"]) == ("b@example.org", "c@example.org")
    assert sent["Subject"] == "Fwd: Größe"
    assert text_of(sent).splitlines() == [
        *("Für dich.", "", "---------- Forwarded message ---------"),
        *("From: Ada <ada@example.org>", "Date: Fri, 02 Jan 2026 03:04:05 +0100"),
        *("Subject: Größe", "To: me@example.org", "", "Original text."),
    ]
    first, second = sent.iter_attachments()
    assert (first.get_filename(), first.get_payload(decode=True)) == ("größe.pdf", b"%PDF")
    assert second.get_filename() == "inner.eml"
    assert b"inner text" in second.get_payload(decode=True)


def test_forwarded_html_keeps_its_pictures(mailbox: Mailbox, robot: Robot) -> None:
    message = EmailMessage()
    message["Subject"] = "Fwd: <b>"
    message.set_content("text\n")
    message.add_alternative('<p>Hello <img src="cid:logo@x"></p>', subtype="html")
    html: Any = message.get_body(("html",))
    png = {"maintype": "image", "subtype": "png"}
    html.add_related(b"PNG", cid="<logo@x>", filename="logo.png", **png)
    html.add_related(b"GIF", cid="<two@x>", maintype="image", subtype="gif")
    message.add_attachment(b"CSV", maintype="text", subtype="csv", filename="a.csv")
    message_id = mailbox.put(message.as_bytes())
    forward = "GmailForwardEmailNode"
    robot.outputs(forward, message_id=message_id, to="b@x.org", additional_body="1 < 2\nso")
    (sent,) = mailbox.sent
    assert sent["Subject"] == "Fwd: <b>"
    shown = text_of(sent, "html")
    assert shown.startswith("<div>1 &lt; 2<br>\nso</div>")
    assert "Subject: Fwd: &lt;b&gt;" in shown
    assert '<img src="cid:logo@x">' in shown
    assert "1 < 2" in text_of(sent)
    related: Any = sent.get_body(("related",))
    pictures = [each for each in related.iter_parts() if each.get_content_maintype() == "image"]
    assert [(each["Content-ID"], each.get_payload(decode=True)) for each in pictures] == [
        ("<logo@x>", b"PNG"),
        ("<two@x>", b"GIF"),
    ]
    (file,) = [each for each in sent.iter_attachments() if each.get_filename() == "a.csv"]
    assert file.get_payload(decode=True) == b"CSV"


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_message_is_forwarded_as_well_as_it_goes(
    mailbox: Mailbox, robot: Robot, name: str
) -> None:
    message_id = mailbox.put(BROKEN[name], sender="")
    robot.outputs("GmailGetEmailNode", message_id=message_id, format="raw")
    robot.outputs("GmailForwardEmailNode", message_id=message_id, to="b@example.org")
    (sent,) = mailbox.sent
    assert "Forwarded message" in text_of(sent)
    assert sent["Subject"].startswith("Fwd:")


def test_what_is_forwarded_to_nobody_is_not_even_fetched(google: Google, robot: Robot) -> None:
    code, _ = robot.failure("GmailForwardEmailNode", message_id="m1", to="nobody")
    assert (code, google.seen) == ("INVALID_INPUT", [])
    google.trouble("GET", "/gmail", refusal(404, "Requested entity was not found.", "notFound"))
    code, _ = robot.failure("GmailForwardEmailNode", message_id="m1", to="a@example.org")
    assert code == "RESOURCE_NOT_FOUND"


def test_a_message_that_may_have_been_forwarded_is_not_forwarded_again(
    mailbox: Mailbox, robot: Robot
) -> None:
    message_id = mailbox.put(_original())
    mailbox.cut_sending = 1
    _, said = robot.failure("GmailForwardEmailNode", message_id=message_id, to="b@example.org")
    assert "is not known" in said
    mailbox.cut_sending = 1
    _, said = robot.failure(
        "GmailReplyToEmailNode", thread_id="t1", message_id=message_id, body="x"
    )
    assert "is not known" in said
    assert len(mailbox.sent) == 2
