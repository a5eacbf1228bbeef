"""A disk that is full, for an SQLite database in this process: SQLite itself says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from casare_rpa.store.sqlite import SqliteStore

_NO_LIMIT = 2**32 - 2


@contextmanager
def full_disk(store: SqliteStore) -> Iterator[None]:
    """The file of *store* may not grow any more."""
    _allow_pages(store, 1)  # fewer than there are: as many as there are
    try:
        yield
    finally:
        _allow_pages(store, _NO_LIMIT)


def _allow_pages(store: SqliteStore, pages: int) -> None:
    store._write(lambda tx: tx.db.exec_driver_sql(f"PRAGMA max_page_count = {pages}").fetchall())
