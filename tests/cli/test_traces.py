"""Where a job's time went, worked out from its events alone."""

from __future__ import annotations

import io
import time
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

from casare_cli.following.steps import TIMES
from casare_cli.terminal.output import Output
from casare_cli.traces.lines import print_trace
from casare_cli.traces.page import page
from casare_cli.traces.reading import Trace, trace_of

JOB = {"job_id": "j", "workflow_name": "w", "workflow_version": 3, "status": "completed"}
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
NASTY = '</script><img src=x onerror=alert(1)>\x1b[31m"\u202e'


def at(seconds: float, kind: str, *, attempt: int = 1, **data: Any) -> dict[str, Any]:
    moment = (BEGAN + timedelta(seconds=seconds)).isoformat()
    return {"type": kind, "timestamp": moment, "attempt": attempt, "data": data}


def ran(begin: float, node_id: str, end: float, took_ms: float | None = None) -> list[Any]:
    took = (end - begin) * 1000 if took_ms is None else took_ms
    return [
        at(begin, "node.started", node_id=node_id, node_type="LogNode"),
        at(end, "node.completed", node_id=node_id, node_type="LogNode", execution_time_ms=took),
    ]


ONE = [
    at(0, "job.queued"),
    at(2, "job.claimed", robot_id="r1"),
    at(2.6, "job.started", total_nodes=2),
    *ran(2.5, "a", 3.0),
    *ran(3.2, "b", 4.0),
    at(4.1, "job.completed", status="completed"),
]
TWO = [
    at(0, "job.queued"),
    at(1, "job.claimed", robot_id="r1"),
    at(1, "node.started", node_id="a"),
    at(2, "node.failed", node_id="a", error_message=NASTY),
    at(3, "job.requeued", reason="agent lost", wait_seconds=4),
    at(7, "job.claimed", robot_id="r2", attempt=2),
    *ran(7.5, "a", 8),
    at(8, "job.failed", attempt=2, status="timeout", error_message="too long"),
]


def test_waits_start_up_and_nodes_are_told_apart() -> None:
    trace = trace_of(ONE)
    (attempt,) = trace.attempts
    assert (trace.total_ms, trace.waited_ms) == (4100, 2000)
    assert (attempt.queued_ms, attempt.startup_ms, attempt.ending) == (2000, 500, "completed")
    assert (attempt.start_ms, attempt.end_ms) == (2000, 4100)
    first, second = attempt.nodes
    assert (first.start_ms, first.end_ms, first.wait_ms) == (2500, 3000, 0)
    assert (second.total_ms, second.wait_ms, second.state) == (800, 200, "completed")


def test_each_attempt_has_its_own_wait_robot_and_ending() -> None:
    first, second = trace_of(TWO).attempts
    assert (first.robot_id, first.ending, first.reason) == ("r1", "requeued", "agent lost")
    assert (second.robot_id, second.ending, second.reason) == ("r2", "timeout", "too long")
    assert (second.queued_ms, trace_of(TWO).waited_ms) == (4000, 5000)
    failed = first.nodes[0]
    assert (failed.state, failed.total_ms, failed.error) == ("failed", 1000, NASTY)


def test_the_passes_of_a_loop_are_one_node_with_its_figures() -> None:
    passes = [e for i in range(4) for e in ran(1 + i, "body", 1.5 + i, took_ms=100.0 * (i + 1))]
    (node,) = trace_of([at(0, "job.queued"), at(1, "job.claimed"), *passes]).attempts[0].nodes
    assert (node.runs, node.min_ms, node.mean_ms, node.max_ms) == (4, 100, 250, 400)
    assert (node.total_ms, node.wait_ms, node.start_ms, node.end_ms) == (1000, 1500, 1000, 4500)


def test_nodes_side_by_side_make_no_wait() -> None:
    events = [
        at(0, "job.queued"),
        at(0, "job.claimed"),
        at(0, "node.started", node_id="long"),
        *ran(0, "short", 1),
        *ran(3, "later", 4),
        at(5, "node.completed", node_id="long", execution_time_ms=5000.0),
        *ran(6, "last", 7),
    ]
    waits = {node.node_id: node.wait_ms for node in trace_of(events).attempts[0].nodes}
    assert waits == {"long": 0, "short": 0, "later": 0, "last": 1000}


def test_a_robot_whose_clock_is_behind_begins_no_node_before_its_claim() -> None:
    events = [
        at(0, "job.queued"),
        at(2, "job.claimed"),
        *ran(-60, "a", -59),
        at(4, "job.completed"),
    ]
    (attempt,) = trace_of(events).attempts
    assert (attempt.nodes[0].start_ms, attempt.nodes[0].end_ms) == (2000, 3000)
    assert attempt.startup_ms == 0


def test_a_job_that_goes_on_is_told_so_far() -> None:
    trace = trace_of(ONE[:4])
    assert trace.attempts[0].ending == "running"
    assert trace.attempts[0].nodes[0].end_ms is None
    waiting = trace_of([at(0, "job.queued"), at(9, "job.cancel_requested")])
    assert (waiting.attempts, waiting.waited_ms) == ([], 9000)
    assert trace_of([]) == Trace(attempts=[], total_ms=0, waited_ms=0)


WAITING = [
    at(0, "job.queued"),
    at(1, "job.claimed", robot_id="r1"),
    *ran(1.5, "wait", 2),
    at(2.5, "node.started", node_id="wait", node_type="WaitNode"),
]


def test_a_running_nodes_time_goes_on_until_now() -> None:
    trace = trace_of(WAITING, (BEGAN + timedelta(seconds=6)).timestamp())
    (node,) = trace.attempts[0].nodes
    assert (node.state, node.total_ms, node.end_ms) == ("running", 4000, None)
    assert (node.min_ms, node.mean_ms, node.max_ms) == (500, 500, 500)
    assert (trace.attempts[0].end_ms, trace.total_ms, trace.waited_ms) == (6000, 6000, 1000)
    (far_behind,) = trace_of(WAITING, BEGAN.timestamp()).attempts[0].nodes
    assert far_behind.total_ms == 500, "a clock that is behind takes nothing away"
    waiting = trace_of(WAITING[:1], (BEGAN + timedelta(seconds=3)).timestamp())
    assert (waiting.total_ms, waiting.waited_ms) == (3000, 3000)


@pytest.mark.parametrize("kind", ["job.cancelled", "job.failed", "job.requeued"])
def test_a_node_that_ran_when_its_attempt_ended_was_interrupted_then(kind: str) -> None:
    trace = trace_of([*WAITING, at(22.5, kind)], (BEGAN + timedelta(days=1)).timestamp())
    (node,) = trace.attempts[0].nodes
    assert (node.shown_state, node.total_ms, node.end_ms) == ("interrupted", 20_500, 22_500)
    assert (trace.attempts[0].end_ms, node.max_ms) == (22_500, 500)
    assert (node.state, node.interrupted) == ("failed", True)
    assert "■ wait" in "".join(shown(trace, 80))
    assert '<tr class="interrupted"' in page(JOB, trace)


def test_an_interrupted_node_of_a_robot_whose_clock_is_off_has_no_odd_time() -> None:
    claimed = WAITING[:2]
    behind = [*claimed, at(-60, "node.started", node_id="w"), at(5, "job.cancelled")]
    (node,) = trace_of(behind).attempts[0].nodes
    assert (node.start_ms, node.end_ms, node.total_ms) == (1000, 5000, 4000)
    ahead = [*claimed, at(60, "node.started", node_id="w"), at(5, "job.cancelled")]
    (node,) = trace_of(ahead).attempts[0].nodes
    assert (node.start_ms, node.end_ms, node.total_ms) == (60_000, 60_000, 0)


def shown(trace: Trace, width: int) -> list[str]:
    out = Output()
    out.stdout = io.StringIO()
    print_trace(out, JOB, trace, width=width)
    return out.stdout.getvalue().splitlines()


@pytest.mark.parametrize("width", [20, 40, 80, 200])
@pytest.mark.parametrize("events", [ONE, TWO])
def test_nodes_fit_the_width_and_bars_grow_with_it(events: list[Any], width: int) -> None:
    lines = shown(trace_of(events), width)
    nodes = [line for line in lines if line.startswith("  ")]
    assert nodes and all(len(line) <= width for line in nodes), lines
    assert ("█" in "".join(nodes)) == (width >= 80 or width == 60)
    assert not any("\x1b" in line or "\u202e" in line for line in lines)
    if events is ONE and width == 200:
        first, second = nodes
        assert "+200 ms" in second
        assert abs(second.count("█") / first.count("█") - 1.6) < 0.2


class Found(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_page_loads_nothing_and_lets_nothing_in() -> None:
    text = page(JOB | {"workflow_name": NASTY}, trace_of(TWO))
    found = Found()
    found.feed(text)
    tags = [tag for tag, _ in found.tags]
    assert tags.count("script") == 1 and "img" not in tags and "link" not in tags
    attributes = {name for _, given in found.tags for name in given}
    assert not attributes & {"src", "href", "onerror", "onclick", "action", "srcset"}
    assert "http:" not in text and "https:" not in text and "url(" not in text
    assert not {"\x1b", "\u202e"} & set(text)
    policy = next(g["content"] for t, g in found.tags if t == "meta" and "content" in g)
    assert policy is not None and "default-src 'none'" in policy and "script-src 'sha256-" in policy
    assert "prefers-color-scheme: dark" in text
    rows = [given for tag, given in found.tags if tag == "tr" and "tabindex" in given]
    assert [row["class"] for row in rows] == ["failed", "completed"]


def test_ten_thousand_nodes_are_a_page_of_a_few_megabytes() -> None:
    events = [at(0, "job.queued"), at(0, "job.claimed")]
    for i in range(10_000):
        events += ran(i / 100, f"n{i}", (i + 1) / 100)
    began = time.process_time()
    trace = trace_of(events)
    text = page(JOB, trace)
    assert text.count("<tr class=") == 10_000
    assert len(text) < 5_000_000
    assert len(shown(trace, 100)) == 10_002
    assert f"{TIMES}" not in text
    assert time.process_time() - began < 20
