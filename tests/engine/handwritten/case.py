"""What a handwritten document is expected to come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Case:
    """A document and its outcome.

    `outputs` are named `node_id.port`. `log` is what the LogNodes write, in order. `error` is the
    code of the failure and words of its message; without one the run completes. `files` are there
    before the run, `left` afterwards (None: not there).
    """

    name: str
    document: Mapping[str, Any]
    given: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    log: tuple[str, ...] | None = None
    error: tuple[str, ...] | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    left: Mapping[str, str | None] = field(default_factory=dict)
