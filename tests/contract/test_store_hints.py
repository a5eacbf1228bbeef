"""Changes travel between orchestrators on one PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa

from casare_rpa.settings import Settings
from casare_rpa.store import Change, Store, open_store
from casare_rpa.wire import JobRequest, RobotRegistration
from tests.contract.world import DOCUMENT, new_key, outcome
from tests.support.fleet import eventually

pytestmark = pytest.mark.postgres
REQUEST = JobRequest(workflow_id="w")


@dataclass
class Server:
    """A store, and what it said had changed."""

    url: str
    heard: list[Change] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store: Store = open_store(self.url, Settings(), on_change=self.heard.append)

    def await_change(self, kind: str, **about: Any) -> Change:
        def found() -> Change | None:
            for change in list(self.heard):
                if change.kind == kind and all(getattr(change, k) == v for k, v in about.items()):
                    return change
            return None

        return eventually(found, what=f"{kind} {about} being heard")

    def count(self, kind: str) -> int:
        return sum(change.kind == kind for change in list(self.heard))


@pytest.fixture
def pair(postgresql_url: str) -> Iterator[tuple[Server, Server]]:
    servers = Server(postgresql_url), Server(postgresql_url)
    for server in servers:
        server.await_change("any")
    servers[0].store.put_workflow(name="w", document=DOCUMENT)
    servers[0].store.register(RobotRegistration(robot_id="r1", name="r1", hostname="host"))
    yield servers
    for server in servers:
        server.store.close()


def test_what_is_done_at_one_is_heard_at_the_other(pair: tuple[Server, Server]) -> None:
    here, there = pair
    job_id = here.store.submit(REQUEST, principal="ann").job.job_id
    there.await_change("queue")
    there.await_change("events", job_id=job_id)
    grant = there.store.claim("r1", claim_id="claim-0001")
    assert grant is not None
    here.store.cancel(job_id)
    there.await_change("cancel", job_id=job_id, robot_id="r1")
    there.store.finish("r1", job_id, outcome(grant, "cancelled"))
    here.await_change("events", job_id=job_id, finished=True)
    here.store.create_key(new_key("k1"))
    here.store.revoke_key("k1")
    there.await_change("key", key_id="k1")


def test_nobody_hears_its_own_changes_twice(pair: tuple[Server, Server]) -> None:
    here, there = pair
    before = here.count("queue")
    for _ in range(5):
        here.store.submit(REQUEST, principal="ann")
    there.store.create_key(new_key("last"))
    here.await_change("key", key_id="last")
    assert here.count("queue") == before + 5


def test_many_changes_at_once_all_arrive(pair: tuple[Server, Server]) -> None:
    here, there = pair
    wanted = {here.store.submit(REQUEST, principal="ann").job.job_id for _ in range(300)}

    def all_heard() -> bool:
        return wanted <= {change.job_id for change in list(there.heard)}

    eventually(all_heard, what="300 jobs being heard of")


def test_after_a_cut_everybody_looks_once(pair: tuple[Server, Server]) -> None:
    here, there = pair
    seen = there.count("any")
    _end_sessions(here.store)
    eventually(lambda: there.count("any") > seen, what="the listener being back")
    here.store.submit(REQUEST, principal="ann")
    there.await_change("queue")


def test_a_hint_takes_milliseconds(pair: tuple[Server, Server]) -> None:
    here, there = pair
    took = []
    for _ in range(20):
        job_id = here.store.submit(REQUEST, principal="ann").job.job_id
        began = time.monotonic()
        there.await_change("events", job_id=job_id)
        took.append(time.monotonic() - began)
    # Without the hint there is nothing: a poll comes after five seconds.
    assert sorted(took)[10] < 1.0


def test_a_server_stops_soon(pair: tuple[Server, Server]) -> None:
    began = time.monotonic()
    pair[0].store.close()
    assert time.monotonic() - began < 5


def _end_sessions(store: Store) -> None:
    """The sessions that listen for this installation's changes."""
    ended = sa.text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE query LIKE 'LISTEN%' || md5(current_schema()) || '%'"
    )
    store._write(lambda tx: tx.db.execute(ended).all())  # type: ignore[attr-defined]
