"""Sending messages."""

from __future__ import annotations

from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._attempts import retried
from casare_rpa.nodes.base import Context, Node, NodeError, Output, Outputs, param, port, prop
from casare_rpa.nodes.email._account import Login, login_of
from casare_rpa.nodes.email._compose import Draft, addresses, checked
from casare_rpa.nodes.email._files import file_names
from casare_rpa.nodes.email._smtp import Server, deliver
from casare_rpa.nodes.file.disk import path_of
from casare_rpa.nodes.values.reading import as_text

PRIORITIES = ("high", "normal", "low")


class SendEmailNode(Node):
    """Send a message over SMTP.

    Addresses are `ada@example.org` or `Ada <ada@example.org>`, several with commas; `from_email`
    is the username if it is empty. With `is_html` the body is HTML, and a plain text is made of it
    for those who read no HTML. `attachments` is a list of files, 50 MiB in all.

    `use_tls` is STARTTLS, `use_ssl` (and port 465) TLS from the first byte on; the certificate is
    checked, and an authority of your own is named by SSL_CERT_FILE. Only with neither the message
    and the password travel in the clear. The login is that of `credential_name`, else `username`
    and `password`, else SMTP_USERNAME and SMTP_PASSWORD of the environment; without a username
    nobody signs in.

    A server that refuses some recipients gets the message for the others, and the node fails with
    both lists. `retry_count` never sends a message again that may have been sent.
    """

    category = "email"
    runs_on = "external-account"
    side_effect = True
    example = {
        "smtp_server": "mail.example.org",
        "credential_name": "mail",
        "to_email": "Ada <ada@example.org>",
        "subject": "Invoice 7",
        "body": "See the file.",
    }
    credential_name: str = prop("", kind="string", help="The stored login to use.")
    smtp_server: str = param("smtp.gmail.com", kind="string", help="Where the server is.")
    smtp_port: int = param(587, kind="integer", help="The server's port.")
    username: str = param("", kind="string", help="Who logs in.")
    password: str = param("", kind="string", help="The password.")
    from_email: str = param("", kind="string", help="The sender's address.")
    to_email: Any = param("", kind="string", aliases=("to",), help="To whom.")
    subject: str = param("", kind="string", help="The subject.")
    body: str = param("", kind="string", help="The text.")
    cc: Any = param("", kind="string", help="Who gets a copy.")
    bcc: Any = param("", kind="string", help="Who gets a copy that the others do not see.")
    attachments: Any = port(None, kind="list", help="Files to send along.")
    use_tls: bool = prop(True, kind="boolean", help="Encrypt by STARTTLS.")
    use_ssl: bool = prop(False, kind="boolean", help="Encrypt from the first byte on.")
    is_html: bool = prop(False, kind="boolean", help="The text is HTML.")
    timeout: int = prop(30, kind="integer", help="Seconds for each answer.")
    reply_to: Any = prop("", kind="string", help="Where answers go.")
    priority: str = prop("normal", kind="choice", choices=PRIORITIES, help="How urgent.")
    read_receipt: bool = prop(False, kind="boolean", help="Ask for a note when it is read.")
    sender_name: str = prop("", kind="string", help="The sender's name.")
    retry_count: int = prop(0, kind="integer", minimum=0, help="Further attempts.")
    retry_interval: int = prop(
        2000, kind="integer", minimum=0, help="Milliseconds before each of these."
    )
    outputs = (Output("success", "BOOLEAN"), Output("message_id", "STRING"))

    async def run(self, ctx: Context) -> Outputs:
        login = await login_of(ctx, self, "SMTP", needed=False)
        draft = self._draft(ctx, login)
        server = Server(
            host=self.smtp_server,
            port=self.smtp_port,
            use_tls=self.use_tls,
            use_ssl=self.use_ssl,
            timeout_seconds=self.timeout,
        )
        message_id = await retried(ctx, self, lambda: deliver(ctx, server, login, draft))
        return {"success": True, "message_id": message_id}

    def _draft(self, ctx: Context, login: Login) -> Draft:
        draft = Draft(
            sender=self._sender(login),
            to=addresses(self.to_email, "to_email"),
            cc=addresses(self.cc, "cc"),
            bcc=addresses(self.bcc, "bcc"),
            reply_to=addresses(self.reply_to, "reply_to"),
            subject=checked(self.subject, "subject"),
            body=as_text(self.body),
            is_html=self.is_html,
            priority=as_text(self.priority).lower(),
            read_receipt=self.read_receipt,
            attachments=tuple(
                path_of(ctx, item, "attachments") for item in file_names(ctx, self.attachments)
            ),
        )
        if not draft.recipients:
            raise NodeError("to_email is empty", ErrorCode.MISSING_REQUIRED_FIELD)
        return draft

    def _sender(self, login: Login) -> Any:
        name = checked(self.sender_name, "sender_name")
        found = addresses(self.from_email or login.username, "from_email")
        if len(found) != 1:
            raise NodeError("from_email has to be one address", ErrorCode.MISSING_REQUIRED_FIELD)
        if not name:
            return found[0]
        return type(found[0])(name, found[0].username, found[0].domain)
