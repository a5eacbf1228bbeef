"""Going on where another run stood: the other side of `casare_rpa.engine.walking.trail`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Self

from casare_rpa.engine.planning.plan import Plan, Step
from casare_rpa.engine.walking.recovery import MAX_RETRIES, STRATEGY
from casare_rpa.errors import WorkflowInvalid

if TYPE_CHECKING:
    from casare_rpa.engine.walking.frames import Root
    from casare_rpa.engine.walking.walk import Strand

#: Why a node that an earlier run finished is passed over.
REUSED = "reused"


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPoint:
    """Where a run begins instead of at its first node, and what it finds there.

    `variables` are those that differ from what the run starts with anyway, `outputs` those of every
    node that ran before. `queue`, `seen` and `heads_left` are the place in the outermost chain,
    `recovery` is the node whose error recovery is in force, `reused` are the nodes that had
    finished.
    """

    node_id: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    queue: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    heads_left: int = 0
    recovery: str | None = None
    reused: tuple[str, ...] = ()

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Self:
        """Out of JSON; unknown members are ignored."""
        known = {f.name for f in fields(cls)}
        given = {name: value for name, value in raw.items() if name in known}
        for name in ("queue", "seen", "reused"):
            given[name] = tuple(given.get(name, ()))
        return cls(**given)


def check_start(plan: Plan, start: StartPoint) -> None:
    """Raises WorkflowInvalid when *plan* has no such place."""
    known = {step.id for step in plan.steps}
    named = (start.node_id, *start.queue, *start.seen, *start.reused)
    missing = next((node_id for node_id in named if node_id not in known), None)
    if missing is not None:
        raise WorkflowInvalid(f"no run can start at {start.node_id}: there is no node {missing}")


def go_to(start: StartPoint, strand: Strand, root: Root) -> None:
    """Set *root* and *strand* to the place of *start*; say which nodes are reused."""
    run = strand.run
    steps = {step.id: step for step in run.plan.steps}
    strand.scope.outputs.update({key: dict(ports) for key, ports in start.outputs.items()})
    _arrange_recovery(steps.get(start.recovery or ""), strand)
    for node_id in start.reused:
        strand.skipped(steps[node_id], REUSED)
        run.progress(steps[node_id])
    first = steps[start.node_id]
    seen = _steps(steps, start.seen) - {first}
    root.resume([first, *(steps[node_id] for node_id in start.queue)], seen, start.heads_left)


def _arrange_recovery(source: Step | None, strand: Strand) -> None:
    if source is not None:
        variables = strand.scope.variables
        strand.recovery.arrange(source, variables.get(STRATEGY), variables.get(MAX_RETRIES))


def _steps(steps: Mapping[str, Step], ids: tuple[str, ...]) -> set[Step]:
    return {steps[node_id] for node_id in ids}
