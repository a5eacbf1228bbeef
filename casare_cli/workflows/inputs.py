"""Names of inputs that a workflow does not know and that are almost those of its variables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from casare_rpa.errors import CasareError

if TYPE_CHECKING:
    from casare_cli.terminal.output import Output
    from casare_rpa.client import OrchestratorClient


def note_misspelt(out: Output, document: Any, names: Iterable[str], option: str) -> None:
    """Say which of *names* look misspelt. Nothing is refused: any name may be given."""
    declared = list(_declared(document))
    for name in names:
        if (meant := _meant(name, declared, document)) is not None:
            out.aside(
                f"note: {option} {name}: the workflow has no variable {name!r}; did you mean"
                f" {meant!r}?"
            )


def note_misspelt_of(
    out: Output, client: OrchestratorClient, workflow_id: str, names: Iterable[str], option: str
) -> None:
    """As `note_misspelt`, for a workflow in the orchestrator; nothing where it does not answer."""
    try:
        stored = client.workflow(workflow_id)
    except CasareError:
        return
    note_misspelt(out, stored.get("workflow_json"), names, option)


def _declared(document: Any) -> Iterator[str]:
    """The names of the variables in the forms in which documents list them."""
    if not isinstance(document, dict):
        return
    for part in (document, document.get("graph"), document.get("base_workflow")):
        for key in ("variables", "default_variables"):
            found = part.get(key) if isinstance(part, dict) else None
            if isinstance(found, dict):
                yield from found
            for entry in found if isinstance(found, list) else ():
                if isinstance(entry, dict) and isinstance(entry.get("name"), str):
                    yield entry["name"]


def _meant(name: str, declared: list[str], document: Any) -> str | None:
    """The variable that *name* is almost called; None where it is known, or used somewhere."""
    from difflib import get_close_matches

    if name in declared or not declared:
        return None
    close = get_close_matches(name, declared, n=1, cutoff=0.7)
    used = re.search(rf"\b{re.escape(name)}\b", json.dumps(document, ensure_ascii=False))
    return close[0] if close and not used else None
