"""The live step tree: what each node of a run is doing, from wire-shaped events.

On a terminal one picture that is redrawn; off it one plain line per transition. It takes the
events of a watched job as well as those of a local run: {"type", "data", "seq", "timestamp"}.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TextIO

from casare_cli.output import Output
from casare_cli.text import milliseconds

if TYPE_CHECKING:
    from rich.text import Text

Event = Mapping[str, Any]
MARKS = {"completed": "✓", "failed": "✗", "running": "▶", "skipped": "○"}
_STYLES = {"completed": "green", "failed": "red", "running": "cyan", "skipped": "dim"}
TIMES = "\u00d7"
_ANSI = {"✓": "32", "✗": "31", "▶": "36", "○": "2"}
_REDRAW_SECONDS = 0.1
_FEWEST_ROWS = 6
#: More log lines than this between two pictures are counted instead of shown.
_MOST_LOG_LINES = 200
#: A LogNode that says nothing of its level logs as critical: the word would tell nothing.
_PLAIN_LEVELS = frozenset({"info", "critical"})


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

    def label(self) -> str:
        times = f" {TIMES}{self.passes}" if self.passes > 1 else ""
        kind = f"  {self.node_type}" if self.node_type else ""
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
        self.total_nodes = 0
        self.count_done = 0

    def take(self, event: Event) -> str | None:
        """Take in an event; a line about it, or None if there is nothing to say."""
        kind, data = str(event.get("type", "")), event.get("data") or {}
        if kind.startswith("node."):
            return self._node(kind.removeprefix("node."), data)
        if kind == "log":
            return log_line(data)
        if kind.startswith("job."):
            return self._job(kind.removeprefix("job."), data)
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

    def _node(self, change: str, data: Mapping[str, Any]) -> str | None:
        node_id = str(data.get("node_id", ""))
        step = self.by_id.get(node_id)
        if step is None:
            step = self.by_id[node_id] = Step(node_id, str(data.get("node_type") or ""), passes=0)
        if change == "started":
            step.passes += 1
            step.state, step.started = "running", time.monotonic()
            return step.label()
        if change not in MARKS:
            return None
        step.passes = max(step.passes, 1)
        self.count_done += 1
        step.state = change
        step.duration_ms += float(data.get("execution_time_ms") or data.get("duration_ms") or 0)
        step.error = str(data.get("error_message") or data.get("reason") or "")
        detail = f": {step.error}" if step.error else ""
        took = milliseconds(data.get("execution_time_ms"))
        return f"{step.label()}{f'  {took}' if took else ''}{detail}"

    def _job(self, change: str, data: Mapping[str, Any]) -> str | None:
        if change in ("requeued", "started", "claimed"):
            # A new attempt runs everything again.
            self.by_id.clear()
            self.total_nodes = int(data.get("total_nodes") or self.total_nodes)
        self.headline = _headline(change, data)
        return self.headline


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


class StepTree:
    """Shows events as they come; use it as a context manager, feed() it from any thread.

    *stream* is where it shows them (stdout).
    """

    def __init__(self, out: Output, *, stream: TextIO | None = None) -> None:
        self._out = out
        self._stream = stream or out.stdout
        self._steps = Steps()
        self._lock = threading.Lock()
        self._log: list[str] = []
        self._log_skipped = 0
        self._live: Any = None
        self._ended = threading.Event()
        self._painter: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self._out.on_terminal(self._stream):
            from rich.live import Live

            console = self._out.console(self._stream)
            self._live = Live(console=console, auto_refresh=False, transient=False)
            self._live.start()
            self._painter = threading.Thread(target=self._paint, name="step tree", daemon=True)
            self._painter.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if self._painter is not None:
            self._ended.set()
            self._painter.join()
            self._draw()
            self._live.stop()

    def feed(self, event: Event) -> None:
        """Take in an event; costs microseconds, whatever is drawn."""
        with self._lock:
            line = self._steps.take(event)
            if self._live is not None and line is not None and event.get("type") == "log":
                self._keep_log(line)
            shown = self._live is None and line is not None and self._steps.worth_a_line(event)
        if shown:
            style = _ANSI.get((line or "")[:1], "")
            self._out.line(line or "", stream=self._stream, ansi=style)

    def _keep_log(self, line: str) -> None:
        if len(self._log) < _MOST_LOG_LINES:
            self._log.append(line)
        else:
            self._log_skipped += 1

    def _paint(self) -> None:
        while not self._ended.wait(_REDRAW_SECONDS):
            self._draw()

    def _draw(self) -> None:
        from rich.text import Text

        from casare_cli.text import escape

        with self._lock:
            log, self._log = self._log, []
            skipped, self._log_skipped = self._log_skipped, 0
            picture = self._picture(self._live.console.size.height)
        if skipped:
            log.append(f"  | ... {skipped} more lines: casare-rpa jobs logs")
        if log:
            self._live.console.print(Text(escape("\n".join(log)), style="dim"))
        self._live.update(picture, refresh=True)

    def _picture(self, height: int) -> Text:
        """The steps that fit: the latest, and of the earlier ones those that run or failed."""
        from rich.text import Text

        from casare_cli.text import escape

        steps = list(self._steps.by_id.values())
        room = max(_FEWEST_ROWS, height - 4)
        hidden = max(0, len(steps) - room)
        telling = [s for s in steps[:hidden] if s.state in ("running", "failed")][-room // 2 :]
        text = Text(overflow="ellipsis")
        text.append(escape(self._steps.headline) + "\n", style="bold")
        if hidden:
            text.append(f"  ... {hidden - len(telling)} earlier steps\n", style="dim")
        for step in [*telling, *steps[hidden:]]:
            line = f"  {step.label()}  {step.duration()}".rstrip()
            detail = f": {step.error}" if step.error else ""
            text.append(escape(f"{line}{detail}".replace("\n", " ")) + "\n", _STYLES[step.state])
        text.rstrip()
        return text
