"""Lanes: the queue, split so that a robot never has to look at a job it may not take.

A job's lane is JSON text: ["env" or "robot", name, [tags]], and, if its nodes need any, a list of
capabilities behind the tags. The head of a lane is one step into
the index, however many jobs wait in other lanes; the lanes that are not empty are found by
jumping from lane to lane through the same index.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import sqlalchemy as sa

from casare_rpa.store.prepared import Prepared
from casare_rpa.store.tables import is_ready, is_waiting, jobs
from casare_rpa.store.tx import Tx, dump, load

#: Open to every robot.
DEFAULT = "default"
Pool = tuple[str, str]


class Lane(NamedTuple):
    pool: Pool
    #: A robot must have all of them.
    tags: frozenset[str]
    #: And announce all of these: the nodes of the jobs need them.
    capabilities: frozenset[str]

    def missing_tags(self, given: Iterable[str]) -> frozenset[str]:
        return self.tags.difference(given)

    def missing_capabilities(self, announced: Iterable[str]) -> frozenset[str]:
        return self.capabilities.difference(announced)


def has_pending(tx: Tx) -> bool:
    """Whether a job waits in any lane, offered or not yet due."""
    row = tx.row(_PENDING)
    return row is not None and bool(row["waits"])


def lane_of(
    environment: str,
    pinned_robot_id: str | None,
    tags: Iterable[str],
    requires: Iterable[str] = (),
) -> str:
    pool = ["env", environment] if pinned_robot_id is None else ["robot", pinned_robot_id]
    needed = sorted(set(requires))
    return dump([*pool, sorted(set(tags)), *([needed] if needed else [])])


def parts(lane: str) -> Lane:
    kind, name, tags, *needed = load(lane)
    return Lane(
        pool=(kind, name),
        tags=frozenset(tags),
        capabilities=frozenset(needed[0] if needed else ()),
    )


def pools(robot_id: str, environment: str) -> tuple[Pool, ...]:
    """Where a robot looks for jobs: what is for itself, for its environment, for everybody."""
    own, all_ = ("robot", robot_id), ("env", DEFAULT)
    return (own, all_) if environment == DEFAULT else (own, ("env", environment), all_)


def open_lanes(
    tx: Tx, robot_id: str, environment: str, tags: Iterable[str], capabilities: Iterable[str]
) -> list[str]:
    """The lanes with a job for this robot, the most urgent job first."""
    found = _filled_lanes(tx, *pools(robot_id, environment))
    lanes = [lane for lane in found if not parts(lane).missing_tags(tags)]
    lanes = [lane for lane in lanes if not parts(lane).missing_capabilities(capabilities)]
    if len(lanes) < 2:
        return lanes
    heads = [(head, lane) for lane in lanes if (head := _head(tx, lane)) is not None]
    return [lane for _, lane in sorted(heads)]


def _filled_lanes(tx: Tx, *pools: Pool) -> list[str]:
    given: dict[str, str] = {}
    for number, pool in enumerate(pools):
        # All lanes of a pool lie between its name with a comma and the next character.
        name = dump(pool)[:-1]
        given |= {f"low{number}": name + ",", f"high{number}": name + "-"}
    return sorted({row["lane"] for row in tx.rows(_FILLED_LANES[len(pools)], given)})


def _find_filled_lanes(pools: int) -> sa.Select[str]:
    """From each of *pools* ranges its lanes, by one step into the index for each lane."""
    bounds = [_range(f"low{number}", f"high{number}") for number in range(pools)]
    ranges = sa.union_all(*bounds).cte("ranges")
    first = _next_lane(jobs.c.lane >= ranges.c.low, jobs.c.lane < ranges.c.high)
    found = sa.select(first.label("lane"), ranges.c.high).cte("found", recursive=True)
    later = _next_lane(jobs.c.lane > found.c.lane, jobs.c.lane < found.c.high)
    found = found.union_all(sa.select(later, found.c.high).where(found.c.lane.is_not(None)))
    return sa.select(found.c.lane).where(found.c.lane.is_not(None))


def _range(low: str, high: str) -> sa.Select[str, str]:
    return sa.select(
        sa.bindparam(low, type_=sa.Text).label("low"),
        sa.bindparam(high, type_=sa.Text).label("high"),
    )


def _next_lane(*bounds: sa.ColumnElement[bool]) -> sa.ScalarSelect[str | None]:
    return (
        sa.select(sa.func.min(jobs.c.lane))
        .where(is_ready, *bounds)
        .correlate_except(jobs)
        .scalar_subquery()
    )


def _head(tx: Tx, lane: str) -> tuple[int, float, str] | None:
    row = tx.row(_HEAD, {"this_lane": lane})
    return None if row is None else (row["priority"], row["created_at"], row["id"])


#: The head of the lane `this_lane`: priority (0 first), then age.
HEAD = (
    sa.select(jobs.c.priority, jobs.c.created_at, jobs.c.id)
    .where(is_ready, jobs.c.lane == sa.bindparam("this_lane"))
    .order_by(jobs.c.priority, jobs.c.created_at, jobs.c.id)
    .limit(1)
)
_HEAD = Prepared(HEAD)
_PENDING = Prepared(
    sa.select(
        sa.or_(
            sa.exists(sa.select(jobs.c.id).where(is_ready)),
            sa.exists(sa.select(jobs.c.id).where(is_waiting)),
        ).label("waits")
    )
)
_FILLED_LANES = {count: Prepared(_find_filled_lanes(count)) for count in (2, 3)}
