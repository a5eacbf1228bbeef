"""kill -9 of the orchestrator, at any instant."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

from tests.faults.invariants import check_all, lines
from tests.faults.load import Load, Watcher, transcripts_of, watching
from tests.support.fleet import Orchestrator, start_agent, start_orchestrator

KILLS = 5
JOBS = 18


def test_an_orchestrator_killed_at_any_instant_keeps_all_it_acknowledged(
    tmp_path: Path, chance: random.Random
) -> None:
    with (
        start_orchestrator(tmp_path, lease_seconds=5) as orchestrator,
        start_agent(orchestrator, tmp_path, robot_id="first", max_concurrent_jobs=2) as first,
        start_agent(orchestrator, tmp_path, robot_id="second", max_concurrent_jobs=2) as second,
        watching(orchestrator) as watchers,
    ):
        load = Load(orchestrator, tmp_path)
        load.prepare()
        feed = threading.Thread(target=_feed, args=(load, watchers, random.Random(chance.random())))
        feed.start()
        _kill_and_restart(orchestrator, chance)
        feed.join()
        assert len(load.acknowledged) == JOBS
        load.wait_until_over(60)
        check_all(
            orchestrator,
            acknowledged=load.acknowledged,
            transcripts=transcripts_of(watchers),
            agents=[first, second],
        )
        assert load.statuses() == {"completed": JOBS}
        # The agents lived, and no lease ran out: nothing was done a second time.
        assert sorted(lines(load.ledger)) == sorted(load.printed())
        assert [first.stop(), second.stop()] == [0, 0]


def _feed(load: Load, watchers: list[Watcher], chance: random.Random) -> None:
    for number in range(JOBS):
        job_id = load.submit(("loop", "wait", "command")[number % 3])
        watchers.append(Watcher(load.orchestrator, job_id))
        time.sleep(chance.uniform(0, 0.4))


def _kill_and_restart(orchestrator: Orchestrator, chance: random.Random) -> None:
    for _ in range(KILLS):
        time.sleep(chance.uniform(0, 1))
        orchestrator.kill()
        time.sleep(chance.choice([0, chance.uniform(0, 0.5)]))
        orchestrator.start()
