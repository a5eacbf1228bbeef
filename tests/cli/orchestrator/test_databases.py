"""init-db, migrate and db-status."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from casare_rpa.store.tables import SCHEMA_VERSION
from tests.cli.support import Cli
from tests.support.fleet import start_orchestrator
from tests.support.postgres import own_schema, server_address


def status(cli: Cli, database: str) -> tuple[int, dict[str, object]]:
    done = cli("orchestrator", "db-status", "--database", database, "-o", "json")
    return done.returncode, json.loads(done.stdout)


def test_the_status_tells_what_a_database_is(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "jobs.db"
    database = f"sqlite:///{file}"
    code, found = status(cli, database)
    assert (code, found["state"]) == (1, "missing")
    assert not file.exists()
    file.touch()
    assert status(cli, database)[1]["state"] == "empty"
    assert cli("orchestrator", "init-db", "--database", database).returncode == 0
    code, found = status(cli, database)
    assert (code, found["state"], found["schema_version"]) == (0, "current", SCHEMA_VERSION)
    assert (found["keys"], found["in_use"]) == (1, False)


def test_init_db_makes_one_key_and_refuses_to_do_it_twice(cli: Cli, tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'jobs.db'}"
    words = ("orchestrator", "init-db", "--database", database, "--state-dir", str(tmp_path / "s"))
    assert cli(*words).returncode == 0
    key = (tmp_path / "s" / "admin.key").read_text()
    again = cli(*words)
    assert again.returncode == 9
    assert (tmp_path / "s" / "admin.key").read_text() == key


def test_migrate_says_from_where_to_where(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "jobs.db"
    database = f"sqlite:///{file}"
    none = cli("orchestrator", "migrate", "--database", database)
    assert none.returncode == 4
    assert "init-db" in none.stderr
    cli("orchestrator", "init-db", "--database", database)
    done = cli("orchestrator", "migrate", "--database", database)
    assert done.returncode == 0
    assert f"schema {SCHEMA_VERSION} already" in done.stderr


def test_a_newer_database_is_shown_as_such_and_not_migrated(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "jobs.db"
    database = f"sqlite:///{file}"
    cli("orchestrator", "init-db", "--database", database)
    connection = sqlite3.connect(file)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    assert status(cli, database)[1]["state"] == "newer"
    done = cli("orchestrator", "migrate", "--database", database)
    assert done.returncode == 6
    assert "another version" in done.stderr


def test_a_database_in_use_is_shown_as_such(cli: Cli, tmp_path: Path) -> None:
    with start_orchestrator(tmp_path) as orchestrator:
        database = f"sqlite:///{orchestrator.state_dir / 'orchestrator.db'}"
        assert status(cli, database)[1]["in_use"] is True
        assert cli("orchestrator", "migrate", "--database", database).returncode == 9


@pytest.mark.postgres
def test_postgresql_is_shown_without_its_password(cli: Cli) -> None:
    server = server_address()
    if server is None:
        pytest.skip("CASARE_TEST_POSTGRES names no PostgreSQL to test with")
    with own_schema(server) as database:
        with_password = database.replace("://postgres@", "://postgres:secret-word@")
        done = cli("orchestrator", "db-status", "--database", with_password, "-o", "json")
        assert json.loads(done.stdout)["state"] == "empty"
        assert "secret-word" not in done.stdout + done.stderr
        assert cli("orchestrator", "init-db", "--database", database).returncode == 0
        assert status(cli, database)[1]["state"] == "current"


@pytest.mark.parametrize("version", ["9999", "0007"])
def test_a_database_of_a_newer_program_is_neither_restored_nor_started(
    cli: Cli, tmp_path: Path, version: str
) -> None:
    file, newer = tmp_path / "jobs.db", tmp_path / "newer.db"
    address = ("--database", f"sqlite:///{file}")
    cli("orchestrator", "init-db", *address)
    before = file.read_bytes()
    newer.write_bytes(before)
    with closing(sqlite3.connect(newer)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [version])
    restored = cli("orchestrator", "restore", "--force", str(newer), *address)
    assert restored.returncode == 2
    assert f"its schema is {version}" in restored.stderr
    assert file.read_bytes() == before
    started = cli("orchestrator", "start", "--port", "0", "--database", f"sqlite:///{newer}")
    assert started.returncode == 6
    assert f"its schema is {version}" in started.stderr
    assert "locate revision" not in started.stderr
