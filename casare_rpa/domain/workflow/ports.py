"""Names of ports and of node types, in all their spellings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, runtime_checkable

from casare_rpa.domain.booleans import is_on
from casare_rpa.domain.workflow.model import Connection, NodeSpec

LOOP_STARTS = frozenset(
    {
        "ForLoopStartNode",
        "WhileLoopStartNode",
        "ParallelForEachNode",
        "ForLoopNode",
        "WhileLoopNode",
    }
)
_LOOP_WORDS = {
    **dict.fromkeys(("loop", "loop_body", "exec_body"), "body"),
    **dict.fromkeys(("done", "finish", "finished", "exec_completed"), "completed"),
}
_IF_WORDS = {
    **dict.fromkeys(("then", "True", "exec_true"), "true"),
    **dict.fromkeys(("else", "False", "exec_false"), "false"),
}
_VALIDATE_WORDS = {
    **dict.fromkeys(("true", "success"), "valid"),
    **dict.fromkeys(("false", "failure"), "invalid"),
}
#: By node type, what its execution ports are called in older files and by people.
_SPELLINGS: Mapping[str, Mapping[str, str]] = {
    **dict.fromkeys(LOOP_STARTS, _LOOP_WORDS),
    "IfNode": _IF_WORDS,
    "ValidateNode": _VALIDATE_WORDS,
    "TryNode": {"body": "try_body"},
    "RetryNode": {"body": "retry_body", "failure": "failed"},
}
_EXECS = """
    loop_body body completed done finish next true false then else on_success on_error on_finally
"""
_EXEC_NAMES = frozenset(_EXECS.split())
_REROUTE = "RerouteNode"
_HTTP_VERB_NODE = re.compile(r"Http(Get|Post|Put|Patch|Delete)Node")


class Catalogue(Protocol):
    """What validation must know about node types."""

    def canonical(self, node_type: str) -> str | None:
        """The registered name that *node_type* stands for, or None if there is no such type."""
        ...

    def exec_outputs(self, node_type: str, config: Mapping[str, Any]) -> frozenset[str] | None:
        """The execution output ports of a node with this config; None if they are not known."""
        ...

    def is_trigger(self, node_type: str) -> bool:
        """Whether a node of this type sets a workflow off."""
        ...


@runtime_checkable
class NamedCatalogue(Protocol):
    """A catalogue that can list its names, so that a misspelt one can be put right."""

    def names(self) -> Iterable[str]:
        """Every node type and alias."""
        ...


def source_port(port: str, node_type: str, *, bends_exec: bool = False) -> str:
    """The declared name of an output port that a document calls *port*.

    `out` of a RerouteNode is its value, unless it *bends_exec*: a wire of execution.
    """
    if port == "out" and (node_type != _REROUTE or bends_exec):
        return "exec_out"
    return _SPELLINGS.get(node_type, {}).get(port, port)


def target_port(port: str, node_type: str, *, bends_exec: bool = False) -> str:
    """The declared name of an input port that a document calls *port*, as for `source_port`."""
    return "exec_in" if port == "in" and (node_type != _REROUTE or bends_exec) else port


def bends_exec(config: Mapping[str, Any], other_port: str) -> bool:
    """Whether a RerouteNode passes control on: it says so, or its wire ends at such a port."""
    named = other_port.startswith("exec") or other_port in _EXEC_NAMES
    return named or is_on(config.get("is_exec_reroute"))


def split_http_verb(node_type: str) -> tuple[str, str | None]:
    """`HttpGetNode` and its like as the node that replaced them, and the method they stood for."""
    found = _HTTP_VERB_NODE.fullmatch(node_type)
    return ("HttpRequestNode", found[1].upper()) if found else (node_type, None)


def is_trigger(node_type: str, catalogue: Catalogue | None) -> bool:
    """Whether the node sets workflows off; by its name when there is no catalogue."""
    return (
        node_type.endswith("TriggerNode") if catalogue is None else catalogue.is_trigger(node_type)
    )


def is_exec_connection(
    connection: Connection, source: NodeSpec, catalogue: Catalogue | None
) -> bool:
    """Whether control, not data, passes the connection."""
    # An execution input takes nothing else, whatever the output is called.
    if connection.target_port.startswith("exec"):
        return True
    known = catalogue.exec_outputs(source.node_type, source.config) if catalogue else None
    if known is not None:
        return connection.source_port in known
    return connection.source_port.startswith("exec") or connection.source_port in _EXEC_NAMES
