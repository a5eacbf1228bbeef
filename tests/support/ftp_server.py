"""A real FTP server in a thread, for tests of the nodes that use one."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyftpdlib", reason="it is the FTP server")

with warnings.catch_warnings():
    # On Python 3.11 it stands on what 3.12 no longer has.
    warnings.simplefilter("ignore", DeprecationWarning)
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
    from pyftpdlib.ioloop import IOLoop
    from pyftpdlib.servers import FTPServer

from tests.support.certificates import Pair
from tests.support.fleet import eventually

LOGIN = {"host": "127.0.0.1", "username": "ada", "password": "correct horse"}


@dataclass
class Ftp:
    """A running server: `root` is what it shows, `said` the commands it got."""

    root: Path
    port: int = 0
    said: list[str] = field(default_factory=list)
    handlers: list[Any] = field(default_factory=list)
    loop: Any = None

    @property
    def login(self) -> dict[str, Any]:
        return {**LOGIN, "port": self.port}

    def drop_all(self) -> None:
        """End every session without a word."""
        for handler in self.handlers:
            self.loop.call_later(0, handler.close)
        eventually(lambda: all(handler._closed for handler in self.handlers) or None)


@contextmanager
def serving(
    root: Path,
    tls: Pair | None = None,
    *,
    without: tuple[str, ...] = (),
    listed_as: str = "",
    sends: bytes = b"",
) -> Iterator[Ftp]:
    """*without* are commands that the server does not know; *listed_as* is what LIST prints.

    *sends* is what any file holds that is fetched, whatever its size was said to be.
    """
    found = Ftp(root)
    kind = TLS_FTPHandler if tls else FTPHandler

    class Handler(kind):  # type: ignore[misc, valid-type]
        def on_connect(self) -> None:
            found.handlers.append(self)

        def pre_process_command(self, line: str, cmd: str, arg: str) -> None:
            found.said.append(line)
            super().pre_process_command(line, cmd, arg)

        def ftp_LIST(self, path: str) -> Any:
            if not listed_as:
                return super().ftp_LIST(path)
            self.push_dtp_data(listed_as.encode("latin-1"), cmd="LIST")
            return path

        def ftp_RETR(self, file: str) -> Any:
            if not sends:
                return super().ftp_RETR(file)
            self.push_dtp_data(sends, cmd="RETR")
            return file

    Handler.proto_cmds = {k: v for k, v in kind.proto_cmds.items() if k not in without}
    Handler.authorizer = DummyAuthorizer()
    Handler.authorizer.add_user(LOGIN["username"], LOGIN["password"], str(root), perm="elradfmwMT")
    Handler.auth_failed_timeout = 0
    Handler.banner = "a server of tests"
    if tls:
        Handler.certfile, Handler.keyfile = str(tls.cert_file), str(tls.key_file)
        Handler.tls_control_required = Handler.tls_data_required = True
    loop = IOLoop()
    server = FTPServer(("127.0.0.1", 0), Handler, ioloop=loop)
    found.port, found.loop = server.address[1], loop
    stopping = threading.Event()

    def serve() -> None:
        while not stopping.is_set():
            loop.loop(0.005, blocking=False)
        server.close_all()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        stopping.set()
        thread.join(5)
