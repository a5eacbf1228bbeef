"""A mailbox for tests: messages to put into it, and nodes run against it."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any

from tests.support.imap_server import Imap
from tests.support.runs import run_node

#: What breaks the rules of mail, by how.
BROKEN = {
    "no charset of that name": b'Content-Type: text/plain; charset="x-none"\r\n\r\ngr\xc3\xbcn',
    "not in its charset": b"Content-Type: text/plain; charset=utf-8\r\n\r\ngr\xfcn",
    "a codec that is no charset": b"Content-Type: text/plain; charset=hex\r\n\r\ngr\xc3\xbcn",
    "8-bit headers": b"Subject: gr\xfcn\r\nFrom: \xff\xfe\r\n\r\ngr\xfcn",
    "base64 that is none": b"Content-Transfer-Encoding: base64\r\n\r\n!!! gr\xfcn",
    "a word that is none": b"Subject: =?utf-8?b?///?= =?x-none?q?gr=fcn?=\r\n\r\ngr\xfcn",
    "no boundary": b"Content-Type: multipart/mixed\r\n\r\ngr\xfcn",
    "a date that is none": b"Date: Mon, 99 Foo 2026 99:99 +9999999\r\n\r\ngr\xfcn",
    "addresses that are none": b'From: <<>@,,;:\r\nTo: "\r\n\r\ngr\xfcn',
    "a name in a wrong charset": (
        b"Content-Type: application/pdf; name*=x-none'de'gr%FCn\r\n"
        b"Content-Disposition: attachment\r\n\r\nx"
    ),
    "a charset with a NUL": b'Content-Type: text/plain; charset="a\0b"\r\n\r\ngr\xc3\xbcn',
    "nothing at all": b"",
    "a NUL": b"Subject: a\0b\r\n\r\ngr\0n",
    "deeper than any mail": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
        for n in range(1500)
    ),
}


def mail(subject: str = "Invoice 7", **more: Any) -> bytes:
    message = EmailMessage()
    message["From"] = "Ada Löw <ada@example.org>"
    message["To"] = "bob@example.org"
    message["Subject"] = subject
    message["Date"] = "Fri, 30 Jan 2026 10:00:00 +0100"
    message.set_content(more.get("text", "Grüße"))
    if html := more.get("html"):
        message.add_alternative(html, subtype="html")
    for name, content in more.get("files", {}).items():
        message.add_attachment(content, maintype="application", subtype="pdf", filename=name)
    return message.as_bytes().replace(b"\n", b"\r\n")


def output(imap: Imap, node_type: str, **config: Any) -> dict[str, Any]:
    options = config.pop("options", {})
    result = run_node(node_type, {"use_ssl": False, **imap.login, **config}, **options)
    assert result.success, result.error
    return dict(result.outputs["n"])


def failed(imap: Imap, node_type: str, **config: Any) -> tuple[str, str]:
    options = config.pop("options", {})
    error = run_node(node_type, {"use_ssl": False, **imap.login, **config}, **options).error
    assert error is not None
    return error.code, error.message
