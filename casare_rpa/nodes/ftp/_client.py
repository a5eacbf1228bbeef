"""The FTP of the standard library, held to the run: its sockets, its TLS, its names."""

from __future__ import annotations

import contextlib
import ftplib
import socket
import ssl
from dataclasses import dataclass, field
from typing import Any

from casare_rpa.nodes._lines import Line, trusting

#: From here on the connection is TLS from its first byte (RFC 4217 never took it up).
_IMPLICIT_TLS_PORT = 990
_GOODBYE_SECONDS = 2.0
_UTF_8 = "utf-8"
#: Any bytes are letters in it, so names of servers without UTF-8 come back as they went.
_BYTES = "latin-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A server and how to sign in there."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    passive: bool
    use_tls: bool
    timeout_seconds: float

    def __str__(self) -> str:
        return f"{'ftps' if self.use_tls else 'ftp'}://{self.host}:{self.port}"


class Client(ftplib.FTP_TLS):
    """A connection over a Line, encrypted or not; data connections are cut along with it."""

    def __init__(self, line: Line, address: Address) -> None:
        tls = trusting() if address.use_tls else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        super().__init__(context=tls, timeout=line.timeout_seconds, encoding=_UTF_8)
        self.line = line
        self.features: frozenset[str] = frozenset()
        self._watched: socket.socket | None = None
        self.set_pasv(address.passive)
        self._sign_in(address)

    def _sign_in(self, address: Address) -> None:
        """Connect, encrypt and log in. Raises OSError, EOFError and ftplib.Error."""
        self.host, self.port = address.host, address.port
        implicit = address.use_tls and address.port == _IMPLICIT_TLS_PORT
        try:
            connection = self.line.dial()
            self.af = connection.family
            self._take(self.line.secured(connection) if implicit else connection)
            self.welcome = self.getresp()
            if address.use_tls and not implicit:
                self._start_tls()
            # Encrypted or not has been said by the workflow.
            ftplib.FTP.login(self, address.username, address.password)  # noqa: S321
            if address.use_tls:
                self.prot_p()
            self._learn_features()
        except BaseException:
            self.close()
            self.line.hang_up()
            raise

    def _start_tls(self) -> None:
        try:
            self.voidcmd("AUTH TLS")
        except ftplib.error_perm as error:
            raise NoTls(str(error)) from error
        assert isinstance(self.sock, socket.socket)
        self._take(self.line.secured(self.sock))

    def _take(self, connection: socket.socket) -> None:
        self.sock = connection
        # What a server says in its own letters is no reason to fail.
        self.file = connection.makefile("r", encoding=self.encoding, errors="replace")

    def _learn_features(self) -> None:
        with contextlib.suppress(ftplib.error_perm):
            lines = self.sendcmd("FEAT").splitlines()
            self.features = frozenset(line.split()[0].upper() for line in lines if line.split())
        if "UTF8" in self.features:
            with contextlib.suppress(ftplib.error_perm):
                self.sendcmd("OPTS UTF8 ON")

    def ntransfercmd(self, cmd: str, rest: Any = None) -> tuple[socket.socket, int | None]:
        connection, size = ftplib.FTP.ntransfercmd(self, cmd, rest)  # noqa: S321 - see above
        try:
            assert isinstance(self.sock, socket.socket)
            if connection.getpeername()[0] != self.sock.getpeername()[0]:
                # In active mode anyone may come first to the port that waits.
                raise ConnectionAbortedError("the data came from another address than the server's")
            self._watched = self.line.watch(connection)
            if isinstance(self.sock, ssl.SSLSocket):
                # Many servers take data only from the session that has signed in.
                connection = trusting().wrap_socket(
                    connection, server_hostname=self.host, session=self.sock.session
                )
        except BaseException:
            self.end_data(connection)
            raise
        return connection, size

    def end_data(self, connection: socket.socket) -> None:
        """Close a data connection; within TLS it is said that all has been sent."""
        with contextlib.suppress(OSError, ValueError):
            if isinstance(connection, ssl.SSLSocket):
                # Not every server answers that.
                connection.settimeout(_GOODBYE_SECONDS)
                connection = connection.unwrap()
        connection.close()
        if self._watched is not None:
            self.line.release(self._watched)
            self._watched = None

    def text_of(self, raw: bytes) -> str:
        """What the bytes of a listing say; from the first that are not UTF-8 on, Latin-1."""
        try:
            return raw.decode(self.encoding)
        except UnicodeDecodeError:
            self.encoding = _BYTES
            return raw.decode(_BYTES)

    def leave(self) -> None:
        """Say goodbye and let go of everything; whatever the server makes of it."""
        with contextlib.suppress(OSError, EOFError, ftplib.Error):
            self.quit()
        self.close()
        self.line.hang_up()


class NoTls(Exception):
    """The server does not offer TLS."""
