"""A real HTTP server in a thread, for tests of the nodes that ask one."""

from __future__ import annotations

import gzip
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Server(ThreadingHTTPServer):
    """`seen` are the requests in order: method, path, query, headers, body."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[dict[str, Any]] = []
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that leave early are what some tests are about."""


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    server = Server()
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    # Headers and body are two writes; the second would wait for the first one's acknowledgement.
    disable_nagle_algorithm = True

    def log_message(self, *args: Any) -> None:
        """Nothing to say."""

    def answer(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("content-length") or 0)
        self.body = self.rfile.read(length)
        self.query = parse_qs(parts.query)
        self.server.seen.append(
            {
                "method": self.command,
                "path": parts.path,
                "query": self.query,
                "headers": dict(self.headers),
                "body": self.body,
            }
        )
        name, _, rest = parts.path.strip("/").partition("/")
        getattr(self, f"on_{name}", self.on_echo)(rest)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = answer

    def send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def on_echo(self, rest: str) -> None:
        told = {**self.server.seen[-1], "body": self.body.decode("utf-8", "replace")}
        self.send(200, json.dumps(told).encode(), Content_Type="application/json")

    def on_status(self, rest: str) -> None:
        self.send(int(rest), b"sorry", Content_Type="text/plain")

    def on_text(self, rest: str) -> None:
        self.send(200, "grüße".encode("latin-1"), Content_Type="text/plain; charset=latin-1")

    def on_broken(self, rest: str) -> None:
        self.send(200, b'{"a": ', Content_Type="application/json")

    def on_redirect(self, rest: str) -> None:
        count = int(rest)
        where = f"/redirect/{count - 1}" if count > 1 else "/echo"
        self.send(302, b"", Location=where)

    def on_to(self, rest: str) -> None:
        self.send(307, b"", Location=self.query["url"][0])

    def on_slow(self, rest: str) -> None:
        self.server.released.wait(20)
        self.send(200, b"late")

    def on_big(self, rest: str) -> None:
        self.send(200, b"x" * int(rest), Content_Type="application/octet-stream")

    def on_bomb(self, rest: str) -> None:
        packed = gzip.compress(b"\0" * int(rest))
        self.send(200, packed, Content_Encoding="gzip", Content_Type="text/plain")

    def on_cut(self, rest: str) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"only this")
        self.close_connection = True

    def on_busy(self, rest: str) -> None:
        """503 for the first requests, then well."""
        asked = sum(1 for r in self.server.seen if r["path"].startswith("/busy"))
        self.send(200 if asked > int(rest) else 503, b"now")

    def on_login(self, rest: str) -> None:
        self.send(200, b"in", Set_Cookie="session=abc; Path=/")
