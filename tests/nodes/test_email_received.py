"""What others send: messages that break the rules, and files with names that mean harm."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from casare_rpa.nodes.email import attachments
from casare_rpa.nodes.file._names import safe_name
from tests.nodes.mailbox import BROKEN, failed, mail, output
from tests.support.imap_server import Imap, serving


@pytest.fixture
def imap() -> Iterator[Imap]:
    with serving() as running:
        yield running


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_message_is_read_as_well_as_it_goes(imap: Imap, name: str, tmp_path: Path) -> None:
    uid = imap.put(BROKEN[name])
    imap.put(mail("whole"))
    found = output(imap, "ReadEmailsNode")["emails"]
    assert [m["uid"] for m in found] == [str(uid + 1), str(uid)]
    assert "\ud800" not in repr(found)
    if name in ("no charset of that name", "not in its charset"):
        assert found[1]["body_text"] == "grün"
    if name == "8-bit headers":
        assert found[1]["subject"] == "grün"
    output(imap, "SaveAttachmentNode", email_uid=str(uid), options={"folder": tmp_path})


def test_attachments_are_saved_under_safe_names_and_over_nothing(
    imap: Imap, tmp_path: Path
) -> None:
    uid = imap.put(
        mail(files={"../../evil.pdf": b"1", "a.pdf": b"2", "A\u202efdp.exe": b"3", ".bashrc": b"4"})
    )
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.pdf").write_bytes(b"mine")
    options = {"folder": tmp_path}
    found = output(imap, "SaveAttachmentNode", email_uid=str(uid), save_path="in", options=options)
    names = [Path(path).name for path in found["saved_files"]]
    assert names == ["evil.pdf", "a (2).pdf", "Afdp.exe", "bashrc"]
    assert found["count"] == 4
    assert (tmp_path / "in" / "a.pdf").read_bytes() == b"mine"
    assert (tmp_path / "in" / "a (2).pdf").read_bytes() == b"2"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in"]
    assert not imap.folders["INBOX"][0].flags


def test_a_picture_without_a_name_is_an_attachment(imap: Imap, tmp_path: Path) -> None:
    raw = b"Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n"
    raw += b"--b\r\nContent-Type: image/png\r\nContent-ID: <p>\r\n\r\nPNG\r\n--b--\r\n"
    uid = imap.put(raw)
    (message,) = output(imap, "ReadEmailsNode")["emails"]
    assert message["attachments"] == [{"filename": "", "content_type": "image/png", "size": 3}]
    options = {"folder": tmp_path}
    found = output(imap, "SaveAttachmentNode", email_uid=str(uid), options=options)
    assert [Path(path).name for path in found["saved_files"]] == ["attachment-1.png"]


def test_a_message_too_large_for_its_attachments_is_refused(
    imap: Imap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "_MOST_BYTES", 10)
    uid = imap.put(mail(files={"a.pdf": b"1"}))
    assert failed(imap, "SaveAttachmentNode", email_uid=uid)[0] == "RESOURCE_EXHAUSTED"


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("C:\\temp\\a.pdf", "a.pdf"),
        ("con.txt", "_con.txt"),
        ("a<b>:c?.txt", "a_b__c_.txt"),
        ("..", "attachment-3.pdf"),
        ("a\r\nb.txt", "ab.txt"),
        ("ü" * 300 + ".pdf", "ü" * 88 + ".pdf"),
        ("trailing. . ", "trailing"),
    ],
)
def test_a_name_is_made_safe(name: str, safe: str) -> None:
    assert safe_name(name, "attachment-3.pdf") == safe
