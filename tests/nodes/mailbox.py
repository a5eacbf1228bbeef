"""A mailbox for tests: messages to put into it, and nodes run against it."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any

from tests.support.imap_server import Imap
from tests.support.runs import run_node


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
