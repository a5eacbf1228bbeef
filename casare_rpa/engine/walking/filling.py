"""From a step to a node that can run: its parameters filled for this moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.engine.language.placeholders import Resolver
from casare_rpa.engine.planning.plan import Step
from casare_rpa.engine.scope import RunScope
from casare_rpa.nodes.base import Node, NodeError


def filled(step: Step, scope: RunScope) -> Any:
    """A fresh node of *step*. Raises NodeError if a required parameter has no value."""
    node = step.cls.__new__(step.cls)
    values = node.__dict__
    values.update(step.constants)
    for name, resolve in step.dynamic:
        values[name] = resolve(scope)
    check_required(step, node)
    return node


def check_required(step: Step, node: Node) -> None:
    """Raise NodeError if a required parameter has no value."""
    for name in step.required:
        if getattr(node, name) is None:
            param = step.cls.params[name]
            raise NodeError(
                f"'{param.key}' has no value",
                ErrorCode.MISSING_REQUIRED_FIELD,
                hint=param.if_missing or None,
            )


def passed_through(step: Step, scope: RunScope) -> dict[str, Any]:
    """What a disabled step gives: its inputs on outputs of the same name, `x_in` on `x_out`."""
    resolvers = dict(step.dynamic)
    values = {name: _input(step, resolvers, given, scope) for name, given in _passages(step)}
    return {name: value for name, value in values.items() if value is not None}


def hands_on(step: Step) -> bool:
    """Whether a disabled step gives a value that has to be found first."""
    found = {name for name, _ in step.dynamic}
    return any(given in found for _, given in _passages(step))


def _passages(step: Step) -> Iterator[tuple[str, str]]:
    """Each output of a disabled step with the input that it gives."""
    known = {*step.constants, *(name for name, _ in step.dynamic)}
    for output in step.cls.outputs:
        name = output.name
        yield name, name if name in known else name.removesuffix("_out") + "_in"


def _input(step: Step, resolvers: Mapping[str, Resolver], name: str, scope: RunScope) -> Any:
    try:
        return resolvers[name](scope) if name in resolvers else step.constants.get(name)
    except NodeError:
        return None  # a step that is not run cannot fail
