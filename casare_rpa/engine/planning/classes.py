"""The classes of a workflow's nodes, and what becomes of nodes that cannot run here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from casare_rpa.domain.workflow import NodeSpec, Problem, Severity, Workflow
from casare_rpa.engine.planning.pairing import may_run
from casare_rpa.engine.planning.plan import Plan
from casare_rpa.errors import WorkflowInvalid
from casare_rpa.nodes.base import NodeType


def classes_of(
    workflow: Workflow, *, runs_here: bool = True
) -> tuple[dict[str, NodeType], dict[str, Problem]]:
    """By node the class, and why it cannot run here where it cannot. Raises WorkflowInvalid."""
    # Reading the catalogue takes time that only those who compile should spend.
    from casare_rpa.nodes.catalogue import (  # noqa: PLC0415
        NodeNotAvailable,
        node_class,
        runnable_class,
        stand_in,
    )

    find = runnable_class if runs_here else node_class
    found: dict[str, NodeType] = {}
    unavailable: dict[str, Problem] = {}
    unknown: list[Problem] = []
    for spec in workflow.nodes:
        try:
            found[spec.node_id] = find(spec.node_type)
        except NodeNotAvailable as error:
            unavailable[spec.node_id] = _unavailable(spec, error)
            found[spec.node_id] = stand_in(spec.node_type)
        except WorkflowInvalid as error:
            unknown.append(_unavailable(spec, error))
    if unknown:
        _refuse([*unknown, *unavailable.values()])
    return found, unavailable


def refuse_what_runs(plan: Plan, unavailable: Mapping[str, Problem]) -> None:
    """Raise WorkflowInvalid if a run could come to a node that cannot run here."""
    ways = may_run([*plan.heads, *plan.sources, *plan.sinks], plan.steps)
    run = {need for step in ways for need in (step, *step.demands)}
    there = [step for step in plan.steps if step in run and not step.disabled]
    found = [unavailable[step.id] for step in there if step.id in unavailable]
    if found:
        _refuse(found)


def _refuse(problems: list[Problem]) -> NoReturn:
    messages = dict.fromkeys(p.message for p in problems)
    raise WorkflowInvalid("; ".join(messages), problems, hint=problems[0].hint)


def _unavailable(spec: NodeSpec, error: WorkflowInvalid) -> Problem:
    return Problem(
        code=error.code,
        severity=Severity.ERROR,
        message=error.message,
        pointer=f"/nodes/{spec.node_id}/node_type",
        node_id=spec.node_id,
        hint=error.hint,
    )
