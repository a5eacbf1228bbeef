"""A look at a PostgreSQL database that changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from casare_rpa.store.postgresql.connection import address_of, pool, refusal_at_start


@contextmanager
def reader_of(url: str) -> Iterator[sa.Connection]:
    address = address_of(url)
    engine = pool(address)
    try:
        with engine.connect() as connection:
            yield connection
    except sa.exc.SQLAlchemyError as error:
        raise refusal_at_start(error, address) from error
    finally:
        engine.dispose()
