"""Reading the nodes of a document: a map or a list, in every spelling."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from casare_rpa.domain.booleans import is_on
from casare_rpa.domain.workflow.model import NodeSpec
from casare_rpa.domain.workflow.ports import split_http_verb
from casare_rpa.domain.workflow.positions import pointer
from casare_rpa.domain.workflow.problems import Findings, json_type

MAX_NODES = 1000
MAX_ID_LENGTH = 256
MAX_TYPE_LENGTH = 128
MAX_CONFIG_DEPTH = 10
MAX_TEXT_LENGTH = 10_000

_EDITOR_PREFIX = "casare_rpa."
#: A frame that editors draw behind nodes, among the nodes in what they save.
_BACKDROP = "BackdropNode"
#: Where people and programs put parameters that belong into `config`.
_NOT_CONFIG = ("parameters", "params", "arguments", "args", "data")
_KNOWN = """
    node_id id node_type type type_ config custom properties position pos name display_name
    category input_ports output_ports
"""
_KNOWN_KEYS = frozenset(_KNOWN.split())
#: Parameters that hold programs, documents, messages or values, all of which may be long.
_LONG_TEXTS = """
    additional_body body body_text caption code comment condition content cookies_json css
    decision_table default_text description email_message expression goal html input_text
    javascript js json json_string log_message markdown message prompt query question schema
    script speech_text sql system_prompt template text value variables xml xml_string
"""
_LONG_TEXT_KEYS = frozenset(_LONG_TEXTS.split())


class NodeReader:
    """Collects the nodes of one document.

    `specs` are the good ones by id, `places` the pointer of every node, good or not, by id, and
    `aliases` other names under which connections may speak of a node.
    """

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self.specs: dict[str, NodeSpec] = {}
        self.places: dict[str, str] = {}
        self.aliases: dict[str, str] = {}

    def read(self, nodes: Any, place: str) -> None:
        """Take in `nodes`, which stands at pointer *place*."""
        if not isinstance(nodes, (dict, list)):
            self._findings.error(
                "INVALID_TYPE", f"nodes must be an object or a list, not {json_type(nodes)}", place
            )
            return
        if not nodes:
            self._findings.error(
                "EMPTY_WORKFLOW", "the workflow has no nodes", place, hint="add at least one node"
            )
        if len(nodes) > MAX_NODES:
            self._findings.error(
                "LIMIT_EXCEEDED",
                f"{len(nodes)} nodes are too many; the limit is {MAX_NODES}",
                place,
                hint="move parts of it into workflows that this one calls",
            )
        for key, where, node in _entries(nodes, place):
            if isinstance(node, dict):
                if not _is_backdrop(node):
                    self._read_node(key, node, where)
            else:
                self._place(key, where)
                self._findings.error(
                    "INVALID_TYPE", f"a node must be an object, not {json_type(node)}", where
                )

    def resolve(self, node_id: str) -> str:
        """The id of the node that a connection calls *node_id*."""
        return node_id if node_id in self.places else self.aliases.get(node_id, node_id)

    def _read_node(self, key: str | None, node: dict[str, Any], where: str) -> None:
        node_id = self._node_id(key, node, where)
        node_type = self._node_type(node_id, node, where)
        config = self._config(node_id, node, where)
        position = self._position(node_id, node, where)
        if node_id is None or not self._place(node_id, where):
            return
        if node_type is None or config is None:
            return
        node_type, http_method = split_http_verb(node_type)
        if http_method:
            config = {**config, "method": http_method}
        label = node.get("name") or node.get("display_name")
        self.specs[node_id] = NodeSpec(
            node_id=node_id,
            node_type=node_type,
            config=config,
            name=label if isinstance(label, str) else "",
            position=position,
            extra={k: v for k, v in node.items() if k not in _KNOWN_KEYS},
        )

    def _place(self, node_id: str | None, where: str) -> bool:
        if node_id is None:
            return False
        if node_id in self.places:
            self._findings.error(
                "DUPLICATE_NODE_ID",
                f"two nodes have the id {node_id!r}",
                where,
                node_id=node_id,
                hint="give one of them another id",
            )
            return False
        self.places[node_id] = where
        return True

    def _node_id(self, key: str | None, node: dict[str, Any], where: str) -> str | None:
        field = "node_id" if "node_id" in node else "id"
        own = node.get(field, _editor_id(node))
        if key is not None:
            return self._id_of_map_entry(key, own, node, where, field)
        if own is None:
            self._missing_field("node_id", where)
            return None
        if type(own) is int:
            self._note_number(own, f"{where}/{field}")
            own = str(own)
        if not isinstance(own, str) or not own:
            self._findings.error(
                "INVALID_TYPE", f"{field} must be a text, not {json_type(own)}", f"{where}/{field}"
            )
            return None
        return self._short_enough(own, where)

    def _id_of_map_entry(
        self, key: str, own: Any, node: dict[str, Any], where: str, field: str
    ) -> str | None:
        editor_id = _editor_id(node)
        if editor_id:
            # The editor's keys are addresses in its memory; placeholders use the node's own id.
            # A node that was copied there still has its model's id: it goes by its key.
            if editor_id not in self.places:
                self.aliases[key] = editor_id
                return self._short_enough(editor_id, where)
        elif own is not None and str(own) != key:
            self._findings.warn(
                "NODE_ID_MISMATCH",
                f"node {key!r} calls itself {own!r}; its key is used",
                pointer(where, field),
                node_id=key,
                hint=f'write "node_id": "{key}"',
            )
            if isinstance(own, str):
                self.aliases.setdefault(own, key)
        return self._short_enough(key, where)

    def _note_number(self, node_id: int, place: str) -> None:
        self._findings.warn(
            "INVALID_TYPE",
            f"the id {node_id} is a number; it is read as a text",
            place,
            node_id=str(node_id),
            hint=f'write "{node_id}"',
        )

    def _short_enough(self, node_id: str, where: str) -> str:
        if len(node_id) > MAX_ID_LENGTH:
            self._findings.error(
                "LIMIT_EXCEEDED", f"a node id has at most {MAX_ID_LENGTH} characters", where
            )
        return node_id

    def _node_type(self, node_id: str | None, node: dict[str, Any], where: str) -> str | None:
        field = next((f for f in ("node_type", "type", "type_") if node.get(f) is not None), None)
        if field is None:
            self._missing_field("node_type", where, node_id)
            return None
        node_type = node[field]
        if not isinstance(node_type, str) or not node_type.strip():
            what = "an empty text" if isinstance(node_type, str) else json_type(node_type)
            self._findings.error(
                "INVALID_TYPE",
                f"{field} must name a node type, not be {what}",
                f"{where}/{field}",
                node_id=node_id,
            )
            return None
        if len(node_type) > MAX_TYPE_LENGTH:
            self._findings.error(
                "LIMIT_EXCEEDED",
                f"a node type has at most {MAX_TYPE_LENGTH} characters",
                f"{where}/{field}",
                node_id=node_id,
            )
            return None
        return _plain_type(node_type.strip())

    def _config(
        self, node_id: str | None, node: dict[str, Any], where: str
    ) -> dict[str, Any] | None:
        config: dict[str, Any] = {}
        # Later ones win: what a person set in `config` counts more than the editor's leftovers.
        for field in ("properties", "custom", "config"):
            part = node.get(field)
            if part is None:
                continue
            if not isinstance(part, dict):
                self._findings.error(
                    "INVALID_CONFIG",
                    f"{field} must be an object, not {json_type(part)}",
                    f"{where}/{field}",
                    node_id=node_id,
                )
                return None
            self._check_config(node_id, part, f"{where}/{field}")
            config |= part if field == "config" else _without_node_id(part)
        if not config:
            self._note_misplaced(node_id, node, where)
        if is_on(node.get("disabled")):
            config["_disabled"] = True
        return config

    def _note_misplaced(self, node_id: str | None, node: dict[str, Any], where: str) -> None:
        for field in _NOT_CONFIG:
            if isinstance(node.get(field), dict) and node[field]:
                self._findings.warn(
                    "INVALID_CONFIG",
                    f"{field} is not read: a node's parameters stand in config",
                    f"{where}/{field}",
                    node_id=node_id,
                    hint=f"call {field} config",
                )

    def _check_config(self, node_id: str | None, config: dict[str, Any], where: str) -> None:
        for key, value in config.items():
            for place, problem in _config_faults(value, key in _LONG_TEXT_KEYS):
                self._findings.error(
                    "INVALID_CONFIG", problem, pointer(where, key) + place, node_id=node_id
                )

    def _position(
        self, node_id: str | None, node: dict[str, Any], where: str
    ) -> tuple[float, float] | None:
        field = "position" if "position" in node else "pos"
        position = node.get(field)
        if position is None:
            return None
        if isinstance(position, dict):
            position = [position.get("x"), position.get("y")]
        match position:
            case [int() | float() as x, int() | float() as y]:
                return (x, y)
        self._findings.warn(
            "INVALID_POSITION",
            "a position is [x, y]; this one is ignored",
            f"{where}/{field}",
            node_id=node_id,
        )
        return None

    def _missing_field(self, field: str, where: str, node_id: str | None = None) -> None:
        self._findings.error(
            "MISSING_REQUIRED_FIELD", f"the node has no {field}", where, node_id=node_id
        )


def _entries(
    nodes: dict[str, Any] | list[Any], place: str
) -> Iterator[tuple[str | None, str, Any]]:
    if isinstance(nodes, dict):
        for key, node in nodes.items():
            yield key, pointer(place, key), node
    else:
        for index, node in enumerate(nodes):
            yield None, f"{place}/{index}", node


def _is_editor_node(node: dict[str, Any]) -> bool:
    return any(
        isinstance(node.get(field), str) and node[field].startswith(_EDITOR_PREFIX)
        for field in ("type_", "type", "node_type")
    )


def _is_backdrop(node: dict[str, Any]) -> bool:
    written = next((node[f] for f in ("type_", "type", "node_type") if node.get(f)), None)
    return isinstance(written, str) and written.rpartition(".")[2] == _BACKDROP


def _editor_id(node: dict[str, Any]) -> str | None:
    for part in ("custom", "properties") if _is_editor_node(node) else ():
        own = node.get(part)
        found = own.get("node_id") if isinstance(own, dict) else None
        if isinstance(found, str) and found:
            return found
    return None


def _plain_type(written: str) -> str:
    if not written.startswith(_EDITOR_PREFIX):
        return written
    return written.rpartition(".")[2].removeprefix("Visual")


def _without_node_id(part: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key != "node_id"}


def _config_faults(value: Any, may_be_long: bool) -> Iterator[tuple[str, str]]:
    """Where below a parameter's value, and what: too deep, or too long a text."""
    level: list[tuple[str, Any]] = [("", value)]
    for _ in range(MAX_CONFIG_DEPTH):
        inner: list[tuple[str, Any]] = []
        for place, item in level:
            if isinstance(item, str):
                if len(item) > MAX_TEXT_LENGTH and not may_be_long:
                    yield place, f"a text of {len(item)} characters; at most {MAX_TEXT_LENGTH}"
            elif isinstance(item, dict):
                inner.extend((pointer(place, key), child) for key, child in item.items())
            elif isinstance(item, (list, tuple)):
                inner.extend((f"{place}/{index}", child) for index, child in enumerate(item))
        level = inner
        if not level:
            return
    yield level[0][0], f"nested deeper than {MAX_CONFIG_DEPTH} levels"
