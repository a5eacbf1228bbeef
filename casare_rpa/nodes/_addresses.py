"""Which addresses are private, whatever form they come in: for runs that must not reach them."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterator

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError

#: Networks' own, which not every Python calls private: NAT64 (RFC 8215), site-local, IETF's.
_LOCAL = tuple(map(ipaddress.ip_network, ("64:ff9b:1::/48", "fec0::/10", "192.0.0.0/24")))
#: Where the last 32 bits are an IPv4 address: NAT64, and a form of RFC 4291 that is out of use.
_WRAPPERS = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "::/96")))
_ISATAP = (0x00005EFE, 0x02005EFE)


def is_blocking(ctx: Context, allow_internal: bool | None = None) -> bool:
    """Whether private addresses are refused: by the run, or because the node says so itself."""
    return bool(ctx.resources.get("block_private_addresses")) or allow_internal is False


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
