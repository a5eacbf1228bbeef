"""Control nodes without the partner that gives them their meaning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from casare_rpa.domain.workflow import Findings
from casare_rpa.engine.checks.view import View, closest
from casare_rpa.engine.planning.compile import compile_workflow
from casare_rpa.engine.planning.pairing import reachable
from casare_rpa.engine.planning.plan import Step

#: Config keys that name a partner, and the controls that the partner may have.
_NAMED = {
    "paired_start_id": ("for", "while"),
    "paired_loop_start_id": ("for", "while", "each"),
    "paired_try_id": ("try",),
    "paired_join_id": ("join",),
    "paired_fork_id": ("fork",),
}
_BODIES = {"for": "body", "while": "body", "each": "body", "retry": "retry_body"}
#: Nodes that mean something inside a body only, and whose body that is.
_INSIDE = {
    "break": ("a loop", ("for", "while", "each")),
    "continue": ("a loop", ("for", "while", "each")),
    "retry_success": ("a retry", ("retry",)),
    "retry_fail": ("a retry", ("retry",)),
}
_FIRST = {
    "for_end": ("ForLoopStartNode", "the body"),
    "while_end": ("WhileLoopStartNode", "the body"),
    "catch": ("TryNode", "the try"),
    "finally": ("TryNode", "the try"),
}


def check(view: View, findings: Findings) -> None:
    """Note loops, tries, forks and retries that lack a part, and parts that belong to none."""
    workflow = view.parsed.workflow
    if len(view.nodes) < len(view.parsed.node_places) or not workflow.nodes:
        return  # without every class nobody can tell what belongs together
    steps = compile_workflow(workflow, runs_here=False).steps
    for step, code, message, hint in (*_strays(steps), *_incomplete(steps), *_outside(steps)):
        place = view.by_id[step.id].place()
        findings.warn(code, f"node {step.id!r} {message}", place, node_id=step.id, hint=hint)
    for step in steps:
        _check_names(view, step, steps, findings)


_Found = Iterator[tuple[Step, str, str, str]]


def _strays(steps: Sequence[Step]) -> _Found:
    forks = {step.join for step in steps if step.control == "fork"}
    for step in steps:
        if step.control in _FIRST and step.start is None:
            start, where = _FIRST[step.control]
            message = f"({step.type}) belongs to no {start}"
            yield step, "MISSING_PARTNER", message, f"put it behind {where} of a {start}"
        if step.control == "join" and step not in forks:
            hint = "lead every branch of a ForkNode to it"
            yield step, "MISSING_PARTNER", f"({step.type}) joins no fork", hint


def _incomplete(steps: Sequence[Step]) -> _Found:
    for step in steps:
        body = _BODIES.get(step.control)
        if body is not None and not step.ports.get(body):
            message = f"({step.type}) has nothing wired to {body!r}, so that it repeats nothing"
            yield step, "EMPTY_BODY", message, f"connect {body} to the first node to repeat"
        if step.control in ("for", "while") and not step.ends and step.ports.get("body"):
            end = "ForLoopEndNode" if step.control == "for" else "WhileLoopEndNode"
            message = f"({step.type}) has no {end}; a pass ends where its chain does"
            yield step, "MISSING_PARTNER", message, f"end its body with a {end}"
        if step.control == "try" and step.catch is None and step.final is None:
            message = f"({step.type}) has no CatchNode, so that failures pass it"
            yield step, "MISSING_PARTNER", message, "add a CatchNode with its paired_try_id"
        if step.control == "fork" and step.join is None:
            message = f"({step.type}) has no JoinNode that all its branches lead to"
            yield step, "MISSING_PARTNER", message, "add a JoinNode behind every branch"


def _outside(steps: Sequence[Step]) -> _Found:
    for step in steps:
        if step.control not in _INSIDE:
            continue
        what, openings = _INSIDE[step.control]
        if not any(step in _body_of(other) for other in steps if other.control in openings):
            hint = f"move it into the body of {what}, or remove it"
            yield step, "OUTSIDE_OF_BODY", f"({step.type}) stands outside of {what}", hint


def _body_of(step: Step) -> set[Step]:
    return set(reachable(step.ports.get(_BODIES[step.control], ())))


def _check_names(view: View, step: Step, steps: Sequence[Step], findings: Findings) -> None:
    for key, controls in _NAMED.items():
        named = step.config.get(key)
        if not named or not isinstance(named, str):
            continue
        partners = {other.id for other in steps if other.control in controls}
        if named in partners:
            continue
        near = closest(named, partners)
        findings.warn(
            "UNKNOWN_PARTNER",
            f"node {step.id!r}: {key} names {named!r}, which is none of {_types(controls)}",
            view.by_id[step.id].place("config", key),
            node_id=step.id,
            hint=f"did you mean {near}?"
            if near
            else "remove it: the nearest one is found by itself",
        )


def _types(controls: Sequence[str]) -> str:
    names = {"for": "for loop", "while": "while loop", "each": "parallel loop"}
    return "the " + " or ".join(f"{names.get(control, control)} nodes" for control in controls)
