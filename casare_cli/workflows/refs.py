"""WORKFLOW as people write it: a file, an id, a name, or one of these with `@VERSION`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from casare_cli.workflows.files import looks_like_file, read_file
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import InvalidInput

if TYPE_CHECKING:
    from casare_cli.context import App
    from casare_rpa.client import OrchestratorClient
    from casare_rpa.domain.workflow import Workflow


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A workflow, and what it is called in an answer: the file, or `id@version`."""

    label: str
    workflow: Workflow


def find(app: App, word: str) -> Found:
    """The workflow that *word* means; the orchestrator is asked only if it is no file.

    Raises NotFound, and WorkflowInvalid with all problems of a file.
    """
    if looks_like_file(word):
        return Found(label=word, workflow=read_file(Path(word)).workflow)
    from casare_rpa.domain.workflow import parse_workflow

    with app.client() as client:
        stored = stored_workflow(client, word)
    workflow = parse_workflow(stored["workflow_json"], name=str(stored["workflow_name"]))
    return Found(label=f"{stored['workflow_id']}@{stored['version']}", workflow=workflow)


def stored_workflow(client: OrchestratorClient, word: str, *, version: int | None = None) -> Json:
    """The Workflow of `id`, or of `id@version`. Raises NotFound, InvalidInput for two versions."""
    name, separator, number = word.rpartition("@")
    if not (separator and name and number.isascii() and number.isdigit()):
        return client.workflow(word, version=version)
    if version is not None and version != int(number):
        raise InvalidInput(f"{word} names a version, and --version another one")
    return client.workflow(name, version=int(number))
