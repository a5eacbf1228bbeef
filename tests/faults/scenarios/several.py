"""Several orchestrators over one PostgreSQL; they or the database are killed."""

from __future__ import annotations

import random
import threading
import time
from functools import partial
from typing import Any

from casare_rpa.errors import CasareError
from tests.faults import needs
from tests.faults.invariants import lines
from tests.faults.load import Load
from tests.faults.scenario import POSTGRESQL, scenario
from tests.faults.trial import Trial
from tests.support.cluster import Cluster
from tests.support.fleet import Orchestrator, eventually
from tests.support.postgres import private_server

_ON_POSTGRESQL: dict[str, Any] = {"databases": (POSTGRESQL,)}


@scenario(
    "F9",
    "F10",
    figure="kill of the leader to the next one, s",
    quick={"kills": 2, "jobs": 12},
    long={"kills": 30, "jobs": 200},
    **_ON_POSTGRESQL,
)
def leader_killed_in_mid_work(trial: Trial, kills: int, jobs: int) -> None:
    """Another server leads within seconds; nobody's job is lost or done twice."""
    cluster, load, feed = _at_work(trial, jobs)
    for _ in range(kills):
        leader = eventually(cluster.leader, 60, "a leader")
        time.sleep(trial.chance.uniform(0, 1))
        leader.kill()
        trial.strike()
        trial.until(cluster.leader, 60, "another leader")
        leader.start()
    _over(feed, load, jobs)
    # The agents lived, and no lease ran out: nothing was done a second time.
    assert sorted(lines(load.ledger)) == sorted(load.printed())


@scenario(
    "F11",
    "F12",
    figure="kill to listening, s",
    quick={"kills": 5, "jobs": 15},
    long={"kills": 50, "jobs": 300},
    **_ON_POSTGRESQL,
)
def any_server_of_three_killed(trial: Trial, kills: int, jobs: int) -> None:
    """Agents and clients come through a balancer without stickiness and notice little."""
    cluster, load, feed = _at_work(trial, jobs)
    for _ in range(kills):
        time.sleep(trial.chance.uniform(0, 1))
        victim = trial.chance.choice(cluster.servers)
        victim.kill()
        trial.strike()
        time.sleep(trial.chance.uniform(0, 1))
        with trial.timed():
            victim.start()
    _over(feed, load, jobs)
    trial.notes["connections of each server"] = cluster.balancer.carried
    assert sorted(lines(load.ledger)) == sorted(load.printed())


@scenario(
    "F25",
    figure="crash to the first answer, s",
    quick={"crashes": 3, "jobs": 12, "pause": (1.0, 4.0)},
    long={"crashes": 40, "jobs": 5000, "pause": (5.0, 40.0)},
    needs=(needs.private_postgres,),
    **_ON_POSTGRESQL,
)
def postgresql_crashes_again_and_again(
    trial: Trial, crashes: int, jobs: int, pause: tuple[float, float]
) -> None:
    """All jobs end, nothing acknowledged is lost, and no server has to be started again."""
    database = trial.using(private_server())
    cluster, load, feed = _at_work(trial, jobs, database=database.url, count=2)
    for number in range(crashes):
        time.sleep(trial.chance.uniform(*pause))
        if number % 2:
            database.crash()
        else:
            database.kill()
            database.start()
        trial.strike()
        for server in cluster.servers:
            trial.until(partial(_is_ready, server), 60, f"{server.program.name} being ready")
    _over(feed, load, jobs)
    assert all(server.program.alive() for server in cluster.servers)
    trial.notes["executions more than jobs"] = len(lines(load.ledger)) - len(load.printed())


def _at_work(
    trial: Trial, jobs: int, *, database: str = "", count: int = 3
) -> tuple[Cluster, Load, threading.Thread]:
    """A cluster, two agents behind its balancer, and a thread that submits and watches."""
    cluster = trial.cluster(count, database=database, lease_seconds=8)
    for name in ("first", "second"):
        trial.agent(cluster.front, name, max_concurrent_jobs=2)
    load = trial.load(cluster.front)
    own = random.Random(trial.chance.random())
    feed = threading.Thread(target=_feed, args=(trial, load, jobs, own))
    feed.start()
    return cluster, load, feed


def _feed(trial: Trial, load: Load, jobs: int, chance: random.Random) -> None:
    for number in range(jobs):
        job_id = load.submit(("loop", "wait", "command")[number % 3])
        if number < 50:
            trial.watch(load.orchestrator, job_id)
        time.sleep(chance.uniform(0, 0.6))


def _over(feed: threading.Thread, load: Load, jobs: int) -> None:
    feed.join()
    assert len(load.acknowledged) == jobs
    load.wait_until_over(240)
    assert load.statuses() == {"completed": jobs}


def _is_ready(server: Orchestrator) -> bool:
    try:
        return bool(server.admin.call("GET", "/ready", root=True)["ready"])
    except CasareError:
        return False
