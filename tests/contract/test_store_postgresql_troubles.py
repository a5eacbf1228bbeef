"""PostgreSQL refuses: what the caller is told, and that it works again without a restart (F26)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from casare_rpa.errors import ConfigInvalid, Unavailable
from casare_rpa.settings import Settings
from casare_rpa.store import open_store
from casare_rpa.store.postgresql import PostgresStore
from casare_rpa.store.postgresql import connection as connections_of
from casare_rpa.store.tx import Tx
from casare_rpa.wire import JobRequest
from tests.contract.world import DOCUMENT
from tests.support.fleet import eventually
from tests.support.postgres import server_address

pytestmark = pytest.mark.postgres
REQUEST = JobRequest(workflow_id="w")


@pytest.fixture
def store(postgresql_url: str) -> Iterator[PostgresStore]:
    store = open_store(postgresql_url, Settings())
    assert isinstance(store, PostgresStore)
    store.put_workflow(name="w", document=DOCUMENT)
    yield store
    store.close()


@pytest.fixture
def admin(postgresql_url: str) -> Iterator[sa.Engine]:
    """Another client of the same database."""
    address = sa.make_url(postgresql_url).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(address, poolclass=sa.pool.NullPool)
    yield engine
    engine.dispose()


def submit(store: PostgresStore) -> str:
    return store.submit(REQUEST, principal="ann").job.job_id


def works(store: PostgresStore) -> bool:
    try:
        return store.job(submit(store)).job_id != ""
    except Unavailable:
        return False


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"database": "there_is_none_of_that_name"}, "does not exist"),
        ({"username": "nobody_of_that_name"}, "does not exist|authentication failed"),
        ({"host": "no-such-host.invalid"}, "no-such-host"),
    ],
)
def test_an_address_that_cannot_work_is_a_wrong_setting(change: dict[str, Any], words: str) -> None:
    server = server_address()
    if server is None:
        pytest.skip("CASARE_TEST_POSTGRES names no PostgreSQL to test with")
    url = sa.make_url(server).set(password="secret-word", **change)
    with pytest.raises(ConfigInvalid, match=words) as refused:
        open_store(url.render_as_string(hide_password=False), Settings())
    assert "secret-word" not in str(refused.value)


def test_a_user_who_may_not_make_tables_is_a_wrong_setting(
    admin: sa.Engine, postgresql_url: str
) -> None:
    url = sa.make_url(postgresql_url)
    role = f"casare_test_reader_{uuid4().hex}"  # roles are the whole server's, not a schema's
    with admin.begin() as connection:
        connection.execute(sa.text(f"CREATE ROLE {role} LOGIN PASSWORD 'secret-word'"))
        schema = connection.execute(sa.text("SELECT current_schema()")).scalar()
        connection.execute(sa.text(f"GRANT USAGE ON SCHEMA {schema} TO {role}"))
    try:
        with pytest.raises(ConfigInvalid, match="permission denied"):
            open_store(
                url.set(username=role, password="secret-word").render_as_string(
                    hide_password=False
                ),
                Settings(),
            )
    finally:
        with admin.begin() as connection:
            connection.execute(sa.text(f"DROP OWNED BY {role}"))
            connection.execute(sa.text(f"DROP ROLE {role}"))


def test_ended_sessions_are_noticed_and_replaced(store: PostgresStore, admin: sa.Engine) -> None:
    submit(store)
    with admin.begin() as connection:
        ended = connection.execute(
            sa.text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": _pid(store)}
        ).scalar()
        assert ended
    eventually(lambda: works(store), what="the store working again")


def test_a_session_that_ended_while_it_rested_costs_no_call(
    store: PostgresStore, admin: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections_of, "_TRUSTED_SECONDS", 0.0)  # it has rested for long enough
    submit(store)
    with admin.begin() as other:
        end = sa.text("SELECT pg_terminate_backend(:pid, 5000)")
        assert other.execute(end, {"pid": _pid(store)}).scalar()
    assert works(store)


def _pid(store: PostgresStore) -> int:
    """Of the one session in the pool."""
    return int(store._read(lambda tx: tx.scalar(sa.text("SELECT pg_backend_pid()"))))


def test_a_session_ended_in_the_middle_of_a_write_is_unavailable(
    store: PostgresStore, admin: sa.Engine
) -> None:
    def end_it(pid: int) -> None:
        with admin.begin() as connection:
            connection.execute(sa.text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})

    def write(tx: Tx) -> None:
        pid = int(tx.scalar(sa.text("SELECT pg_backend_pid()")))
        end_it(pid)
        tx.scalar(sa.text("SELECT 1"))

    with pytest.raises(Unavailable):
        store._write(write)
    assert works(store)


def test_a_read_only_standby_is_unavailable_until_it_is_promoted(
    store: PostgresStore, admin: sa.Engine
) -> None:
    def read_only(tx: Tx) -> None:
        tx.db.exec_driver_sql("SET TRANSACTION READ ONLY")
        tx.db.exec_driver_sql("DELETE FROM idempotency")

    with pytest.raises(Unavailable, match="read-only"):
        store._write(read_only)
    assert works(store)


def test_a_database_that_is_read_only_is_known_to_refuse_writes_until_one_succeeds(
    store: PostgresStore,
) -> None:
    def read_only(connection: sa.Connection) -> None:
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")

    sa.event.listen(store._engine, "begin", read_only)
    assert store.refusing is None
    with pytest.raises(Unavailable, match="the database refuses this"):
        submit(store)
    assert store.refusing is not None
    assert "read-only" in store.refusing
    assert not store.try_write()
    assert store.refusing is not None
    sa.event.remove(store._engine, "begin", read_only)
    assert store.try_write()
    assert store.refusing is None


@pytest.mark.parametrize(
    "code",
    [
        "53100",  # no room on the disk
        "58030",  # the disk fails
        "0A000",  # a standby, asked for a transaction that writes
    ],
)
def test_what_it_refuses_to_everybody_is_remembered(store: PostgresStore, code: str) -> None:
    def fail(tx: Tx) -> None:
        tx.db.exec_driver_sql(f"DO $$ BEGIN RAISE 'no' USING ERRCODE = '{code}'; END $$")

    with pytest.raises(Unavailable):
        store._write(fail)
    assert store.refusing is not None
    assert store.try_write()


def test_a_statement_that_takes_too_long_is_unavailable(store: PostgresStore) -> None:
    def slow(tx: Tx) -> None:
        tx.db.exec_driver_sql("SET LOCAL statement_timeout = '50ms'")
        tx.db.exec_driver_sql("SELECT pg_sleep(30)")

    with pytest.raises(Unavailable, match="statement timeout"):
        store._write(slow)
    assert store.refusing is None, "it was this statement's own affair"
    assert works(store)


def test_a_lock_that_another_program_holds_is_waited_for_and_then_unavailable(
    store: PostgresStore, admin: sa.Engine
) -> None:
    with admin.begin() as connection:
        connection.execute(sa.text("LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(Unavailable, match="lock timeout"):
            submit(store)
    assert works(store)


def test_an_exhausted_pool_is_unavailable_and_recovers(store: PostgresStore) -> None:
    pool = store._engine.pool
    assert isinstance(pool, sa.pool.QueuePool)
    connections = [store._engine.connect() for _ in range(pool.size() + pool._max_overflow)]
    try:
        with pytest.raises(Unavailable):
            submit(store)
    finally:
        for connection in connections:
            connection.close()
    assert works(store)
