"""What differs between two runs: what went in, the way through the workflow, what came out, how it
ended; and what always differs a little, which does not count: robot, attempts, durations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from casare_cli.differences.difference import Difference, changed, of_values
from casare_cli.following.steps import Event
from casare_cli.traces.reading import AttemptTrace, NodeTrace, Trace, TraceReader
from casare_rpa.domain.json_values import Json

#: Below this a difference of durations says nothing, however large in percent.
_LEAST_MS = 100.0


@dataclass(frozen=True, kw_only=True)
class Run:
    """A job, where its time went, and what each node last put out in the last attempt."""

    job: Json
    trace: Trace
    outputs: Mapping[str, Mapping[str, Any]]

    @property
    def job_id(self) -> str:
        return str(self.job["job_id"])

    @property
    def last(self) -> AttemptTrace | None:
        return self.trace.attempts[-1] if self.trace.attempts else None

    @property
    def nodes(self) -> dict[str, NodeTrace]:
        """Those of the last attempt, in the order in which they first began."""
        return {node.node_id: node for node in self.last.nodes} if self.last else {}


def read_run(job: Json, events: Iterable[Event], now: float | None = None) -> Run:
    """What has not ended goes on until *now*, seconds since 1970."""
    reader = TraceReader()
    outputs: dict[str, Mapping[str, Any]] = {}
    for event in events:
        reader.take(event)
        data = event.get("data") or {}
        if event["type"] == "job.claimed":
            outputs = {}
        elif event["type"] == "node.completed":
            outputs[str(data.get("node_id"))] = data.get("output_data") or {}
    return Run(job=job, trace=reader.trace(now), outputs=outputs)


def between(a: Run, b: Run, *, percent: float) -> list[Difference]:
    """Durations are told if one is more than *percent* longer than the other."""
    return [
        *_members("workflow", a, b, "workflow_id", "workflow_version"),
        *of_values("input", a.job.get("input_data") or {}, b.job.get("input_data") or {}),
        *_path(a.nodes, b.nodes),
        *of_values("output", a.outputs, b.outputs),
        *of_values("variable", _variables(a), _variables(b)),
        *_members("ending", a, b, "status", "failed_node_id", "failure_reason", "error_message"),
        *_members("robot", a, b, "robot_id", "environment", counts=False),
        *_members("attempts", a, b, "attempt", counts=False),
        *_durations(a, b, percent),
    ]


def _members(area: str, a: Run, b: Run, *names: str, counts: bool = True) -> Iterator[Difference]:
    left, right = ({name: run.job.get(name) for name in names} for run in (a, b))
    yield from of_values(area, left, right, counts=counts)


def _variables(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = (run.job.get("result") or {}).get("variables") or {}
    return found


def _path(a: Mapping[str, NodeTrace], b: Mapping[str, NodeTrace]) -> Iterator[Difference]:
    """Nodes that only one of them came to, that ended otherwise, or ran more often."""
    left, right = (
        {name: {"state": node.shown_state, "runs": node.runs} for name, node in nodes.items()}
        for nodes in (a, b)
    )
    yield from of_values("path", left, right)
    common = [[name for name in mine if name in others] for mine, others in ((a, b), (b, a))]
    if common[0] != common[1]:
        # Branches that run side by side begin in any order.
        yield changed("path", "order", *common, counts=False)


def _durations(a: Run, b: Run, percent: float) -> Iterator[Difference]:
    pairs = [("job", _took(a), _took(b))]
    others = b.nodes
    pairs += [
        (name, node.total_ms, others[name].total_ms)
        for name, node in a.nodes.items()
        if name in others
    ]
    for name, left, right in pairs:
        shorter, longer = sorted((left, right))
        if longer - shorter >= _LEAST_MS and longer > shorter * (1 + percent / 100):
            yield changed("duration_ms", name, left, right, counts=False)


def _took(run: Run) -> float:
    return float(run.job.get("duration_ms") or 0)
