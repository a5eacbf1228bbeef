"""What a run came to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Literal, TypeAlias

import orjson

from casare_rpa.domain.json_values import json_safe

#: About the size of what stands in the place of a value that is cut out.
_MARKER_SIZE = 40
_SHORT_TEXT = 1024
#: Of a text, and of a list or an object, whose size is told at once.
_PIECE_LETTERS = 64 << 10
_PIECE_ITEMS = 1000
_LEAST = -(2**63)

Status: TypeAlias = Literal["completed", "failed", "cancelled", "timeout"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunError:
    """Why a run did not complete: `code` is an ErrorCode's name."""

    code: str
    message: str
    node_id: str | None = None
    node_type: str | None = None
    #: The data is at fault, not the robot: another try would come to the same.
    business: bool = False

    def to_dict(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "message": self.message,
            "node_id": self.node_id,
            "node_type": self.node_type,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """The outcome of a run; everything in it is fit for JSON.

    `variables` are the public ones, `outputs` the last outputs of each node. `logs` are the last
    10,000 lines, `logs_dropped` says how many came before them.
    """

    status: Status
    # Not in the repr: asyncio.run makes one of what its task returns.
    variables: Mapping[str, Any] = field(default_factory=dict, repr=False)
    outputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    logs: list[dict[str, Any]] = field(default_factory=list, repr=False)
    logs_dropped: int = 0
    nodes_executed: int = 0
    nodes_skipped: int = 0
    duration_ms: float = 0.0
    error: RunError | None = None

    @property
    def success(self) -> bool:
        return self.status == "completed"

    def to_dict(self) -> dict[str, Any]:
        """The result as commands print it and robots report it."""
        return {
            "schema_version": 1,
            "status": self.status,
            "variables": dict(self.variables),
            "outputs": {key: dict(ports) for key, ports in self.outputs.items()},
            "logs": self.logs,
            "nodes_executed": self.nodes_executed,
            "duration_ms": self.duration_ms,
            "error": self.error.to_dict() if self.error else None,
        }


def is_small(value: Any) -> bool:
    """Whether *value* is a scalar that is JSON as it is and takes little."""
    kind = type(value)
    if kind is str:
        return len(value) <= _SHORT_TEXT and value.isascii()
    if kind is int:
        return bool(_LEAST <= value < -_LEAST)
    if kind is float:
        return isfinite(value)
    return kind is bool or value is None


def only_scalars(values: Mapping[str, Any]) -> bool:
    """Whether *values* can stand in JSON as they are, and each takes little."""
    # Maps are short here: a plain loop costs half of what `all` does.
    for name, value in values.items():  # noqa: SIM110
        if type(name) is not str or not is_small(value):
            return False
    return True


def as_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """*values* by name, fit for JSON."""
    if only_scalars(values):
        return dict(values)
    safe: dict[str, Any] = json_safe(values)
    return safe


def truncated(size: int) -> dict[str, Any]:
    """What stands in the place of a value of *size* bytes that is too large to keep."""
    return {"_truncated": True, "bytes": size}


def fit(
    variables: Mapping[str, Any], outputs: Mapping[str, Mapping[str, Any]], limit: int
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Both as JSON values that take at most about *limit* bytes: the largest are cut out first."""
    kept = as_json(variables)
    ports = {node_id: as_json(found) for node_id, found in outputs.items()}
    large: list[tuple[int, dict[str, Any], str]] = []
    total = 0
    for home in (kept, *ports.values()):
        for name, value in home.items():
            size = _size(value)
            total += size
            if size > _MARKER_SIZE:
                large.append((size, home, name))
    for size, home, name in sorted(large, key=lambda entry: -entry[0]):
        if total <= limit:
            break
        home[name] = truncated(size)
        total -= size - _MARKER_SIZE
    return kept, ports


def _size(value: Any) -> int:
    if value is None or isinstance(value, (bool, int, float)):
        return 8
    if isinstance(value, str) and len(value) < _MARKER_SIZE:
        return len(value)
    return json_size(value)


def json_size(value: Any) -> int:
    """How long its JSON is, found piece by piece.

    A value that fills the memory a job may have leaves no room for its text, and orjson 3.13 does
    not survive a buffer that cannot grow: the process would end instead of the run.
    """
    match value:
        case str():
            return 2 + sum(len(orjson.dumps(piece)) - 2 for piece in _pieces(value, _PIECE_LETTERS))
        case list():
            return 2 + max(0, sum(map(_items_size, _pieces(value, _PIECE_ITEMS))) - 1)
        case dict() if len(value) > _PIECE_ITEMS or not only_scalars(value):
            entries = (json_size(k) + json_size(v) + 2 for k, v in value.items())
            return 2 + max(0, sum(entries) - 1)
    return len(orjson.dumps(value))


def _items_size(items: list[Any]) -> int:
    """What *items* take of a list, a comma behind each of them."""
    if all(map(is_small, items)):
        return len(orjson.dumps(items)) - 1
    return sum(json_size(item) + 1 for item in items)


def _pieces(whole: Any, length: int) -> Iterator[Any]:
    for start in range(0, len(whole), length):
        yield whole[start : start + length]
