"""What the nodes share that work in a folder of a mail server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Node, NodeError, param, prop, unlisted
from casare_rpa.nodes.email._account import login_of
from casare_rpa.nodes.email._mailbox import Mailbox, Server, in_folder

T = TypeVar("T")

_MOST_UID = (1 << 32) - 1


class ImapNode(Node, abstract=True):
    """A node with a server for incoming mail, a login there, and a folder."""

    category: ClassVar[str] = "email"
    runs_on: ClassVar[str] = "external-account"
    imap_server: str = param("imap.gmail.com", kind="string", help="Where the server is.")
    imap_port: int = prop(993, kind="integer", help="Its port; 143 begins with STARTTLS.")
    username: str = param("", kind="string", help="Who logs in.")
    password: str = param("", kind="string", help="The password.")
    credential_name: str = unlisted("", kind="string", help="The stored login to use.")
    use_ssl: bool = unlisted(True, kind="boolean", help="Encrypt, and check the certificate.")
    timeout: int = unlisted(30, kind="integer", help="Seconds for each answer.")

    async def in_folder(
        self, ctx: Context, folder: Any, work: Callable[[Mailbox], T], *, read_only: bool = False
    ) -> T:
        """What *work* makes of the folder *folder*, in a thread. Raises NodeError."""
        login = await login_of(ctx, self, "IMAP", needed=True)
        server = Server(
            host=self.imap_server,
            port=self.imap_port,
            use_ssl=self.use_ssl,
            timeout_seconds=self.timeout,
        )
        name = str(folder or "").strip() or "INBOX"
        return await in_folder(ctx, server, login, name, work, read_only=read_only)


def email_uid_param() -> Any:
    return param(None, kind="string", required=True, help="The message's `uid` of ReadEmailsNode.")


def folder_param(help: str = "The folder of the message.") -> Any:
    return param("INBOX", kind="string", help=help)


def uid_of(value: Any) -> int:
    """The uid of one message. Raises NodeError for anything else."""
    text = str(value if value is not None else "").strip()
    if not text:
        raise NodeError("email_uid is empty", ErrorCode.MISSING_REQUIRED_FIELD)
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:20]) <= _MOST_UID):
        raise NodeError(
            f"email_uid: {text[:40]!r} is no uid; it is the number `uid` of a message that"
            " ReadEmailsNode gave",
            ErrorCode.INVALID_INPUT,
        )
    return int(text)
