"""Whether a node can run: its class, its libraries, the capability it asks of a robot."""

from __future__ import annotations

from casare_rpa.domain.workflow import Findings, NodeSpec
from casare_rpa.engine.checks.view import View
from casare_rpa.errors import WorkflowInvalid
from casare_rpa.nodes import catalogue


def check(view: View, findings: Findings, *, runs_here: bool) -> None:
    """Note every node that this installation cannot run."""
    note = findings.error if runs_here else findings.warn
    said = {p.node_id for p in findings.problems if p.code == catalogue.UnknownNodeType.code}
    for spec in view.parsed.workflow.nodes:
        error = _why_not(spec)
        if error is not None and spec.node_id not in said:
            note(
                error.code,
                error.message,
                view.place(spec, "node_type"),
                node_id=spec.node_id,
                hint=error.hint,
            )


def _why_not(spec: NodeSpec) -> WorkflowInvalid | None:
    try:
        catalogue.runnable_class(spec.node_type)
    except WorkflowInvalid as error:
        return error
    return None
