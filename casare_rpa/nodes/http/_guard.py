"""Refusing private addresses, whatever name or redirect leads to them."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import ssl
from collections.abc import Iterable, Iterator

import httpcore
import httpx

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError

#: Networks' own, which not every Python calls private: NAT64 (RFC 8215), site-local, IETF's.
_LOCAL = tuple(map(ipaddress.ip_network, ("64:ff9b:1::/48", "fec0::/10", "192.0.0.0/24")))
#: Where the last 32 bits are an IPv4 address: NAT64, and a form of RFC 4291 that is out of use.
_WRAPPERS = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "::/96")))
#: As httpx has them.
_MOST_CONNECTIONS, _KEPT_SECONDS = 100, 5.0
_ISATAP = (0x00005EFE, 0x02005EFE)


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


async def public_addresses(host: str) -> list[str]:
    """The addresses of *host*; NodeError if there are none or if one of them is not public."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NodeError(f"{host} cannot be found: {error}", ErrorCode.DNS_LOOKUP_FAILED) from error
    addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
    for address in addresses:
        if is_private(address):
            raise NodeError(
                f"{host} is {address}, an address that this run must not reach",
                ErrorCode.PERMISSION_DENIED,
                hint="private, loopback and link-local addresses are blocked for this run",
            )
    return addresses


def is_private(address: str) -> bool:
    """Whether *address* is anything but public: also if IPv6 only wraps an IPv4 address."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if not ip.is_global or ip.is_multicast or any(ip in network for network in _LOCAL):
        return True
    if isinstance(ip, ipaddress.IPv6Address):
        return any(is_private(str(inner)) for inner in _wrapped(ip))
    return False


def _wrapped(ip: ipaddress.IPv6Address) -> Iterator[ipaddress.IPv4Address]:
    """The IPv4 addresses that a gateway would take *ip* for."""
    if ip.ipv4_mapped:
        yield ip.ipv4_mapped
    if ip.sixtofour:
        yield ip.sixtofour
    if any(ip in network for network in _WRAPPERS) or int(ip) >> 32 & 0xFFFFFFFF in _ISATAP:
        yield ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
