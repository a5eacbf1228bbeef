"""Connections from and to ports that do not exist."""

from __future__ import annotations

from casare_rpa.domain.workflow import Connection, Findings
from casare_rpa.engine.checks.view import NodeView, View, closest, is_literal, listed
from casare_rpa.engine.planning.parameters import taken
from casare_rpa.engine.planning.wiring import CASES, is_only_exit


def check(view: View, findings: Findings) -> None:
    """Note each end of a connection that names no port of its node."""
    parsed = view.parsed
    for connection, place in zip(
        parsed.workflow.connections, parsed.connection_places, strict=True
    ):
        source = view.by_id.get(connection.source_node)
        target = view.by_id.get(connection.target_node)
        into_control = view.carries_control(connection)
        if source is not None:
            _check_source(source, connection, into_control, f"{place}/source_port", findings)
        if target is not None and into_control is False:
            _check_target(target, connection, f"{place}/target_port", findings)
        if target is not None and into_control:
            _check_entry(target, connection.target_port, f"{place}/target_port", findings)


def _check_source(
    source: NodeView,
    connection: Connection,
    carries_control: bool | None,
    place: str,
    findings: Findings,
) -> None:
    port = connection.source_port
    control = set(source.cls.exec_outputs_for(source.spec.config))
    known = control if carries_control else control | (source.outputs or set())
    if port in known or (not carries_control and source.outputs is None):
        return
    # What is wired to `exec_out` follows every node whose own port is not wired.
    if port == "exec_out" or _has_other_cases(source):
        return
    only = carries_control and is_only_exit(source.cls, source.spec.config, port)
    # A slip of the pen is told as one, though a run would read it.
    if only and closest(port, known) is None:
        findings.warn(
            "UNKNOWN_PORT",
            f"node {source.id!r} ({source.cls.type}) has no output port {port!r}",
            place,
            node_id=source.id,
            hint="it is read as exec_out",
        )
        return
    _note(findings, source, port, "output", known, place)


def _has_other_cases(source: NodeView) -> bool:
    """Whether a run, or the wiring alone, decides which cases the node has."""
    name = CASES.get(source.cls.control)
    if name is None:
        return False
    cases = source.spec.config.get(name)
    return not cases or name in source.data_ports or not is_literal(cases)


def _check_target(target: NodeView, connection: Connection, place: str, findings: Findings) -> None:
    port, known = connection.target_port, taken(target.cls)
    if target.entry is not None:
        known |= set(target.entry.inputs)
    if port not in known and not target.cls.takes_others:
        _note(findings, target, port, "input", known, place)


def _check_entry(target: NodeView, port: str, place: str, findings: Findings) -> None:
    """A run enters a node whatever the port is called; a slip of the pen is told all the same."""
    known = set(target.cls.exec_inputs)
    if port in known or port in taken(target.cls) or (near := closest(port, known)) is None:
        return
    findings.warn(
        "UNKNOWN_PORT",
        f"node {target.id!r} ({target.cls.type}) has no input port {port!r}",
        place,
        node_id=target.id,
        hint=f"it is read as {near}",
    )


def _note(
    findings: Findings, node: NodeView, port: str, side: str, known: set[str], place: str
) -> None:
    near = closest(port, known)
    there_are = f"it has {listed(known)}" if known else "it has none"
    findings.error(
        "UNKNOWN_PORT",
        f"node {node.id!r} ({node.cls.type}) has no {side} port {port!r}",
        place,
        node_id=node.id,
        hint=f"{port}; did you mean {near}?" if near else there_are,
    )
