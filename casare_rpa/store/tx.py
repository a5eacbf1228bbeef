"""One transaction: what every operation of the store gets first."""

from __future__ import annotations

import hashlib
import random
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeAlias, TypeVar

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from casare_rpa.errors import InvalidInput
from casare_rpa.settings import Settings
from casare_rpa.store.prepared import Prepared
from casare_rpa.store.records import Change

T = TypeVar("T")
Values: TypeAlias = dict[str, Any]
Row: TypeAlias = sa.RowMapping | Values


@dataclass(slots=True, kw_only=True)
class Tx:
    """`now` is the same for the whole transaction; `changes` are announced after COMMIT."""

    db: sa.Connection
    now: float
    settings: Settings
    changes: list[Change] = field(default_factory=list)

    def rows(self, query: sa.Executable | Prepared, given: Values | None = None) -> Sequence[Row]:
        if isinstance(query, Prepared):
            return query.rows(self.db, given or {})
        return self.db.execute(query, given).mappings().all()

    def row(self, query: sa.Executable | Prepared, given: Values | None = None) -> Row | None:
        if isinstance(query, Prepared):
            return next(iter(query.rows(self.db, given or {})), None)
        return self.db.execute(query, given).mappings().first()

    def scalar(self, query: sa.Executable) -> Any:
        return self.db.execute(query).scalar()

    def run(self, statement: sa.Executable | Prepared, given: Values | None = None) -> int:
        """Execute; the number of rows touched."""
        if isinstance(statement, Prepared):
            return statement.run(self.db, given or {})
        return int(self.db.execute(statement, given).rowcount)

    def insert_new(self, table: sa.Table, rows: list[Values]) -> int:
        """Insert the rows whose key does not exist yet; how many those were."""
        dialect = self.db.dialect.name
        insert = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
        statement = insert.on_conflict_do_nothing().returning(*table.primary_key.columns)
        return len(self.db.execute(statement, rows).all()) if rows else 0

    def changed(self, change: Change) -> None:
        self.changes.append(change)

    def backoff_seconds(self, earlier: int) -> float:
        """5 s x 2^n with a cap and full jitter (P16)."""
        longest = self.settings.lost_backoff_max_seconds
        return random.uniform(0, min(longest, self.settings.lost_backoff_seconds * 2**earlier))


def dump(value: Any) -> str:
    """*value* as compact JSON text. Raises InvalidInput for what is no JSON."""
    try:
        return orjson.dumps(value).decode()
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"not JSON: {error}") from error


def load(text: str | None) -> Any:
    return None if text is None else orjson.loads(text)


def when(seconds: float | None) -> datetime | None:
    return None if seconds is None else moment(seconds)


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def seconds_of(time: datetime | None) -> float | None:
    """A time without a zone is taken for UTC."""
    if time is None:
        return None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def content_hash(document: Mapping[str, Any]) -> str:
    """The name of the content, whatever the order of its keys."""
    try:
        canonical = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"not JSON: {error}") from error
    return f"sha256:{hashlib.sha256(canonical).hexdigest()}"


def new_id(now: float) -> str:
    """A UUID of version 7: later ones sort later, so that new rows land side by side."""
    millis = int(now * 1000) & ((1 << 48) - 1)
    rest = secrets.randbits(74)
    value = millis << 80 | 0x7 << 76 | (rest >> 62) << 64 | 0b10 << 62 | (rest & ((1 << 62) - 1))
    return str(uuid.UUID(int=value))
