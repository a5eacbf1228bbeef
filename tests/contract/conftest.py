"""Every test that asks for `world` runs on each back end."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from casare_rpa.settings import Settings
from casare_rpa.store import open_store
from tests.contract.world import World

BACK_ENDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=BACK_ENDS)
def store_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database."""
    name = "sqlite_url" if request.param == "sqlite" else "postgresql_url"
    url: str = request.getfixturevalue(name)
    return url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'orchestrator.db'}"


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    """A schema of its own in the database of CASARE_TEST_POSTGRES."""
    server = os.environ.get("CASARE_TEST_POSTGRES")
    if not server:
        pytest.skip("CASARE_TEST_POSTGRES names no PostgreSQL to test with")
    address = sa.make_url(server).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(address, poolclass=sa.pool.NullPool)
    schema = f"casare_test_{uuid.uuid4().hex[:12]}"
    with engine.begin() as connection:
        connection.execute(sa.schema.CreateSchema(schema))
    own = sa.make_url(server).update_query_dict({"options": f"-csearch_path={schema}"})
    yield own.render_as_string(hide_password=False)
    with engine.begin() as connection:
        connection.execute(sa.schema.DropSchema(schema, cascade=True))
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
