"""Where a job's time went, read from its history: waits, attempts, nodes, and loops as one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from math import inf
from typing import Any

from casare_cli.following.steps import Event, Step, Steps
from casare_cli.terminal.output import SCHEMA_VERSION
from casare_rpa.domain.json_values import Json

_ENDINGS = frozenset({"job.completed", "job.failed", "job.cancelled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeTrace:
    """A node in an attempt, all its passes as one. Times in ms, from the job's submission.

    `wait_ms` is how long nothing ran before its passes; `end_ms` is None while it runs. A node that
    still ran when its attempt ended was interrupted: it failed, and its time goes to that end. The
    shortest, mean and longest time are those of the passes that ended.
    """

    node_id: str
    node_type: str
    state: str
    runs: int
    start_ms: float
    end_ms: float | None
    total_ms: float
    min_ms: float | None
    mean_ms: float | None
    max_ms: float | None
    wait_ms: float
    error: str
    interrupted: bool = False

    @property
    def shown_state(self) -> str:
        return "interrupted" if self.interrupted else self.state


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptTrace:
    """A robot's try. It was in the queue for `queued_ms`, its first node began after `startup_ms`.

    `ending` is completed, failed, cancelled, timeout, requeued, or running.
    """

    attempt: int
    robot_id: str
    queued_ms: float
    startup_ms: float | None
    start_ms: float
    end_ms: float
    ending: str
    reason: str
    nodes: list[NodeTrace]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A job's whole way; `waited_ms` is what it spent in the queue, before and between attempts."""

    attempts: list[AttemptTrace]
    total_ms: float
    waited_ms: float

    def to_json(self, job: Mapping[str, Any]) -> Json:
        named = ("job_id", "workflow_id", "workflow_name", "workflow_version", "status")
        about = {name: job.get(name) for name in named}
        return {"schema_version": SCHEMA_VERSION, **about, **asdict(self)}


def trace_of(events: Iterable[Event], now: float | None = None) -> Trace:
    """The trace of a job whose history is *events*, from the first one on.

    What has not ended goes on until *now* (seconds since 1970), else until the last event.
    """
    reader = TraceReader()
    for event in events:
        reader.take(event)
    return reader.trace(now)


@dataclass(slots=True)
class _Timing:
    """The passes of a node, in seconds since 1970."""

    first: float
    began: float
    wait: float = 0.0
    last: float | None = None
    passes: int = 0
    total_ms: float = 0.0
    min_ms: float = inf
    max_ms: float = 0.0

    def add(self, took_ms: float) -> None:
        self.passes += 1
        self.total_ms += took_ms
        self.min_ms = min(self.min_ms, took_ms)
        self.max_ms = max(self.max_ms, took_ms)


class _Attempt:
    """An attempt as it is read."""

    def __init__(self, number: int, robot_id: str, *, queued: float, claimed: float) -> None:
        self.number = number
        self.robot_id = robot_id
        self.queued = queued
        self.claimed = self.ended = claimed
        self.ending, self.reason = "running", ""
        self._steps = Steps()
        self._timings: dict[str, _Timing] = {}
        self._running: set[str] = set()
        self._last_end: float | None = None
        self._first: float | None = None

    def take(self, event: Event, at: float) -> None:
        """An event of a node."""
        self._steps.take(event)
        data = event.get("data") or {}
        node_id = str(data.get("node_id", ""))
        if event["type"] == "node.started":
            self._begin(node_id, at)
        elif event["type"] in ("node.completed", "node.failed", "node.skipped"):
            self._end(node_id, at, data.get("execution_time_ms"))

    def _begin(self, node_id: str, at: float) -> None:
        self._first = at if self._first is None else self._first
        timing = self._timings.setdefault(node_id, _Timing(at, at))
        timing.began, timing.last = at, None
        if not self._running and self._last_end is not None:
            timing.wait += max(0.0, at - self._last_end)
        self._running.add(node_id)

    def _end(self, node_id: str, at: float, took_ms: float | None) -> None:
        timing = self._timings.setdefault(node_id, _Timing(at, at))
        timing.last = self._last_end = at
        timing.add((at - timing.began) * 1000 if took_ms is None else float(took_ms))
        self._running.discard(node_id)

    def trace(self, zero: float, now: float) -> AttemptTrace:
        # The nodes' times are the robot's, the others the orchestrator's: no node began before
        # its job was claimed.
        skew = max(0.0, self.claimed - self._first) if self._first is not None else 0.0
        base = zero - skew
        ended = max(self.ended, now) if self.is_running else self.ended
        nodes = [
            self._node(step, self._timings[step.node_id], base, ended - zero)
            for step in self._steps.by_id.values()
            if step.node_id in self._timings
        ]
        startup = None if self._first is None else max(0.0, self._first - self.claimed)
        return AttemptTrace(
            attempt=self.number,
            robot_id=self.robot_id,
            queued_ms=_ms(self.claimed - self.queued),
            startup_ms=None if startup is None else _ms(startup),
            start_ms=_ms(self.claimed - zero),
            end_ms=max([_ms(ended - zero), *(node.end_ms or 0.0 for node in nodes)]),
            ending=self.ending,
            reason=self.reason,
            nodes=nodes,
        )

    @property
    def is_running(self) -> bool:
        return self.ending == "running"

    def _node(self, step: Step, timing: _Timing, base: float, end: float) -> NodeTrace:
        """*end* is when the attempt ended, or what it has come to, in seconds of the trace."""
        shown = _node_trace(step, timing, base)
        if timing.last is not None:
            return shown
        so_far = round(shown.total_ms + _ms(end - (timing.began - base)), 3)
        if self.is_running:
            return replace(shown, total_ms=so_far)
        end_ms = max(_ms(end), shown.start_ms)
        # Programs that read the trace know four states, and no other.
        return replace(shown, state="failed", interrupted=True, end_ms=end_ms, total_ms=so_far)


def _node_trace(step: Step, timing: _Timing, zero: float) -> NodeTrace:
    """What the passes that ended say."""
    count = timing.passes
    return NodeTrace(
        node_id=step.node_id,
        node_type=step.node_type,
        state=step.state,
        runs=step.passes,
        start_ms=_ms(timing.first - zero),
        end_ms=None if timing.last is None else _ms(timing.last - zero),
        total_ms=round(timing.total_ms, 3),
        min_ms=round(timing.min_ms, 3) if count else None,
        mean_ms=round(timing.total_ms / count, 3) if count else None,
        max_ms=round(timing.max_ms, 3) if count else None,
        wait_ms=_ms(timing.wait),
        error=step.error,
    )


class TraceReader:
    """Takes the events of a job in their order; `trace` is what they say so far."""

    def __init__(self) -> None:
        self._attempts: list[_Attempt] = []
        self._zero: float | None = None
        self._queued = 0.0
        self._last = 0.0
        self._is_waiting = True

    def take(self, event: Event) -> None:
        at = datetime.fromisoformat(str(event["timestamp"])).timestamp()
        if self._zero is None:
            self._zero = self._queued = at
        kind, data = str(event["type"]), event.get("data") or {}
        if kind.startswith("job."):
            self._last = max(self._last, at)
            self._job(kind, data, event, at)
        elif kind.startswith("node."):
            attempt = self._current(event, at)
            attempt.take(event, at)
            attempt.ended = max(attempt.ended, at)

    def _job(self, kind: str, data: Mapping[str, Any], event: Event, at: float) -> None:
        if kind == "job.claimed":
            robot_id = str(data.get("robot_id") or "")
            number = int(event.get("attempt") or len(self._attempts) + 1)
            begun = _Attempt(number, robot_id, queued=self._queued, claimed=at)
            self._attempts.append(begun)
            self._is_waiting = False
        elif kind == "job.requeued":
            self._finish("requeued", data.get("reason"), at)
            self._queued, self._is_waiting = at, True
        elif kind in _ENDINGS:
            status = str(data.get("status") or kind.removeprefix("job."))
            self._finish(status, data.get("error_message") or data.get("reason"), at)
            self._is_waiting = False
        elif not self._is_waiting and self._attempts:
            self._attempts[-1].ended = at

    def _finish(self, ending: str, reason: Any, at: float) -> None:
        if self._attempts and self._attempts[-1].ending == "running":
            attempt = self._attempts[-1]
            attempt.ending, attempt.reason = ending, str(reason or "")
            # A robot's clock may run ahead of the orchestrator's.
            attempt.ended = at

    def _current(self, event: Event, at: float) -> _Attempt:
        """The attempt; one that no claim announced if the history begins in the middle."""
        if not self._attempts:
            number = int(event.get("attempt") or 1)
            self._attempts.append(_Attempt(number, "", queued=at, claimed=at))
        return self._attempts[-1]

    @property
    def _goes_on(self) -> bool:
        if self._zero is None:
            return False
        return self._is_waiting or (bool(self._attempts) and self._attempts[-1].is_running)

    def trace(self, now: float | None = None) -> Trace:
        zero = self._zero or 0.0
        last = max(self._last, now or 0.0) if self._goes_on else self._last
        attempts = [attempt.trace(zero, last) for attempt in self._attempts]
        ends = [_ms(last - zero), *(attempt.end_ms for attempt in attempts)]
        waited = sum(attempt.queued_ms for attempt in attempts)
        if self._is_waiting:
            waited += _ms(last - self._queued)
        return Trace(attempts=attempts, total_ms=max(ends), waited_ms=round(waited, 3))


def _ms(seconds: float) -> float:
    return round(max(0.0, seconds) * 1000, 3)
