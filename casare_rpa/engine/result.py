"""What a run came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Literal, TypeAlias

import orjson

from casare_rpa.domain.json_values import json_safe

#: About the size of what stands in the place of a value that is cut out.
_MARKER_SIZE = 40
_SHORT_TEXT = 1024
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
    return all(map(_is_text, values)) and all(map(is_small, values.values()))


def _is_text(name: Any) -> bool:
    return type(name) is str


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
    return len(orjson.dumps(value))
