"""The nodes for incoming mail against a server that speaks IMAP over a socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from casare_rpa.nodes.email import _imap, read
from casare_rpa.nodes.email._imap import folder_name, quoted
from tests.nodes.mailbox import failed, mail, output
from tests.support.certificates import Authority
from tests.support.imap_server import LOGIN, PASSWORD, Imap, serving
from tests.support.runs import run_node
from tests.support.silent_server import silent


@pytest.fixture
def imap() -> Iterator[Imap]:
    with serving() as running:
        yield running


def test_the_newest_messages_come_first_and_stay_unread(imap: Imap) -> None:
    uids = [imap.put(mail(f"Number {number}")) for number in range(5)]
    found = output(imap, "ReadEmailsNode", limit=2)
    assert found["count"] == 2
    assert [m["uid"] for m in found["emails"]] == [str(uids[4]), str(uids[3])]
    assert found["emails"][0] | {"size": 0} == {
        "uid": str(uids[4]),
        "subject": "Number 4",
        "from": "Ada Löw <ada@example.org>",
        "to": "bob@example.org",
        "cc": "",
        "reply_to": "",
        "date": "2026-01-30T10:00:00+01:00",
        "message_id": "",
        "body_text": "Grüße\n",
        "body_html": "",
        "attachments": [],
        "has_attachments": False,
        "flags": [],
        "is_read": False,
        "size": 0,
        "truncated": False,
    }
    assert not any(message.flags for message in imap.folders["INBOX"])
    oldest = output(imap, "ReadEmailsNode", limit=2, newest_first=False)["emails"]
    assert [m["uid"] for m in oldest] == [str(uids[0]), str(uids[1])]
    assert output(imap, "ReadEmailsNode", limit=0)["count"] == 5


def test_only_what_is_searched_for_is_fetched_and_marked(imap: Imap) -> None:
    imap.put(mail("old"), r"\Seen")
    imap.put(mail("new"))
    found = output(imap, "ReadEmailsNode", search_criteria="UNSEEN", mark_as_read=True)
    assert [m["subject"] for m in found["emails"]] == ["new"]
    assert all(r"\Seen" in message.flags for message in imap.folders["INBOX"])
    assert output(imap, "ReadEmailsNode", search_criteria="UNSEEN")["count"] == 0
    imap.put("Subject: größe\r\n\r\n".encode())
    assert output(imap, "ReadEmailsNode", search_criteria='SUBJECT "größe"')["count"] == 1
    code, message = failed(imap, "ReadEmailsNode", search_criteria="WHATEVER 7")
    assert (code, "search_criteria" in message) == ("INVALID_INPUT", True)
    code, message = failed(imap, "ReadEmailsNode", search_criteria="ALL\r\nX UID STORE 1")
    assert (code, "line break" in message) == ("INVALID_INPUT", True)


def test_bodies_and_attachments_are_told_apart(imap: Imap) -> None:
    imap.put(mail(html="<p>Grüße</p>", files={"Rechnung №7.pdf": b"%PDF"}))
    message = output(imap, "ReadEmailsNode")["emails"][0]
    assert (message["body_text"], message["body_html"]) == ("Grüße\n", "<p>Grüße</p>\n")
    assert message["attachments"] == [
        {"filename": "Rechnung №7.pdf", "content_type": "application/pdf", "size": 4}
    ]
    brief = output(imap, "ReadEmailsNode", include_body=False)["emails"][0]
    assert (brief["subject"], brief["body_text"]) == ("Invoice 7", "")
    assert brief["has_attachments"]
    kept = run_node("FilterEmailsNode", {"emails": [brief], "has_attachments": True})
    assert kept.outputs["n"]["count"] == 1


def test_a_large_message_is_read_from_its_beginning(
    imap: Imap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read, "_MOST_BYTES", 1000)
    imap.put(mail(text="x" * 5000))
    message = output(imap, "ReadEmailsNode")["emails"][0]
    assert message["truncated"]
    assert 0 < len(message["body_text"]) < 1000
    monkeypatch.setattr(read, "_MOST_LETTERS", 10)
    assert failed(imap, "ReadEmailsNode")[0] == "RESOURCE_EXHAUSTED"
    monkeypatch.setattr(_imap, "MOST_BYTES", 500)
    assert failed(imap, "ReadEmailsNode")[0] == "RESOURCE_EXHAUSTED"


@pytest.mark.parametrize(
    ("mark", "before", "after"),
    [
        ("read", set(), {r"\Seen"}),
        ("unread", {r"\Seen", "x"}, {"x"}),
        ("flagged", set(), {r"\Flagged"}),
        ("unflagged", {r"\Flagged"}, set()),
    ],
)
def test_a_message_is_marked(imap: Imap, mark: str, before: set[str], after: set[str]) -> None:
    uid = imap.put(mail(), *before)
    other = imap.put(mail(), r"\Deleted")
    assert output(imap, "MarkEmailNode", email_uid=str(uid), mark_as=mark) == {"success": True}
    assert imap.folders["INBOX"][0].flags == after
    assert imap.folders["INBOX"][1].uid == other, "marking removes no message"


def test_as_read_of_some_files_is_true_or_false(imap: Imap) -> None:
    uid = imap.put(mail(), r"\Seen")
    output(imap, "MarkEmailNode", email_uid=uid, as_read=False)
    assert imap.folders["INBOX"][0].flags == set()


@pytest.mark.parametrize("extensions", [["MOVE"], ["UIDPLUS"], []])
def test_a_message_is_moved_also_where_the_server_cannot(imap: Imap, extensions: list[str]) -> None:
    imap.extensions = extensions
    imap.folders["Bücher &-"] = []
    imap.folders[quoted("Grün & Blau")[1:-1]] = []
    uid = imap.put(mail("moved"))
    output(imap, "MoveEmailNode", email_uid=str(uid), target_folder="Grün & Blau")
    assert imap.folders["INBOX"] == []
    assert [m.raw for m in imap.folders["Gr&APw-n &- Blau"]] == [mail("moved")]


def test_a_move_removes_nothing_that_others_have_marked(imap: Imap) -> None:
    imap.extensions = []
    other = imap.put(mail("other"), r"\Deleted")
    uid = imap.put(mail("moved"))
    result = run_node(
        "MoveEmailNode",
        {**imap.login, "use_ssl": False, "email_uid": uid, "target_folder": "Done"},
    )
    assert result.success
    assert [m.uid for m in imap.folders["INBOX"]] == [other, uid]
    assert "marked as deleted" in result.logs[0]["message"]


def test_a_deleted_message_goes_to_the_trash_or_for_good(imap: Imap) -> None:
    first, other, last = (imap.put(mail(str(n)), *([r"\Deleted"] * (n == 1))) for n in range(3))
    output(imap, "DeleteEmailNode", email_uid=str(first))
    assert len(imap.folders["Bin"]) == 1
    output(imap, "DeleteEmailNode", email_uid=str(last), permanent=True)
    assert [m.uid for m in imap.folders["INBOX"]] == [other]
    imap.flags = {}
    kept = imap.put(mail())
    output(imap, "DeleteEmailNode", email_uid=str(kept))
    assert imap.folders["INBOX"][-1].flags == {r"\Deleted"}


@pytest.mark.parametrize(
    ("node_type", "config", "code", "words"),
    [
        ("ReadEmailsNode", {"folder": "Nirgends"}, "RESOURCE_NOT_FOUND", "there are INBOX, Done"),
        ("ReadEmailsNode", {"folder": "a\r\nb"}, "INVALID_INPUT", "line break"),
        ("MarkEmailNode", {"email_uid": "999"}, "RESOURCE_NOT_FOUND", "uid 999"),
        ("MarkEmailNode", {"email_uid": "1:*"}, "INVALID_INPUT", "no uid"),
        ("MarkEmailNode", {"email_uid": "1", "mark_as": "lost"}, "INVALID_INPUT", "mark_as"),
        ("DeleteEmailNode", {"email_uid": "999"}, "RESOURCE_NOT_FOUND", "uid 999"),
        ("DeleteEmailNode", {}, "MISSING_REQUIRED_FIELD", "email_uid"),
        ("MoveEmailNode", {"email_uid": "101"}, "MISSING_REQUIRED_FIELD", "target_folder"),
        (
            "MoveEmailNode",
            {"email_uid": "101", "target_folder": "X"},
            "RESOURCE_NOT_FOUND",
            "no folder 'X'",
        ),
        ("SaveAttachmentNode", {"email_uid": "999"}, "RESOURCE_NOT_FOUND", "uid 999"),
        (
            "SaveAttachmentNode",
            {"email_uid": "101", "save_path": "../x"},
            "PERMISSION_DENIED",
            "..",
        ),
    ],
)
def test_what_cannot_be_done_is_said(
    imap: Imap, node_type: str, config: dict[str, Any], code: str, words: str
) -> None:
    imap.put(mail())
    got, message = failed(imap, node_type, **config)
    assert (got, words in message) == (code, True), message
    assert not imap.folders["INBOX"][0].flags


@pytest.mark.parametrize(
    "name", ["Grün & Blau", "INBOX/日本", "a\\b", "&", "~x", "Entw\u00fcrfe/😀"]
)
def test_a_folder_s_name_travels_and_comes_back(name: str) -> None:
    sent = quoted(name)[1:-1].replace("\\\\", "\\")
    assert sent.isascii()
    assert folder_name(sent.encode()) == name


def test_a_wrong_password_is_not_told(imap: Imap) -> None:
    code, message = failed(imap, "ReadEmailsNode", password="secret word")
    assert (code, "'ada@example.org' is refused" in message) == ("PERMISSION_DENIED", True)
    assert f"127.0.0.1:{imap.server_address[1]}" in message
    assert "secret word" not in message


def test_the_login_comes_from_a_variable_or_the_environment(
    imap: Imap,
) -> None:
    imap.put(mail())
    empty = {"username": "", "password": ""}
    environment = {"IMAP_USERNAME": LOGIN["username"], "IMAP_PASSWORD": PASSWORD}
    options = {"environment": environment}
    assert output(imap, "ReadEmailsNode", **empty, options=options)["count"] == 1
    stored = {"variables": {"box": {"username": LOGIN["username"], "password": PASSWORD}}}
    found = output(
        imap, "ReadEmailsNode", username="x", password="y", credential_name="box", options=stored
    )
    assert found["count"] == 1
    code, message = failed(imap, "ReadEmailsNode", **empty)
    assert code == "MISSING_REQUIRED_FIELD"
    assert "username" in message


def test_tls_is_checked_from_the_first_byte_on_or_by_starttls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path / "ca")
    context = authority.issue("server").server_context()
    with serving(context) as implicit, serving(starttls=context) as starting:
        for imap, use_ssl in ((implicit, True), (starting, False)):
            monkeypatch.delenv("SSL_CERT_FILE", raising=False)
            code, message = failed(imap, "ReadEmailsNode", use_ssl=use_ssl)
            assert (code, "SSL_CERT_FILE" in message) == ("SSL_ERROR", True)
            assert not [line for line in imap.said if "AUTH" in line]
            monkeypatch.setenv("SSL_CERT_FILE", str(authority.root.cert_file))
            assert output(imap, "ReadEmailsNode", use_ssl=use_ssl)["count"] == 0
        assert failed(starting, "ReadEmailsNode", use_ssl=True)[0] == "SSL_ERROR"
    other = authority.issue("other", host="other.test").server_context()
    with serving(other) as imap:
        assert failed(imap, "ReadEmailsNode", use_ssl=True)[0] == "SSL_ERROR"


@pytest.mark.parametrize("at", ["SEARCH", "FETCH", "STORE"])
def test_a_connection_lost_in_the_middle_fails_the_node(imap: Imap, at: str) -> None:
    imap.put(mail())
    imap.hangs_up_at = at
    options = {"retry_count": 1, "retry_interval": 0, "mark_as_read": True}
    assert failed(imap, "ReadEmailsNode", **options)[0] == "NETWORK_ERROR"
    searches = [line for line in imap.said if "UID SEARCH" in line]
    assert len(searches) == (1 if at == "STORE" else 2), "what may have acted is not done again"


def test_a_server_that_stops_answering_ends_the_node(imap: Imap) -> None:
    imap.silent_at = "FETCH"
    imap.put(mail())
    assert failed(imap, "ReadEmailsNode", timeout=1)[0] == "TIMEOUT"
    with silent() as port:
        code, message = failed(imap, "ReadEmailsNode", imap_port=port, timeout=1)
    assert (code, f"127.0.0.1:{port}" in message) == ("TIMEOUT", True)


def test_a_blocked_run_does_not_reach_this_machine(imap: Imap) -> None:
    code, _ = failed(imap, "ReadEmailsNode", options={"block_private_addresses": True})
    assert (code, imap.said) == ("PERMISSION_DENIED", [])


def test_the_super_node_does_what_its_action_says(imap: Imap, tmp_path: Path) -> None:
    uid = imap.put(mail(files={"a.pdf": b"1"}))
    options = {"folder": tmp_path}

    def act(action: str, **config: Any) -> dict[str, Any]:
        config = {"use_imap_ssl": False, "email_uid": str(uid), **config}
        return output(imap, "EmailSuperNode", action=action, options=options, **config)

    assert act("Read Emails")["count"] == 1
    assert act("mark_email", mark_as="flagged") == {"success": True, "error": ""}
    assert act("Save Attachment", save_path="out")["count"] == 1
    act("Move Email", target_folder="Done")
    moved = imap.folders["Done"][0]
    assert moved.flags == {r"\Flagged"}
    act("Delete Email", folder="Done", email_uid=moved.uid, permanent_delete=True)
    assert imap.folders["Done"] == imap.folders["Bin"] == []
    code, message = failed(imap, "EmailSuperNode", action="Burn Email")
    assert (code, "Send Email" in message) == ("INVALID_INPUT", True)
