"""Execution ports as files wire them: many use `exec_out` where a node has a port of its own."""

from __future__ import annotations

from collections.abc import Mapping

from casare_rpa.engine.plan import Step

#: By control, the port that begins what is done under the node's care.
_BODIES: Mapping[str, str] = {
    "for": "body",
    "while": "body",
    "each": "body",
    "retry": "retry_body",
    "on_error": "protected_body",
}


def settle_ports(step: Step) -> None:
    """Give the steps behind `exec_out` of a control node to the port that is meant.

    It is the body if none is wired; beside the body of a loop it is what comes afterwards.
    """
    body = _BODIES.get(step.control)
    if body is None or not step.ports.get("exec_out"):
        return
    if not step.ports.get(body):
        step.ports[body] = step.ports.pop("exec_out")
    elif body == "body" and not step.ports.get("completed"):
        step.ports["completed"] = step.ports.pop("exec_out")
    step.follow = step.ports.get("exec_out", ())
