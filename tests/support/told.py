"""The events that a robot would upload of a run, without the robot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from casare_rpa.domain.events import EventBus
from casare_rpa.engine import RunResult
from casare_rpa.engine.envelopes import envelope
from tests.support.runs import run_document

Json = dict[str, Any]


def told(
    raw: Mapping[str, Any], variables: Mapping[str, Any] | None = None, **options: Any
) -> tuple[list[Json], RunResult]:
    """Run *raw* here; its events as they arrive at an orchestrator, and how it ended."""
    events: list[Json] = []

    def take(event: Any) -> None:
        if made := envelope(event):
            events.append(orjson.loads(orjson.dumps(made)))

    bus = EventBus(max_history=1)
    bus.subscribe_all(take)
    result = run_document(raw, variables, bus=bus, tells_start_points=True, **options)
    return events, result
