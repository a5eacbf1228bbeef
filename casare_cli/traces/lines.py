"""A trace on a terminal: a line for each node, its bar as wide as the terminal lets it be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.cells import cell_len, set_cell_size

from casare_cli.following.steps import MARKS, TIMES
from casare_cli.terminal.output import Output
from casare_cli.terminal.text import milliseconds, one_line
from casare_cli.traces.reading import AttemptTrace, NodeTrace, Trace

_ANSI = {
    "completed": "32",
    "failed": "31",
    "interrupted": "33",
    "running": "36",
    "skipped": "2",
}
_ENDING_ANSI = {"completed": "32", "failed": "31", "timeout": "31", "requeued": "33"}
_FIGURE = 9
_NARROWEST_BAR = 10
#: Shorter gaps between nodes are what every step costs.
_WORTH_TELLING_MS = 5.0


def print_trace(out: Output, job: Mapping[str, Any], trace: Trace, *, width: int) -> None:
    out.line(_head(job, trace), ansi="1")
    for attempt in trace.attempts:
        ansi = _ENDING_ANSI.get(attempt.ending, "36")
        out.line(_attempt_line(attempt, trace), ansi=ansi)
        _print_nodes(out, attempt, width)


def _head(job: Mapping[str, Any], trace: Trace) -> str:
    name = f"{job.get('workflow_name') or job.get('workflow_id')} v{job.get('workflow_version')}"
    waited = f", {milliseconds(trace.waited_ms)} of it in the queue" if trace.waited_ms else ""
    took = f"{job.get('status')}, {milliseconds(trace.total_ms)} since it was submitted"
    return one_line(f"job {job.get('job_id')}  {name}: {took}{waited}")


def _attempt_line(attempt: AttemptTrace, trace: Trace) -> str:
    waited = f"waited {milliseconds(attempt.queued_ms)}, "
    startup = attempt.startup_ms
    began = "" if startup is None else f"began after {milliseconds(startup)}, "
    ran = f"{attempt.ending} after {milliseconds(attempt.end_ms - attempt.start_ms)}"
    reason = f": {attempt.reason}" if attempt.reason else ""
    of = f" of {len(trace.attempts)}" if len(trace.attempts) > 1 else ""
    robot = attempt.robot_id or "a robot"
    return one_line(f"attempt {attempt.attempt}{of} on {robot}: {waited}{began}{ran}{reason}")


def _print_nodes(out: Output, attempt: AttemptTrace, width: int) -> None:
    labels = [one_line(_label(node)) for node in attempt.nodes]
    room = width - 2 * _FIGURE - 4
    has_bar = room >= 2 * _NARROWEST_BAR
    most = room // 2 if has_bar else max(_NARROWEST_BAR, width - _FIGURE - 3)
    name_width = min(max(map(cell_len, labels), default=0), most)
    bar_width = room - name_width - 1 if has_bar else 0
    for node, label in zip(attempt.nodes, labels, strict=True):
        line = f"  {set_cell_size(label, name_width)} {milliseconds(node.total_ms):>{_FIGURE}}"
        if bar_width:
            line += f" {_waited(node):>{_FIGURE}} {_bar(node, attempt, bar_width)}"
        out.line(line.rstrip(), ansi=_ANSI[node.shown_state])
        if detail := _detail(node):
            out.line(set_cell_size(f"      {one_line(detail)}", width).rstrip(), ansi="2")


def _label(node: NodeTrace) -> str:
    times = f" {TIMES}{node.runs}" if node.runs > 1 else ""
    return f"{MARKS[node.shown_state]} {node.node_id}{times}"


def _waited(node: NodeTrace) -> str:
    return f"+{milliseconds(node.wait_ms)}" if node.wait_ms >= _WORTH_TELLING_MS else ""


def _detail(node: NodeTrace) -> str:
    figures = (("min", node.min_ms), ("mean", node.mean_ms), ("max", node.max_ms))
    shown = [f"{name} {milliseconds(value)}" for name, value in figures]
    parts = [", ".join(shown)] if node.runs > 1 and node.min_ms is not None else []
    return "; ".join([*parts, node.error] if node.error else parts)


def _bar(node: NodeTrace, attempt: AttemptTrace, width: int) -> str:
    """From the node's first start to its last end, within the attempt."""
    whole = (attempt.end_ms - attempt.start_ms) or 1.0
    end_ms = attempt.end_ms if node.end_ms is None else node.end_ms
    first = int((node.start_ms - attempt.start_ms) / whole * width)
    first = max(0, min(first, width - 1))
    last = int((end_ms - attempt.start_ms) / whole * width)
    return " " * first + "█" * max(1, min(last, width) - first)
