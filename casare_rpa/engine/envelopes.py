"""Events as a robot uploads them: `{"type", "timestamp", "data"}`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from casare_rpa.domain.events import (
    DomainEvent,
    LogMessage,
    NodeCompleted,
    NodeFailed,
    NodeSkipped,
    NodeStarted,
    StateKept,
    WorkflowProgress,
)
from casare_rpa.domain.json_values import json_safe
from casare_rpa.engine.result import json_size, only_scalars, truncated
from casare_rpa.engine.walking.trail import MOST_OUTPUT_BYTES
from casare_rpa.nodes.base import Node

MAX_OUTPUT_BYTES = MOST_OUTPUT_BYTES
#: A map of scalars this small cannot come near the limit, so nothing needs to be measured.
_FEW = 16
#: A millisecond and its text; one tuple, so that threads see both or neither.
_latest: tuple[int, str] = (-1, "")


def envelope(event: DomainEvent) -> dict[str, Any] | None:
    """The wire form of *event*; None for events that stay on the robot."""
    make = _MAKERS.get(type(event))
    return None if make is None else make(event)


def timestamp(event: DomainEvent) -> str:
    """The event's time as ISO 8601 text in UTC, to the millisecond.

    A tight loop makes hundreds of events in a millisecond, which share one text.
    """
    global _latest
    # The property behind it costs as much as all the rest here.
    moment = event.__dict__.get("_seconds") or event.timestamp
    millisecond = int(moment * 1000)
    latest, text = _latest
    if millisecond != latest:
        exact = datetime.fromtimestamp(millisecond // 1000, UTC)
        text = f"{exact:%Y-%m-%dT%H:%M:%S}.{millisecond % 1000:03d}Z"
        _latest = (millisecond, text)
    return text


def output_data(outputs: Mapping[str, Any] | None) -> dict[str, Any]:
    """Outputs as JSON values; a marker instead if they take more than 64 KiB."""
    if not outputs:
        return {}
    if len(outputs) <= _FEW and only_scalars(outputs):
        return dict(outputs)
    safe: dict[str, Any] = json_safe(outputs)
    size = json_size(safe)
    return truncated(size) if size > MAX_OUTPUT_BYTES else safe


@cache
def acts_outside(node_type: str) -> bool:
    """Whether running a node of this type twice acts twice on the outside world."""
    found = Node.registry.get(node_type)
    return found is not None and found.side_effect


def _started(event: NodeStarted) -> dict[str, Any]:
    data: dict[str, Any] = {"node_id": event.node_id, "node_type": event.node_type}
    if acts_outside(event.node_type):
        data["side_effect"] = True
    if event.state is not None:
        data["state"] = event.state
    return {"type": "node.started", "timestamp": timestamp(event), "data": data}


def _completed(event: NodeCompleted) -> dict[str, Any]:
    data: dict[str, Any] = {
        "node_id": event.node_id,
        "node_type": event.node_type,
        "execution_time_ms": event.execution_time_ms,
        "output_data": output_data(event.output_data),
    }
    if event.state is not None:
        data["state"] = event.state
    return {"type": "node.completed", "timestamp": timestamp(event), "data": data}


def _kept(event: StateKept) -> dict[str, Any]:
    return {
        "type": "state.kept",
        "timestamp": timestamp(event),
        "data": {"kind": event.kind, "name": event.name, "text": event.text},
    }


def _failed(event: NodeFailed) -> dict[str, Any]:
    return {
        "type": "node.failed",
        "timestamp": timestamp(event),
        "data": {
            "node_id": event.node_id,
            "node_type": event.node_type,
            "error_code": event.error_code.name if event.error_code is not None else None,
            "error_message": json_safe(event.error_message),
        },
    }


def _skipped(event: NodeSkipped) -> dict[str, Any]:
    return {
        "type": "node.skipped",
        "timestamp": timestamp(event),
        "data": {"node_id": event.node_id, "node_type": event.node_type, "reason": event.reason},
    }


def _log(event: LogMessage) -> dict[str, Any]:
    return {
        "type": "log",
        "timestamp": timestamp(event),
        "data": {
            "level": event.level.value,
            "message": json_safe(event.message),
            "node_id": event.node_id,
        },
    }


def _progress(event: WorkflowProgress) -> dict[str, Any]:
    return {
        "type": "progress",
        "timestamp": timestamp(event),
        "data": {
            "percentage": event.percentage,
            "current_node": event.current_node_id,
            "completed_nodes": event.completed_nodes,
            "total_nodes": event.total_nodes,
        },
    }


_MAKERS: dict[type, Callable[[Any], dict[str, Any]]] = {
    NodeStarted: _started,
    NodeCompleted: _completed,
    StateKept: _kept,
    NodeFailed: _failed,
    NodeSkipped: _skipped,
    LogMessage: _log,
    WorkflowProgress: _progress,
}
