"""Tickets: how a web page, which cannot set headers, opens a socket with no key in its address."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict

from casare_rpa.orchestrator.auth import Principal

TICKET_SECONDS = 30
_MOST = 10_000


class Tickets:
    """Each is good once, for 30 seconds, on the server that gave it out."""

    def __init__(self) -> None:
        self._holders: OrderedDict[str, tuple[float, Principal]] = OrderedDict()

    def issue(self, principal: Principal) -> str:
        ticket = f"wst_{secrets.token_urlsafe(32)}"
        self._holders[ticket] = (time.monotonic() + TICKET_SECONDS, principal)
        while len(self._holders) > _MOST:
            self._holders.popitem(last=False)
        return ticket

    def redeem(self, ticket: str) -> Principal | None:
        """The holder, or None when the ticket is unknown, used or too old."""
        until, principal = self._holders.pop(ticket, (0.0, None))
        return principal if time.monotonic() < until else None
