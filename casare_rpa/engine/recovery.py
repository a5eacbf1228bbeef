"""What ErrorRecoveryNode arranged for failures that nothing else handles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casare_rpa.engine.failures import Failure
from casare_rpa.engine.plan import Step, exit_of

if TYPE_CHECKING:
    from casare_rpa.engine.walk import Strand

STRATEGY = "_error_recovery_strategy"
MAX_RETRIES = "_error_recovery_max_retries"


class Recovery:
    """The strategy of one strand; it counts what it has used up."""

    __slots__ = ("_in_fallback", "_restarts", "_retries", "source")

    def __init__(self) -> None:
        #: The node that set the strategy.
        self.source: Step | None = None
        self._retries: dict[Step, int] = {}
        self._restarts = 0
        self._in_fallback = False

    def apply(self, strand: Strand, failure: Failure) -> bool:
        """Do what the strategy says about *failure*; False if that is to stop."""
        variables = strand.scope.variables
        limit = variables.get(MAX_RETRIES, 3)
        match variables.get(STRATEGY):
            case "continue":
                strand.follow(failure.step, exit_of(failure.step))
                done = True
            case "retry":
                done = self._retry(strand, failure.step, limit)
            case "restart":
                done = self._restart(strand, limit)
            case "fallback":
                done = self._fall_back(strand)
            case _:
                return False
        if done:
            strand.context.log(f"{variables.get(STRATEGY)} after: {failure.described}", "warning")
        return done

    def _retry(self, strand: Strand, step: Step, limit: int) -> bool:
        tried = self._retries.get(step, 0)
        if tried >= limit:
            return False
        self._retries[step] = tried + 1
        frame = strand.frames[-1]
        frame.seen.discard(step)
        frame.queue.appendleft(step)
        return True

    def _restart(self, strand: Strand, limit: int) -> bool:
        if self._restarts >= limit or strand.stops_at is not None or strand.enclosing:
            return False
        self._restarts += 1
        strand.restart()
        return True

    def _fall_back(self, strand: Strand) -> bool:
        # A failure of the fallback itself must not lead into it again.
        if self.source is None or self._in_fallback or not self.source.ports.get("fallback"):
            return False
        self._in_fallback = True
        strand.frames[-1].begin(())
        strand.follow(self.source, "fallback")
        return True
