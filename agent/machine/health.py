"""Tells probes over HTTP whether the agent lives and can work. It holds no secret and takes none.

GET /live: 200 while the main thread looks around; else 503, and a restart would help. GET /ready:
200 while the orchestrator answers renewals and the agent is not ending; else 503, and a restart
would not help.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET6
from socketserver import TCPServer
from typing import Any

import orjson

from casare_rpa import __version__
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import ConfigInvalid
from casare_rpa.hosts import is_this_machine

log = logging.getLogger(__name__)

#: The status last shown, and when (monotonic clock).
Shown = tuple[float, Json]
#: Longer than anything that the main thread does between two looks.
_LOOK_SECONDS = 120.0
_REQUEST_SECONDS = 5.0
_AT_WORK = frozenset({"working", "resting"})


def answer(path: str, shown: Shown) -> tuple[int, Json]:
    """The HTTP status and the body for a GET of *path*."""
    looked_at, status = shown
    lives = time.monotonic() - looked_at <= _LOOK_SECONDS
    ready = lives and status["state"] in _AT_WORK and bool(status.get("renewing"))
    match path.partition("?")[0]:
        case "/live":
            well = lives
        case "/ready":
            well = ready
        case _:
            return 404, {"error": "ask for /live or /ready"}
    return 200 if well else 503, {
        "live": lives,
        "ready": ready,
        "state": status["state"],
        "why": status.get("why") or "",
        "jobs": len(status.get("jobs") or ()),
        "version": __version__,
    }


def parse_address(text: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT`, `:PORT` or `PORT`. Raises ConfigInvalid."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") or "127.0.0.1"
    if not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ConfigInvalid(
            f"health_address: {text!r} is no address", hint="Write it like 127.0.0.1:8080 or 8080."
        )
    return host, int(port)


@contextmanager
def health_server(address: str, shown: Callable[[], Shown]) -> Iterator[None]:
    """Answer probes at *address* while the block runs; nothing when it is empty.

    Raises ConfigInvalid when nobody can listen there.
    """
    if not address:
        yield
        return
    host, port = parse_address(address)
    with _listen(host, port, shown) as server:
        place = f"[{host}]" if ":" in host else host
        log.info("probes: http://%s:%d/live and /ready", place, server.server_address[1])
        if not is_this_machine(host):
            log.warning("probes are answered beyond this machine, without TLS or a key")
        thread = threading.Thread(target=server.serve_forever, name="health", daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()


def _listen(host: str, port: int, shown: Callable[[], Shown]) -> ThreadingHTTPServer:
    class Server(ThreadingHTTPServer):
        address_family = AF_INET6 if ":" in host else ThreadingHTTPServer.address_family
        daemon_threads = True
        block_on_close = False

        def server_bind(self) -> None:
            # Not HTTPServer's, which asks the name servers who this machine is.
            TCPServer.server_bind(self)
            self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

        def handle_error(self, request: Any, client_address: Any) -> None:
            log.debug("a probe went away", exc_info=True)

    class Handler(_Handler):
        look = staticmethod(shown)

    try:
        return Server((host, port), Handler)
    except OSError as error:
        raise ConfigInvalid(
            f"health_address: nobody can listen at {host}:{port}: {error.strerror}"
        ) from error


class _Handler(BaseHTTPRequestHandler):
    """`look` is set by a subclass for each server."""

    look: Callable[[], Shown]
    timeout = _REQUEST_SECONDS
    server_version = "casare-rpa-agent"
    sys_version = ""

    def do_GET(self) -> None:
        code, body = answer(self.path, self.look())
        content = orjson.dumps(body) + b"\n"
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Probes come every few seconds: no line for each."""
