"""Everything moves from SQLite to PostgreSQL, or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from casare_rpa.domain.jobs import JobStatus
from casare_rpa.errors import Conflict
from casare_rpa.settings import Settings
from casare_rpa.store import Store, open_store
from casare_rpa.store.moving import move
from casare_rpa.store.tables import events, jobs, metadata
from casare_rpa.wire import JobRequest, RobotRegistration
from tests.contract.world import DOCUMENT, new_key, outcome

pytestmark = pytest.mark.postgres
REQUEST = JobRequest(workflow_id="w", input_data={"text": "äöü \u2028 ' \\ %s"})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A SQLite database with something in most tables, and no server."""
    file = tmp_path / "jobs.db"
    store = open_store(f"sqlite:///{file}", Settings())
    store.put_workflow(name="w", document=DOCUMENT)
    store.register(RobotRegistration(robot_id="r1", name="r1", hostname="host", tags=["a"]))
    store.create_key(new_key("k1"))
    for number in range(30):
        store.submit(REQUEST, principal="ann", idempotency_key=f"key-{number}")
    grant = store.claim("r1", claim_id="claim-0001")
    assert grant is not None
    store.finish("r1", grant.job_id, outcome(grant))
    store.claim("r1", claim_id="claim-0002")
    store.close()
    return file


@pytest.fixture
def moved(file: Path, postgresql_url: str) -> Iterator[Store]:
    move(file, postgresql_url)
    store = open_store(postgresql_url, Settings())
    yield store
    store.close()


def rows_of(url: str) -> dict[str, set[str]]:
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        found = {
            table.name: {repr(tuple(row)) for row in connection.execute(sa.select(table))}
            for table in metadata.sorted_tables
        }
    engine.dispose()
    return found


def test_every_row_of_every_table_arrives(file: Path, postgresql_url: str) -> None:
    counted = move(file, postgresql_url)
    before = rows_of(f"sqlite:///{file}")
    after = rows_of(postgresql_url.replace("postgresql:", "postgresql+psycopg:"))
    assert after == before
    assert counted == {name: len(rows) for name, rows in before.items()}
    assert counted[jobs.name] == 30
    assert counted[events.name] > 30


def test_work_goes_on_where_it_was(moved: Store) -> None:
    held = moved.claim("r1", claim_id="claim-0002")
    assert held is not None, "the same claim gets the same grant"
    assert moved.finish("r1", held.job_id, outcome(held)).status is JobStatus.COMPLETED
    again = moved.submit(REQUEST, principal="ann", idempotency_key="key-3")
    assert again.replayed
    assert moved.has_admin_key()
    assert moved.claim("r1", claim_id="claim-0003") is not None


def test_a_target_with_rows_is_refused_and_stays_as_it_is(file: Path, postgresql_url: str) -> None:
    store = open_store(postgresql_url, Settings())
    store.put_workflow(name="mine", document=DOCUMENT)
    with pytest.raises(Conflict, match="not empty"):
        move(file, postgresql_url)
    assert store.workflows().total == 1
    assert store.jobs().total == 0
    store.close()


def test_a_source_in_use_is_refused(file: Path, postgresql_url: str) -> None:
    store = open_store(f"sqlite:///{file}", Settings())
    with pytest.raises(Conflict, match="another orchestrator"):
        move(file, postgresql_url)
    store.close()


def test_the_source_stays_as_it_is(file: Path, postgresql_url: str) -> None:
    before = file.read_bytes()
    move(file, postgresql_url)
    assert file.read_bytes() == before
