"""Key records in memory, over a real store that somebody else changes."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from casare_rpa.orchestrator.memory.known_keys import KnownKeys
from casare_rpa.settings import Settings
from casare_rpa.store import NewKey, Store, open_store


class Asked:
    """The store's methods, and how often each was called."""

    def __init__(self) -> None:
        self.names: list[str] = []

    async def call(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.names.append(method.__name__)
        return await asyncio.to_thread(method, *args, **kwargs)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = open_store(f"sqlite:///{tmp_path / 'orchestrator.db'}", Settings())
    for number in range(20):
        name = f"k{number}"
        found.create_key(NewKey(id=name, kind="user", name=name, secret_hash="x", role="viewer"))
    yield found
    found.close()


@pytest.fixture
def asked() -> Asked:
    return Asked()


def test_a_known_key_is_not_asked_for_again(store: Store, asked: Asked) -> None:
    async def use() -> None:
        known = KnownKeys(store, asked.call, check_every_seconds=60)
        assert await known.remembered("k1") is None
        first = await known.ask("k1")
        for _ in range(5):
            assert await known.remembered("k1") == first

    asyncio.run(use())
    assert asked.names == ["key"]


def test_one_look_serves_all_keys_and_all_who_wait(store: Store, asked: Asked) -> None:
    async def use() -> None:
        known = KnownKeys(store, asked.call, check_every_seconds=60)
        names = [f"k{number}" for number in range(20)]
        for name in names:
            await known.ask(name)
        asked.names.clear()
        known._checked_at -= 60  # a look is due
        found = await asyncio.gather(*(known.remembered(name) for name in names))
        assert [record.id for record in found if record] == names

    asyncio.run(use())
    assert asked.names == ["revoked_keys"]


def test_what_was_revoked_elsewhere_is_forgotten_at_the_next_look(
    store: Store, asked: Asked
) -> None:
    async def use() -> None:
        known = KnownKeys(store, asked.call, check_every_seconds=0)
        await known.ask("k1")
        await known.ask("k2")
        store.revoke_key("k1")
        assert await known.remembered("k1") is None
        assert await known.remembered("k2") is not None
        again = await known.ask("k1")
        assert again is not None and again.status == "revoked"

    asyncio.run(use())


def test_a_key_that_changes_while_it_is_read_is_not_remembered(store: Store) -> None:
    async def use() -> None:
        async def call(method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
            record = method(*args, **kwargs)
            known.forget("k1")
            return record

        known = KnownKeys(store, call, check_every_seconds=60)
        assert await known.ask("k1") is not None
        assert await known.remembered("k1") is None

    asyncio.run(use())


class Interrupted(OrderedDict[str, Any]):
    """Another thread acts on the key just before or just after it is put here."""

    def __init__(self, act: Callable[[], None], *, before: bool) -> None:
        super().__init__()
        self.thread = threading.Thread(target=act)
        self._before = before

    def __setitem__(self, key: str, value: Any) -> None:
        if self._before:
            self._let_the_thread_run()
        super().__setitem__(key, value)
        if not self._before:
            self._let_the_thread_run()

    def _let_the_thread_run(self) -> None:
        self.thread.start()
        self.thread.join(0.2)  # it has come through, or waits for its turn


@pytest.mark.parametrize("before", [True, False])
def test_a_key_that_changes_while_it_is_put_in_is_not_remembered(
    store: Store, asked: Asked, before: bool
) -> None:
    async def use() -> None:
        known = KnownKeys(store, asked.call, check_every_seconds=60)
        known._known = interrupted = Interrupted(lambda: known.forget("k1"), before=before)
        assert await known.ask("k1") is not None
        await asyncio.to_thread(interrupted.thread.join)
        assert await known.remembered("k1") is None

    asyncio.run(use())
