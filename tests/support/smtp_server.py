"""A real mail server in a thread, for tests of the nodes that send."""

from __future__ import annotations

import asyncio
import ssl
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest

pytest.importorskip("aiosmtpd", reason="it is the mail server")

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

USERNAME, PASSWORD = "robot@example.org", "correct hörse"


@dataclass
class Smtp:
    """A running server: `taken` are the envelopes it took.

    `says` are its answers to a command or recipient, in place of its own; None hangs up.
    """

    port: int = 0
    taken: list[Envelope] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    says: dict[str, str | None] = field(default_factory=dict)

    @property
    def address(self) -> dict[str, Any]:
        return {"smtp_server": "127.0.0.1", "smtp_port": self.port}

    def message(self, number: int = -1) -> EmailMessage:
        content = self.taken[number].content
        assert isinstance(content, bytes)
        found = message_from_bytes(content, policy=policy.default)
        assert isinstance(found, EmailMessage)
        return found

    def _said(self, server: SMTP, what: str, usual: str) -> str:
        said = self.says.get(what, usual)
        if said is None:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
            return "421 gone"
        return said

    async def handle_MAIL(self, server: SMTP, *words: Any) -> str:
        envelope, address = words[1], words[2]
        self.asked.append(address)
        said = self._said(server, "MAIL", "250 ok")
        if said.startswith("250"):
            envelope.mail_from = address
        return said

    async def handle_RCPT(self, server: SMTP, *words: Any) -> str:
        envelope, address = words[1], words[2]
        said = self._said(server, address, "250 ok")
        if said.startswith("250"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, server: SMTP, *words: Any) -> str:
        self.taken.append(words[1])
        return self._said(server, "DATA", "250 taken")

    def authenticate(self, server: SMTP, *words: Any) -> AuthResult:
        login = words[3]
        assert isinstance(login, LoginPassword)
        self.logins.append(login.login.decode())
        fits = (login.login.decode(), login.password.decode()) == (USERNAME, PASSWORD)
        return AuthResult(success=fits, handled=False)


@contextmanager
def serving(
    *, tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None, auth: bool = False
) -> Iterator[Smtp]:
    """*auth*: only who signs in may send, and only encrypted where there is TLS."""
    found = Smtp()

    def protocol() -> SMTP:
        with warnings.catch_warnings():
            # It warns of what a test asks for: a login without TLS.
            warnings.simplefilter("ignore")
            return SMTP(
                found,
                hostname="127.0.0.1",
                tls_context=starttls,
                auth_required=auth,
                auth_require_tls=starttls is not None,
                authenticator=found.authenticate,
                enable_SMTPUTF8=True,
            )

    loop = asyncio.new_event_loop()
    listener = loop.run_until_complete(loop.create_server(protocol, "127.0.0.1", 0, ssl=tls))
    found.port = listener.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def end() -> None:
        listener.close()
        await asyncio.sleep(0)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    try:
        yield found
    finally:
        asyncio.run_coroutine_threadsafe(end(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()
