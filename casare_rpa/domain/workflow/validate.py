"""What only the whole workflow shows: unknown types, cycles, nodes that no run reaches."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cached_property

from casare_rpa.domain.workflow import graph
from casare_rpa.domain.workflow.model import Connection, NodeSpec, Workflow
from casare_rpa.domain.workflow.parse import Parsed
from casare_rpa.domain.workflow.ports import (
    Catalogue,
    NamedCatalogue,
    is_exec_connection,
    is_trigger,
)
from casare_rpa.domain.workflow.problems import Findings

#: Nodes that no run walks to, so that standing alone is no fault of theirs.
_STANDS_ALONE = frozenset({"CommentNode", "SubflowInputNode", "SubflowOutputNode"})
#: Nodes that a run jumps to because of how they are paired, wired or not.
_JUMPED_TO = frozenset({"CatchNode", "FinallyNode", "JoinNode"})
_REPLACED = {
    "ForLoopNode": "use ForLoopStartNode and ForLoopEndNode",
    "WhileLoopNode": "use WhileLoopStartNode and WhileLoopEndNode",
}
#: The code of a node that no run comes to.
UNREACHABLE = "UNREACHABLE_NODES"
_MAX_GUESSES = 20
_MAX_NAMES = 30


def check_graph(parsed: Parsed, catalogue: Catalogue | None, findings: Findings) -> None:
    """Note every problem of the workflow as a whole. Linear in nodes and connections."""
    shape = _Shape(parsed.workflow, catalogue)
    if catalogue is not None:
        _check_types(parsed, catalogue, findings)
    _check_cycles(shape, parsed, findings)
    if len(parsed.workflow.nodes) == len(parsed.node_places):
        # Behind a node that cannot be read, everything would look unreachable.
        _check_entry(shape, parsed, findings)


class _Shape:
    """The workflow as a graph of indexes into its nodes."""

    def __init__(self, workflow: Workflow, catalogue: Catalogue | None) -> None:
        self.nodes = workflow.nodes
        self.index = {spec.node_id: i for i, spec in enumerate(workflow.nodes)}
        self.exec_edges: list[list[int]] = [[] for _ in self.nodes]
        self.data_sources: list[list[int]] = [[] for _ in self.nodes]
        self._catalogue = catalogue
        for connection in workflow.connections:
            self._add(connection)

    def _add(self, connection: Connection) -> None:
        source = self.index.get(connection.source_node)
        target = self.index.get(connection.target_node)
        if source is None or target is None:
            return  # an end of it is a node that could not be read
        if is_exec_connection(connection, self.nodes[source], self._catalogue):
            self.exec_edges[source].append(target)
        else:
            self.data_sources[target].append(source)

    def type_of(self, spec: NodeSpec) -> str:
        """The registered name of the node's type, as far as it is known."""
        known = self._catalogue.canonical(spec.node_type) if self._catalogue else None
        return known or spec.node_type

    @cached_property
    def triggers(self) -> list[int]:
        return [i for i, n in enumerate(self.nodes) if is_trigger(n.node_type, self._catalogue)]

    @cached_property
    def entries(self) -> list[int]:
        """Where runs begin: the first StartNode, or else every chain's head; and the triggers."""
        for i, spec in enumerate(self.nodes):
            if self.type_of(spec) == "StartNode":
                return [i, *self.triggers]
        backwards = graph.reversed_edges(self.exec_edges)
        # A node behind triggers alone is a head too when the run is started by hand.
        triggers = set(self.triggers)
        heads = [i for i, sources in enumerate(backwards) if triggers.issuperset(sources)]
        return [*heads, *self.triggers]

    def reached(self) -> set[int]:
        """Every node that some run may execute, and those that only deliver data to one."""
        jumped_to = [i for i, n in enumerate(self.nodes) if self.type_of(n) in _JUMPED_TO]
        run = graph.reachable([*self.entries, *jumped_to], self.exec_edges)
        return graph.reachable(run, self.data_sources)


def _check_types(parsed: Parsed, catalogue: Catalogue, findings: Findings) -> None:
    hints: dict[str, str | None] = {}
    for spec in parsed.workflow.nodes:
        if catalogue.canonical(spec.node_type) is not None:
            continue
        if spec.node_type not in hints:
            guess = len(hints) < _MAX_GUESSES  # comparing with hundreds of names takes a while
            hints[spec.node_type] = _hint_for(spec.node_type, catalogue) if guess else None
        findings.error(
            "UNKNOWN_NODE_TYPE",
            f"there is no node type {spec.node_type!r}",
            parsed.node_places[spec.node_id],
            node_id=spec.node_id,
            hint=hints[spec.node_type],
        )


def _hint_for(node_type: str, catalogue: Catalogue) -> str | None:
    if node_type in _REPLACED:
        return _REPLACED[node_type]
    if not isinstance(catalogue, NamedCatalogue):
        return None
    by_lower_case = {name.lower(): name for name in catalogue.names()}
    wanted = node_type.lower()
    near = get_close_matches(wanted, by_lower_case, n=1) or get_close_matches(
        wanted.removesuffix("node") + "node", by_lower_case, n=1
    )
    return f"did you mean {by_lower_case[near[0]]}?" if near else None


def _check_cycles(shape: _Shape, parsed: Parsed, findings: Findings) -> None:
    for cycle in graph.cycles(shape.exec_edges):
        names = [shape.nodes[i].node_id for i in cycle]
        way = " → ".join([*_shortened(names), names[0]])
        findings.error(
            "CIRCULAR_DEPENDENCY",
            f"the nodes lead back to themselves: {way}",
            _place_of_connection(names[-1], names[0], parsed),
            node_id=names[0],
            hint="loops are made of a start and an end node; the end needs no way back",
        )


def _shortened(names: list[str]) -> list[str]:
    if len(names) <= _MAX_NAMES:
        return names
    return [*names[: _MAX_NAMES - 1], f"({len(names) - _MAX_NAMES} more)", names[-1]]


def _place_of_connection(source: str, target: str, parsed: Parsed) -> str:
    for connection, place in zip(
        parsed.workflow.connections, parsed.connection_places, strict=True
    ):
        if (connection.source_node, connection.target_node) == (source, target):
            return place
    return parsed.node_places[source]


def _check_entry(shape: _Shape, parsed: Parsed, findings: Findings) -> None:
    if not shape.nodes:
        return
    if not shape.entries:
        findings.warn(
            "NO_ENTRY_POINT",
            "no run can begin: every node waits for another",
            parsed.nodes_place,
            hint="add a StartNode",
        )
        return
    reached = shape.reached()
    for i, spec in enumerate(shape.nodes):
        if i not in reached and shape.type_of(spec) not in _STANDS_ALONE:
            findings.warn(
                UNREACHABLE,
                f"no run reaches node {spec.node_id!r}",
                parsed.node_places[spec.node_id],
                node_id=spec.node_id,
                hint="connect it or remove it",
            )
