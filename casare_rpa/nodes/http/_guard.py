"""Refusing private addresses, whatever name or redirect leads to them."""

from __future__ import annotations

import httpx

from casare_rpa.nodes._addresses import public_addresses


class GuardedTransport(httpx.AsyncBaseTransport):
    """Looks a host up, refuses it if any address is private, and connects to what was checked.

    Connecting by name again would ask the name server a second time, which may answer something
    else. Behind a proxy (*pin* false) the proxy connects, so only the check is left.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, *, pin: bool) -> None:
        self._inner = inner
        self._pin = pin

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        addresses = await public_addresses(request.url.host)
        if not self._pin:
            return await self._inner.handle_async_request(request)
        for address in addresses[:-1]:
            try:
                return await self._inner.handle_async_request(_pinned(request, address))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await self._inner.handle_async_request(_pinned(request, addresses[-1]))

    async def aclose(self) -> None:
        await self._inner.aclose()


def _pinned(request: httpx.Request, address: str) -> httpx.Request:
    # The Host header is set already, and the certificate is checked against the name.
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.host},
    )
