from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.support import Cli
from tests.support.postgres import own_schema, server_address


@pytest.mark.postgres
def test_everything_moves_once_and_the_file_stays(cli: Cli, tmp_path: Path) -> None:
    server = server_address()
    if server is None:
        pytest.skip("CASARE_TEST_POSTGRES names no PostgreSQL to test with")
    file = tmp_path / "jobs.db"
    assert cli("orchestrator", "init-db", "--database", f"sqlite:///{file}").returncode == 0
    before = file.read_bytes()
    with own_schema(server) as database:
        move = ("orchestrator", "migrate-from", f"sqlite:///{file}", "--database", database)
        moved = cli(*move, "-o", "json")
        assert moved.returncode == 0, moved.stderr
        assert json.loads(moved.stdout)["rows"]["keys"] == 1
        status = cli("orchestrator", "db-status", "--database", database, "-o", "json")
        assert json.loads(status.stdout)["state"] == "current"
        assert json.loads(status.stdout)["keys"] == 1
        again = cli(*move)
    assert again.returncode == 9
    assert "not empty" in again.stderr
    assert file.read_bytes() == before


def test_what_is_no_move_from_sqlite_to_postgresql_is_refused(cli: Cli, tmp_path: Path) -> None:
    file = f"sqlite:///{tmp_path / 'jobs.db'}"
    for words in ((file, "--database", file), ("jobs.db", "--database", "postgresql://x/y")):
        done = cli("orchestrator", "migrate-from", *words)
        assert done.returncode == 2
        assert done.stderr.startswith("casare-rpa: ")
