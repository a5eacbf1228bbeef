"""Reading the connections of a document, in its four spellings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from casare_rpa.domain.workflow import ports
from casare_rpa.domain.workflow.model import Connection
from casare_rpa.domain.workflow.node_shapes import NodeReader
from casare_rpa.domain.workflow.problems import Findings, json_type

MAX_CONNECTIONS = 5000

_Ends: TypeAlias = tuple[str, str, str, str]
_FIELDS = (
    ("source_node", "source_port", "target_node", "target_port"),
    ("from_node", "from_port", "to_node", "to_port"),
)


class ConnectionReader:
    """Collects the connections of one document; `places` are their pointers, side by side."""

    def __init__(self, nodes: NodeReader, findings: Findings) -> None:
        self._nodes = nodes
        self._findings = findings
        self._seen: set[Connection] = set()
        self.connections: list[Connection] = []
        self.places: list[str] = []

    def read(self, connections: Any, place: str) -> None:
        """Take in `connections`, which stands at pointer *place*."""
        if not isinstance(connections, (list, tuple)):
            what = json_type(connections)
            self._findings.error("INVALID_TYPE", f"connections must be a list, not {what}", place)
            return
        if len(connections) > MAX_CONNECTIONS:
            self._findings.error(
                "LIMIT_EXCEEDED",
                f"{len(connections)} connections are too many; the limit is {MAX_CONNECTIONS}",
                place,
            )
        for index, entry in enumerate(connections):
            self._read_one(entry, f"{place}/{index}")

    def _read_one(self, entry: Any, where: str) -> None:
        if not isinstance(entry, dict):
            self._findings.error(
                "INVALID_TYPE", f"a connection must be an object, not {json_type(entry)}", where
            )
            return
        ends = self._ends(entry, where)
        if ends is None:
            return
        connection = self._normalised(ends)
        if not self._joins_two_nodes(connection, where):
            return
        if connection in self._seen:
            self._findings.warn(
                "DUPLICATE_CONNECTION", f"{_arrow(connection)} is there twice", where
            )
            return
        self._seen.add(connection)
        self.connections.append(connection)
        self.places.append(where)

    def _ends(self, entry: dict[str, Any], where: str) -> _Ends | None:
        if "out" in entry or "in" in entry:
            return self._pairs(entry, where)
        if isinstance(entry.get("source"), str) and isinstance(entry.get("target"), str):
            return self._dotted(entry, where)
        template = "from_node" in entry or "to_node" in entry
        fields = _FIELDS[1] if template else _FIELDS[0]
        values = [entry.get(field) for field in fields]
        missing = [f for f, v in zip(fields, values, strict=True) if v is None or v == ""]
        if missing:
            self._missing(missing, where)
            return None
        return self._texts(values, [f"{where}/{field}" for field in fields])

    def _pairs(self, entry: dict[str, Any], where: str) -> _Ends | None:
        missing = [end for end in ("out", "in") if end not in entry]
        if missing:
            self._missing(missing, where)
            return None
        values: list[Any] = []
        for end in ("out", "in"):
            pair = entry[end]
            if not isinstance(pair, (list, tuple)) or len(pair) != 2:
                self._findings.error(
                    "INVALID_TYPE", f"{end} must be [node id, port]", f"{where}/{end}"
                )
                return None
            values.extend(pair)
        return self._texts(values, [f"{where}/{end}" for end in ("out", "out", "in", "in")])

    def _dotted(self, entry: dict[str, Any], where: str) -> _Ends | None:
        values: list[str] = []
        for end in ("source", "target"):
            # Port names have no dots, node ids may.
            node_id, _, port = entry[end].rpartition(".")
            if not node_id or not port:
                self._findings.error(
                    "MISSING_REQUIRED_FIELD",
                    f'{end} must be "node_id.port", not {entry[end]!r}',
                    f"{where}/{end}",
                )
                return None
            values += [node_id, port]
        return (values[0], values[1], values[2], values[3])

    def _texts(self, values: list[Any], places: list[str]) -> _Ends | None:
        # Ids that are numbers are read as texts, as those of the nodes are.
        values = [str(value) if type(value) is int else value for value in values]
        for value, place in zip(values, places, strict=True):
            if not isinstance(value, str):
                self._findings.error(
                    "INVALID_TYPE", f"must be a text, not {json_type(value)}", place
                )
                return None
        return (values[0], values[1], values[2], values[3])

    def _missing(self, fields: list[str], where: str) -> None:
        self._findings.error(
            "MISSING_REQUIRED_FIELD",
            f"the connection has no {' and no '.join(fields)}",
            where,
            hint="a connection needs source_node, source_port, target_node and target_port",
        )

    def _normalised(self, ends: _Ends) -> Connection:
        source, source_port, target, target_port = ends
        source, target = self._nodes.resolve(source), self._nodes.resolve(target)
        out_of, into = self._about(source), self._about(target)
        return Connection(
            source_node=source,
            source_port=ports.source_port(
                source_port, out_of[0], bends_exec=ports.bends_exec(out_of[1], target_port)
            ),
            target_node=target,
            target_port=ports.target_port(
                target_port, into[0], bends_exec=ports.bends_exec(into[1], source_port)
            ),
        )

    def _about(self, node_id: str) -> tuple[str, Mapping[str, Any]]:
        """The node's type and config."""
        spec = self._nodes.specs.get(node_id)
        return (spec.node_type, spec.config) if spec else ("", {})

    def _joins_two_nodes(self, connection: Connection, where: str) -> bool:
        unknown = {
            end: node_id
            for end, node_id in (
                ("source", connection.source_node),
                ("target", connection.target_node),
            )
            if node_id not in self._nodes.places
        }
        for end, node_id in unknown.items():
            self._findings.error(
                "ORPHANED_CONNECTION",
                f"{_arrow(connection)}: there is no {end} node {node_id!r}",
                where,
                node_id=node_id,
                hint="remove the connection or add the node",
            )
        if not unknown and connection.source_node == connection.target_node:
            self._findings.error(
                "SELF_CONNECTION",
                f"{_arrow(connection)} joins a node to itself",
                where,
                node_id=connection.source_node,
            )
            return False
        return not unknown


def _arrow(connection: Connection) -> str:
    return (
        f"{connection.source_node}.{connection.source_port}"
        f" → {connection.target_node}.{connection.target_port}"
    )
