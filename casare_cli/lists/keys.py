"""How keys are shown: everything but the key itself, which is printed once, when it is made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from casare_cli.terminal.answering import done_already
from casare_cli.terminal.columns import Column
from casare_cli.terminal.output import SCHEMA_VERSION, Format, Output
from casare_cli.terminal.text import moment
from casare_cli.terminal.values import duration_seconds
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import InvalidInput

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


def check_shown(out: Output) -> None:
    """That a new key will be seen, before it is made. Raises InvalidInput, CannotPrint."""
    if out.format in (Format.NONE, Format.NAME):
        raise InvalidInput(
            f"with -o {out.format} nobody would get the new key, which is shown once only",
            hint=f"Leave -o {out.format} away; > FILE keeps it, -o json prints its id beside it.",
        )
    out.check_writable()


def show_made(out: Output, made: Json, *, mend: str) -> None:
    """Print a new key: the key alone as text, or {"api_key", "key"}.

    Raises CannotPrint, which says that nobody has the key and *mend*, with its id, as the way out.
    """
    key_id = str(made["key"]["id"])
    with done_already(f"key {key_id} was made, is good and nobody has it", f"{mend} {key_id}"):
        if out.wants_json:
            out.json({"schema_version": SCHEMA_VERSION, **made})
        else:
            out.line(str(made["api_key"]))
            out.note(f"  key {key_id}; it is shown this once only")


def expires_at(duration: str | None) -> str | None:
    """The time after *duration*, for a request."""
    seconds = duration_seconds(duration, "--expires-in")
    return None if seconds is None else (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
