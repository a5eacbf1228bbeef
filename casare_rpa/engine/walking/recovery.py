"""What ErrorRecoveryNode arranged for failures that nothing else handles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from casare_rpa.engine.planning.plan import Step
from casare_rpa.engine.walking.exits import go_on_behind
from casare_rpa.engine.walking.failures import Failure

if TYPE_CHECKING:
    from casare_rpa.engine.walking.walk import Strand

#: The variables in which the format shows what is arranged. They are read where a run goes on in
#: which it was; a workflow that sets them changes nothing.
STRATEGY = "_error_recovery_strategy"
MAX_RETRIES = "_error_recovery_max_retries"
_USUAL_RETRIES = 3


class Recovery:
    """The strategy of one strand; it counts what it has used up."""

    __slots__ = ("_in_fallback", "_max_retries", "_restarts", "_retries", "_strategy", "source")

    def __init__(self) -> None:
        #: The node that set the strategy.
        self.source: Step | None = None
        self._strategy = "stop"
        self._max_retries = _USUAL_RETRIES
        self._retries: dict[Step, int] = {}
        self._restarts = 0
        self._in_fallback = False

    def arrange(self, source: Step, strategy: Any, max_retries: Any) -> None:
        """Follow what *source* says from now on; a limit that is no number is the usual one."""
        self.source = source
        self._strategy = str(strategy)
        self._max_retries = _count(max_retries)

    def branch(self) -> Recovery:
        """The same for a strand of its own."""
        child = Recovery()
        child.source = self.source
        child._strategy, child._max_retries = self._strategy, self._max_retries
        return child

    def apply(self, strand: Strand, failure: Failure) -> bool:
        """Do what the strategy says about *failure*; False if that is to stop."""
        match self._strategy:
            case "continue":
                go_on_behind(strand, failure.at)
                done = True
            case "retry":
                done = self._retry(strand, failure)
            case "restart":
                done = self._restart(strand)
            case "fallback":
                done = self._fall_back(strand)
            case _:
                return False
        if done:
            strand.context.log(f"{self._strategy} after: {failure.described}", "warning")
        return done

    def _retry(self, strand: Strand, failure: Failure) -> bool:
        if failure.of_branch:
            return False  # it was tried there
        tried = self._retries.get(failure.step, 0)
        if tried >= self._max_retries:
            return False
        self._retries[failure.step] = tried + 1
        if failure.region is None:
            strand.frames[-1].again(failure.at)
        else:
            # A loop that has begun goes on; it would count its passes anew.
            strand.frames.append(failure.region)
        return True

    def _restart(self, strand: Strand) -> bool:
        if self._restarts >= self._max_retries or not strand.restart():
            return False
        self._restarts += 1
        return True

    def _fall_back(self, strand: Strand) -> bool:
        # A failure of the fallback itself must not lead into it again.
        if self.source is None or self._in_fallback or not self.source.ports.get("fallback"):
            return False
        self._in_fallback = True
        strand.frames[-1].begin(())
        strand.follow(self.source, "fallback")
        return True


def _count(limit: Any) -> int:
    try:
        return int(float(limit))
    except (TypeError, ValueError, OverflowError):
        return _USUAL_RETRIES
