"""Events as a robot uploads them: `{"type", "timestamp", "data"}`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from casare_rpa.domain.events import (
    DomainEvent,
    LogMessage,
    NodeCompleted,
    NodeFailed,
    NodeSkipped,
    NodeStarted,
    WorkflowProgress,
)
from casare_rpa.domain.json_values import json_safe
from casare_rpa.engine.result import only_scalars, truncated

MAX_OUTPUT_BYTES = 64 * 1024
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
    size = len(orjson.dumps(safe))
    return truncated(size) if size > MAX_OUTPUT_BYTES else safe


def _started(event: NodeStarted) -> dict[str, Any]:
    return {
        "type": "node.started",
        "timestamp": timestamp(event),
        "data": {"node_id": event.node_id, "node_type": event.node_type},
    }


def _completed(event: NodeCompleted) -> dict[str, Any]:
    return {
        "type": "node.completed",
        "timestamp": timestamp(event),
        "data": {
            "node_id": event.node_id,
            "node_type": event.node_type,
            "execution_time_ms": event.execution_time_ms,
            "output_data": output_data(event.output_data),
        },
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
    NodeFailed: _failed,
    NodeSkipped: _skipped,
    LogMessage: _log,
    WorkflowProgress: _progress,
}
