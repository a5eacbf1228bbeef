"""Every test that asks for `world` runs on each back end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from casare_rpa.settings import Settings
from casare_rpa.store import open_store
from tests.contract.world import World
from tests.support.postgres import empty, own_schema, server_address

BACK_ENDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=BACK_ENDS)
def store_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database; of one with empty tables if the test asks for `world`."""
    name = "sqlite_url" if request.param == "sqlite" else "postgresql_url"
    if name == "postgresql_url" and "world" in request.fixturenames:
        name = "postgresql_url" if "engine" in request.fixturenames else "emptied_url"
    url: str = request.getfixturevalue(name)
    return url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'orchestrator.db'}"


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    """A schema of its own in the database of CASARE_TEST_POSTGRES."""
    server = server_address()
    if not server:
        pytest.skip("CASARE_TEST_POSTGRES names no PostgreSQL to test with")
    with own_schema(server) as url:
        yield url


@pytest.fixture(scope="session")
def kept_url() -> Iterator[str]:
    """A schema whose tables are made once: making them takes longer than most tests."""
    server = server_address()
    if not server:
        pytest.skip("CASARE_TEST_POSTGRES names no PostgreSQL to test with")
    with own_schema(server) as url:
        open_store(url, Settings()).close()
        yield url


@pytest.fixture
def emptied_url(kept_url: str) -> str:
    empty(kept_url)
    return kept_url


@pytest.fixture
def engine(store_url: str) -> Iterator[sa.Engine]:
    """The database, from outside."""
    address = sa.make_url(store_url)
    if address.drivername.startswith("postgres"):
        address = address.set(drivername="postgresql+psycopg")
    engine = sa.create_engine(address, poolclass=sa.pool.NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
def world(store_url: str, settings: Settings) -> Iterator[World]:
    def open_it(settings: Settings, **more: Any) -> Any:
        return open_store(store_url, settings, **more)

    world = World(open=open_it, settings=settings)
    yield world
    world.close()
