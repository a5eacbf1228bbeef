"""What control nodes do to the walk once they have run: loops, jumps, protected bodies.

A control is called with the strand, the step, the node that ran and the port it chose, and moves
the strand on; one that waits returns an awaitable. A gate is asked before a step is run whether it
is to be run at all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from casare_rpa.engine.planning.plan import Step
from casare_rpa.engine.walking.branches import run_each, run_fork
from casare_rpa.engine.walking.exits import follow_completed
from casare_rpa.engine.walking.failures import AttemptEnded, Break, Continue
from casare_rpa.engine.walking.filling import filled
from casare_rpa.engine.walking.loops import ForFrame, LoopFrame, WhileFrame
from casare_rpa.engine.walking.protect import OnErrorFrame, RetryFrame, TryFrame
from casare_rpa.nodes.base import NodeError

if TYPE_CHECKING:
    from casare_rpa.engine.walking.walk import Strand

Control: TypeAlias = Callable[["Strand", Step, Any, str | None], Awaitable[None] | None]
Gate: TypeAlias = Callable[["Strand", Step], bool]


def _end(strand: Strand, step: Step, node: Any, port: str | None) -> None:
    """A branch ends here."""


def _switch(strand: Strand, step: Step, node: Any, port: str | None) -> None:
    """Leave by the case's own port, else by that of its position, else by `exec_out`."""
    wanted = port or "default"
    if wanted not in step.ports:
        wanted = "default" if node.matched is None else f"case_{node.matched}"
    strand.follow(step, wanted if wanted in step.ports else "exec_out")


def _option(strand: Strand, step: Step, node: Any, port: str | None) -> None:
    """Leave by the option's own port, else by `exec_default`, else by `exec_out`."""
    ways = (port or "", "exec_default", "exec_out")
    strand.follow(step, next((way for way in ways if way in step.ports), "exec_out"))


def _for(strand: Strand, step: Step, node: Any, port: str | None) -> None:
    if port == "completed":
        follow_completed(strand, step)
    else:
        strand.frames.append(ForFrame(step, node))


def _while(strand: Strand, step: Step, node: Any, port: str | None) -> None:
    if port == "completed":
        follow_completed(strand, step)
    else:
        strand.frames.append(WhileFrame(step))


def _loop_end(strand: Strand, step: Step, node: Any, port: str | None) -> None:
    frame = strand.opened(step.start) if step.start is not None else None
    if frame is None:
        if step.start not in strand.enclosing:
            strand.follow(step, "exec_out")
    elif frame is not strand.frames[-1] and step.start is not None:
        strand.raise_signal(Continue(step.start))


def _break(strand: Strand, step: Step, node: Any, port: str | None) -> None:
    loop = _loop_of(strand, step, node.paired_loop_start_id)
    if loop is not None:
        strand.raise_signal(Break(loop))


def _continue(strand: Strand, step: Step, node: Any, port: str | None) -> None:
    loop = _loop_of(strand, step, node.paired_loop_start_id)
    if loop is not None:
        strand.raise_signal(Continue(loop))


def _loop_of(strand: Strand, step: Step, name: str) -> Step | None:
    """The open loop called *name*, without a name the innermost; None once the strand moved on."""
    for frame in reversed(strand.frames):
        if isinstance(frame, LoopFrame) and name in ("", None, frame.step.id):
            return frame.step
    if strand.enclosing:
        strand.context.log("the loop lies outside this branch: the branch ends", "warning")
    else:
        strand.context.log("there is no such loop to leave or continue", "warning")
        strand.follow(step, "exec_out")
    return None


def _try(strand: Strand, step: Step, node: Any, port: str | None) -> None:
    types = filled(step.catch, strand.scope).error_types if step.catch is not None else None
    strand.frames.append(TryFrame(step, str(types or "")))


def _on_error(strand: Strand, step: Step, node: Any, port: str | None) -> None:
    strand.frames.append(OnErrorFrame(step))


def _retry(strand: Strand, step: Step, node: Any, port: str | None) -> None:
    strand.frames.append(RetryFrame(step, node))


def _retry_success(strand: Strand, step: Step, node: Any, port: str | None) -> None:
    if any(isinstance(frame, RetryFrame) for frame in strand.frames):
        strand.raise_signal(AttemptEnded(None))
    else:
        strand.follow(step, "exec_out")


def _retry_fail(strand: Strand, step: Step, node: Any, port: str | None) -> None:
    error = NodeError(str(node.error_message or "the attempt failed"))
    if any(isinstance(frame, RetryFrame) for frame in strand.frames):
        strand.raise_signal(AttemptEnded(strand.run.failure(step, error)))
    else:
        strand.failed(step, error)


def _recovery(strand: Strand, step: Step, node: Any, port: str | None) -> None:
    strand.recovery.arrange(step, node.strategy, node.max_retries)
    strand.follow(step, "exec_out")


def _fork(strand: Strand, step: Step, node: Any, port: str | None) -> Awaitable[None]:
    return run_fork(strand, step, node)


def _each(strand: Strand, step: Step, node: Any, port: str | None) -> Awaitable[None]:
    return run_each(strand, step, node)


CONTROLS: dict[str, Control] = {
    "end": _end,
    "switch": _switch,
    "ai_switch": _option,
    "for": _for,
    "while": _while,
    "for_end": _loop_end,
    "while_end": _loop_end,
    "break": _break,
    "continue": _continue,
    "try": _try,
    "on_error": _on_error,
    "retry": _retry,
    "retry_success": _retry_success,
    "retry_fail": _retry_fail,
    "recovery": _recovery,
    "fork": _fork,
    "each": _each,
}


def _not_into_itself(strand: Strand, step: Step) -> bool:
    """An open control node that is reached from inside begins no second region in itself."""
    if strand.opened(step) is None:
        return step not in strand.enclosing
    if step.control in ("for", "while"):
        strand.raise_signal(Continue(step))
    return False


def _only_after_failure(strand: Strand, step: Step) -> bool:
    """A catch that is walked to ends the body of its try; elsewhere there is nothing to catch."""
    if step.start is None or strand.opened(step.start) is None:
        strand.skipped(step, "no error to catch")
        strand.follow(step, "exec_out")
    return False


def _not_before_its_time(strand: Strand, step: Step) -> bool:
    """A finally that is walked to ends the body of its try, which comes to it by itself.

    Behind the try its turn is over, and it is passed through.
    """
    if step.start is None or step.start.disabled:
        return True
    if strand.opened(step.start) is None:
        if step.id not in strand.scope.outputs:
            return True  # the run came here around the try
        strand.follow(step, "exec_out")
    return False


GATES: dict[str, Gate] = {
    **dict.fromkeys(("for", "while", "try", "on_error", "retry", "fork", "each"), _not_into_itself),
    "catch": _only_after_failure,
    "finally": _not_before_its_time,
}
