from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fleet import Orchestrator, start_orchestrator


@pytest.fixture(scope="module")
def orchestrator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orchestrator]:
    """One for the module; each test starts robots of its own and leaves no job behind."""
    with start_orchestrator(tmp_path_factory.mktemp("orchestrator")) as running:
        yield running


@pytest.fixture
def own_orchestrator(tmp_path: Path) -> Iterator[Orchestrator]:
    """One that the test may kill."""
    with start_orchestrator(tmp_path) as running:
        yield running
