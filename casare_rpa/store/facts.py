"""Facts: a few words that the database says about itself."""

from __future__ import annotations

import sqlalchemy as sa

from casare_rpa.store.tables import facts
from casare_rpa.store.tx import Tx

#: A new word whenever the database became another one: restored from a backup.
EPOCH = "epoch"


def fact(tx: Tx, name: str) -> str | None:
    row = tx.row(sa.select(facts.c.value).where(facts.c.name == name))
    return None if row is None else str(row["value"])


def set_fact(tx: Tx, name: str, value: str) -> None:
    """Write a fact, new or known."""
    if not tx.run(sa.update(facts).where(facts.c.name == name).values(value=value)):
        tx.insert_new(facts, [{"name": name, "value": value}])
