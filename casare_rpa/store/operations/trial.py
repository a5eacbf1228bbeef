"""A write on trial: whether a database that has refused writes takes them again."""

from __future__ import annotations

import secrets

import sqlalchemy as sa

from casare_rpa.store.facts import set_fact
from casare_rpa.store.tables import facts
from casare_rpa.store.tx import Tx

_TRIAL = "write_trial"
#: More than a submit takes, so that what fits does not refuse the next submit. Random, because
#: PostgreSQL would pack it.
_BYTES = 64 << 10


def write(tx: Tx) -> None:
    """Take as much room as a call of the API may need."""
    set_fact(tx, _TRIAL, secrets.token_hex(_BYTES // 2))


def take_back(tx: Tx) -> None:
    """Give the room back; in a transaction of its own, or nothing of it would be written."""
    tx.run(sa.delete(facts).where(facts.c.name == _TRIAL))
