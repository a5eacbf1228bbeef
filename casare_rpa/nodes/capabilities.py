"""What a node asks of its robot: light enough for whoever only needs to know that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from casare_rpa.nodes._facts import facts


def required_by(node_type: str, config: Mapping[str, Any] | None = None) -> str | None:
    """The capability that a robot must announce for a node; None if it runs on any.

    A type that is not known asks for nothing: the robot that gets it says so.
    """
    known = facts()
    entry = known.entries.get(known.names.get(node_type, node_type))
    if entry is not None:
        return next(iter(entry.requires_with(config or {})), None)
    former = known.former.get(node_type, "any")
    return None if former == "any" else former
