"""How keys are shown: everything but the key itself, which is printed once, when it is made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from casare_cli.terminal.columns import Column
from casare_cli.terminal.output import SCHEMA_VERSION, Format, Output
from casare_cli.terminal.text import moment
from casare_cli.terminal.values import duration_seconds
from casare_rpa.domain.json_values import Json

STATUSES = ("active", "revoked", "expired")
ROBOT_COLUMNS = (
    Column("KEY", "id"),
    Column("ROBOT", "robot_id"),
    Column("NAME", "key_name"),
    Column("STATUS", "status"),
    Column("PREFIX", "prefix", spare=True),
    Column("EXPIRES", "expires_at", moment),
    Column("LAST USED", "last_used_at", moment, spare=True),
)
COLUMNS = (
    Column("KEY", "id"),
    Column("ROLE", "role"),
    Column("NAME", "key_name"),
    Column("STATUS", "status"),
    Column("PREFIX", "prefix", spare=True),
    Column("EXPIRES", "expires_at", moment),
    Column("LAST USED", "last_used_at", moment, spare=True),
)


def show_made(out: Output, made: Json) -> None:
    """Print a new key: the key alone as text, or {"api_key", "key"}."""
    if out.wants_json:
        out.json({"schema_version": SCHEMA_VERSION, **made})
    elif out.format is Format.NAME:
        out.line(str(made["key"]["id"]))
    elif out.format is Format.TABLE:
        out.line(str(made["api_key"]))
        out.note(f"  key {made['key']['id']}; it is shown this once only")


def expires_at(duration: str | None) -> str | None:
    """The time after *duration*, for a request."""
    seconds = duration_seconds(duration, "--expires-in")
    return None if seconds is None else (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
