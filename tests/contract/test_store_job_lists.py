"""Lists of jobs: filters, orders, cursors, and the plans that the databases make for them."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, get_args

import pytest
import sqlalchemy as sa

from casare_rpa.domain.jobs import JobStatus
from casare_rpa.errors import InvalidInput
from casare_rpa.store.operations import job_lists
from casare_rpa.store.records import JobFilter
from casare_rpa.wire import JobSort, RerunRequest
from tests.contract.world import World
from tests.support.runs import chain, document, node


def listed(world: World, **wanted: Any) -> list[str]:
    return [job.job_id for job in world.store.jobs(**wanted).jobs]


def paged(world: World, *, limit: int = 2, **wanted: Any) -> Iterator[str]:
    """The jobs of all pages, one after the other."""
    cursor: str | None = None
    while True:
        page = world.store.jobs(cursor=cursor, limit=limit, **wanted)
        assert len(page.jobs) <= limit
        yield from (job.job_id for job in page.jobs)
        cursor = page.next_cursor
        if cursor is None:
            return


def submitted(world: World, **more: Any) -> str:
    world.clock.advance(1)
    return world.submit(**more).job_id


def ended(world: World, **more: Any) -> str:
    job_id = submitted(world, **more)
    grant = world.claim()
    assert grant.job_id == job_id
    world.clock.advance(1)
    world.finish(grant)
    return job_id


def at(world: World, seconds_ago: float = 0) -> datetime:
    return datetime.fromtimestamp(world.clock.now - seconds_ago, UTC)


def test_jobs_that_another_job_repeats_can_be_left_out(world: World) -> None:
    raw = document({"say": node("LogNode", message="x", level="info")}, chain("say"))
    world.store.put_workflow(name="whole", document=raw)
    plain, retried, rerun = (submitted(world, workflow_id="whole") for _ in range(3))
    for job_id in (plain, retried, rerun):
        world.store.cancel(job_id)
    again = world.store.retry(retried, principal="ann").job_id
    whole = RerunRequest(start="all")
    other = world.store.rerun(rerun, whole, principal="ann").new_job_id
    assert listed(world, run_again=True) == [rerun, retried]
    assert set(listed(world, run_again=False)) == {plain, again, other}
    cancelled = world.store.jobs(run_again=False, status=[JobStatus.CANCELLED])
    assert ([job.job_id for job in cancelled.jobs], cancelled.total) == ([plain], 1)


def test_pages_hold_each_job_once_though_others_come_and_go(world: World) -> None:
    ids = [submitted(world) for _ in range(6)]
    pages = paged(world)
    seen = [next(pages), next(pages)]
    submitted(world)
    for job_id in (ids[4], ids[1]):  # one that was shown, one that was not yet
        world.store.cancel(job_id)
    world.clock.advance(10)
    assert world.store.prune(older_than_seconds=5) == 2
    assert [*seen, *pages] == [ids[5], ids[4], ids[3], ids[2], ids[0]]


def test_jobs_made_at_the_same_moment_are_parted_by_their_ids(world: World) -> None:
    ids = sorted((world.submit().job_id for _ in range(5)), reverse=True)
    assert list(paged(world)) == ids
    assert list(paged(world, sort="created", limit=3)) == ids[::-1]


def test_the_total_is_counted_for_the_first_page_only(world: World) -> None:
    for _ in range(3):
        submitted(world)
    first = world.store.jobs(limit=2)
    assert first.total == 3 and first.next_cursor is not None
    last = world.store.jobs(limit=2, cursor=first.next_cursor)
    assert (len(last.jobs), last.total, last.next_cursor) == (1, None, None)


def test_several_statuses_are_one_list(world: World) -> None:
    done = [ended(world) for _ in range(3)]
    waiting = [submitted(world) for _ in range(3)]
    world.store.cancel(waiting[1])
    both = [JobStatus.COMPLETED, JobStatus.PENDING]
    assert list(paged(world, status=both)) == [waiting[2], waiting[0], *reversed(done)]
    found = world.store.jobs(status=both, limit=2, offset=1)
    assert [job.job_id for job in found.jobs] == [waiting[0], done[2]]
    assert found.total == 5


def test_a_robot_has_the_jobs_that_it_ran_and_those_that_wait_for_it(world: World) -> None:
    world.robot("r2")
    ran = ended(world)
    waits, _ = submitted(world, robot_id="r1"), submitted(world, robot_id="r2")
    assert listed(world, robot_id="r1") == [waits, ran]
    assert all(job.robot_id == "r1" for job in world.store.jobs(robot_id="r1").jobs)
    assert listed(world, robot_id="r1", status=[JobStatus.PENDING]) == [waits]
    assert world.store.jobs(robot_id="r1").total == 2


def test_of_several_tags_a_job_has_all(world: World) -> None:
    odd = 'a,"b]\\'
    first = submitted(world, tags=["blue", "night", odd])
    second = submitted(world, tags=["blue", "Night"])
    submitted(world)
    assert listed(world, tags=["blue"]) == [second, first]
    assert listed(world, tags=["night", "blue"]) == listed(world, tags=[odd]) == [first]
    assert listed(world, tags=["b"]) == listed(world, tags=["%"]) == listed(world, tags=[","]) == []


def test_environment_and_priority_are_looked_up(world: World) -> None:
    lab = submitted(world, environment="lab", priority=3)
    submitted(world, environment="lab")
    assert listed(world, environment="lab", priority=3) == [lab]


def test_a_window_takes_in_its_beginning_and_leaves_out_its_end(world: World) -> None:
    ids = [submitted(world) for _ in range(4)]
    assert listed(world, since=at(world, 2), until=at(world)) == [ids[2], ids[1]]
    naive = at(world, 1).replace(tzinfo=None)
    assert listed(world, since=naive) == [ids[3], ids[2]]


def test_asked_for_the_time_of_the_end_those_that_ended_last_come_first(world: World) -> None:
    slow = submitted(world, priority=0)
    grant = world.claim()
    quick, later = ended(world), ended(world)
    middle = at(world)
    submitted(world)
    world.finish(grant)
    assert listed(world, ended_since=at(world, 60)) == [slow, later, quick]
    assert listed(world, ended_since=middle, ended_until=at(world, -1)) == [slow, later]
    assert listed(world, ended_since=middle, sort="created") == [slow, later]
    assert list(paged(world, sort="ended")) == [quick, later, slow]
    assert world.store.jobs(sort="ended").total == 3


def test_by_priority_come_the_most_urgent_open_jobs_and_then_the_oldest(world: World) -> None:
    ended(world)
    low, first, second = (submitted(world, priority=priority) for priority in (15, 2, 2))
    assert list(paged(world, sort="priority")) == [first, second, low]
    assert list(paged(world, sort="-priority")) == [low, second, first]


def test_a_cursor_that_no_list_has_given_is_refused(world: World) -> None:
    for _ in range(2):
        submitted(world)
    good = world.store.jobs(limit=1).next_cursor
    assert good is not None
    made_up = ("", "nope", "****", "bnVsbA", "W10", good[:-4], good + "=", "é")
    texts = ('["jobs -created",1e999,"x"]', '["jobs -created",1,"x"]', '["jobs -created",1.5]')
    forged = (base64.urlsafe_b64encode(text.encode()).decode().rstrip("=") for text in texts)
    nul = base64.urlsafe_b64encode(b'["jobs -created",1.5,"\\u0000"]').decode().rstrip("=")
    for cursor in (*made_up, *forged, nul):
        with pytest.raises(InvalidInput) as refused:
            world.store.jobs(cursor=cursor)
        assert refused.value.field == "cursor"
    with pytest.raises(InvalidInput, match="another order"):
        world.store.jobs(cursor=good, sort="created")
    with pytest.raises(InvalidInput, match="another order"):
        world.store.dead_letters(cursor=good)


def test_the_other_lists_go_on_at_their_cursors_too(world: World) -> None:
    for name in ("b", "ä", "a"):
        world.robot(name)
        world.clock.advance(1)
        world.store.put_workflow(name=name, document={"nodes": {"n": {"node_id": name}}})
    all_robots = [robot.robot_id for robot in world.store.robots().robots]
    first = world.store.robots(limit=2)
    rest = world.store.robots(limit=2, cursor=first.next_cursor)
    assert [robot.robot_id for robot in (*first.robots, *rest.robots)] == all_robots
    assert (first.total, rest.total, rest.next_cursor) == (4, None, None)
    found = world.store.workflows(limit=3)
    more = world.store.workflows(limit=3, cursor=found.next_cursor)
    names = [one.workflow_name for one in (*found.workflows, *more.workflows)]
    assert names == ["a", "ä", "b", "invoices"]


_MANY = 30_000
#: Everything that a list can be asked for where an index must serve it.
_ASKED: dict[str, JobFilter] = {
    "all": {},
    "status": {"status": [JobStatus.FAILED]},
    "statuses": {"status": [JobStatus.FAILED, JobStatus.TIMEOUT, JobStatus.COMPLETED]},
    "workflow": {"workflow_id": "w7"},
    "robot": {"robot_id": "r7"},
    "robot and statuses": {"robot_id": "r7", "status": [JobStatus.FAILED, JobStatus.COMPLETED]},
    "window": {
        "since": datetime(2023, 11, 15, tzinfo=UTC),
        "until": datetime(2023, 11, 15, tzinfo=UTC) + timedelta(hours=1),
    },
    "tag": {"tags": ["blue"], "environment": "default"},
    "not run again": {"run_again": False, "status": [JobStatus.FAILED, JobStatus.TIMEOUT]},
}


def fill(connection: sa.Connection) -> None:
    """Many jobs as they are after months: most of them completed, a few failed, a few waiting."""
    series = {
        "sqlite": "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s"
        f" WHERE n < {_MANY})",
        "postgresql": f"WITH s AS (SELECT generate_series(1, {_MANY}) AS n)",
    }[connection.dialect.name]
    ready = "n % 1000 = 1"
    statement = f"""{series} INSERT INTO jobs (id, workflow_id, workflow_version, workflow_name,
        status, priority, environment, tags, input_data, max_retries, principal, created_at, lane,
        ready, robot_id, completed_at)
        SELECT 'job-' || n, 'w' || (n % 20), 1, 'w',
        CASE n % 1000 WHEN 0 THEN 'failed' WHEN 1 THEN 'pending' ELSE 'completed' END,
        n % 21, 'default', '["blue"]', '{{}}', 0, 'ann', 1700000000.0 + n * 10,
        '["env","default",[]]', {ready}, CASE WHEN {ready} THEN NULL ELSE 'r' || (n % 50) END,
        CASE WHEN {ready} THEN NULL ELSE 1700000100.0 + n * 10 END FROM s"""
    connection.execute(sa.text(statement))
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("ANALYZE jobs")


def plan(connection: sa.Connection, query: sa.Select[Any]) -> str:
    explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    text = str(query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))
    rows = connection.exec_driver_sql(f"{explain} {text}")
    return "\n".join(str(row[-1]) for row in rows)


def is_served(text: str) -> bool:
    """Whether indexes bring the jobs in order: no table is read, and no list sorted, as a whole."""
    lines = [line.strip(" ->") for line in text.splitlines()]
    for before, line in pairwise(["", *lines]):
        # What is sorted may be the heads of lists that are merged, or another short list.
        if line.startswith("Sort  (") and int(re.findall(r"rows=(\d+)", line)[0]) > 500:
            return False
        if line.endswith("TEMP B-TREE FOR ORDER BY") and not before.startswith("SCAN anon_"):
            return False
        if line.startswith("Seq Scan on jobs") or re.match("SCAN jobs(?!.*INDEX)", line):
            return False
    return True


def test_every_order_is_served_by_an_index(world: World, engine: sa.Engine) -> None:
    world.store.close()
    with engine.begin() as connection:
        fill(connection)
        for sort in get_args(JobSort):
            for name, wanted in _ASKED.items():
                cursor = _far_cursor(sort)
                for place in (None, cursor):
                    query = job_lists.statement(wanted, sort=sort, cursor=place, limit=51, offset=0)
                    found = plan(connection, query)
                    assert is_served(found), f"{sort} {name}\n{found}"


def _far_cursor(sort: JobSort) -> str:
    row = {"id": "job-15000", "created_at": 1700150000.0, "completed_at": 1700150100.0}
    return job_lists.ORDERS[sort].cursor_at({**row, "priority": 10})
