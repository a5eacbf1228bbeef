"""What the events of a run say about its steps: for the live tree, plain lines and the trace.

It takes the events of a watched job as well as those of a local run: {"type", "data", "seq",
"timestamp"}.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from casare_cli.terminal.text import milliseconds

Event = Mapping[str, Any]
MARKS = {
    "completed": "✓",
    "failed": "✗",
    "interrupted": "■",
    "running": "▶",
    "skipped": "○",
    "waiting": "⏳",
}
TIMES = "\u00d7"
#: A LogNode that says nothing of its level logs as critical: the word would tell nothing.
_PLAIN_LEVELS = frozenset({"info", "critical"})
_RUN_STATES = {
    "queued": "waiting",
    "requeued": "waiting",
    "claimed": "running",
    "started": "running",
    "completed": "completed",
    "failed": "failed",
    "cancelled": "failed",
}


@dataclass(slots=True)
class Step:
    """A node of the run; a loop's passes through it are counted, not listed."""

    node_id: str
    node_type: str = ""
    state: str = "running"
    duration_ms: float = 0.0
    passes: int = 1
    error: str = ""
    started: float = 0.0
    depth: int = 0

    def label(self, *, with_type: bool = True) -> str:
        times = f" {TIMES}{self.passes}" if self.passes > 1 else ""
        kind = f"  {self.node_type}" if self.node_type and with_type else ""
        return f"{MARKS[self.state]} {self.node_id}{times}{kind}"

    def duration(self) -> str:
        if self.state == "running":
            return milliseconds((time.monotonic() - self.started) * 1000)
        return milliseconds(self.duration_ms) if self.state != "skipped" else ""


class Steps:
    """What the events say about the run: its state and its steps in order of first start."""

    def __init__(self) -> None:
        self.by_id: dict[str, Step] = {}
        self.headline = ""
        #: The whole run's, as that of a step.
        self.state = "waiting"
        self.since = time.monotonic()

    def take(self, event: Event) -> str | None:
        """Take in an event; a line about it, or None if there is nothing to say."""
        kind, data = str(event.get("type", "")), event.get("data") or {}
        if kind.startswith("node."):
            return self._node(kind.removeprefix("node."), data, event)
        if kind == "log":
            return log_line(data)
        if kind.startswith("job."):
            return self._job(kind.removeprefix("job."), data, event)
        return None

    def worth_a_line(self, event: Event) -> bool:
        """Whether plain lines show it: of a loop's passes the first start, and the ends of
        passes 1 to 9, 10, 20 ..., 100, 200 ..."""
        kind = str(event.get("type", ""))
        if kind not in ("node.started", "node.completed", "node.skipped"):
            return True
        step = self.by_id[str((event.get("data") or {}).get("node_id", ""))]
        if kind == "node.started":
            return step.passes == 1
        return not str(step.passes)[1:].strip("0")

    def _node(self, change: str, data: Mapping[str, Any], event: Event) -> str | None:
        node_id = str(data.get("node_id", ""))
        step = self.by_id.get(node_id)
        if step is None:
            step = self.by_id[node_id] = Step(node_id, str(data.get("node_type") or ""), passes=0)
        if change == "started":
            step.passes += 1
            step.state, step.started = "running", _when(event)
            return step.label()
        if change not in MARKS:
            return None
        step.passes = max(step.passes, 1)
        step.state = change
        step.duration_ms += float(data.get("execution_time_ms") or data.get("duration_ms") or 0)
        step.error = str(data.get("error_message") or data.get("reason") or "")
        detail = f": {step.error}" if step.error else ""
        took = milliseconds(data.get("execution_time_ms"))
        return f"{step.label()}{f'  {took}' if took else ''}{detail}"

    def _job(self, change: str, data: Mapping[str, Any], event: Event) -> str | None:
        if change in ("requeued", "started", "claimed"):
            # A new attempt runs everything again.
            self.by_id.clear()
        if change in _RUN_STATES and change != "claimed":
            self.since = _when(event)
        self.headline = _headline(change, data)
        self.state = _RUN_STATES.get(change, self.state)
        return self.headline

    def nested(self, loops: Mapping[str, str]) -> list[Step]:
        """The steps as they are read: below the loop or the subflow that they stand in.

        *loops* tells the loop around a node. Each step's depth is set.
        """
        children: dict[str, list[Step]] = {}
        for step in self.by_id.values():
            children.setdefault(self._above(step.node_id, loops), []).append(step)
        ordered: list[Step] = []
        waiting = [(step, 0) for step in reversed(children.get("", ()))]
        while waiting:
            step, step.depth = waiting.pop()
            ordered.append(step)
            below = children.get(step.node_id, ())
            waiting += [(inner, step.depth + 1) for inner in reversed(below)]
        return ordered

    def _above(self, node_id: str, loops: Mapping[str, str]) -> str:
        """The step that *node_id* stands below; "" for one that stands by itself."""
        above = loops.get(node_id) or node_id.rpartition("/")[0]
        return above if above in self.by_id else ""


def _when(event: Event) -> float:
    """When *event* happened, as time.monotonic() counts: who joins late sees the true durations."""
    now, text = time.monotonic(), event.get("timestamp")
    if not text:
        return now
    with suppress(ValueError, TypeError):
        return now - max(0.0, time.time() - datetime.fromisoformat(str(text)).timestamp())
    return now


def log_line(data: Mapping[str, Any]) -> str:
    """A line of a run's log, as it stands between the steps."""
    level = str(data.get("level") or "info").lower()
    shown = "" if level in _PLAIN_LEVELS else f"{level}: "
    node = f"{data['node_id']}: " if data.get("node_id") else ""
    return f"  | {node}{shown}{data.get('message', '')}"


def _headline(change: str, data: Mapping[str, Any]) -> str:
    name = str(data.get("workflow_name") or data.get("workflow_id") or "")
    match change:
        case "queued":
            return "waiting for a robot"
        case "claimed":
            return f"claimed by {data.get('robot_id') or 'a robot'}"
        case "started":
            return f"running {name}".rstrip()
        case "requeued":
            return f"back in the queue: {data.get('reason') or 'its robot went away'}"
        case "completed":
            took = milliseconds(data.get("duration_ms"))
            return f"completed in {took}" if took else "completed"
        case "failed":
            status = str(data.get("status") or "failed")
            return f"{status}: {data.get('error_message') or 'no reason given'}"
        case _:
            return change
