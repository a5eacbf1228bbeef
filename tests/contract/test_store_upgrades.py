"""From every earlier schema to this one, with rows; racing starts; a migration cut short."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from casare_rpa.domain.jobs import JobStatus
from casare_rpa.settings import Settings
from casare_rpa.store import open_store
from casare_rpa.store.migrate import _MIGRATIONS, version_of
from casare_rpa.store.tables import SCHEMA_VERSION
from casare_rpa.wire import JobRequest

EARLIER = [
    script.revision
    for script in ScriptDirectory(str(_MIGRATIONS)).walk_revisions()
    if script.revision != SCHEMA_VERSION
]
_ROWS = (
    "INSERT INTO workflows (id, name, description, version, content_hash, created_at, updated_at)"
    " VALUES ('w1', 'invoices', '', 1, 'h', 1700000000, 1700000000)",
    "INSERT INTO workflow_versions (workflow_id, version, content_hash, document, node_count,"
    " created_at) VALUES ('w1', 1, 'h', '{\"nodes\": {}}', 0, 1700000000)",
    "INSERT INTO robots (id, name, hostname, environment, max_concurrent_jobs, capabilities, tags,"
    " state, metrics, created_at)"
    " VALUES ('r1', 'r1', 'host', 'default', 1, '[]', '[]', 'online', '{}', 1700000000)",
)

#: Opens the database argv[1] and is killed when the statement with argv[2] has run.
_KILLED = """
import os, signal, sys
import sqlalchemy as sa
from casare_rpa.settings import Settings
from casare_rpa.store import open_store

@sa.event.listens_for(sa.Engine, "after_cursor_execute")
def die(connection, cursor, statement, *more):
    if sys.argv[2] in statement:
        os.kill(os.getpid(), signal.SIGKILL)

open_store(sys.argv[1], Settings())
"""


def make(engine: sa.Engine, revision: str) -> None:
    """A database as a program of that schema left it."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        for row in _ROWS:
            connection.execute(sa.text(row.replace(":", "\\:")))


@pytest.mark.parametrize("revision", EARLIER)
def test_an_earlier_database_is_taken_over_with_its_rows(
    store_url: str, engine: sa.Engine, revision: str
) -> None:
    make(engine, revision)
    store = open_store(store_url, Settings())
    try:
        assert [each.workflow_id for each in store.workflows().workflows] == ["w1"]
        job_id = store.submit(JobRequest(workflow_id="invoices"), principal="ann").job.job_id
        grant = store.claim("r1", claim_id="claim-0001")
        assert grant is not None
        assert grant.job_id == job_id
        assert store.job(job_id).status is JobStatus.CLAIMED
    finally:
        store.close()


@pytest.mark.parametrize("revision", EARLIER)
def test_a_migration_that_fails_half_way_leaves_the_database_as_it_was(
    store_url: str, engine: sa.Engine, revision: str
) -> None:
    make(engine, revision)
    with engine.begin() as connection:
        # In the way of the last thing that the migration makes.
        connection.execute(sa.text("CREATE INDEX jobs_retries ON robots (hostname)"))
    before = _shape(engine)
    with pytest.raises(Exception, match="jobs_retries"):
        open_store(store_url, Settings())
    assert _shape(engine) == before
    with engine.begin() as connection:
        assert version_of(connection) == revision
        connection.execute(sa.text("DROP INDEX jobs_retries"))
    open_store(store_url, Settings()).close()


@pytest.mark.parametrize("revision", EARLIER)
def test_a_migration_killed_half_way_leaves_the_database_as_it_was(
    store_url: str, engine: sa.Engine, revision: str
) -> None:
    make(engine, revision)
    before = _shape(engine)
    command = [sys.executable, "-c", _KILLED, store_url, "CREATE INDEX jobs_retries"]
    killed = subprocess.run(command, check=False, timeout=100)
    assert killed.returncode == -signal.SIGKILL
    assert _shape(engine) == before
    with engine.begin() as connection:
        assert version_of(connection) == revision
    store = open_store(store_url, Settings())
    assert [each.workflow_id for each in store.workflows().workflows] == ["w1"]
    store.close()


def _shape(engine: sa.Engine) -> dict[str, list[str]]:
    found = sa.inspect(engine)
    return {
        name: [str(column["name"]) for column in found.get_columns(name)]
        for name in sorted(found.get_table_names())
    }


@pytest.mark.postgres
@pytest.mark.parametrize("revision", [None, *EARLIER])
def test_of_many_starts_at_once_one_migrates(postgresql_url: str, revision: str | None) -> None:
    address = sa.make_url(postgresql_url).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(address, poolclass=sa.pool.NullPool)
    if revision is not None:
        make(engine, revision)

    def start(_: int) -> None:
        open_store(postgresql_url, Settings()).close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(start, range(6)))
    with engine.begin() as connection:
        assert version_of(connection) == SCHEMA_VERSION
    engine.dispose()
