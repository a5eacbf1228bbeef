"""The orchestrator's database."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from casare_rpa.wire import Wire


class BackedUp(Wire):
    file: str
    bytes: int
    database: str


class Restored(Wire):
    file: str
    database: str
    #: Where the database is that was there before.
    kept: str | None


class DatabaseMade(Wire):
    database: str


class DatabaseMigrated(Wire):
    database: str
    before: str | None = Field(alias="from")
    after: str | None = Field(alias="to")


class DatabaseMoved(Wire):
    source: str
    #: How many rows each table has.
    rows: dict[str, int]


class DatabaseStatus(Wire):
    """Of a database with tables, the rows of the great ones stand there, too."""

    database: str
    state: Literal["missing", "empty", "older", "current", "newer"]
    #: Of the tables, not of this answer.
    schema_version: str | None
    wanted_version: str
    in_use: bool
    bytes: int | None = None
    epoch: str | None = None


class Pruned(Wire):
    jobs: int
    dry_run: bool
