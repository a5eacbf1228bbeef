"""Execution ports as files wire them: many use `exec_out` where a node has a port of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from casare_rpa.domain.workflow import Connection
from casare_rpa.engine.planning.parameters import taken
from casare_rpa.engine.planning.plan import Step
from casare_rpa.nodes.base import NodeType

#: By control, the port that begins what is done under the node's care.
_BODIES: Mapping[str, str] = {
    "for": "body",
    "while": "body",
    "each": "body",
    "retry": "retry_body",
    "on_error": "protected_body",
}
#: By control, the port of what comes after the body.
_AFTERWARDS: Mapping[str, str] = {
    **dict.fromkeys(("for", "while", "each"), "completed"),
    "retry": "success",
    "on_error": "finally",
}

#: By control, the parameter whose items are ports.
CASES: Mapping[str, str] = {"switch": "cases", "ai_switch": "options"}

#: What people call the way of a failure: it is not the node's one exit.
_FAILURES = ("error", "fail", "invalid", "exception", "catch", "timeout")


def is_only_exit(cls: NodeType, config: Mapping[str, Any], port: str) -> bool:
    """Whether *port* must mean `exec_out`: the node has no other, and it names no failure."""
    if cls.exec_outputs_for(config) != ("exec_out",):
        return False
    return not _names_a_failure(port)


def _names_a_failure(port: str) -> bool:
    return any(word in port.lower() for word in _FAILURES)


def settle_only_exit(step: Step) -> Iterator[str]:
    """Let a node that has one exit leave by it whatever the port is called; what to warn of."""
    for port in [port for port in step.ports if port != "exec_out"]:
        if not is_only_exit(step.cls, step.config, port):
            continue
        behind = (*step.ports.get("exec_out", ()), *step.ports.pop(port))
        step.ports["exec_out"] = tuple(dict.fromkeys(behind))
        if port not in {output.name for output in step.cls.outputs}:
            yield f"there is no port '{port}' to leave by: it is read as exec_out"
    step.follow = step.ports.get("exec_out", ())


def unused_exits(step: Step) -> Iterator[str]:
    """What to warn of: ports that are wired and that the node never leaves by."""
    if step.control in CASES:
        return  # they may be known to a run alone
    known = {"exec_out", "exec_error", *step.cls.exec_outputs_for(step.config)}
    for port in [port for port in step.ports if port not in known]:
        names = ", ".join(target.id for target in step.ports[port])
        hint = "; a failure leaves by exec_error" if _names_a_failure(port) else ""
        yield f"there is no port '{port}' to leave by: {names} is not run from here{hint}"


def carries_control(
    connection: Connection, source: NodeType, target: NodeType, config: Mapping[str, Any]
) -> bool:
    """Whether control, not data, passes the connection; *config* is the source's."""
    into, out_of = connection.target_port, connection.source_port
    if into.startswith("exec") or into in target.exec_inputs:
        return True
    # A data output may have the name of an execution output, such as `error`.
    if into in taken(target) or out_of in {output.name for output in source.outputs}:
        return False
    return out_of in source.exec_outputs_for(config)


def settle_ports(step: Step) -> None:
    """Give the steps behind `exec_out` of a control node to the port that is meant.

    It is the body if none is wired; beside a body it is what comes afterwards.
    """
    body = _BODIES.get(step.control)
    if body is None or not step.ports.get("exec_out"):
        return
    after = _AFTERWARDS[step.control]
    if not step.ports.get(body):
        step.ports[body] = step.ports.pop("exec_out")
    elif not step.ports.get(after):
        step.ports[after] = step.ports.pop("exec_out")
    step.follow = step.ports.get("exec_out", ())
