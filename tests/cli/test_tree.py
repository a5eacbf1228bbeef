from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from casare_cli.following.steps import TIMES, Steps


def event(kind: str, **data: Any) -> dict[str, Any]:
    return {"type": kind, "data": data, "seq": 1, "timestamp": ""}


def test_a_step_goes_from_running_to_its_end() -> None:
    steps = Steps()
    assert steps.take(event("node.started", node_id="a", node_type="X")) == "▶ a  X"
    line = steps.take(event("node.completed", node_id="a", node_type="X", execution_time_ms=12.0))
    assert line == "✓ a  X  12 ms"
    steps.take(event("node.started", node_id="b"))
    assert steps.take(event("node.failed", node_id="b", error_message="bad")) == "✗ b: bad"
    skipped = steps.take(event("node.skipped", node_id="c", reason="disabled"))
    assert skipped == "○ c: disabled"


def test_passes_are_counted_and_their_times_added_up() -> None:
    steps = Steps()
    for _ in range(3):
        steps.take(event("node.started", node_id="a"))
        steps.take(event("node.completed", node_id="a", execution_time_ms=1000.0))
    assert len(steps.by_id) == 1
    assert steps.by_id["a"].label() == f"✓ a {TIMES}3"
    assert steps.by_id["a"].duration() == "3.0 s"


def test_a_new_attempt_starts_over() -> None:
    steps = Steps()
    steps.take(event("node.started", node_id="a"))
    line = steps.take(event("job.requeued", reason="agent lost"))
    assert line == "back in the queue: agent lost"
    assert not steps.by_id


def test_unknown_events_are_passed_over() -> None:
    steps = Steps()
    assert steps.take(event("weather.changed", sun=True)) is None
    assert steps.take({"type": "node.paused", "data": {"node_id": "a"}}) is None
    assert steps.take({"type": "log", "data": None}) == "  | "


def test_a_hundred_thousand_events_are_taken_in_without_waiting() -> None:
    steps = Steps()
    before = time.process_time()
    for index in range(50_000):
        steps.take(event("node.started", node_id=f"n{index % 5000}"))
        steps.take(event("node.completed", node_id=f"n{index % 5000}", execution_time_ms=1.0))
    assert time.process_time() - before < 5
    assert len(steps.by_id) == 5000


def test_steps_stand_below_their_loop_or_their_subflow_in_order_of_first_start() -> None:
    steps = Steps()
    for node_id in ("outer", "inner", "say", "after", "say_else", "call", "call/a", "call/b"):
        steps.take(event("node.started", node_id=node_id))
    loops = {"inner": "outer", "say": "inner", "say_else": "inner", "gone": "never_started"}
    steps.take(event("node.started", node_id="gone"))
    shown = [(step.depth, step.node_id) for step in steps.nested(loops)]
    assert shown == [
        (0, "outer"),
        (1, "inner"),
        (2, "say"),
        (2, "say_else"),
        (0, "after"),
        (0, "call"),
        (1, "call/a"),
        (1, "call/b"),
        (0, "gone"),
    ]


def test_a_step_that_began_before_the_watching_shows_its_true_duration() -> None:
    steps = Steps()
    began = datetime.now(UTC) - timedelta(minutes=5)
    steps.take(event("node.started", node_id="a") | {"timestamp": began.isoformat()})
    assert steps.by_id["a"].duration().startswith("5 m 0")
    ahead = datetime.now(UTC) + timedelta(hours=1)
    steps.take(event("node.started", node_id="b") | {"timestamp": ahead.isoformat()})
    assert steps.by_id["b"].duration().endswith(" ms")
