"""Tickets: how a web page, which cannot set headers, opens a socket with no key in its address."""

from __future__ import annotations

import hashlib
import secrets

from casare_rpa.orchestrator.access.auth import Principal
from casare_rpa.orchestrator.memory.known_keys import Call
from casare_rpa.store import Store

TICKET_SECONDS = 30


class Tickets:
    """Each is good once, for 30 seconds, on every server of the database it was given out for."""

    def __init__(self, store: Store, call: Call) -> None:
        self._store = store
        self._call = call

    async def issue(self, principal: Principal) -> str:
        ticket = f"wst_{secrets.token_urlsafe(32)}"
        await self._call(
            self._store.put_ticket, _hash(ticket), principal.key_id, seconds=TICKET_SECONDS
        )
        return ticket

    async def redeem(self, ticket: str) -> str | None:
        """The id of the holder's key, or None when the ticket is unknown, used or too old."""
        key_id: str | None = await self._call(self._store.take_ticket, _hash(ticket))
        return key_id


def _hash(ticket: str) -> str:
    return hashlib.sha256(ticket.encode(errors="replace")).hexdigest()
