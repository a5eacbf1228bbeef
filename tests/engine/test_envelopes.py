"""Events as robots upload them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.domain.enums import LogLevel
from casare_rpa.domain.events import (
    DomainEvent,
    LogMessage,
    NodeCompleted,
    NodeFailed,
    NodeSkipped,
    NodeStarted,
    VariableSet,
    WorkflowCompleted,
    WorkflowProgress,
    WorkflowStarted,
)
from casare_rpa.engine.envelopes import envelope
from casare_rpa.wire import EventEnvelope

ABOUT: dict[str, Any] = {"node_id": "n", "node_type": "T"}


@pytest.mark.parametrize(
    ("event", "kind", "data"),
    [
        (NodeStarted(**ABOUT), "node.started", ABOUT),
        (
            NodeCompleted(**ABOUT, execution_time_ms=1.5, output_data={"a": (1, None)}),
            "node.completed",
            {**ABOUT, "execution_time_ms": 1.5, "output_data": {"a": [1, None]}},
        ),
        (
            NodeFailed(**ABOUT, error_code=ErrorCode.TIMEOUT, error_message="slow"),
            "node.failed",
            {**ABOUT, "error_code": "TIMEOUT", "error_message": "slow"},
        ),
        (
            NodeFailed(**ABOUT),
            "node.failed",
            {**ABOUT, "error_code": None, "error_message": ""},
        ),
        (
            NodeSkipped(**ABOUT, reason="disabled"),
            "node.skipped",
            {**ABOUT, "reason": "disabled"},
        ),
        (
            LogMessage(level=LogLevel.ERROR, message="x", node_id="n"),
            "log",
            {"level": "ERROR", "message": "x", "node_id": "n"},
        ),
        (
            WorkflowProgress(
                current_node_id="n", completed_nodes=1, total_nodes=2, percentage=50.0
            ),
            "progress",
            {"percentage": 50.0, "current_node": "n", "completed_nodes": 1, "total_nodes": 2},
        ),
    ],
)
def test_an_event_has_its_wire_form(event: DomainEvent, kind: str, data: dict[str, Any]) -> None:
    made = envelope(event)
    assert made is not None
    assert (made["type"], made["data"]) == (kind, data)
    read = EventEnvelope.model_validate_json(orjson.dumps(made))
    assert abs(read.timestamp - event.occurred_on) <= timedelta(milliseconds=1)


@pytest.mark.parametrize("event", [WorkflowStarted(), WorkflowCompleted(), VariableSet()])
def test_some_events_stay_on_the_robot(event: DomainEvent) -> None:
    assert envelope(event) is None


def test_a_time_given_to_the_event_is_kept() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 67_000, UTC)
    made = envelope(NodeStarted(occurred_on=moment))
    assert made is not None
    assert made["timestamp"] == "2026-01-02T03:04:05.067Z"


@pytest.mark.parametrize(
    "outputs",
    [
        {"text": "x" * 70_000},
        {"rows": ["x" * 100] * 1000},
        {f"k{n}": "x" * 1000 for n in range(80)},
    ],
)
def test_outputs_that_are_too_large_are_cut_out(outputs: dict[str, Any]) -> None:
    made = envelope(NodeCompleted(output_data=outputs))
    assert made is not None
    size = len(orjson.dumps(outputs))
    assert made["data"]["output_data"] == {"_truncated": True, "bytes": size}


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
)


@given(st.dictionaries(st.text(), _values))
def test_any_outputs_become_strict_json(outputs: dict[str, Any]) -> None:
    made = envelope(NodeCompleted(output_data=outputs))
    assert made is not None
    assert orjson.loads(orjson.dumps(made)) == made
