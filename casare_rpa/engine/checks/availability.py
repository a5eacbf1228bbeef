"""Whether a node can run: its class, its libraries, the capability it asks of a robot."""

from __future__ import annotations

from casare_rpa.domain.workflow import UNREACHABLE, Findings, NodeSpec
from casare_rpa.engine.checks.view import View
from casare_rpa.errors import WorkflowInvalid
from casare_rpa.nodes import catalogue
from casare_rpa.nodes.capabilities import required_by

NEEDS_PERSON = "NEEDS_PERSON"


def check(view: View, findings: Findings, *, runs_here: bool) -> None:
    """Note every node that this installation cannot run.

    One that no run comes to, or that is disabled, does no harm: that is a warning.
    """
    said = _nodes_with(catalogue.UnknownNodeType.code, findings)
    unreached = _nodes_with(UNREACHABLE, findings)
    for spec in view.parsed.workflow.nodes:
        error = _why_not(spec)
        if error is not None and spec.node_id not in said:
            is_run = not spec.disabled and spec.node_id not in unreached
            note = findings.error if runs_here and is_run else findings.warn
            note(
                error.code,
                error.message,
                view.place(spec, "node_type"),
                node_id=spec.node_id,
                hint=error.hint,
            )


def check_person(view: View, findings: Findings) -> None:
    """Note every node that asks a person: no robot can do that."""
    for spec in view.parsed.workflow.nodes:
        if not spec.disabled and required_by(spec.node_type, spec.config) == "person":
            findings.warn(
                NEEDS_PERSON,
                f"{spec.node_type} asks a person at a terminal: on a robot nobody answers it",
                view.place(spec, "node_type"),
                node_id=spec.node_id,
                hint="run the workflow at a terminal with casare-rpa run, or give it what is asked"
                " for as an input",
            )


def _nodes_with(code: str, findings: Findings) -> set[str | None]:
    return {problem.node_id for problem in findings.problems if problem.code == code}


def _why_not(spec: NodeSpec) -> WorkflowInvalid | None:
    try:
        catalogue.runnable_class(spec.node_type)
    except WorkflowInvalid as error:
        return error
    return None
