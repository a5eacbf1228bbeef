"""A web server in a thread that answers in JSON, for the services that tests imitate."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

S = TypeVar("S", bound="ApiServer")

_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file as a form brought it."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`fields` are those of a JSON object, a form or a query; `kind` is the type of the body."""

    method: str
    path: str
    headers: Mapping[str, str]
    kind: str
    fields: Mapping[str, Any]
    files: Mapping[str, File] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What to answer; a body that is no text is sent as JSON, None hangs up without an answer."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class ApiServer(ThreadingHTTPServer):
    """Subclasses answer; what is in `instead` is answered first, in order."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[Request] = []
        self.instead: list[Reply] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def reply(self, request: Request) -> Reply:
        raise NotImplementedError

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that leave early are what some tests are about."""


@contextmanager
def serving(server: S) -> Iterator[S]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


class _Handler(BaseHTTPRequestHandler):
    server: ApiServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args: Any) -> None:
        """Nothing to say."""

    def answer(self) -> None:
        request = self._request()
        self.server.seen.append(request)
        server = self.server
        reply = server.instead.pop(0) if server.instead else server.reply(request)
        if reply.body is None:
            self.close_connection = True
            return
        is_text = isinstance(reply.body, str)
        body = reply.body.encode() if is_text else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", "text/html" if is_text else "application/json")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer

    def _request(self) -> Request:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        kind = self.headers.get_content_type() if self.headers.get("content-type") else ""
        fields: dict[str, Any] = dict(parse_qsl(urlsplit(self.path).query))
        files: dict[str, File] = {}
        if kind == "application/json":
            fields = json.loads(body)
        elif kind == "application/x-www-form-urlencoded":
            fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
        elif kind == "multipart/form-data":
            fields, files = _parts(self.headers["content-type"], body)
        return Request(
            method=self.command,
            path=urlsplit(self.path).path,
            headers={name.lower(): value for name, value in self.headers.items()},
            kind=kind,
            fields=fields,
            files=files,
        )


def _parts(content_type: str, body: bytes) -> tuple[dict[str, Any], dict[str, File]]:
    whole = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    fields: dict[str, Any] = {}
    files: dict[str, File] = {}
    for part in whole.walk():
        if part.is_multipart():
            continue
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        about = dict(_PARAMETER.findall(_raw(part, "content-disposition")))
        if "filename" not in about:
            fields[about["name"]] = content.decode()
            continue
        files[about["name"]] = File(
            name=about["filename"], content_type=part.get_content_type(), content=content
        )
    return fields, files


def _raw(part: Message, name: str) -> str:
    """A header as it came: browsers and clients of today write names in UTF-8."""
    found = next(value for key, value in part.raw_items() if key.lower() == name)
    return str(found).encode("ascii", "surrogateescape").decode()
