"""First starts that race for one empty database make one schema and one admin key (F55)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa

from casare_rpa.client import OrchestratorClient
from tests.support.fleet import Orchestrator, start_orchestrator
from tests.support.postgres import own_schema, server_address

pytestmark = pytest.mark.timeout(300)


def start_all(tmp_path: Path, database: str, stack: ExitStack) -> list[Orchestrator]:
    """Those of four starts that came up."""

    def start(number: int) -> Orchestrator | None:
        starting = start_orchestrator(tmp_path, name=f"o{number}", database=database)
        try:
            return stack.enter_context(starting)
        except AssertionError:
            return None  # it ended, which one file for one server demands

    with ThreadPoolExecutor(4) as pool:
        return [server for server in pool.map(start, range(4)) if server is not None]


@pytest.mark.postgres
def test_on_postgresql_all_come_up_with_one_key(tmp_path: Path) -> None:
    server = server_address()
    if server is None:
        pytest.skip("CASARE_TEST_POSTGRES names no PostgreSQL to test with")
    with own_schema(server) as database, ExitStack() as stack:
        servers = start_all(tmp_path, database, stack)
        assert len(servers) == 4
        (key,) = tmp_path.glob("o*/admin.key*")
        for each in servers:
            with OrchestratorClient(each.url, key.read_text().strip()) as client:
                assert client.keys()["total"] == 1
        engine = sa.create_engine(database.replace("postgresql:", "postgresql+psycopg:"))
        with engine.connect() as connection:
            assert connection.execute(sa.text("SELECT count(*) FROM keys")).scalar() == 1
            assert connection.execute(sa.text("SELECT count(*) FROM alembic_version")).scalar() == 1
        engine.dispose()


def test_on_one_sqlite_file_one_comes_up_and_the_others_say_why(tmp_path: Path) -> None:
    with ExitStack() as stack:
        servers = start_all(tmp_path, f"sqlite:///{tmp_path / 'jobs.db'}", stack)
        assert len(servers) == 1
        (key,) = tmp_path.glob("o*/admin.key*")
        with OrchestratorClient(servers[0].url, key.read_text().strip()) as client:
            assert client.keys()["total"] == 1
        logs = [log.read_text() for log in tmp_path.glob("o*.log")]
        assert sum("another orchestrator is using" in log for log in logs) == 3
