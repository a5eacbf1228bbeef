"""What differs between two workflows in what they do; where their nodes stand does not matter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from casare_cli.differences.difference import Difference, of_sets, of_values
from casare_rpa.domain.workflow import NodeSpec, Workflow

MASK, OTHER = "***", "*** (another value)"


def between(a: Workflow, b: Workflow) -> list[Difference]:
    """Nodes by their ids, config key by config key; connections, variables, settings."""
    return list(_all(a, b))


def _all(a: Workflow, b: Workflow) -> Iterator[Difference]:
    for name in ("name", "description"):
        yield from of_values("metadata", {name: getattr(a, name)}, {name: getattr(b, name)})
    yield from _nodes(a, b)
    yield from of_sets("connection", _connections(a), _connections(b))
    yield from of_values("variable", *_variables(a, b))
    yield from of_values("setting", a.settings, b.settings)


def _nodes(a: Workflow, b: Workflow) -> Iterator[Difference]:
    for spec in a.nodes:
        other = b.node(spec.node_id)
        if other is None:
            yield Difference(area="node", name=spec.node_id, change="removed", a=_whole(spec))
        else:
            yield from of_values("node", _whole(spec), _whole(other), prefix=f"{spec.node_id}.")
    for spec in b.nodes:
        if a.node(spec.node_id) is None:
            yield Difference(area="node", name=spec.node_id, change="added", b=_whole(spec))


def _whole(spec: NodeSpec) -> dict[str, Any]:
    found: dict[str, Any] = {"type": spec.node_type, "config": spec.config}
    return found | ({"name": spec.name} if spec.name else {})


def _connections(workflow: Workflow) -> list[str]:
    return [
        f"{wire.source_node}.{wire.source_port} → {wire.target_node}.{wire.target_port}"
        for wire in workflow.connections
    ]


def _variables(a: Workflow, b: Workflow) -> tuple[dict[str, Any], dict[str, Any]]:
    """By their names; of a sensitive one no value is shown, only that it is another one."""
    left, right = ({v.name: asdict(v) for v in workflow.variables} for workflow in (a, b))
    for name in (*left, *right):
        found = [side[name] for side in (left, right) if name in side]
        if any(variable["sensitive"] for variable in found):
            is_same = len({json.dumps(v["value"], sort_keys=True) for v in found}) == 1
            for variable, shown in zip(found, (MASK, MASK if is_same else OTHER), strict=False):
                variable["value"] = shown
    return left, right
