"""The migrations make the tables that the program uses."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from casare_rpa.errors import ConfigInvalid
from casare_rpa.settings import Settings
from casare_rpa.store import open_store
from casare_rpa.store.migrate import _MIGRATIONS
from casare_rpa.store.tables import SCHEMA_VERSION, metadata


@pytest.fixture
def engine(store_url: str, engine: sa.Engine) -> sa.Engine:
    """The migrated database, from outside."""
    open_store(store_url, Settings()).close()
    return engine


def test_the_migrated_schema_is_the_one_the_program_uses(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_partial_indexes_have_their_conditions(engine: sa.Engine) -> None:
    expected = _conditions(metadata, engine)
    found = sa.MetaData()
    found.reflect(engine)
    assert _conditions(found, engine).keys() == expected.keys()
    assert len(expected) == 13


def _conditions(tables: sa.MetaData, engine: sa.Engine) -> dict[str, str]:
    return {
        str(index.name): str(index.dialect_options[engine.dialect.name]["where"])
        for table in tables.sorted_tables
        for index in table.indexes
        if index.dialect_options[engine.dialect.name].get("where") is not None
    }


def test_the_newest_migration_is_the_version_that_the_program_wants() -> None:
    assert ScriptDirectory(str(_MIGRATIONS)).get_heads() == [SCHEMA_VERSION]


def test_a_database_of_a_newer_program_is_refused(store_url: str, engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigInvalid, match="another version"):
        open_store(store_url, Settings())
    with engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE alembic_version SET version_num = '{SCHEMA_VERSION}'"))
    open_store(store_url, Settings()).close()
