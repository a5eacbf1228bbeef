"""Parameters against what their node declares: kinds, choices, limits, what must be there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from casare_rpa.domain.workflow import Findings
from casare_rpa.engine.checks.view import NodeView, View, closest, is_literal
from casare_rpa.engine.language.expressions import ExpressionError, parse_expression
from casare_rpa.engine.planning.limits import Violation, violations
from casare_rpa.engine.planning.parameters import coerce, spellings, taken, written_value
from casare_rpa.nodes.base import Param

#: What the engine reads from any node's config, and labels that editors leave there.
_COMMON = frozenset({"continue_on_error", "name", "description", "comment", "label"})


Note: TypeAlias = Callable[..., None]


def check(view: View, findings: Findings, *, runs_here: bool) -> None:
    """Note every parameter that is missing, unknown or no value of its kind."""
    fatal = findings.error if runs_here else findings.warn
    for node in view.nodes:
        for item in node.cls.params.values():
            if _is_missing(node, item):
                _note_missing(node, item, fatal)
            else:
                _check_parameter(node, item, findings, fatal)
        if not node.cls.takes_others:
            _check_keys(node, findings)


def _is_missing(node: NodeView, item: Param) -> bool:
    return (
        item.required
        and item.default is None
        and written_value(item, node.spec.config) is None
        and not node.data_ports.intersection(spellings(item))
    )


def _note_missing(node: NodeView, item: Param, note: Note) -> None:
    note(
        "MISSING_REQUIRED_INPUT",
        f"node {node.id!r} ({node.cls.type}) has no {item.key!r}, without which it fails",
        node.place("config", item.key),
        node_id=node.id,
        hint=f'write "{item.key}" into its config, or connect its port {item.key}',
    )


def _check_parameter(node: NodeView, item: Param, findings: Findings, fatal: Note) -> None:
    config = node.spec.config
    keys = [key for key in spellings(item) if config.get(key) is not None]
    if not keys:
        return
    value, place = config[keys[0]], node.place("config", keys[0])
    _check_twice(node, keys, place, findings)
    if item.raw:
        return
    if item.kind == "expression" and isinstance(value, str):
        _check_expression(node, keys[0], value, place, findings)
    elif is_literal(value):
        for found in violations(item, value, coerce(item, value)):
            if found.fatal or item.name not in node.cls.beyond_limits:
                note = fatal if found.fatal else findings.warn
                _note_violation(node, item, found, place, note)


def _check_twice(node: NodeView, keys: list[str], place: str, findings: Findings) -> None:
    config = node.spec.config
    for other in keys[1:]:
        if config[other] != config[keys[0]]:
            findings.warn(
                "CONFLICTING_KEYS",
                f"node {node.id!r}: {keys[0]!r} and {other!r} are the same parameter;"
                f" {keys[0]!r} counts",
                place,
                node_id=node.id,
                hint=f"remove {other!r}",
            )


def _check_expression(node: NodeView, key: str, text: str, place: str, findings: Findings) -> None:
    if not text.strip():
        return
    try:
        parse_expression(text)
    except ExpressionError as error:
        findings.warn(
            "INVALID_EXPRESSION",
            f"node {node.id!r}: {key}: {error.message}",
            place,
            node_id=node.id,
            hint=error.hint or "casare-rpa nodes show " + node.cls.type,
        )


def _note_violation(node: NodeView, item: Param, found: Violation, place: str, note: Note) -> None:
    near = closest(str(written_value(item, node.spec.config)), set(map(str, item.choices)))
    hint = f"did you mean {near}?" if near else f"casare-rpa nodes show {node.cls.type}"
    note(found.code, f"node {node.id!r}: {found}", place, node_id=node.id, hint=hint)


def _check_keys(node: NodeView, findings: Findings) -> None:
    known = taken(node.cls) | _COMMON
    if node.entry is not None:
        entry = node.entry
        known.update(entry.properties, entry.inputs, entry.config_aliases, entry.extra_config)
        known.update(name for each in entry.actions.values() for name in each.inputs)
    for key in node.spec.config:
        if key in known or key.startswith("_"):
            continue
        near = closest(key, known)
        findings.warn(
            "UNKNOWN_CONFIG_KEY",
            f"node {node.id!r} ({node.cls.type}) has no parameter {key!r}; it has no effect",
            node.place("config", key),
            node_id=node.id,
            hint=f"did you mean {near}?" if near else "remove it",
        )
