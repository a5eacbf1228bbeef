"""A workflow as the engine sees it, whatever shape its file had."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from casare_rpa.domain.booleans import is_on


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSpec:
    """One step: its type, its parameters as written, and for editors a label and a place."""

    node_id: str
    node_type: str
    config: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    position: tuple[float, float] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def disabled(self) -> bool:
        """Whether the step is switched off, so that a run passes it over."""
        return is_on(self.config.get("_disabled"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """From an output port of one node to an input port of another."""

    source_node: str
    source_port: str
    target_node: str
    target_port: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A variable that a run starts with. `type` is as written, `Any` if nothing was."""

    name: str
    value: Any = None
    type: str = "Any"
    description: str = ""
    sensitive: bool = False
    readonly: bool = False
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """Nodes, connections and variables in the order of the document.

    `settings`, `metadata` and `extra` (every key that means nothing here) are kept as written.
    Treat all mappings as read-only; they are plain dicts so that a workflow can be pickled.
    """

    nodes: tuple[NodeSpec, ...]
    connections: tuple[Connection, ...] = ()
    variables: tuple[Variable, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    _by_id: Mapping[str, NodeSpec] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_id", {spec.node_id: spec for spec in self.nodes})

    @property
    def name(self) -> str:
        """What people call it."""
        return str(self.metadata.get("name") or "Untitled")

    @property
    def id(self) -> str | None:
        """The id that the file claims, if any."""
        claimed = self.metadata.get("id")
        return claimed if isinstance(claimed, str) and claimed else None

    @property
    def description(self) -> str:
        """What it is for."""
        return str(self.metadata.get("description") or "")

    @property
    def stop_on_error(self) -> bool:
        """Whether a failed node ends the run; true unless the settings say otherwise."""
        written = self.settings.get("stop_on_error")
        said = written.strip().lower() if isinstance(written, str) else written
        return said not in (False, "false", "no", "off")

    def node(self, node_id: str) -> NodeSpec | None:
        """The node of that id, or None."""
        return self._by_id.get(node_id)

    def to_document(self) -> dict[str, Any]:
        """The workflow in the canonical shape; parsing it gives an equal workflow."""
        return {
            **self.extra,
            "metadata": dict(self.metadata),
            "nodes": {spec.node_id: _node_document(spec) for spec in self.nodes},
            "connections": [_connection_document(c) for c in self.connections],
            "variables": {v.name: _variable_document(v) for v in self.variables},
            "settings": dict(self.settings),
        }


def _node_document(spec: NodeSpec) -> dict[str, Any]:
    document: dict[str, Any] = {
        **spec.extra,
        "node_id": spec.node_id,
        "node_type": spec.node_type,
        "config": dict(spec.config),
    }
    if spec.name:
        document["name"] = spec.name
    if spec.position is not None:
        document["position"] = list(spec.position)
    return document


def _connection_document(connection: Connection) -> dict[str, str]:
    return {
        "source_node": connection.source_node,
        "source_port": connection.source_port,
        "target_node": connection.target_node,
        "target_port": connection.target_port,
    }


def _variable_document(variable: Variable) -> dict[str, Any]:
    return {
        "name": variable.name,
        "type": variable.type,
        "default_value": variable.value,
        "description": variable.description,
        "sensitive": variable.sensitive,
        "readonly": variable.readonly,
        "required": variable.required,
    }
