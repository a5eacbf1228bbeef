"""Sending requests: one set of connections a run, redirects, retries, errors in plain words."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import ssl
import sys
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import IO, TypeVar

import httpx

from casare_rpa import __version__
from casare_rpa.domain.codes import ErrorCode
from casare_rpa.hosts import is_this_machine
from casare_rpa.nodes._attempts import tried
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.file.reach import opened
from casare_rpa.nodes.http._call import Call, FilePart
from casare_rpa.nodes.http._guard import CheckedTransport, GuardedTransport

T = TypeVar("T")
Receive = Callable[[httpx.Response], Awaitable[T]]

_KEY = "http_session"
_KEY_WITHOUT_COOKIES = "http_session_without_cookies"
_SECRET_HEADER = re.compile("(?i)auth|credential|key|pass|secret|session|signature|token")
#: Answers that say "not now": asked again if the node has attempts left.
_BUSY = frozenset({429, 502, 503, 504})
_RETRYABLE = frozenset(
    {
        ErrorCode.TIMEOUT,
        ErrorCode.NETWORK_ERROR,
        ErrorCode.CONNECTION_TIMEOUT,
        ErrorCode.CONNECTION_REFUSED,
        ErrorCode.DNS_LOOKUP_FAILED,
    }
)


class _Session:
    """The clients of one run. They share cookies, so that a login lasts, or take none."""

    def __init__(self, environment: Mapping[str, str], *, keeps_cookies: bool) -> None:
        self._clients: dict[tuple[bool, str, bool], httpx.AsyncClient] = {}
        domains = None if keeps_cookies else ()
        self._cookies = CookieJar(DefaultCookiePolicy(allowed_domains=domains))
        self._proxies = _proxies(environment)

    def client(self, call: Call, url: httpx.URL) -> httpx.AsyncClient:
        proxy = call.proxy or self._proxy_for(url)
        key = (call.verify_ssl, proxy, call.block_private)
        if key not in self._clients:
            self._clients[key] = self._build(*key)
        return self._clients[key]

    @property
    def lasts_for_the_run(self) -> bool:
        """Whether it holds what another run would not have: cookies, perhaps those of a login."""
        return len(self._cookies) > 0

    async def close(self) -> None:
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    def _build(self, verify: bool, proxy: str, guarded: bool) -> httpx.AsyncClient:
        tls = httpx.create_ssl_context(verify=verify)
        return httpx.AsyncClient(
            transport=_guarded(tls, proxy) if guarded else _transport(tls, proxy),
            cookies=self._cookies,
            headers={"User-Agent": f"casare-rpa/{__version__}"},
            trust_env=False,
        )

    def _proxy_for(self, url: httpx.URL) -> str:
        """The proxy of the environment for *url*; never for this machine itself."""
        if is_this_machine(url.host) or url.host.endswith(".localhost"):
            return ""
        proxy = self._proxies.get(url.scheme) or self._proxies.get("all") or ""
        if not proxy or _bypasses(url.host, self._proxies.get("no", "")):
            return ""
        return proxy if "://" in proxy else f"http://{proxy}"


def _guarded(tls: ssl.SSLContext, proxy: str) -> httpx.AsyncBaseTransport:
    return CheckedTransport(_transport(tls, proxy)) if proxy else GuardedTransport(tls)


def _transport(tls: ssl.SSLContext, proxy: str) -> httpx.AsyncBaseTransport:
    try:
        return httpx.AsyncHTTPTransport(
            verify=tls, proxy=httpx.Proxy(proxy) if proxy else None, trust_env=False
        )
    except (ValueError, ImportError, httpx.InvalidURL) as error:
        raise NodeError(f"the proxy cannot be used: {error}", ErrorCode.CONFIG_INVALID) from None


async def fetch(ctx: Context, call: Call, receive: Receive[T]) -> T:
    """Send *call* and return what *receive* makes of the answer, whatever its status.

    Raises NodeError when no answer came, after all attempts.
    """
    session = _session(ctx, keeps_cookies=call.keeps_cookies)
    return await tried(
        ctx,
        lambda left: _attempt(session, call, receive, refuse_busy=left > 0),
        more=call.retry_count,
        pause_seconds=lambda: call.retry_delay_seconds,
        is_final=lambda error: error.error_code not in _RETRYABLE,
    )


async def read_body(response: httpx.Response, limit_bytes: int, shown: str = "") -> bytes:
    """The decoded body; NodeError, which names the URL as *shown*, beyond *limit_bytes*."""
    parts: list[bytes] = []
    size = 0
    async for chunk in response.aiter_bytes():
        size += len(chunk)
        if size > limit_bytes:
            whose = shown or _shown(str(response.url))
            raise NodeError(
                f"the answer of {whose} is larger than {limit_bytes} bytes",
                ErrorCode.RESOURCE_EXHAUSTED,
                hint="HttpDownloadFileNode writes an answer of any size to a file",
            )
        parts.append(chunk)
    return b"".join(parts)


def _session(ctx: Context, *, keeps_cookies: bool) -> _Session:
    key = _KEY if keeps_cookies else _KEY_WITHOUT_COOKIES
    session = ctx.resources.get(key)
    if not isinstance(session, _Session):
        # It logs each URL, with what its query holds, as news.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        session = _Session(ctx.environment, keeps_cookies=keeps_cookies)
        ctx.resources[key] = session
        ctx.on_close(session.close)
    return session


async def _attempt(session: _Session, call: Call, receive: Receive[T], *, refuse_busy: bool) -> T:
    with _plain_errors(call):
        async with (
            asyncio.timeout(call.timeout_seconds if call.is_bounded else None),
            _answer(session, call) as response,
        ):
            if refuse_busy and response.status_code in _BUSY:
                raise NodeError(
                    f"{_named(call)}: HTTP {response.status_code}", ErrorCode.NETWORK_ERROR
                )
            return await receive(response)


@contextlib.asynccontextmanager
async def _answer(session: _Session, call: Call) -> AsyncIterator[httpx.Response]:
    """The last answer of a chain of redirects, its body not yet read."""
    url = httpx.URL(call.url)
    with _request(session.client(call, url), call) as request:
        for _ in range(call.max_redirects + 1):
            response = await session.client(call, request.url).send(request, stream=True)
            try:
                if response.next_request is None or call.max_redirects == 0:
                    yield response
                    return
                request = _without_secrets(response.next_request, asked=request.url)
            finally:
                await response.aclose()
    raise NodeError(
        f"{_named(call)}: more than {call.max_redirects} redirects",
        ErrorCode.HTTP_ERROR,
    )


def _without_secrets(request: httpx.Request, *, asked: httpx.URL) -> httpx.Request:
    """The request that a redirect asks for, without what only the first server was to know.

    httpx drops Authorization when the origin changes, and sends each server its own cookies; keys
    travel under other names, too.
    """
    if not _same_server(asked, request.url):
        for name in [name for name in request.headers if _SECRET_HEADER.search(name)]:
            del request.headers[name]
    return request


def _same_server(asked: httpx.URL, to: httpx.URL) -> bool:
    """Whether both are one origin, or *to* is its encrypted side."""
    upgraded = (asked.scheme, to.scheme) == ("http", "https") and not (asked.port or to.port)
    same = (asked.scheme, asked.port) == (to.scheme, to.port)
    return asked.host == to.host and (same or upgraded)


@contextlib.contextmanager
def _request(client: httpx.AsyncClient, call: Call) -> Iterator[httpx.Request]:
    timeout = httpx.Timeout(call.timeout_seconds)
    if call.form is None:
        yield client.build_request(
            call.method, call.url, headers=call.headers, content=call.content, timeout=timeout
        )
        return
    with contextlib.ExitStack() as stack:
        parts = [(part.field_name, _part(part, stack)) for part in call.form.files]
        yield client.build_request(
            call.method,
            call.url,
            headers=call.headers,
            data=dict(call.form.fields),
            files=parts,
            timeout=timeout,
        )


def _part(part: FilePart, stack: contextlib.ExitStack) -> tuple[str, IO[bytes], str | None]:
    stream = stack.enter_context(opened(part.path))
    return part.file_name or part.path.name, stream, part.content_type or None


@contextlib.contextmanager
def _plain_errors(call: Call) -> Iterator[None]:
    what = _named(call)
    try:
        yield
    except (TimeoutError, httpx.ReadTimeout, httpx.WriteTimeout) as error:
        raise NodeError(
            f"{what}: no answer within {call.timeout_seconds:g} s", ErrorCode.TIMEOUT
        ) from error
    except (httpx.InvalidURL, UnicodeError) as error:
        raise NodeError(f"{what}: {error}", ErrorCode.INVALID_INPUT) from error
    except ssl.SSLError as error:
        # So it comes from a connection that stands; what fails before is a ConnectError.
        raise NodeError(f"{what}: {error}", ErrorCode.NETWORK_ERROR) from error
    except httpx.HTTPError as error:
        code = _code(error)
        raise NodeError(f"{what}: {_reason(error, code)}", code) from error


def _code(error: httpx.HTTPError) -> ErrorCode:
    if isinstance(error, httpx.TimeoutException):
        return ErrorCode.CONNECTION_TIMEOUT
    if isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError):
        return ErrorCode.INVALID_INPUT
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLError) and isinstance(error, httpx.ConnectError):
            return ErrorCode.SSL_ERROR
        if isinstance(cause, ConnectionRefusedError):
            return ErrorCode.CONNECTION_REFUSED
        if type(cause).__name__ == "gaierror":
            return ErrorCode.DNS_LOOKUP_FAILED
    return ErrorCode.NETWORK_ERROR


def _reason(error: httpx.HTTPError, code: ErrorCode) -> str:
    said = {
        ErrorCode.CONNECTION_REFUSED: "connection refused",
        ErrorCode.DNS_LOOKUP_FAILED: "the host cannot be found",
        ErrorCode.CONNECTION_TIMEOUT: "no connection in time",
    }
    return said.get(code) or str(error) or type(error).__name__


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for inner in error.exceptions:
                yield from _causes(inner)
        error = error.__cause__ or error.__context__


def _named(call: Call) -> str:
    return f"{call.method} {call.shown or _shown(call.url)}"


def _shown(url: str) -> str:
    """*url* without what may be secret in it: user, password and query."""
    try:
        return str(httpx.URL(url).copy_with(userinfo=b"", query=None, fragment=None))
    except httpx.InvalidURL:
        return url.partition("?")[0]


def _bypasses(host: str, no_proxy: str) -> bool:
    """Whether *no_proxy* (`*`, or names and their sub-domains, by commas) lists *host*."""
    names = [name.strip().lower().lstrip("*").lstrip(".") for name in no_proxy.split(",")]
    if "*" in (name.strip() for name in no_proxy.split(",")):
        return True
    return any(name and (host == name or host.endswith(f".{name}")) for name in names)


def _proxies(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment's proxies by scheme, as urllib reads them: lower case wins."""
    found: dict[str, str] = {}
    for name in sorted(environment):  # Upper case sorts first, so lower case overwrites it.
        if name.lower().endswith("_proxy"):
            found[name[:-6].lower()] = environment[name]
    if not found and sys.platform in ("win32", "darwin"):
        return urllib.request.getproxies()
    return found
