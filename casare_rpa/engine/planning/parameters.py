"""A node's parameters: from config, connections and defaults to values and resolvers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from casare_rpa.domain.booleans import text_as_boolean
from casare_rpa.engine.language.expressions import (
    Expression,
    ExpressionError,
    parse_expression,
    said_by,
)
from casare_rpa.engine.language.fragments import compile_fragments
from casare_rpa.engine.language.placeholders import Resolver, Scope, compile_value
from casare_rpa.engine.planning.limits import violations
from casare_rpa.nodes.base import NodeType, Param
from casare_rpa.nodes.values.choices import as_choice
from casare_rpa.nodes.values.iteration import truth

#: Nodes, by their control, for which an expression that fails is false, with a warning.
LENIENT = frozenset({"if", "while", "assert"})

_COERCED = frozenset({"boolean", "integer", "float", "number", "choice"})

Sources = Sequence[tuple[str, str]]


def coerce(item: Param, value: Any) -> Any:
    """Text as the parameter's kind; other values, and text that does not fit, as they are."""
    if item.kind == "choice" and type(value) is int and value not in item.choices:
        value = str(value)
    if not isinstance(value, str):
        return value
    match item.kind:
        case "boolean":
            return text_as_boolean(value) is True
        case "integer" | "float" | "number":
            return _number(item.kind, value, item.default)
        case "choice":
            return as_choice(value, item.choices)
    return value


def _number(kind: str, text: str, default: Any) -> Any:
    if not text.strip():
        return default
    try:
        if kind != "float":
            return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if kind == "integer" and number.is_integer() else number


class Parameters:
    """The compiled parameters of one node."""

    def __init__(
        self, cls: NodeType, config: Mapping[str, Any], links: Mapping[str, Sources]
    ) -> None:
        self._beyond_limits = cls.beyond_limits
        self._lenient = cls.control in LENIENT
        self.constants: dict[str, Any] = {}
        self.dynamic: list[tuple[str, Resolver]] = []
        self.warnings: list[str] = []
        for item in cls.params.values():
            self._add(item, config, sources_of(item, links))
        if cls.takes_others:
            self.dynamic.append(("others", _others(cls, config, links)))
        else:
            self.warnings += [
                f"there is no port '{port}' to take a value by: what comes there is not used"
                for port in links.keys() - taken(cls)
            ]
        # A constant that is there needs no look at run time.
        self.required = tuple(
            p.name for p in cls.params.values() if p.required and self.constants.get(p.name) is None
        )

    def _add(self, item: Param, config: Mapping[str, Any], sources: Sources) -> None:
        written = written_value(item, config)
        value = item.default if written is None else written
        resolve = self._resolver(item, value)
        if sources:
            self.dynamic.append((item.name, self._linked(item, sources, value, resolve)))
        elif resolve is not None:
            self.dynamic.append((item.name, resolve))
        else:
            constant = coerce(item, value)
            self.constants[item.name] = constant
            if written is not None and item.name not in self._beyond_limits:
                self.warnings += [str(found) for found in violations(item, written, constant)]

    def _resolver(self, item: Param, value: Any) -> Resolver | None:
        if item.raw:
            return None
        if item.apart:
            return compile_fragments(value, item.kind)
        if item.kind == "expression":
            return self._expression(value) if isinstance(value, str) else None
        resolve = compile_value(value)
        if resolve is None or item.kind not in _COERCED:
            return resolve
        inner = resolve
        return lambda scope: coerce(item, inner(scope))

    def _expression(self, text: str) -> Resolver | None:
        if self._lenient:
            said = text_as_boolean(text)
            return None if not text.strip() else _lenient(text) if said is None else _constant(said)
        return _strict(text) if text.strip() else None

    def _linked(
        self, item: Param, sources: Sources, value: Any, resolve: Resolver | None
    ) -> Resolver:
        latest = tuple(reversed(sources))
        kind, lenient = item.kind, self._lenient
        fallback = resolve or _constant(coerce(item, value))

        def find(scope: Scope) -> Any:
            for node_id, port in latest:
                outputs = scope.outputs.get(node_id)
                found = None if outputs is None else outputs.get(port)
                if found is not None:
                    if kind == "expression" and isinstance(found, str):
                        return _delivered(found, scope) if lenient else found
                    return coerce(item, found)
            return fallback(scope)

        return find


def _others(cls: NodeType, config: Mapping[str, Any], links: Mapping[str, Sources]) -> Resolver:
    """How to get the values of keys and ports that *cls* does not declare, as one map."""
    declared = {name for p in cls.params.values() for name in spellings(p)}
    declared.add("continue_on_error")
    known = {k: v for k, v in config.items() if k not in declared and not k.startswith("_")}
    resolve = compile_value(known)
    ports = {name: sources for name, sources in links.items() if name not in declared}

    def find(scope: Scope) -> dict[str, Any]:
        values: dict[str, Any] = resolve(scope) if resolve else {}
        for name, sources in ports.items():
            for node_id, port in sources:
                found = scope.outputs.get(node_id, {}).get(port)
                if found is not None:
                    values[name] = found
        return values

    return find


def _constant(value: Any) -> Resolver:
    return lambda _scope: value


def _delivered(text: str, scope: Scope) -> bool:
    said = text_as_boolean(text)
    return _evaluate_leniently(text, scope) if said is None else said


def _lenient(text: str) -> Resolver:
    return lambda scope: _evaluate_leniently(text, scope)


def _evaluate_leniently(text: str, scope: Scope) -> bool:
    try:
        expression = parse_expression(text)
        value = expression.evaluate(scope)
        if expression.is_placeholder and isinstance(value, str) and text_as_boolean(value) is None:
            value = said_by(value, scope)
        return truth(value)
    except ExpressionError as error:
        scope.failed_condition(error.message)
        return False


def _strict(text: str) -> Resolver:
    try:
        parsed: Expression = parse_expression(text)
    except ExpressionError as error:
        # It fails the node when it is reached: a branch that never runs does no harm.
        return _raising(error)
    return parsed.evaluate


def _raising(error: ExpressionError) -> Resolver:
    message = error.message

    def fail(_scope: Scope) -> Any:
        raise ExpressionError(message)

    return fail


def sources_of(item: Param, links: Mapping[str, Sources]) -> Sources:
    """The data connections to the parameter."""
    for name in spellings(item):
        if name in links:
            return links[name]
    return ()


def spellings(item: Param) -> tuple[str, ...]:
    """The keys and ports that a parameter may be written as; the first that is there counts."""
    return (item.key, item.name, *item.aliases)


def taken(cls: NodeType) -> set[str]:
    """Every name under which a node takes a value: config keys and data ports alike."""
    return {name for item in cls.params.values() for name in spellings(item)}


def written_value(item: Param, config: Mapping[str, Any]) -> Any:
    """What *config* says for the parameter; None if nothing."""
    for key in spellings(item):
        value = config.get(key)
        if value is not None:
            return value
    return None
