"""The fleet at one moment: its robots, its queues, what ended lately."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from casare_cli.lists.robots import Sorting, rest
from casare_cli.terminal.output import SCHEMA_VERSION
from casare_cli.terminal.text import milliseconds
from casare_rpa.domain.json_values import Json

if TYPE_CHECKING:
    from casare_rpa.client import OrchestratorClient

_PAGE = 500
#: The most pressing first.
_BY_STATE = {"error": 0, "busy": 1, "idle": 2, "maintenance": 3, "offline": 4}
#: What the answer tells of a robot.
_TOLD = (
    *("robot_id", "name", "status", "environment", "max_concurrent_jobs", "current_job_ids"),
    *("draining", "note", "paused_by", "no_room", "last_seen"),
)


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """`robots` and `stats` as the orchestrator told them."""

    robots: list[Json]
    stats: Json

    def to_json(self) -> Json:
        robots = [{name: robot.get(name) for name in _TOLD} for robot in self.robots]
        return {"schema_version": SCHEMA_VERSION, **self.stats, "robots": robots}

    def sorted_robots(self, sorting: Sorting) -> list[Json]:
        match sorting:
            case Sorting.NAME:
                return sorted(self.robots, key=lambda robot: str(robot["name"]))
            case Sorting.STATE:
                return sorted(self.robots, key=lambda r: (_BY_STATE.get(r["status"], 9), r["name"]))
            case Sorting.LOAD:
                return sorted(self.robots, key=lambda r: (-len(r["current_job_ids"]), r["name"]))

    def headlines(self) -> list[str]:
        """What stands above the tables."""
        states = Counter(str(robot["status"]) for robot in self.robots)
        told = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
        usable = [robot for robot in self.robots if robot["status"] != "offline"]
        slots = sum(int(robot["max_concurrent_jobs"]) for robot in usable)
        held = sum(len(robot["current_job_ids"]) for robot in usable)
        return [
            f"robots  {len(self.robots)}"
            + (f" ({told}), {held} of {slots} slots in use" * bool(told)),
            f"jobs    {self.stats['running']} run, {self._waiting()}",
            f"ended   {self._ended()}",
        ]

    def _waiting(self) -> str:
        pending = sum(queue["pending"] for queue in self.stats["queues"])
        delayed = f", {self.stats['delayed']} not due yet" if self.stats["delayed"] else ""
        ages = [self.age_ms(queue) for queue in self.stats["queues"]]
        oldest = f", the oldest for {milliseconds(max(ages))}" if ages else ""
        return f"{pending} wait{oldest}{delayed}"

    def _ended(self) -> str:
        window = float(self.stats["window_seconds"])
        ended = {name: count for name, count in self.stats["ended"].items() if count}
        if not ended:
            return f"none in the last {milliseconds(window * 1000)}"
        told = ", ".join(f"{count} {name}" for name, count in ended.items())
        per_minute = sum(ended.values()) / window * 60
        least = "" if self.stats.get("ended_is_exact", True) else "at least "
        return f"{least}{told} in the last {milliseconds(window * 1000)}: {per_minute:.1f} a minute"

    def age_ms(self, queue: Json) -> float:
        """How old the oldest job of *queue* is, by the orchestrator's clock."""
        at, oldest = (
            datetime.fromisoformat(str(text))
            for text in (self.stats["at"], queue["oldest_created_at"])
        )
        return max(0.0, (at - oldest).total_seconds() * 1000)

    def queue_rows(self) -> list[tuple[str, str, str]]:
        """Pool, pending, age of the oldest."""
        return [
            (
                f"robot {q['robot_id']}" if q.get("robot_id") else str(q["environment"]),
                str(q["pending"]),
                milliseconds(self.age_ms(q)),
            )
            for q in self.stats["queues"]
        ]

    def robot_rows(self, sorting: Sorting) -> list[tuple[str, str, str, str, str]]:
        """Name with the id, state, slots, environment, and what it does or why it does nothing."""
        return [
            (
                _named(robot),
                str(robot["status"]),
                f"{len(robot['current_job_ids'])}/{robot['max_concurrent_jobs']}",
                str(robot["environment"]),
                rest(robot) or ", ".join(robot["current_job_ids"]),
            )
            for robot in self.sorted_robots(sorting)
        ]


def _named(robot: Json) -> str:
    """The robot's name, and the id by which commands know it where that is another."""
    name, robot_id = str(robot["name"]), str(robot["robot_id"])
    return name if name == robot_id else f"{name} ({robot_id})"


def look(client: OrchestratorClient, *, window_seconds: float) -> Fleet:
    """Two calls, whatever there is; more for more than 500 robots."""
    robots: list[Json] = []
    while True:
        page = client.robots(limit=_PAGE, offset=len(robots))
        robots += page["robots"]
        if not page["robots"] or len(robots) >= int(page["total"]):
            break
    return Fleet(robots=robots, stats=client.stats(window_seconds=window_seconds))
