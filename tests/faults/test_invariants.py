"""The checks themselves: each notices the damage that it is there for."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.invariants import check_all, check_log
from tests.faults.load import Load, Watcher, transcripts_of
from tests.support.fleet import Agent, Orchestrator, start_agent, start_orchestrator

Fleet = tuple[Orchestrator, Agent, Load, Watcher]
_DAMAGE = {
    "V1: acknowledged and lost": "DELETE FROM jobs",
    "V1: keys twice or never": "DELETE FROM idempotency",
    "V2: ends of": "INSERT INTO events SELECT job_id, seq + 1, attempt, NULL, type, timestamp, "
    "data FROM events WHERE type = 'job.completed'",
    "V2: .* is failed": "UPDATE jobs SET status = 'failed'",
    "V2: .* was ended by": "INSERT INTO attempts SELECT job_id, 7, robot_id, '', '', '', "
    "claimed_at, ended_at, 'failed', 'failed' FROM attempts",
    "V3: .*last_seq": "UPDATE jobs SET last_seq = last_seq + 1",
    "V3: ": "UPDATE events SET idx = idx + 1 WHERE idx > 1",
    "V4: .* ended by an earlier": "UPDATE jobs SET attempt = 2",
    "V4: .* was completed by": "UPDATE attempts SET reported = 'failed'",
    "V4: .* another result": "UPDATE jobs SET result = '{\"variables\": {}}'",
    "V4: .* became": 'UPDATE events SET data = replace(data, \'"stdout":"\', \'"stdout":"0\') '
    "WHERE type = 'node.completed'",
    "V5: ": "UPDATE events SET type = 'log' WHERE type = 'node.completed'",
    "V6: ": "UPDATE events SET data = '{}' WHERE type = 'progress'",
    "V7: leases": "UPDATE jobs SET lease_until = 1",
}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """One finished job, watched, whose history holds what a command printed."""
    folder = tmp_path_factory.mktemp("fleet")
    with start_orchestrator(folder) as orchestrator, start_agent(orchestrator, folder) as agent:
        load = Load(orchestrator, folder)
        load.prepare()
        watcher = Watcher(orchestrator, load.submit("command"))
        load.wait_until_over(20)
        yield orchestrator, agent, load, watcher


def _check(fleet: Fleet) -> None:
    orchestrator, agent, load, watcher = fleet
    check_all(
        orchestrator,
        acknowledged=load.acknowledged,
        transcripts=transcripts_of([watcher]),
        agents=[agent],
    )


@pytest.mark.xdist_group("fault-checks")
@pytest.mark.parametrize(("found", "damage"), _DAMAGE.items(), ids=_DAMAGE)
def test_damage_is_noticed(fleet: Fleet, found: str, damage: str, tmp_path: Path) -> None:
    _check(fleet)
    with closing(sqlite3.connect(fleet[0].state_dir / "orchestrator.db")) as db:
        with closing(sqlite3.connect(tmp_path / "before.db")) as before:
            db.backup(before)
        db.executescript(damage)
        try:
            with pytest.raises(AssertionError, match=found):
                _check(fleet)
        finally:
            _restore(db, tmp_path / "before.db")
    _check(fleet)


def _restore(db: sqlite3.Connection, before: Path) -> None:
    db.execute("ATTACH ? AS before", (str(before),))
    with db:
        for table in ("jobs", "attempts", "events", "idempotency"):
            db.execute(f"DELETE FROM main.{table}")
            db.execute(f"INSERT INTO main.{table} SELECT * FROM before.{table}")


@pytest.mark.xdist_group("fault-checks")
def test_a_traceback_in_a_log_is_noticed(fleet: Fleet) -> None:
    agent = fleet[1]
    check_log(agent.program)
    with agent.program.log.open("a", encoding="utf-8") as log:
        log.write("Traceback (most recent call last):\n")
    with pytest.raises(AssertionError, match="V10"):
        check_log(agent.program)
