"""Bring a database to the schema this program knows."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from casare_rpa.errors import ConfigInvalid
from casare_rpa.store.tables import SCHEMA_VERSION

INSTALL_IT = "Install that version or a later one."
_MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(connection: sa.Connection) -> None:
    """Run what is missing, inside the caller's transaction and lock.

    Raises ConfigInvalid when a newer program has written this database.
    """
    version = version_of(connection)
    if version == SCHEMA_VERSION:
        return
    if version is not None and version > SCHEMA_VERSION:
        raise _not_ours(version)
    # Alembic takes longer to import than the whole migration; most starts need neither.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise _not_ours(str(version)) from error


def other_program(version: str) -> str:
    """What is to be said of a database of the schema *version*, which this program cannot use."""
    return (
        f"was written by another version of the program: its schema is {version},"
        f" this program's is {SCHEMA_VERSION}"
    )


def _not_ours(version: str) -> ConfigInvalid:
    return ConfigInvalid(f"the database {other_program(version)}", hint=INSTALL_IT)


def version_of(connection: sa.Connection) -> str | None:
    """The schema's version; None for an empty database."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    version = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return None if version is None else str(version)
