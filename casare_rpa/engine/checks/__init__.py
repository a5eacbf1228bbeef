"""What can be said about a workflow before it runs, beyond whether it can be read.

    workflow, problems = check_fully(text, runs_here=True)

One file a question; each looks at a View and notes what it finds.
"""

from __future__ import annotations

from functools import partial

from casare_rpa.domain.workflow import Findings, Parsed, Problem, Workflow, check_workflow
from casare_rpa.engine.checks import availability, pairs, ports, references, secrets, values
from casare_rpa.engine.checks.view import View
from casare_rpa.nodes.catalogue import NodeCatalogue

__all__ = ["check_fully"]


class _OpenCatalogue(NodeCatalogue):
    """The node library, and whatever types of their own robots elsewhere may have."""

    def canonical(self, node_type: str) -> str | None:
        return super().canonical(node_type) or node_type


def check_fully(
    text_or_document: object,
    *,
    name: str | None = None,
    runs_here: bool = False,
    other_types: bool = False,
) -> tuple[Workflow | None, list[Problem]]:
    """The workflow, None if any problem is an error, and every problem; see `check_workflow`.

    What makes a node fail once a run reaches it is an error with *runs_here*: that this
    installation lacks it, or that an input has no value. Else it is a warning: robots elsewhere may
    have what is missing here, and a branch that is never taken does no harm. A type that nobody
    knows is an error, too, but for *other_types*.
    """
    also = partial(_check, runs_here=runs_here)
    catalogue = _OpenCatalogue() if other_types else NodeCatalogue()
    return check_workflow(text_or_document, catalogue=catalogue, name=name, also=also)


def _check(parsed: Parsed, findings: Findings, *, runs_here: bool) -> None:
    view = View(parsed)
    availability.check(view, findings, runs_here=runs_here)
    availability.check_person(view, findings)
    ports.check(view, findings)
    values.check(view, findings, runs_here=runs_here)
    references.check(view, findings)
    secrets.check(view, findings)
    pairs.check(view, findings)
