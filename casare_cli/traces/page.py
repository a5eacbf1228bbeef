"""A trace as one HTML file that needs nothing beside itself and lets nothing in.

Its policy forbids whatever is not in the file; values are text or numbers, never markup. Bars are
widths in percent, so that thousands of lines stay a table that a browser searches and prints. The
script only moves the focus and hides lines; without it everything is there.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from casare_cli.following.steps import MARKS, TIMES
from casare_cli.terminal.text import milliseconds, one_line
from casare_cli.traces.reading import AttemptTrace, NodeTrace, Trace

_STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --soft: #57606a; --back: #fff; --line: #d0d7de;
  --completed: #1a7f37; --failed: #cf222e; --running: #0969da; --skipped: #8c959f;
  --interrupted: #9a6700; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #8b949e; --back: #0d1117;
  --line: #30363d; --completed: #3fb950; --failed: #f85149; --running: #58a6ff;
  --skipped: #6e7681; --interrupted: #d29922; } }
body { margin: 1.5rem; font: 14px/1.5 system-ui, sans-serif; color: var(--ink);
  background: var(--back); }
h1 { font-size: 1.2rem; } h2 { font-size: 1rem; margin: 1.5rem 0 .3rem; }
p, .soft { color: var(--soft); } input { font: inherit; width: 20rem; max-width: 90%; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
th { text-align: left; font-weight: 600; } th, td { padding: .1rem .5rem; overflow-wrap: anywhere;
  border-bottom: 1px solid var(--line); vertical-align: top; }
.n { text-align: right; width: 6rem; font-variant-numeric: tabular-nums; }
.w { width: 40%; } tr:focus { outline: 2px solid var(--running); outline-offset: -2px; }
.b { display: block; height: .8rem; margin-top: .3rem; min-width: 2px; border-radius: 2px; }
.completed .b { background: var(--completed); } .failed .b { background: var(--failed); }
.running .b { background: var(--running); } .skipped .b { background: var(--skipped); }
.interrupted .b { background: var(--interrupted); } .interrupted .m { color: var(--interrupted); }
.failed .m { color: var(--failed); } .completed .m { color: var(--completed); }
[hidden] { display: none; }
"""
_SCRIPT = """
const rows = [...document.querySelectorAll("tbody tr")], find = document.querySelector("input");
find.addEventListener("input", () => { const wanted = find.value.toLowerCase();
  for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted); });
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target === find) { if (event.key === "Escape") find.blur(); return; }
  const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
  if (event.key === "/") { event.preventDefault(); find.focus(); return; }
  if (!step) return;
  const shown = rows.filter((row) => !row.hidden), at = shown.indexOf(document.activeElement);
  const next = shown[at < 0 && step < 0 ? shown.length - 1 : at + step];
  if (next) { event.preventDefault(); next.focus(); next.scrollIntoView({ block: "nearest" }); }
});
"""


def page(job: Mapping[str, Any], trace: Trace) -> str:
    return "".join(_parts(job, trace))


def _parts(job: Mapping[str, Any], trace: Trace) -> Iterator[str]:
    title = f"{job.get('workflow_name') or job.get('workflow_id')}: {job.get('status')}"
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'unsafe-inline';"
        f" script-src {_hash(_SCRIPT)}"
    )
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield f"<title>{_text(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
    yield f"<h1>{_text(title)}</h1>\n<p>{_text(_summary(job, trace))}</p>\n"
    yield '<p><label>Find a node (/) <input type="search" autocomplete="off"></label>'
    yield ' <span class="soft">arrows or j and k go from line to line</span></p>\n'
    for attempt in trace.attempts:
        yield from _attempt(attempt)
    yield f"<script>{_SCRIPT}</script>\n</body>\n</html>\n"


def _summary(job: Mapping[str, Any], trace: Trace) -> str:
    return (
        f"Job {job.get('job_id')}, version {job.get('workflow_version')};"
        f" {milliseconds(trace.total_ms)} since it was submitted,"
        f" {milliseconds(trace.waited_ms)} of it in the queue."
    )


def _attempt(attempt: AttemptTrace) -> Iterator[str]:
    robot = attempt.robot_id or "a robot"
    ran = milliseconds(attempt.end_ms - attempt.start_ms)
    yield f"<h2>Attempt {attempt.attempt} on {_text(robot)}</h2>\n<p>"
    yield f"Waited {milliseconds(attempt.queued_ms)}. "
    if attempt.startup_ms is not None:
        yield f"The first node began after {milliseconds(attempt.startup_ms)}. "
    yield f"{_text(attempt.ending.capitalize())} after {ran}"
    yield f": {_text(attempt.reason)}</p>\n" if attempt.reason else ".</p>\n"
    yield '<table><thead><tr><th>Node</th><th class="n">Time</th><th class="n">Wait before</th>'
    yield '<th class="w">From start to end</th></tr></thead>\n<tbody>\n'
    for node in attempt.nodes:
        yield _row(node, attempt)
    yield "</tbody></table>\n"


def _row(node: NodeTrace, attempt: AttemptTrace) -> str:
    whole = (attempt.end_ms - attempt.start_ms) or 1.0
    end_ms = attempt.end_ms if node.end_ms is None else node.end_ms
    left = min(100.0, max(0.0, (node.start_ms - attempt.start_ms) / whole * 100))
    width = min(100.0 - left, max(0.0, (end_ms - node.start_ms) / whole * 100))
    times = f" {TIMES}{node.runs}" if node.runs > 1 else ""
    state = node.shown_state
    return (
        f'<tr class="{_text(state)}" tabindex="0"><td><span class="m">{MARKS[state]}'
        f'</span> {_text(node.node_id)}{times} <span class="soft">{_text(node.node_type)}'
        f"{_detail(node)}</span></td>"
        f'<td class="n">{milliseconds(node.total_ms)}</td>'
        f'<td class="n">{milliseconds(node.wait_ms) if node.wait_ms else ""}</td>'
        f'<td><span class="b" style="margin-left:{left:.2f}%;width:{width:.2f}%"></span></td>'
        "</tr>\n"
    )


def _detail(node: NodeTrace) -> str:
    parts = []
    if node.runs > 1 and node.min_ms is not None:
        figures = (("min", node.min_ms), ("mean", node.mean_ms), ("max", node.max_ms))
        parts.append(", ".join(f"{name} {milliseconds(value)}" for name, value in figures))
    if node.error:
        parts.append(_text(node.error))
    return "".join(f"<br>{part}" for part in parts)


def _hash(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _text(text: str) -> str:
    return escape(one_line(text))
