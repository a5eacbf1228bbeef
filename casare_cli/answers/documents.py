"""Workflows, what they are made of, and how two of them or of their runs differ."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from casare_rpa.domain.json_values import Json
from casare_rpa.wire import Wire


class WorkflowDeleted(Wire):
    workflow_id: str
    status: str
    message: str


class NodeType(Wire):
    type: str
    aliases: list[str]
    category: str
    runs_on: str
    #: Whether this installation can run it.
    implemented: bool
    requires: list[str]
    summary: str


class NodeTypeDetails(NodeType):
    """The members from `help` on are there for a type that this installation can run."""

    schema_version: int
    help: str | None = None
    side_effect: bool | None = None
    parameters: list[NodeParameter] | None = None
    outputs: list[NodeOutput] | None = None
    exec_inputs: list[str] | None = None
    exec_outputs: list[str] | None = None
    #: The extras that it needs, and those of them that are not installed here.
    extras: list[str] | None = None
    missing_extras: list[str] | None = None
    example: Json | None = None
    #: The node as a member of `nodes` in a workflow file.
    snippet: Json | None = None
    #: The JSON Schema of the config.
    config_schema: Json | None = Field(default=None, alias="schema")


class NodeParameter(Wire):
    name: str
    kind: str
    required: bool
    aliases: list[str]
    help: str


class NodeOutput(Wire):
    name: str
    kind: str


class Difference(Wire):
    """What is only in one of them is null in the other. `counts`: it decides the exit code."""

    area: str
    name: str
    change: Literal["added", "removed", "changed"]
    a: Any
    b: Any
    counts: bool


class Differences(Wire):
    schema_version: Literal[1]
    a: str
    b: str
    same: bool
    differences: list[Difference]


class GraphNode(Wire):
    node_id: str
    node_type: str
    name: str
    disabled: bool
    #: Counted from 0, from where the workflow begins.
    layer: int


class GraphEdge(Wire):
    kind: Literal["exec", "data", "loop", "jump"]
    source: str
    port: str
    target: str
    target_port: str


class WorkflowGraph(Wire):
    schema_version: Literal[1]
    workflow: str
    nodes: list[GraphNode]
    edges: list[GraphEdge]


class WorkflowPulled(Wire):
    schema_version: Literal[1]
    workflow_id: str
    version: int
    content_hash: str
    file: str
    #: False: it held the same already.
    written: bool
