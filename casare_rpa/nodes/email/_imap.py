"""The IMAP of the standard library, held to the run: its sockets, its sizes, its folder names."""

from __future__ import annotations

import binascii
import contextlib
import imaplib
import re
import socket
from collections.abc import Sequence
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._lines import Line, trusting, without
from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.email._account import Login

#: The port where TLS begins with STARTTLS.
_STARTTLS_PORT = 143
#: What no server has to send at once: it would all be held in memory.
MOST_BYTES = 128 << 20
_MOST_LINE = 20 << 20
_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_FOLDER = re.compile(rb'\((?P<flags>[^)]*)\) (?:"(?:[^"\\]|\\.)*"|NIL) (?P<name>.*)')
_PLAIN_TEXT = re.compile(r"[\x20-\x25\x27-\x7e]+|&|[^\x20-\x7e]+")


class Imap(imaplib.IMAP4):
    """A connection over a Line that has signed in. Raises OSError, IMAP4.error and NodeError."""

    def __init__(self, line: Line, login: Login, *, use_ssl: bool) -> None:
        self._line = line
        self._implicit = use_ssl and line.port != _STARTTLS_PORT
        super().__init__(line.host, line.port, line.timeout_seconds)
        try:
            # A server that refuses logins in the clear offers STARTTLS.
            wants_tls = use_ssl or "LOGINDISABLED" in self.capabilities
            if wants_tls and not self._implicit:
                self._start_tls()
            self._sign_in(login)
        except BaseException:
            self.leave()
            raise

    def has(self, name: str) -> bool:
        """Whether the server knows an extension."""
        return name in self.capabilities

    def ask(self, command: str, *words: Any) -> list[Any]:
        """What the server says to a command about messages by their uid, in its parts."""
        kind, found = self.uid(command, *words)
        if kind != "OK":
            raise imaplib.IMAP4.error(_text(found))
        return [part for part in found if part is not None]

    def folders(self) -> list[tuple[str, frozenset[str]]]:
        """The folders and what the server says they are for (`\\Trash`)."""
        _, lines = self.list()
        found = []
        for line in lines:
            raw = b"%s %s" % (line[0], line[1]) if isinstance(line, tuple) else line
            # A name that is sent by its length stands in the second part alone.
            if match := _FOLDER.fullmatch(raw or b""):
                name = line[1] if isinstance(line, tuple) else _unquoted(match["name"])
                found.append((folder_name(name), frozenset(match["flags"].decode().split())))
        return found

    def leave(self) -> None:
        """Say goodbye and let go of everything."""
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            self.logout()
        with contextlib.suppress(OSError):
            self.shutdown()
        self._line.hang_up()

    def read(self, size: int) -> bytes:
        if size > MOST_BYTES:
            raise NodeError(
                f"{self._line}: the server wants to send {size:,} bytes at once",
                ErrorCode.RESOURCE_EXHAUSTED,
            )
        return super().read(size)

    def readline(self) -> bytes:
        # The library's own limit is too short for the uids of a large folder.
        stream: Any = getattr(self, "_file", None) or self.file
        found: bytes = stream.readline(_MOST_LINE + 1)
        if len(found) > _MOST_LINE:
            raise self.error("a line without an end")
        return found

    def _create_socket(self, timeout: float | None) -> socket.socket:
        connection = self._line.dial()
        return self._line.secured(connection) if self._implicit else connection

    def _start_tls(self) -> None:
        if not self.has("STARTTLS"):
            raise NodeError(
                f"{self._line}: the server does not offer STARTTLS; the port for TLS from the"
                " first byte on is 993",
                ErrorCode.SSL_ERROR,
            )
        self.starttls(trusting())

    def _sign_in(self, login: Login) -> None:
        both = f"\0{login.username}\0{login.password}"
        try:
            if self.has("AUTH=PLAIN"):
                self.authenticate("PLAIN", lambda _: both.encode())
            else:
                self.login(login.username, login.password)
        except imaplib.IMAP4.abort:
            raise
        except (imaplib.IMAP4.error, UnicodeEncodeError) as error:
            raise NodeError(
                f"{self._line}: the login of {login.username!r} is refused:"
                f" {without(_text(error.args), login.password)}; check username and password (many"
                " providers want a password made for programs, and IMAP switched on)",
                ErrorCode.PERMISSION_DENIED,
            ) from error
        # Many servers say only now what they can.
        _, found = self.capability()
        self.capabilities = tuple(_text(found).upper().split())


def quoted(folder: str) -> str:
    """A folder's name for a command: in the UTF-7 of IMAP (RFC 3501), in quotes."""
    if any(letter in folder for letter in "\r\n\0"):
        raise NodeError(f"the folder {folder!r} holds a line break", ErrorCode.INVALID_INPUT)
    parts = (_encoded(part) for part in _PLAIN_TEXT.findall(folder))
    escaped = "".join(parts).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def folder_name(raw: bytes) -> str:
    """The name that stands for itself in the UTF-7 of IMAP; as it is, if it is none."""
    try:
        return re.sub(rb"&([^-]*)-", _decoded, raw).decode()
    except (ValueError, binascii.Error):
        return raw.decode("utf-8", "replace")


def uid_in(part: Any) -> int | None:
    found = _UID.search(_line_of(part))
    return int(found[1]) if found else None


def size_in(part: Any) -> int:
    found = _SIZE.search(_line_of(part))
    return int(found[1]) if found else 0


def flags_in(part: Any) -> list[str]:
    return [flag.decode("utf-8", "replace") for flag in imaplib.ParseFlags(_line_of(part))]


def _line_of(part: Any) -> bytes:
    line: bytes = part[0] if isinstance(part, tuple) else part
    return line


def _text(parts: Sequence[Any]) -> str:
    said = (p.decode("utf-8", "replace") if isinstance(p, bytes) else str(p) for p in parts)
    return " ".join(" ".join(said).split())


def _unquoted(name: bytes) -> bytes:
    if name[:1] == b'"' and name[-1:] == b'"':
        return name[1:-1].replace(b'\\"', b'"').replace(b"\\\\", b"\\")
    return name


def _encoded(part: str) -> str:
    if part == "&":
        return "&-"
    if " " <= part[0] <= "~":
        return part
    base = binascii.b2a_base64(part.encode("utf-16-be"), newline=False).decode()
    return f"&{base.rstrip('=').replace('/', ',')}-"


def _decoded(match: re.Match[bytes]) -> bytes:
    if not match[1]:
        return b"&"
    padded = match[1].replace(b",", b"/") + b"=" * (-len(match[1]) % 4)
    return binascii.a2b_base64(padded).decode("utf-16-be").encode()
