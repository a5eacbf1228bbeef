"""A small IMAP server in a thread (RFC 3501; MOVE, UIDPLUS, SPECIAL-USE), for tests of nodes."""

from __future__ import annotations

import base64
import re
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

USERNAME, PASSWORD = "ada@example.org", "correct hörse"
LOGIN = {"imap_server": "127.0.0.1", "username": USERNAME, "password": PASSWORD}
_WORD = re.compile(rb'"((?:[^"\\]|\\.)*)"|(\([^()]*\))|([^\s"()]*\[[^\]]*\]\S*|[^\s"()]+)')


@dataclass
class Message:
    uid: int
    raw: bytes
    flags: set[str] = field(default_factory=set)


class Imap(socketserver.ThreadingTCPServer):
    """`folders` hold the messages by the folder's name as it travels; `said` are the commands."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.folders: dict[str, list[Message]] = {"INBOX": [], "Done": [], "Bin": []}
        self.flags = {"Bin": r"\HasNoChildren \Trash"}
        self.extensions = ["MOVE", "UIDPLUS", "SPECIAL-USE"]
        self.said: list[str] = []
        self.tls: ssl.SSLContext | None = None
        self.starttls: ssl.SSLContext | None = None
        #: Words of a command at which the server hangs up, or says no more.
        self.hangs_up_at = self.silent_at = "never"
        self._last_uid = 100

    @property
    def login(self) -> dict[str, Any]:
        return {**LOGIN, "imap_port": self.server_address[1]}

    def put(self, raw: bytes, *flags: str, folder: str = "INBOX") -> int:
        self._last_uid += 1
        self.folders[folder].append(Message(self._last_uid, raw, set(flags)))
        return self._last_uid

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that leave early are what some tests are about."""


class _Gone(Exception):
    pass


class _Session(socketserver.BaseRequestHandler):
    server: Imap

    def handle(self) -> None:
        self.folder: str | None = None
        self.signed_in = False
        connection: Any = self.request
        # An answer is several writes; the second would wait for the first one's acknowledgement.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.server.tls:
            connection = self.server.tls.wrap_socket(connection, server_side=True)
        self._take(connection)
        self._say("* OK a server of tests")
        try:
            while line := self.reader.readline():
                self._answer(line.rstrip(b"\r\n"))
        except (_Gone, OSError):
            pass
        finally:
            self.reader.close()
            self.connection.close()

    def _take(self, connection: Any) -> None:
        self.connection = connection
        self.reader = connection.makefile("rb")

    def _say(self, text: str | bytes) -> None:
        raw = text.encode() if isinstance(text, str) else text
        self.connection.sendall(raw + b"\r\n")

    def _answer(self, line: bytes) -> None:
        self.server.said.append(line.partition(b" ")[2].decode("utf-8", "replace"))
        if self.server.hangs_up_at in self.server.said[-1]:
            raise _Gone
        if self.server.silent_at in self.server.said[-1]:
            self.reader.readline()
            raise _Gone
        words = [q or p or a for q, p, a in _WORD.findall(line)]
        tag, command = words[0].decode(), words[1].decode().upper()
        rest = words[2:]
        if command == "UID":
            command, rest = f"UID_{rest[0].decode().upper()}", rest[1:]
        act: Callable[..., str] | None = getattr(self, f"do_{command.lower()}", None)
        try:
            said = act(*rest) if act else "BAD unknown command"
        except (KeyError, ValueError, IndexError) as error:
            said = f"BAD {error!r}"
        self._say(f"{tag} {said}")
        if command == "STARTTLS" and self.server.starttls:
            self.reader.close()
            self._take(self.server.starttls.wrap_socket(self.connection, server_side=True))
        if command == "LOGOUT":
            raise _Gone

    def do_capability(self) -> str:
        more = ["AUTH=PLAIN"]
        if self.server.starttls and not isinstance(self.connection, ssl.SSLSocket):
            more = ["STARTTLS", "LOGINDISABLED"]
        if self.signed_in:
            more += self.server.extensions
        self._say(f"* CAPABILITY IMAP4rev1 {' '.join(more)}")
        return "OK done"

    def do_starttls(self) -> str:
        return "OK begin"

    def do_authenticate(self, kind: bytes) -> str:
        self._say("+ ")
        _, username, password = base64.b64decode(self.reader.readline()).decode().split("\0")
        return self._sign_in(username, password)

    def do_login(self, username: bytes, password: bytes) -> str:
        return self._sign_in(username.decode(), password.decode())

    def _sign_in(self, username: str, password: str) -> str:
        if (username, password) != (USERNAME, PASSWORD):
            return f"NO [AUTHENTICATIONFAILED] wrong: {password}"
        self.signed_in = True
        return "OK welcome"

    def do_logout(self) -> str:
        self._say("* BYE")
        return "OK bye"

    def do_list(self, *_: bytes) -> str:
        for name in self.server.folders:
            self._say(f'* LIST ({self.server.flags.get(name, "")}) "/" "{name}"')
        return "OK done"

    def do_select(self, name: bytes, read_only: bool = False) -> str:
        if name.decode() not in self.server.folders:
            return "NO no such folder"
        self.folder = name.decode()
        self._say(f"* {len(self._messages())} EXISTS")
        return f"OK [{'READ-ONLY' if read_only else 'READ-WRITE'}] open"

    def do_examine(self, name: bytes) -> str:
        return self.do_select(name, True)

    def _messages(self) -> list[Message]:
        return self.server.folders[self.folder or ""]

    def _chosen(self, uids: bytes) -> Iterator[tuple[int, Message]]:
        wanted = set(map(int, uids.split(b",")))
        for number, message in enumerate(self._messages(), 1):
            if message.uid in wanted:
                yield number, message

    def do_uid_search(self, *words: bytes) -> str:
        found = [m for m in self._messages() if _fits(m, list(words))]
        self._say(f"* SEARCH {' '.join(str(m.uid) for m in found)}")
        return "OK done"

    def do_uid_fetch(self, uids: bytes, what: bytes) -> str:
        for number, message in self._chosen(uids):
            flags = " ".join(sorted(message.flags))
            said = f"* {number} FETCH (UID {message.uid} FLAGS ({flags})".encode()
            said += b" RFC822.SIZE %d" % len(message.raw)
            if b"BODYSTRUCTURE" in what:
                shown = b'("ATTACHMENT" NIL)' if b"attachment" in message.raw else b"NIL"
                said += b" BODYSTRUCTURE (" + shown + b")"
            if b"HEADER" in what:
                said += _literal(b"BODY[HEADER]", message.raw.partition(b"\r\n\r\n")[0])
            elif part := re.search(rb"BODY\.PEEK\[\](?:<0\.(\d+)>)?", what):
                said += _literal(b"BODY[]", message.raw[: int(part[1] or len(message.raw))])
            self._say(said + b")")
        return "OK done"

    def do_uid_store(self, uids: bytes, how: bytes, flags: bytes) -> str:
        for number, message in self._chosen(uids):
            named = set(flags.decode().strip("()").split())
            message.flags = message.flags | named if how[:1] == b"+" else message.flags - named
            self._say(f"* {number} FETCH (UID {message.uid} FLAGS ({' '.join(message.flags)}))")
        return "OK done"

    def do_uid_copy(self, uids: bytes, name: bytes) -> str:
        if name.decode() not in self.server.folders:
            return "NO [TRYCREATE] no such folder"
        for _, message in list(self._chosen(uids)):
            self.server.put(message.raw, *message.flags, folder=name.decode())
        return "OK done"

    def do_uid_move(self, uids: bytes, name: bytes) -> str:
        if "MOVE" not in self.server.extensions:
            return "BAD unknown command"
        said = self.do_uid_copy(uids, name)
        if said.startswith("OK"):
            self._remove({message.uid for _, message in self._chosen(uids)})
        return said

    def do_uid_expunge(self, uids: bytes) -> str:
        if "UIDPLUS" not in self.server.extensions:
            return "BAD unknown command"
        chosen = (message for _, message in self._chosen(uids))
        self._remove({message.uid for message in chosen if r"\Deleted" in message.flags})
        return "OK done"

    def do_expunge(self) -> str:
        self._remove({m.uid for m in self._messages() if r"\Deleted" in m.flags})
        return "OK done"

    def _remove(self, uids: set[int]) -> None:
        self._messages()[:] = [m for m in self._messages() if m.uid not in uids]


def _literal(name: bytes, content: bytes) -> bytes:
    return b" %s {%d}\r\n%s" % (name, len(content), content)


def _fits(message: Message, words: list[bytes]) -> bool:
    while words:
        word = words.pop(0).decode().upper()
        if word == "ALL":
            continue
        if word == "CHARSET":
            words.pop(0)
        elif word in ("SEEN", "DELETED", "FLAGGED", "UNSEEN"):
            is_set = "\\" + word.removeprefix("UN").capitalize() in message.flags
            if is_set == word.startswith("UN"):
                return False
        elif word in ("FROM", "SUBJECT"):
            line = re.search(rb"(?im)^%s:(.*)$" % word.encode(), message.raw)
            if words.pop(0).lower() not in (line[1].lower() if line else b""):
                return False
        else:
            raise ValueError(f"unknown search key {word}")
    return True


@contextmanager
def serving(
    tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None
) -> Iterator[Imap]:
    server = Imap()
    server.tls, server.starttls = tls, starttls
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
