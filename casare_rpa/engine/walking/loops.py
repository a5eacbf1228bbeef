"""The regions of loops: a body that is run once a pass."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from casare_rpa.engine.planning.plan import Step
from casare_rpa.engine.walking.exits import follow_completed
from casare_rpa.engine.walking.failures import Break, Continue, Signal
from casare_rpa.engine.walking.frames import Frame
from casare_rpa.engine.walking.sources import supply
from casare_rpa.nodes.base import Leave

if TYPE_CHECKING:
    from casare_rpa.engine.walking.walk import Strand


class LoopFrame(Frame):
    """A loop's body. The first pass has begun when it is opened."""

    __slots__ = ("step",)
    step: Step

    def __init__(self, step: Step) -> None:
        super().__init__(step.ports.get("body", ()))
        self.step = step

    def ended(self, strand: Strand) -> Awaitable[None] | None:
        self._go_round(strand)
        return None

    def _go_round(self, strand: Strand) -> None:
        try:
            more = self._next_pass(strand)
        except Exception as error:
            # The loop ends, unless the pass that could not begin is tried again.
            failure = strand.failure(self.step, error)
            strand.frames.pop()
            strand.settle(replace(failure, region=self))
            return
        if more:
            self.begin(self.step.ports.get("body", ()))
        else:
            self._finish(strand)

    def takes(self, signal: Signal, strand: Strand) -> bool:
        if isinstance(signal, Break) and signal.loop is self.step:
            self._finish(strand)
            return True
        if isinstance(signal, Continue) and signal.loop is self.step:
            # The pass ends here, whatever is still queued; the next begins when the walk comes by.
            self.begin(())
            return True
        return False

    def _finish(self, strand: Strand) -> None:
        strand.frames.pop()
        follow_completed(strand, self.step)

    def _next_pass(self, strand: Strand) -> bool:
        """Prepare the next pass; False after the last."""
        raise NotImplementedError


class ForFrame(LoopFrame):
    """One pass for each item; the node keeps the place."""

    __slots__ = ("_node",)

    def __init__(self, step: Step, node: Any) -> None:
        super().__init__(step)
        self._node = node

    def _next_pass(self, strand: Strand) -> bool:
        node = self._node
        if not node.has_more:
            return False
        node_id = strand.started(self.step)
        strand.completed(self.step, node_id, node.next_pass(strand.context), 0.0)
        return True


class WhileFrame(LoopFrame):
    """A pass as long as the condition holds. What delivers the condition is pulled each time."""

    __slots__ = ("_iteration",)

    def __init__(self, step: Step) -> None:
        super().__init__(step)
        self._iteration = 0

    def ended(self, strand: Strand) -> Awaitable[None] | None:
        return self._supplied(strand) if self.step.demands else super().ended(strand)

    async def _supplied(self, strand: Strand) -> None:
        failure = await supply(strand, self.step)
        if failure is None:
            self._go_round(strand)
        else:
            strand.started(self.step)
            strand.frames.pop()
            strand.starved(replace(failure, region=self))

    def _next_pass(self, strand: Strand) -> bool:
        node = strand.make(self.step)
        node.iteration = self._iteration + 1
        result = node.run(strand.context)
        if isinstance(result, Leave):
            return False
        self._iteration += 1
        strand.emit(self.step, result)
        return True
