"""A workflow as nodes and edges, with the pairs that no connection says: a loop and its end, a try
and its catch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from casare_rpa.domain.workflow import NodeSpec, Workflow, is_exec_connection
from casare_rpa.domain.workflow.graph import postorder

if TYPE_CHECKING:
    from casare_rpa.engine.planning.plan import Step

#: The way out of a node that has only one: it needs no label.
PLAIN_PORT = "exec_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """`source` and `target` are indexes of nodes.

    exec: control goes on there. data: a value goes there. loop: a pass is over, and the next one
    begins. jump: control may get there without a connection, as from a try to its catch.
    """

    source: int
    target: int
    kind: Literal["exec", "data", "loop", "jump"]
    port: str
    target_port: str = ""

    @property
    def label(self) -> str:
        """What stands beside the edge; nothing for the usual way out."""
        if self.kind == "data":
            return f"{self.port} → {self.target_port}"
        return "" if self.port == PLAIN_PORT else self.port


@dataclass(frozen=True, kw_only=True)
class Graph:
    """Nodes in the document's order, and the edges between them."""

    nodes: tuple[NodeSpec, ...]
    edges: tuple[Edge, ...]

    @cached_property
    def order(self) -> list[int]:
        """Each node's place in an order in which control goes forward, and values to nodes that
        are only evaluated for others. Edges that close a circle lead backward."""
        targets: list[list[int]] = [[] for _ in self.nodes]
        controlled = {end for e in self.edges if e.kind != "data" for end in (e.source, e.target)}
        for edge in self.edges:
            if edge.kind in ("exec", "jump") or not controlled.issuperset(
                (edge.source, edge.target)
            ):
                targets[edge.source].append(edge.target)
        places = [0] * len(self.nodes)
        # The walk begins at the last node, so that the first one comes out first.
        for place, node in enumerate(reversed(_left(targets))):
            places[node] = place
        return places

    def is_forward(self, edge: Edge) -> bool:
        return self.order[edge.source] < self.order[edge.target]


def _left(targets: Sequence[Sequence[int]]) -> list[int]:
    last = len(targets) - 1
    mirrored = [[last - target for target in reversed(targets[last - n])] for n in range(last + 1)]
    return [last - node for node in postorder(mirrored)]


def graph_of(workflow: Workflow) -> Graph:
    """The graph of *workflow*, whether or not this installation can run its nodes."""
    from casare_rpa.nodes.catalogue import NodeCatalogue

    catalogue = NodeCatalogue()
    place = {spec.node_id: index for index, spec in enumerate(workflow.nodes)}
    ports: list[dict[str, list[int]]] = [defaultdict(list) for _ in workflow.nodes]
    entries: dict[tuple[int, int], str] = {}
    edges: list[Edge] = []
    for wire in workflow.connections:
        source, target = place[wire.source_node], place[wire.target_node]
        if is_exec_connection(wire, workflow.nodes[source], catalogue):
            ports[source][wire.source_port].append(target)
            entries[source, target] = wire.target_port
        else:
            edges.append(
                Edge(
                    source=source,
                    target=target,
                    kind="data",
                    port=wire.source_port,
                    target_port=wire.target_port,
                )
            )
    steps = _paired(workflow, ports)
    return Graph(nodes=workflow.nodes, edges=(*_control(steps, entries), *edges))


def _paired(workflow: Workflow, ports: Sequence[dict[str, list[int]]]) -> list[Step]:
    """The nodes as the engine pairs them."""
    from casare_rpa.engine.planning.pairing import pair_steps
    from casare_rpa.engine.planning.plan import Step
    from casare_rpa.engine.planning.wiring import settle_ports
    from casare_rpa.nodes.base import Node

    steps = []
    for index, spec in enumerate(workflow.nodes):
        cls = _class_of(spec) or Node
        about: dict[str, Any] = {"disabled": spec.disabled, "config": spec.config}
        about |= {"goes_on_after_failure": False, "control": cls.control}
        steps.append(Step(index=index, id=spec.node_id, type=spec.node_type, cls=cls, **about))
    for step, wired in zip(steps, ports, strict=True):
        step.ports = {
            port: tuple(steps[target] for target in dict.fromkeys(targets))
            for port, targets in wired.items()
        }
        settle_ports(step)
    pair_steps(steps)
    return steps


def _class_of(spec: NodeSpec) -> Any:
    from casare_rpa.errors import WorkflowInvalid
    from casare_rpa.nodes.catalogue import node_class

    try:
        return node_class(spec.node_type)
    except WorkflowInvalid:  # a node of another installation
        return None


def _control(steps: Sequence[Step], entries: dict[tuple[int, int], str]) -> Iterator[Edge]:
    for step in steps:
        led_to = set()
        for port, targets in step.ports.items():
            for target in targets:
                led_to.add(target)
                into = entries[step.index, target.index]
                yield Edge(
                    source=step.index,
                    target=target.index,
                    kind="exec",
                    port=port,
                    target_port=into,
                )
        for end in step.ends:
            yield Edge(source=end.index, target=step.index, kind="loop", port="next pass")
        for port, partner in (("catch", step.catch), ("finally", step.final)):
            if partner is not None and partner not in led_to:
                yield Edge(source=step.index, target=partner.index, kind="jump", port=port)
