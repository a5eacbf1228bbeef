"""How a call reaches an orchestrator, and what it says when it does not."""

from __future__ import annotations

import gzip
import logging
import ssl
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import SplitResult, quote, urlsplit

import httpx
import orjson

from casare_rpa import __version__, errors, tls
from casare_rpa.client.answers import decoded
from casare_rpa.domain.json_values import Json
from casare_rpa.hosts import is_this_machine
from casare_rpa.settings import Settings

API = "/api/v1"

# httpx writes every URL at INFO; a URL may carry what should not be in a log.
logging.getLogger("httpx").setLevel(logging.WARNING)
# websockets writes the headers of its handshake at DEBUG, and with them the key.
logging.getLogger("websockets").setLevel(logging.INFO)
# It tells its caller of a connection that broke, and would log the same with a traceback.
logging.getLogger("websockets.client").setLevel(logging.CRITICAL)


class Connection:
    """Keeps what every call needs. `base_url` is the server's root, without /api/v1."""

    def __init__(
        self,
        base_url: str,
        api_key: str = "",
        *,
        connect_timeout_seconds: float = 5.0,
        request_timeout_seconds: float = 30.0,
        transport: httpx.BaseTransport | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        parts = _address(base_url)
        if not (api_key.isascii() and api_key.isprintable()) or " " in api_key:
            # Checked here, because the HTTP library would show the key in its own message.
            raise errors.Unauthenticated(
                "the key holds characters that no key has", hint="Was it copied whole?"
            )
        self.base_url = base_url.rstrip("/").removesuffix(API)
        headers = {"User-Agent": f"casare-rpa/{__version__}", "Accept": "application/json"}
        if api_key:
            headers["Authorization"] = f"Bearer {api_key}"
        #: For sockets beside REST; None where it is plain HTTP.
        self.tls = tls or _usual_tls(self.base_url)
        self.timeout = httpx.Timeout(request_timeout_seconds, connect=connect_timeout_seconds)
        self._http = httpx.Client(
            base_url=self.base_url,
            headers=headers,
            timeout=self.timeout,
            transport=transport,
            verify=self.tls or False,
            trust_env=not is_this_machine(parts.hostname or ""),
            follow_redirects=False,
        )

    @classmethod
    def of(cls, settings: Settings, api_key: str, *, answer_seconds: float | None = None) -> Self:
        """The client that *settings* describe; it waits at most *answer_seconds* for an answer.

        Raises ConfigInvalid for an address or a certificate that cannot be used.
        """
        usual = settings.request_timeout_seconds
        return cls(
            settings.orchestrator_url,
            api_key,
            connect_timeout_seconds=settings.connect_timeout_seconds,
            request_timeout_seconds=min(usual, answer_seconds or usual),
            tls=tls.context_of(settings),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        read_seconds: float = 0,
        root: bool = False,
        compress: bool = False,
    ) -> Json:
        """One request and its JSON answer; *path* is below /api/v1 unless *root*.

        *read_seconds* is added to the time for an answer (long polls). With *compress* the request
        is gzipped, for a thin line.
        """
        content = orjson.dumps(json) if json is not None else None
        sent = dict(headers or {})
        if content is not None and compress:
            content, sent["Content-Encoding"] = gzip.compress(content), "gzip"
        return decoded(
            self.exchange(
                method,
                path,
                content=content,
                params=params,
                headers=sent,
                read_seconds=read_seconds,
                root=root,
            )
        )

    def exchange(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        read_seconds: float = 0,
        root: bool = False,
    ) -> httpx.Response:
        """One request and whatever is answered: `decoded` says what that means.

        *content* is JSON unless *headers* say otherwise. Raises Unreachable.
        """
        sent = httpx.Headers({"Content-Type": "application/json"})
        sent.update(headers)
        request = self._http.build_request(
            method,
            path if root else API + path,
            content=content,
            headers=sent,
            params={k: v for k, v in (params or {}).items() if v is not None},
            timeout=httpx.Timeout(
                (self.timeout.read or 30.0) + read_seconds, connect=self.timeout.connect
            ),
        )
        return self._send(request)

    def _send(self, request: httpx.Request) -> httpx.Response:
        try:
            return self._http.send(request)
        except httpx.RequestError as error:
            # Not only of the transport: a body may be in another encoding than it says.
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> errors.Unreachable:
        if (found := tls.explain(error)) is not None:
            return errors.Unreachable(
                f"no TLS with {self.base_url}: {found.message}", hint=found.hint
            )
        return errors.Unreachable(
            f"no orchestrator answered at {self.base_url}: {_reason(error)}",
            hint=self._mend(error),
            timed_out=isinstance(error, (httpx.ReadTimeout, httpx.WriteTimeout)),
        )

    def _mend(self, error: Exception) -> str:
        host = urlsplit(self.base_url).hostname or ""
        if isinstance(error, httpx.ConnectError) and is_this_machine(host):
            return "Start one with: casare-rpa orchestrator start"
        return "See what is wrong with: casare-rpa doctor"


def quoted(part: str) -> str:
    """*part* as one segment of a path. Raises NotFound for what would lead to another path."""
    if part in ("", ".", ".."):
        raise errors.NotFound(f"nothing has the id {part!r}")
    return quote(part, safe="")


def _usual_tls(base_url: str) -> ssl.SSLContext | None:
    return tls.context_of(Settings(orchestrator_url=base_url))


def _address(base_url: str) -> SplitResult:
    """The parts of an address that can be one. Raises ConfigInvalid."""
    try:
        parts = urlsplit(base_url)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # half an IPv6 address, or a port that is none
        good = False
    if not good:
        raise errors.ConfigInvalid(
            f"the orchestrator's address is wrong: {base_url!r}",
            hint="Write it as http://HOST:PORT.",
        )
    if parts.username or parts.password:
        raise errors.ConfigInvalid("an address with a password in it is refused")
    return parts


def _reason(error: Exception) -> str:
    cause: BaseException = error
    while cause.__cause__ or cause.__context__:
        cause = cause.__cause__ or cause.__context__ or cause
    text = str(error) or type(error).__name__
    if isinstance(cause, ConnectionRefusedError):
        return "connection refused"
    return text
