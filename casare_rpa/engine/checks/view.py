"""A workflow as the checks look at it: each node with its class, its place and what feeds it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from casare_rpa.domain.workflow import Connection, NodeSpec, Parsed
from casare_rpa.domain.workflow.positions import pointer
from casare_rpa.engine.language.placeholders import find_placeholders
from casare_rpa.engine.planning.wiring import carries_control
from casare_rpa.nodes import catalogue
from casare_rpa.nodes.base import NodeType


class View:
    """`nodes` are those whose class is at hand, `parsed` is the whole."""

    def __init__(self, parsed: Parsed) -> None:
        self.parsed = parsed
        self.nodes = [
            NodeView(self, spec, cls)
            for spec in parsed.workflow.nodes
            if (cls := catalogue.class_of(spec.node_type)) is not None
        ]
        self.by_id = {node.id: node for node in self.nodes}

    @cached_property
    def data_ports(self) -> Mapping[str, set[str]]:
        """By node id, the input ports that a data connection leads to."""
        found: dict[str, set[str]] = defaultdict(set)
        for connection in self.parsed.workflow.connections:
            if self.carries_control(connection) is not True:
                found[connection.target_node].add(connection.target_port)
        return found

    def carries_control(self, connection: Connection) -> bool | None:
        """Whether control passes the connection; None if a class is not at hand."""
        source = self.by_id.get(connection.source_node)
        target = self.by_id.get(connection.target_node)
        if source is None or target is None:
            return None
        return carries_control(connection, source.cls, target.cls, source.spec.config)

    def place(self, spec: NodeSpec, *steps: str | int) -> str:
        """The pointer to something in the node."""
        return pointer(self.parsed.node_places[spec.node_id], *steps)


class NodeView:
    """A node with the class that runs it."""

    def __init__(self, view: View, spec: NodeSpec, cls: NodeType) -> None:
        self._view = view
        self.spec = spec
        self.cls = cls
        self.id = spec.node_id
        self.entry = catalogue.entries().get(cls.type)

    @property
    def data_ports(self) -> set[str]:
        return self._view.data_ports.get(self.id, set())

    def place(self, *steps: str | int) -> str:
        return self._view.place(self.spec, *steps)

    @cached_property
    def outputs(self) -> frozenset[str] | None:
        """Every data output, in all spellings; None if only a run can tell."""
        if self.cls.takes_others:
            return None
        found = {name for port in self.cls.outputs for name in (port.name, *port.aliases)}
        if self.entry is not None:
            found.update(self.entry.outputs, self.entry.output_aliases, self.entry.extra_outputs)
            found.update(name for each in self.entry.actions.values() for name in each.outputs)
        return frozenset(found)


def texts(value: Any, place: str) -> Iterator[tuple[str, str, str]]:
    """Every text in *value*: the key it stands under ("" in a list), its pointer, the text."""
    waiting = [("", place, value)]
    while waiting:
        key, where, found = waiting.pop()
        if isinstance(found, str):
            yield key, where, found
        elif isinstance(found, Mapping):
            waiting += [(str(k), pointer(where, k), v) for k, v in reversed(list(found.items()))]
        elif isinstance(found, (list, tuple)):
            inner = [(key, pointer(where, i), v) for i, v in enumerate(found)]
            waiting += reversed(inner)


def is_literal(value: Any) -> bool:
    """Whether no placeholder stands in *value*."""
    found = (span for _, _, text in texts(value, "") for span in find_placeholders(text))
    return next(found, None) is None


def closest(word: str, known: frozenset[str] | set[str]) -> str | None:
    """The known name most like *word*, letter case aside."""
    by_lower_case = {name.lower(): name for name in sorted(known)}
    near = get_close_matches(word.lower(), by_lower_case, n=1, cutoff=0.7)
    return by_lower_case[near[0]] if near else None


def listed(names: frozenset[str] | set[str], most: int = 12) -> str:
    """Names for a message, shortened if they are many."""
    found = sorted(names)
    return ", ".join(found[:most]) + (", …" if len(found) > most else "")
