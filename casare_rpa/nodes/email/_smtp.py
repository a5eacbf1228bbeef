"""Handing a message to a mail server."""

from __future__ import annotations

import base64
import contextlib
import platform
import re
import smtplib
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._attempts import MAY_HAVE_ACTED, in_doubt
from casare_rpa.nodes._lines import Line, at_work, failure, reachable, trusting, without
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.email._account import Login
from casare_rpa.nodes.email._compose import Draft, message_of

#: Here TLS begins with the first byte (RFC 8314), and STARTTLS would wait for ever.
_TLS_PORT = 465
_AUTHENTICATED = (235, 503)
_NO_NAME = re.compile(r"[^A-Za-z0-9.-]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server for outgoing mail. Without `use_tls` (STARTTLS) and `use_ssl` nothing is secret."""

    host: Any
    port: Any
    use_tls: bool
    use_ssl: bool
    timeout_seconds: float


async def deliver(ctx: Context, server: Server, login: Login, draft: Draft) -> str:
    """Send *draft* to all its recipients; its message id.

    Raises NodeError; its details say MAY_HAVE_ACTED once the server may have taken the message,
    and if it has refused some of the recipients `message_id`, `accepted` and `refused`.
    """
    line = await reachable(
        ctx,
        server.host,
        server.port,
        timeout_seconds=server.timeout_seconds,
        name="smtp_server",
    )
    return await at_work(line, lambda: _deliver(line, server, login, draft))


def _deliver(line: Line, server: Server, login: Login, draft: Draft) -> str:
    message = message_of(draft)
    implicit = server.use_ssl or (server.use_tls and line.port == _TLS_PORT)
    client: _Client | None = None
    try:
        client = _Client(line, implicit=implicit)
        if server.use_tls and not implicit:
            _start_tls(client, line)
        _sign_in(client, line, login)
        refused = _send(client, draft, message)
    except Exception as error:
        found = _failure(line, error, login, draft)
        if (
            client is not None
            and client.has_begun
            and not isinstance(error, smtplib.SMTPResponseException)
        ):
            in_doubt(found, "the message was sent")
        raise found from error
    finally:
        if client is not None:
            client.leave()
        line.hang_up()
    message_id = str(message["Message-ID"])
    if refused:
        raise _some_refused(line, message_id, draft, refused, login)
    return message_id


class _Client(smtplib.SMTP):
    """A connection over a Line."""

    def __init__(self, line: Line, *, implicit: bool) -> None:
        self._line = line
        self._implicit = implicit
        #: Whether the message itself was begun: from then on nobody knows, if the line is lost.
        self.has_begun = False
        # What the library asks the name server for, by default, may take it half a minute.
        name = _NO_NAME.sub("-", platform.node()).strip("-.") or "localhost"
        super().__init__(line.host, line.port, local_hostname=name, timeout=line.timeout_seconds)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        connection = self._line.dial()
        return self._line.secured(connection) if self._implicit else connection

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.has_begun = True
        return super().data(msg)

    def leave(self) -> None:
        with contextlib.suppress(OSError, smtplib.SMTPException):
            self.quit()
        self.close()


def _start_tls(client: _Client, line: Line) -> None:
    client.ehlo_or_helo_if_needed()
    if not client.has_extn("starttls"):
        raise NodeError(
            f"{line}: the server does not offer STARTTLS; set use_ssl if it speaks TLS from the"
            " first byte on, or use_tls to false if the message may travel in the clear",
            ErrorCode.SSL_ERROR,
        )
    client.starttls(context=trusting())
    client.ehlo()


def _sign_in(client: _Client, line: Line, login: Login) -> None:
    client.ehlo_or_helo_if_needed()
    if not login.username:
        return
    if not client.has_extn("auth"):
        raise NodeError(
            f"{line}: the server takes no login"
            + ("" if _is_encrypted(client) else " without TLS: set use_tls or use_ssl")
            + "; leave username empty if it needs none",
            ErrorCode.CONFIG_INVALID,
        )
    both = f"\0{login.username}\0{login.password}"
    if both.isascii():
        client.login(login.username, login.password)
        return
    code, said = client.docmd("AUTH", f"PLAIN {base64.b64encode(both.encode()).decode()}")
    if code not in _AUTHENTICATED:
        raise smtplib.SMTPAuthenticationError(code, said)


def _is_encrypted(client: _Client) -> bool:
    return hasattr(client.sock, "cipher")


def _send(client: _Client, draft: Draft, message: EmailMessage) -> Mapping[str, tuple[int, bytes]]:
    return client.send_message(message, draft.sender.addr_spec, draft.recipients)


def _some_refused(
    line: Line,
    message_id: str,
    draft: Draft,
    refused: Mapping[str, tuple[int, bytes]],
    login: Login,
) -> NodeError:
    accepted = [address for address in draft.recipients if address not in refused]
    said = {address: _said(answer, login) for address, answer in refused.items()}
    return NodeError(
        f"{line} refuses some recipients: {_listed(said)}; the message {message_id} was sent to"
        f" {', '.join(accepted)}",
        ErrorCode.VALIDATION_FAILED,
        business=True,
        details={
            MAY_HAVE_ACTED: True,
            "message_id": message_id,
            "accepted": accepted,
            "refused": said,
        },
    )


def _failure(line: Line, error: Exception, login: Login, draft: Draft) -> NodeError:
    match error:
        case smtplib.SMTPAuthenticationError():
            return NodeError(
                f"{line}: the login of {login.username!r} is refused:"
                f" {_said((error.smtp_code, error.smtp_error), login)}; check username and password"
                " (many providers want a password made for programs)",
                ErrorCode.PERMISSION_DENIED,
            )
        case smtplib.SMTPRecipientsRefused():
            said = {to: _said(answer, login) for to, answer in error.recipients.items()}
            words = f"{line} refuses all recipients, nothing was sent: {_listed(said)}"
            if all(code // 100 == 4 for code, _ in error.recipients.values()):
                return NodeError(words, ErrorCode.NETWORK_ERROR)
            return NodeError(words, ErrorCode.VALIDATION_FAILED, business=True)
        case smtplib.SMTPResponseException():
            return _of_reply(line, error, login, draft)
        case smtplib.SMTPNotSupportedError():
            return NodeError(f"{line}: {error}", ErrorCode.NOT_IMPLEMENTED)
    return failure(line, error)


def _of_reply(
    line: Line, error: smtplib.SMTPResponseException, login: Login, draft: Draft
) -> NodeError:
    said = _said((error.smtp_code, error.smtp_error), login)
    if error.smtp_code // 100 == 4:
        words = f"{line}: the server cannot take it now: {said}; retry_count tries again"
        return NodeError(words, ErrorCode.NETWORK_ERROR)
    if isinstance(error, smtplib.SMTPSenderRefused):
        words = f"{line} refuses the sender {draft.sender.addr_spec}: {said}; check from_email"
        return NodeError(words, ErrorCode.VALIDATION_FAILED)
    if isinstance(error, smtplib.SMTPDataError):
        words = f"{line} refuses the message, nothing was sent: {said}"
        return NodeError(words, ErrorCode.VALIDATION_FAILED, business=True)
    return NodeError(f"{line}: {said}", ErrorCode.API_ERROR)


def _listed(said: Mapping[str, str]) -> str:
    return ", ".join(f"{address} ({answer})" for address, answer in said.items())


def _said(answer: tuple[int, bytes | str], login: Login) -> str:
    code, text = answer
    words = text if isinstance(text, str) else text.decode("utf-8", "replace")
    return without(f"{code} {words}", login.password)
