"""Regions: steps that belong together, run until none is left."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Iterable
from typing import TYPE_CHECKING

from casare_rpa.engine.planning.plan import Step
from casare_rpa.engine.walking.failures import Failure, Signal

if TYPE_CHECKING:
    from casare_rpa.engine.walking.walk import Strand


class Frame:
    """A region: the steps still to run, and those that must not run twice in this pass."""

    __slots__ = ("queue", "seen")

    #: The control node that opened it.
    step: Step | None = None

    def __init__(self, first: Iterable[Step] = ()) -> None:
        self.queue: deque[Step] = deque(first)
        self.seen: set[Step] = set()

    def begin(self, first: Iterable[Step]) -> None:
        """Start over with the steps *first*."""
        self.queue.clear()
        self.queue.extend(first)
        self.seen.clear()

    def again(self, step: Step) -> None:
        """Run *step* once more, before all that waits."""
        self.seen.discard(step)
        self.queue.appendleft(step)

    def ended(self, strand: Strand) -> Awaitable[None] | None:
        """The queue is empty: fill it again, open a region, or leave the stack.

        What has to be waited for before is returned.
        """
        strand.frames.pop()
        return None

    def takes(self, signal: Signal, strand: Strand) -> bool:
        """Whether *signal* stops here; if not, the frame is taken off the stack."""
        return False

    def handles(self, failure: Failure) -> bool:
        """Whether a failure below would stop here."""
        return False


class Root(Frame):
    """The outermost region: one chain after the other, then each of the steps that gather."""

    __slots__ = ("_all", "_all_sinks", "_sinks", "heads")

    def __init__(self, heads: Iterable[Step], sinks: Iterable[Step] = ()) -> None:
        super().__init__()
        self._all = tuple(heads)
        self._all_sinks = tuple(sinks)
        self._sinks = deque(self._all_sinks)
        #: The chains that have not begun.
        self.heads = deque(self._all)

    def restart(self) -> None:
        """Begin again at the first chain."""
        self.begin(())
        self.heads = deque(self._all)
        self._sinks = deque(self._all_sinks)

    def resume(self, first: Iterable[Step], seen: Iterable[Step], heads_left: int) -> None:
        """Go on with the steps *first* where another run of the same plan stood."""
        self.begin(first)
        self.seen.update(seen)
        self.heads = deque(self._all[len(self._all) - heads_left :])

    def ended(self, strand: Strand) -> None:
        if self.heads:
            self.queue.append(self.heads.popleft())
        elif self._sinks:
            # Regions of their own: no other run can go on between them.
            strand.frames.append(Frame([self._sinks.popleft()]))
        else:
            strand.frames.pop()
