"""Many callers at once, on every database."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from casare_rpa.store.sql import SqlStore
from tests.contract.world import World

_PATIENCE_SECONDS = 60


def test_as_many_callers_as_the_store_names_are_served_at_once(world: World) -> None:
    store = world.store
    assert isinstance(store, SqlStore)
    all_inside = threading.Barrier(store.callers)

    def read() -> None:
        store._read(lambda tx: all_inside.wait(_PATIENCE_SECONDS))

    with ThreadPoolExecutor(store.callers) as threads:
        calls = [threads.submit(read) for _ in range(store.callers)]
        for call in calls:
            call.result()
