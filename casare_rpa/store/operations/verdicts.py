"""What a fleet means for a job: can it be taken, by whom, and if not, what would change that."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from casare_rpa.domain.capabilities import told_when
from casare_rpa.store.operations import lanes, obstacles
from casare_rpa.store.operations.lanes import Lane
from casare_rpa.wire import JobWhy, Robot, RobotFit

#: A job's place in line is counted up to this.
MOST_COUNTED = 1000
#: What a robot is rid of sooner comes first.
_RANK = ("slots", "paused", "no_room", "draining", "offline")
_ALL = frozenset({*_RANK, *obstacles.NEVER})
#: Robots that are named in a message.
_MOST_TOLD = 3


class Wanted(NamedTuple):
    """What a job asks of robots, whether it is stored or not."""

    lane: str
    waits_until: datetime | None
    #: Why it waits for that time.
    reason: str
    ahead: int


class _Verdict(NamedTuple):
    verdict: Literal["runnable", "blocked", "impossible"]
    message: str
    unblocked_by: str | None = None
    unblocked_at: datetime | None = None


def judged(wanted: Wanted, fleet: Iterable[Robot]) -> JobWhy:
    lane = lanes.parts(wanted.lane)
    fits = sorted((_fit(robot, lane) for robot in fleet), key=_order)
    found = _verdict(wanted, lane, fits)
    return JobWhy(
        verdict=found.verdict,
        message=found.message,
        unblocked_by=found.unblocked_by,
        unblocked_at=found.unblocked_at,
        waits_until=wanted.waits_until,
        ahead=wanted.ahead,
        robots=fits,
    )


def _fit(robot: Robot, lane: Lane) -> RobotFit:
    found = obstacles.of(robot, lane)
    never = any(obstacle.code in obstacles.NEVER for obstacle in found)
    return RobotFit(
        robot_id=robot.robot_id,
        name=robot.name,
        verdict="never" if never else "blocked" if found else "ready",
        obstacles=found,
    )


def _order(fit: RobotFit) -> tuple[int, str]:
    return ("ready", "blocked", "never").index(fit.verdict), fit.name


def _verdict(wanted: Wanted, lane: Lane, fits: Sequence[RobotFit]) -> _Verdict:
    possible = [fit for fit in fits if fit.verdict != "never"]
    if not possible:
        return _impossible(lane, fits)
    if wanted.waits_until is not None:
        return _Verdict("blocked", wanted.reason, "its time comes", wanted.waits_until)
    ready = [fit.robot_id for fit in possible if fit.verdict == "ready"]
    return _runnable(ready, wanted.ahead) if ready else _blocked(possible)


def _impossible(lane: Lane, fits: Sequence[RobotFit]) -> _Verdict:
    (kind, name), tags, capabilities = lane
    options = ""
    if kind == "env" and name != lanes.DEFAULT:
        options += f" --environment {name}"
    if tags:
        options += f" --tags {','.join(sorted(tags))}"
    ends, untold = told_when(capabilities, "its agent" if kind == "robot" else "an agent")
    if untold:
        options += f" --capabilities {','.join(untold)}"
    who = f"the robot {name}" if kind == "robot" else "a robot"
    what = ["no registered robot can ever run it as it is" if fits else "no robot is registered"]
    what += _told(sorted(fits, key=_misfit), only=obstacles.NEVER)
    if options or not ends:
        ends = [f"{who} is started with: casare-rpa agent{options}", *ends]
    return _Verdict("impossible", "; ".join(what), ", and ".join(ends))


def _misfit(fit: RobotFit) -> int:
    return sum(obstacle.code in obstacles.NEVER for obstacle in fit.obstacles)


def _runnable(ready: Sequence[str], ahead: int) -> _Verdict:
    who = ready[0] if len(ready) == 1 else f"{len(ready)} robots"
    count = f"{ahead} or more" if ahead >= MOST_COUNTED else str(ahead)
    line = f"; {count} before it in line" if ahead else ""
    return _Verdict("runnable", f"{who} can take it now{line}")


def _blocked(possible: Sequence[RobotFit]) -> _Verdict:
    """What must happen for the robot that is free soonest."""
    first = min(possible, key=_nearness)
    story = "; ".join(obstacle.ends_when for obstacle in first.obstacles)
    return _Verdict(
        "blocked", "; ".join(_told(possible)), f"{first.robot_id}: {story}", _free_at(first)
    )


def _nearness(fit: RobotFit) -> tuple[int, float, list[int]]:
    """A slot is free sooner than a known time comes, and that sooner than a person acts."""
    ranks = sorted(_RANK.index(obstacle.code) for obstacle in fit.obstacles)
    time = _free_at(fit)
    if ranks == [_RANK.index("slots")]:
        return 0, 0.0, ranks
    return (2, 0.0, ranks) if time is None else (1, time.timestamp(), ranks)


def _free_at(fit: RobotFit) -> datetime | None:
    times = [obstacle.until for obstacle in fit.obstacles if obstacle.until is not None]
    return max(times) if len(times) == len(fit.obstacles) else None


def _told(fits: Sequence[RobotFit], only: Collection[str] = _ALL) -> list[str]:
    """The first of *fits* with what keeps them from the job, as far as *only* names its code."""
    told = [
        f"{fit.robot_id}: {', '.join(o.message for o in fit.obstacles if o.code in only)}"
        for fit in fits[:_MOST_TOLD]
    ]
    return [*told, f"and {len(fits) - _MOST_TOLD} more"] if len(fits) > _MOST_TOLD else told


def in_sentences(why: JobWhy) -> list[str]:
    """What a pending job waits for, and what would end that; empty if a robot can take it."""
    if why.verdict == "runnable":
        return []
    ends = [] if why.unblocked_by is None else [f"until: {why.unblocked_by}"]
    return [why.message, *ends]
