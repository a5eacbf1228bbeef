"""How the walk goes on behind a step that did not do its work: switched off, or failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casare_rpa.engine.planning.plan import Step, exit_of

if TYPE_CHECKING:
    from casare_rpa.engine.walking.walk import Strand

_LOOPS = frozenset({"for", "while", "each"})
#: Of nodes that judge: nothing is done on the strength of a judgement that was not made.
_REFUSALS = ("false", "exec_false", "invalid")
_IF_WIRED = ("default", "exec_default", "failed")


def pass_over(strand: Strand, step: Step) -> None:
    """Go on behind *step*, which is not run."""
    if step.control in _LOOPS:
        follow_completed(strand, step)
    else:
        strand.follow(step, exit_of(step))


def go_on_behind(strand: Strand, step: Step) -> None:
    """Go on behind *step*, which failed: what nobody could judge does not hold."""
    ports = step.cls.exec_outputs_for(step.config)
    wired = [port for port in _IF_WIRED if step.ports.get(port)]
    taken = [port for port in ports if port in _REFUSALS or port in wired]
    if taken:
        strand.follow(step, taken[0])
    elif step.control == "fork":
        follow_joined(strand, step)
    else:
        pass_over(strand, step)


def follow_completed(strand: Strand, step: Step) -> None:
    """Go on after a loop: by `completed`, or from its end node if nothing is wired there."""
    if step.ports.get("completed"):
        strand.follow(step, "completed")
        return
    after = next((end for end in step.ends if end.follow), None)
    if after is not None:
        strand.follow(after, "exec_out")


def follow_joined(strand: Strand, fork: Step) -> None:
    """Go on behind the join; from the node where the branches meet; else from the fork itself."""
    join = fork.join
    if join is None:
        strand.follow(fork, "exec_out")
    elif join.control == "join":
        strand.follow(join, "exec_out")
    else:
        strand.frames[-1].queue.append(join)
