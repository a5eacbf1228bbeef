"""Migrations on PostgreSQL, with several servers that start at once."""

from __future__ import annotations

import sqlalchemy as sa

from casare_rpa.store.migrate import migrate

_LOCK = 72_026_112


def migrate_alone(connection: sa.Connection) -> None:
    """One start migrates in its transaction, the others wait for it, however long that takes."""
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
    lock = sa.text("SELECT pg_advisory_xact_lock(:lock, hashtext(current_schema()))")
    connection.execute(lock, {"lock": _LOCK})
    migrate(connection)
