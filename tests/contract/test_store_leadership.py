"""Of several orchestrators on one PostgreSQL one leads, for as long as its session lives."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from casare_rpa.settings import Settings
from casare_rpa.store import Store, open_store

pytestmark = pytest.mark.postgres


@pytest.fixture
def three(postgresql_url: str) -> Iterator[list[Store]]:
    stores = [open_store(postgresql_url, Settings()) for _ in range(3)]
    yield stores
    for store in stores:
        store.close()


def test_one_leads_however_often_it_is_asked(three: list[Store]) -> None:
    for _ in range(3):
        assert [store.lead() for store in three] == [True, False, False]


def test_a_leader_that_stops_is_followed_by_another(three: list[Store]) -> None:
    assert [store.lead() for store in three] == [True, False, False]
    three[0].close()
    assert [store.lead() for store in three[1:]] == [True, False]


def test_a_leader_whose_session_was_ended_knows_it(three: list[Store]) -> None:
    assert [store.lead() for store in three] == [True, False, False]
    _end_session_of(three[0])
    assert [store.lead() for store in three] == [False, True, False]
    assert [store.lead() for store in three] == [False, True, False]


def test_a_leader_that_is_silent_loses_its_session(three: list[Store]) -> None:
    assert three[0].lead()
    connection = three[0]._leader._connection  # type: ignore[attr-defined]
    (limit,) = connection.execute("SHOW idle_session_timeout").fetchone()
    assert limit == "15s"


def _end_session_of(store: Store) -> None:
    connection = store._leader._connection  # type: ignore[attr-defined]
    pid = connection.info.backend_pid
    terminate = sa.text("SELECT pg_terminate_backend(:pid, 5000)")
    store._write(lambda tx: tx.db.execute(terminate, {"pid": pid}))  # type: ignore[attr-defined]
