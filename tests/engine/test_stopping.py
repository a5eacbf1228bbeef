"""Ending a run from outside, and limits in time."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from casare_rpa.domain.events import EventBus, NodeStarted, VariableSet, WorkflowStopped
from casare_rpa.domain.workflow import parse_workflow
from casare_rpa.engine import Plan, RunOptions, RunResult, StopFlag, compile_workflow, run_plan
from tests.support.runs import chain, document, node, run_document

SLOW = document({"w": node("WaitNode", duration=60)})
ENDLESS = document(
    {
        "loop": node("WhileLoopStartNode", condition="true", max_iterations=10**9),
        "n": node("IncrementVariableNode", variable_name="n"),
    },
    chain("loop.body", "n"),
)
EMPTY_LOOP = document(
    {"loop": node("ForLoopStartNode", mode="range", start=0, end=10**9)},
)
RETRYING = document(
    {"retry": node("RetryNode", initial_delay=60), "fail": node("ThrowErrorNode")},
    chain("retry.retry_body", "fail"),
)
FORKED = document(
    {
        "fork": node("ForkNode"),
        "a": node("WaitNode", duration=60),
        "b": node("WaitNode", duration=60),
    },
    chain("fork.branch_1", "a"),
    chain("fork.branch_2", "b"),
)


def _plan(raw: dict[str, Any]) -> Plan:
    return compile_workflow(parse_workflow(raw))


def _run(raw: dict[str, Any], bus: EventBus, stop: StopFlag, **options: Any) -> RunResult:
    chosen = RunOptions(working_dir=Path.cwd(), **options)
    return asyncio.run(run_plan(_plan(raw), chosen, bus, stop))


@pytest.mark.parametrize("raw", [SLOW, ENDLESS, EMPTY_LOOP, RETRYING, FORKED])
def test_a_run_stops_when_another_thread_asks(raw: dict[str, Any]) -> None:
    bus, stop = EventBus(), StopFlag()
    begun = threading.Event()
    bus.subscribe(NodeStarted, lambda event: begun.set())

    def ask() -> None:
        begun.wait(60)
        stop.request("enough")

    thread = threading.Thread(target=ask)
    thread.start()
    began = time.monotonic()
    result = _run(raw, bus, stop)
    thread.join()
    assert time.monotonic() - began < 30  # what it waits for takes 60 s and more
    assert result.status == "cancelled"
    assert result.error is not None
    assert result.error.code == "CANCELLED"
    ended = bus.get_history()[0]
    assert isinstance(ended, WorkflowStopped)
    assert ended.reason == "enough"


def test_a_run_that_is_told_to_stop_before_it_begins_runs_nothing() -> None:
    stop = StopFlag()
    stop.request()
    bus = EventBus()
    assert _run(SLOW, bus, stop).status == "cancelled"
    assert bus.get_history(NodeStarted) == []


def test_a_stop_from_inside_takes_effect_before_the_next_node() -> None:
    bus, stop = EventBus(), StopFlag()
    bus.subscribe(VariableSet, lambda event: stop.request())
    nodes = {f"n{n}": node("SetVariableNode", variable_name=f"x{n}", value=n) for n in range(3)}
    result = _run(document(nodes, chain("n0", "n1", "n2")), bus, stop)
    assert result.status == "cancelled"
    assert result.variables == {"x0": 0}


def test_a_stop_is_no_failure_that_a_workflow_could_catch() -> None:
    bus, stop = EventBus(), StopFlag()

    def at_the_wait(event: NodeStarted) -> None:
        if event.node_id == "w":
            stop.request()

    bus.subscribe(NodeStarted, at_the_wait)
    nodes = {
        "try": node("TryNode"),
        "w": node("WaitNode", duration=60),
        "catch": node("CatchNode"),
        "caught": node("SetVariableNode", variable_name="caught", value=True),
    }
    raw = document(nodes, chain("try.try_body", "w", "catch"), chain("catch.catch_body", "caught"))
    result = _run(raw, bus, stop)
    assert result.status == "cancelled"
    assert result.variables == {}


def test_asking_after_the_end_changes_nothing() -> None:
    stop = StopFlag()
    result = _run(document({"n": node("StartNode")}), EventBus(), stop)
    stop.request()
    assert result.status == "completed"


@pytest.mark.parametrize("raw", [SLOW, ENDLESS, EMPTY_LOOP])
def test_a_run_that_takes_too_long_times_out(raw: dict[str, Any]) -> None:
    began = time.monotonic()
    result = _run(raw, EventBus(), StopFlag(), timeout_seconds=0.2)
    assert time.monotonic() - began < 30  # what it waits for takes 60 s and more
    assert result.status == "timeout"
    assert result.error is not None
    assert result.error.code == "TIMEOUT"


def test_a_node_that_takes_too_long_fails() -> None:
    from casare_rpa.nodes.base import Context, Node

    class SleepsTooLong(Node, abstract=True):
        """Wait without a limit of its own."""

        category = "test"
        type = "SleepsTooLong"

        async def run(self, ctx: Context) -> None:
            await asyncio.sleep(60)

    result = _with_node(SleepsTooLong, node_timeout_seconds=0.1)
    assert result.status == "failed"
    assert result.error is not None
    assert result.error.code == "TIMEOUT"
    assert result.error.message == "node n (SleepsTooLong): Node n timed out after 0.1s"


def _with_node(cls: Any, **options: Any) -> RunResult:
    """Run a node class that is in no catalogue."""
    from casare_rpa.nodes.base import Node

    Node.registry[cls.type] = cls
    try:
        return run_document(document({"n": node(cls.type)}), **options)
    finally:
        del Node.registry[cls.type]


def test_a_timeout_that_a_node_raises_itself_is_its_failure() -> None:
    from casare_rpa.nodes.base import Context, Node

    class GivesUp(Node, abstract=True):
        """Raise what a library raises."""

        category = "test"
        type = "GivesUp"

        async def run(self, ctx: Context) -> None:
            raise TimeoutError("the server is slow")

    result = _with_node(GivesUp)
    assert result.error is not None
    assert (result.error.code, result.error.message) == (
        "TIMEOUT",
        "node n (GivesUp): the server is slow",
    )


@pytest.mark.parametrize("how", [SystemExit, asyncio.CancelledError, RecursionError])
def test_a_node_cannot_end_the_process_or_the_run(how: type[BaseException]) -> None:
    from casare_rpa.nodes.base import Context, Node

    class Wild(Node, abstract=True):
        """Raise something that is no ordinary exception."""

        category = "test"
        type = "Wild"

        async def run(self, ctx: Context) -> None:
            raise how("x")

    result = _with_node(Wild)
    assert result.status == "failed"
    assert result.error is not None
    assert result.error.node_id == "n"


def test_what_nodes_opened_is_closed_last_first_however_the_run_ends() -> None:
    from casare_rpa.nodes.base import Context, Node

    closed: list[str] = []

    def remember(name: str) -> Callable[[], Awaitable[None]]:
        async def close() -> None:
            closed.append(name)

        return close

    class Opens(Node, abstract=True):
        """Open two things and fail."""

        category = "test"
        type = "Opens"

        def run(self, ctx: Context) -> None:
            ctx.on_close(remember("first"))
            ctx.on_close(lambda: 1 / 0)
            ctx.on_close(remember("second"))
            raise ValueError("broken")

    result = _with_node(Opens)
    assert closed == ["second", "first"]
    assert result.status == "failed"
    assert [line["level"] for line in result.logs] == ["WARNING"]


@pytest.mark.anyio
async def test_cancelling_the_task_ends_the_run_and_leaves_nothing() -> None:
    before = asyncio.all_tasks()
    bus = EventBus()
    begun = asyncio.Event()
    bus.subscribe(NodeStarted, lambda event: begun.set())
    options = RunOptions(working_dir=Path.cwd())
    task = asyncio.create_task(run_plan(_plan(SLOW), options, bus))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.all_tasks() == before


def test_memory_stays_the_same_however_long_a_loop_runs() -> None:
    import tracemalloc

    sizes: list[int] = []

    def measure(event: VariableSet) -> None:
        if event.variable_name == "item" and event.variable_value in (2_000, 19_000):
            sizes.append(tracemalloc.get_traced_memory()[0])

    bus = EventBus(max_history=10)
    bus.subscribe(VariableSet, measure)
    nodes = {
        "loop": node("ForLoopStartNode", mode="range", start=0, end=20_000),
        "n": node("SetVariableNode", variable_name="x", value="{{item}}"),
        "end": node("ForLoopEndNode"),
    }
    tracemalloc.start()
    try:
        run_document(document(nodes, chain("loop.body", "n", "end")), bus=bus)
    finally:
        tracemalloc.stop()
    assert sizes[1] - sizes[0] < 100_000
