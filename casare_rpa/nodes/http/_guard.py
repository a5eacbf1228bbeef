"""Refusing private addresses, whatever name or redirect leads to them."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterable

import httpcore
import httpx

from casare_rpa.nodes._addresses import public_addresses

#: As httpx has them.
_MOST_CONNECTIONS, _KEPT_SECONDS = 100, 5.0


class GuardedTransport(httpx.AsyncHTTPTransport):
    """Connects to public addresses only, and to no other than it has checked.

    Requests keep the names of their hosts: a connection whose certificate was checked for one name
    serves no other, though both lead to one address.
    """

    def __init__(self, tls: ssl.SSLContext) -> None:
        super().__init__(verify=tls, trust_env=False)
        # httpx has no parameter for who connects; its pool does.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=_MOST_CONNECTIONS,
            keepalive_expiry=_KEPT_SECONDS,
            network_backend=_CheckedConnections(),
        )


class CheckedTransport(httpx.AsyncBaseTransport):
    """Refuses hosts with a private address. For a proxy, which connects as it likes."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await public_addresses(request.url.host)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


class _CheckedConnections(httpcore.AsyncNetworkBackend):
    """Looks a host up, refuses it if any address is private, and connects to what was checked.

    Connecting by name would ask the name server a second time, which may answer something else.
    """

    def __init__(self) -> None:
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the pool's word for it
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        *others, last = await public_addresses(host)
        for address in others:
            with contextlib.suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await self._inner.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
        return await self._inner.connect_tcp(last, port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)
