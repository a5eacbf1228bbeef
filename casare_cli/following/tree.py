"""The live step tree: what each node of a run is doing, from wire-shaped events.

On a terminal one picture that is redrawn a few times a second, however many events come; off it one
plain line per transition.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TextIO

from casare_cli.following.steps import MARKS, Event, Step, Steps
from casare_cli.terminal.answering import CannotPrint
from casare_cli.terminal.hang_up import leave_hung_up
from casare_cli.terminal.output import Output
from casare_cli.terminal.text import milliseconds, one_line

if TYPE_CHECKING:
    from rich.text import Text

#: The id of the innermost loop around each node that stands in one.
Loops = Callable[[], Mapping[str, str]]

_STYLES = {"completed": "green", "failed": "red", "running": "cyan", "skipped": "dim"}
_ANSI = {"✓": "32", "✗": "31", "▶": "36", "○": "2"}
_REDRAW_SECONDS = 0.25
#: How long the last picture waits for what the loops are.
_LOOPS_SECONDS = 1.0
_FEWEST_ROWS = 6
#: The headline, what is left out, and where the shell goes on.
_OTHER_ROWS = 4
#: More log lines than this between two pictures are counted instead of shown.
_MOST_LOG_LINES = 200
_LONGEST_LOG_LINE = 2000


class StepTree:
    """Shows events as they come; use it as a context manager, feed() it from any thread.

    *stream* is where it shows them (stdout). *loops* tells the loop around each node; it may take
    its time, and is asked on a terminal alone.
    """

    def __init__(
        self, out: Output, *, stream: TextIO | None = None, loops: Loops = lambda: {}
    ) -> None:
        self._out = out
        self._stream = stream or out.stdout
        self._steps = Steps()
        self._ask_loops = loops
        self._loops: Mapping[str, str] = {}
        self._lock = threading.Lock()
        self._log: list[str] = []
        self._log_skipped = 0
        self._live: Any = None
        self._drawing = threading.RLock()
        self._printing = threading.RLock()
        self._away = 0
        #: Lines that wait until the terminal is free again, where stdout is none as well: what
        #: reads it, `| cat` or `| tee`, may show them there.
        self._held: list[str] = []
        self._ended = threading.Event()
        self._painter: threading.Thread | None = None
        self._asker = threading.Thread()

    def __enter__(self) -> Self:
        if self._out.on_terminal(self._stream):
            self._go_live()
            self._painter = threading.Thread(target=self._paint, name="step tree", daemon=True)
            self._painter.start()
            self._asker = threading.Thread(target=self._learn, name="loops", daemon=True)
            self._asker.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if self._painter is not None:
            self._asker.join(_LOOPS_SECONDS)
            self._ended.set()
            self._painter.join()
            self._draw()
            with self._gone_unnoticed():
                self._live.stop()

    def feed(self, event: Event) -> None:
        """Take in an event; costs microseconds, whatever is drawn."""
        with self._lock:
            line = self._steps.take(event)
            if self._live is not None and line is not None and event.get("type") == "log":
                self._keep_log(line)
            shown = self._live is None and line is not None and self._steps.worth_a_line(event)
        if shown:
            self._print(line or "")

    def ends_with(self, text: str) -> bool:
        """Whether the line of the whole run shows *text* in full."""
        if self._live is None:
            return text in self._steps.headline
        from rich.cells import cell_len

        headline = self._headline()
        return text in headline and cell_len(headline) <= self._live.console.width

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Leave the terminal to somebody else: nothing is drawn, and afterwards all of it again."""
        with self._drawing:
            with self._printing:
                self._away += 1
            if self._away == 1 and self._live is not None:
                self._draw()  # the log so far belongs above
                self._live.transient = True  # the picture goes when it stops
                with self._gone_unnoticed():
                    self._live.stop()
            try:
                yield
            finally:
                self._come_back()

    def _come_back(self) -> None:
        if self._away == 1 and self._live is not None:
            self._go_live()
            self._draw()
        with self._printing:
            self._away -= 1
            if not self._away:
                held, self._held = self._held, []
                for line in held:
                    self._print(line)

    def _go_live(self) -> None:
        from rich.live import Live

        console = self._out.console(self._stream)
        self._live = Live(console=console, auto_refresh=False, transient=False)
        with self._gone_unnoticed():
            self._live.start()

    def _print(self, line: str) -> None:
        with self._printing:
            if self._away:
                self._held.append(line)
                return
            with self._gone_unnoticed():
                self._out.line(line, stream=self._stream, ansi=_ANSI.get(line[:1], ""))

    @contextmanager
    def _gone_unnoticed(self) -> Iterator[None]:
        """Draw for nobody from now on, when the terminal was closed."""
        try:
            yield
        except (OSError, CannotPrint):
            if not leave_hung_up(self._stream):
                raise

    def _keep_log(self, line: str) -> None:
        if len(self._log) < _MOST_LOG_LINES:
            self._log.append(line[:_LONGEST_LOG_LINE])
        else:
            self._log_skipped += 1

    def _learn(self) -> None:
        # Whatever goes wrong: all steps stand side by side then, and that is no news.
        with suppress(Exception):
            self._loops = self._ask_loops()

    def _paint(self) -> None:
        while not self._ended.wait(_REDRAW_SECONDS):
            self._draw()

    def _draw(self) -> None:
        with self._drawing, self._gone_unnoticed():
            self._draw_now()

    def _draw_now(self) -> None:
        from rich.text import Text

        from casare_rpa.unsafe_text import escape

        with self._lock:
            log, self._log = self._log, []
            skipped, self._log_skipped = self._log_skipped, 0
            picture = self._picture(*self._live.console.size)
        if skipped:
            log.append(f"  | ... {skipped} more lines: casare-rpa jobs logs")
        if log:
            self._live.console.print(Text(escape("\n".join(log)), style="dim"))
        self._live.update(picture, refresh=True)

    def _picture(self, width: int, height: int) -> Text:
        """The steps that fit: the latest, and of the earlier ones those that run or failed."""
        from rich.text import Text

        earlier, steps = self._that_fit(max(_FEWEST_ROWS, height - _OTHER_ROWS))
        text = Text(overflow="ellipsis", no_wrap=True)
        text.append(self._headline() + "\n", style="bold")
        if earlier:
            text.append(f"  ... {earlier} earlier steps\n", style="dim")
        for step in steps:
            text.append(_line(step, width) + "\n", _STYLES[step.state])
        text.rstrip()
        return text

    def _headline(self) -> str:
        """What the whole run does, and for how long it has done so."""
        steps = self._steps
        if not steps.headline:
            return ""
        line = f"{MARKS[steps.state]} {one_line(steps.headline)}"
        if steps.state in ("waiting", "running"):
            line += f"  {milliseconds((time.monotonic() - steps.since) * 1000)}"
        return line

    def _that_fit(self, room: int) -> tuple[int, list[Step]]:
        """How many steps are left out, and the others."""
        steps = self._steps.nested(self._loops)
        if len(steps) <= room:
            return 0, steps
        hidden = steps[: len(steps) - room // 2]
        telling = [step for step in hidden if step.state in ("running", "failed")][-room // 2 :]
        latest = steps[len(telling) - room :]
        known = {step.node_id for step in latest}
        shown = [step for step in telling if step.node_id not in known] + latest
        return len(steps) - len(shown), shown


def _line(step: Step, width: int) -> str:
    """The step as deep as it stands; without its type where that leaves no room for its time."""
    detail = f": {step.error}" if step.error else ""
    indent = "  " * (step.depth + 1)
    whole, short = (
        one_line(f"{indent}{label}  {step.duration()}".rstrip() + detail)
        for label in (step.label(), step.label(with_type=False))
    )
    return whole if len(whole) <= width else short
