"""A node as JSON to paste into a workflow."""

from __future__ import annotations

import re
from typing import Any

from casare_rpa.nodes.base import NodeType, Param

_BY_KIND: dict[str, Any] = {
    "boolean": True,
    "code": "",
    "dict": {"key": "value"},
    "directory_path": "folder",
    "expression": "True",
    "file_path": "file.txt",
    "float": 1.0,
    "integer": 1,
    "json": {"key": "value"},
    "list": ["first", "second"],
    "multi_choice": [],
    "number": 1,
}


def snippet(cls: NodeType) -> dict[str, Any]:
    """A member of `nodes`: the example of *cls* and whatever else it cannot do without.

    A node that has neither shows its parameters with their defaults.
    """
    needed = {p.key: _sample(p) for p in cls.params.values() if p.required and p.default is None}
    config = needed | dict(cls.example) or _defaults(cls)
    node_id = f"{_in_words(cls.type)}_1"
    return {node_id: {"node_id": node_id, "node_type": cls.type, "config": config}}


def _defaults(cls: NodeType) -> dict[str, Any]:
    return {p.key: p.default for p in cls.params.values() if p.property and p.default is not None}


def _sample(item: Param) -> Any:
    if item.choices:
        return item.choices[0]
    if item.key.endswith("url"):
        return "https://example.com"
    if item.minimum is not None:
        return item.minimum
    return _BY_KIND.get(item.kind, item.key.replace("_", " "))


def _in_words(node_type: str) -> str:
    """`ReadFileNode` as `read_file`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", node_type)
    return words.lower().removesuffix("_node")
