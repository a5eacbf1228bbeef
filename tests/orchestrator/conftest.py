from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from casare_rpa.orchestrator.live import polling
from casare_rpa.orchestrator.live.sockets import Socket
from tests.orchestrator.support import Running, running


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "state") as server:
        yield server


@pytest.fixture
def only_hints(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits is woken by what happens, and would never find it by looking again."""
    monkeypatch.setattr(polling, "_LOOK_EVERY_SECONDS", 3600.0)
    monkeypatch.setattr(Socket, "check_every_seconds", 3600.0)
