"""What a run from the middle of a workflow will do, and whether it has what it needs for that."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from casare_rpa.domain.start_points import Lost, StartState
from casare_rpa.domain.workflow import Connection, NodeSpec, Workflow, is_exec_connection

#: Reached without a connection: what they belong to names them, or they name it.
_PARTNERS = ("CatchNode", "FinallyNode", "JoinNode")


class Ahead:
    """The nodes that may run from a start on: all that execution may come to, and what feeds them.

    Which branch is taken is decided by the run, so some of them may not.
    """

    def __init__(self, workflow: Workflow, state: StartState | None) -> None:
        self._workflow = workflow
        self._into: dict[str, list[Connection]] = defaultdict(list)
        self._out_of: dict[str, list[Connection]] = defaultdict(list)
        for connection in workflow.connections:
            self._into[connection.target_node].append(connection)
            self._out_of[connection.source_node].append(connection)
        self.ids = self._all() if state is None else self._from(state)
        self.ids |= self._sources()

    @property
    def nodes(self) -> list[NodeSpec]:
        """In the order of the workflow."""
        return [spec for spec in self._workflow.nodes if spec.node_id in self.ids]

    def lacks(self, lost: Iterable[Lost]) -> list[Lost]:
        """Those of *lost* that a node ahead reads: by a connection, or by name in what it says."""
        return [each for each in lost if self._needs(each)]

    def _all(self) -> set[str]:
        return {spec.node_id for spec in self._workflow.nodes}

    def _from(self, state: StartState) -> set[str]:
        found = {state.node_id, *state.queue}
        if state.heads_left:
            found |= {n for n in self._all() if not self._into[n] and n not in state.reused}
        waiting = list(found)
        while waiting:
            node_id = waiting.pop()
            fresh = set(self._after(node_id, state)) - found
            found |= fresh
            waiting += fresh
        return found

    def _after(self, node_id: str, state: StartState) -> Iterator[str]:
        for connection in self._out_of[node_id]:
            if is_exec(self._workflow, connection):
                yield connection.target_node
        opening = self._workflow.node(node_id)
        for spec in self._workflow.nodes:
            if spec.node_type not in _PARTNERS or spec.node_id in state.reused:
                continue
            names = {str(v) for k, v in spec.config.items() if k.startswith("paired_")}
            loose = not self._into[spec.node_id] and not names
            if node_id in names or (loose and opening and opening.node_type == "TryNode"):
                yield spec.node_id

    def _sources(self) -> set[str]:
        """Nodes outside the chains, evaluated again by those that need them."""
        found: set[str] = set()
        waiting = list(self.ids)
        while waiting:
            for connection in self._into[waiting.pop()]:
                source = connection.source_node
                if source not in found | self.ids and self._is_source(source):
                    found.add(source)
                    waiting.append(source)
        return found

    def _is_source(self, node_id: str) -> bool:
        wires = [*self._into[node_id], *self._out_of[node_id]]
        return not any(is_exec(self._workflow, wire) for wire in wires)

    def _needs(self, lost: Lost) -> bool:
        if lost.kind == "held":
            return True
        if lost.kind == "outputs" and (lost.name in self.ids and self._is_source(lost.name)):
            return False
        wires = self._out_of[lost.name] if lost.kind == "outputs" else []
        read = {wire.target_node for wire in wires if not is_exec(self._workflow, wire)}
        if not self.ids.isdisjoint(read):
            return True
        word = re.compile(rf"(?<!\w){re.escape(lost.name)}(?!\w)")
        return any(word.search(text) for spec in self.nodes for text in _texts(spec.config))


def is_exec(workflow: Workflow, connection: Connection) -> bool:
    """Whether control passes the connection, as far as its names tell."""
    source = workflow.node(connection.source_node)
    return source is not None and is_exec_connection(connection, source, None)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(key)
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)


def changed_nodes(old: Workflow, new: Workflow, state: StartState) -> list[str]:
    """The finished nodes that are others in *new*, or reached another way; also the start, if its
    way is another."""
    ids = dict.fromkeys([*state.reused, *state.seen, *state.queue, state.node_id])
    return [key for key in ids if _shape(old, key, state) != _shape(new, key, state)]


def _shape(workflow: Workflow, node_id: str, state: StartState) -> Any:
    """What must stay the same of a node: of those that will run only that they are there."""
    spec = workflow.node(node_id)
    if spec is None:
        return None
    finished = node_id in state.reused
    ways = {
        (c.source_node, c.source_port, c.target_port)
        for c in workflow.connections
        if c.target_node == node_id and (finished or is_exec(workflow, c))
    }
    return (ways, spec.node_type, dict(spec.config)) if finished else ways
