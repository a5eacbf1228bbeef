"""Tickets for sockets: stored, so that any orchestrator can take one that another gave out."""

from __future__ import annotations

import sqlalchemy as sa

from casare_rpa.store.facts import fact, set_fact
from casare_rpa.store.tables import facts
from casare_rpa.store.tx import Tx

_PREFIX = "ticket:"


def put_ticket(tx: Tx, ticket_hash: str, key_id: str, *, seconds: float) -> None:
    _drop_old(tx)
    set_fact(tx, _PREFIX + ticket_hash, f"{_stamp(tx.now + seconds)}:{key_id}")


def take_ticket(tx: Tx, ticket_hash: str) -> str | None:
    name = _PREFIX + ticket_hash
    value = fact(tx, name)
    # Of two that take it at once one deletes the row.
    if value is None or not tx.run(sa.delete(facts).where(facts.c.name == name)):
        return None
    until, _, key_id = value.partition(":")
    return key_id if _stamp(tx.now) < until else None


def _drop_old(tx: Tx) -> None:
    is_ticket = facts.c.name.startswith(_PREFIX, autoescape=True)
    tx.run(sa.delete(facts).where(is_ticket, facts.c.value < _stamp(tx.now)))


def _stamp(seconds: float) -> str:
    """Milliseconds since 1970 as text that sorts like the number."""
    return f"{round(seconds * 1000):015d}"
