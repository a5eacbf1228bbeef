from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.contract.world import World
from tests.cli.support import Server


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Iterator[World]:
    found = World(tmp_path_factory.mktemp("contract"), server)
    yield found
    found.close()
