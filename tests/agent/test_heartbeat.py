"""When the next renewal comes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.machine.folders import Folders
from agent.roster import Roster
from agent.uplink.heartbeat import Heartbeat, Reactions
from agent.uplink.identity import Identity
from casare_rpa.client import OrchestratorClient
from casare_rpa.settings import Settings
from tests.support.fleet import Orchestrator

Json = dict[str, Any]


@pytest.fixture
def heartbeat(orchestrator: Orchestrator, tmp_path: Path) -> Iterator[Heartbeat]:
    """Of a robot without a job."""
    robot_id = f"r-{tmp_path.name}"[:60]
    settings = Settings(state_dir=str(tmp_path))
    ignore = lambda *_: None  # noqa: E731
    client = OrchestratorClient(orchestrator.url, orchestrator.robot_key(robot_id))
    yield Heartbeat(
        client,
        identity=Identity(robot_id=robot_id, key_name="test"),
        settings=settings,
        folders=Folders.open(settings),
        roster=Roster(1),
        reactions=Reactions(rest=ignore, key_refused=ignore, superseded=ignore),
        say=dict,
    )
    client.close()


def test_renewals_of_many_robots_do_not_come_in_step(heartbeat: Heartbeat) -> None:
    """Leases of 2 s are renewed every third of that, a fifth sooner or later."""
    pauses = [heartbeat._beat() for _ in range(20)]
    assert all(0.8 * 2 / 3 - 0.01 <= pause <= 1.2 * 2 / 3 + 0.01 for pause in pauses)
    assert max(pauses) - min(pauses) > 0.02
