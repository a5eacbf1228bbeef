"""Ports that are numbered: item_1, item_2 and so on."""

from __future__ import annotations

from typing import Any

from casare_rpa.nodes.base import Param, port, unlisted

#: The format lists three; files go beyond them.
LISTED = 3
LAST = 20


def numbered(*stems: str) -> type:
    """A base class for nodes, with the ports `stem_1` to `stem_20` for each stem."""
    ports: dict[str, Param] = {}
    for number in range(1, LAST + 1):
        for stem in stems:
            declare: Any = port if number <= LISTED else unlisted
            ports[f"{stem}_{number}"] = declare(
                None,
                kind="string" if stem == "key" else "any",
                aliases=(f"{stem}{number}",),
                help=f"{stem.capitalize()} {number}.",
            )
    return type("Numbered", (), {"__slots__": (), **ports})
