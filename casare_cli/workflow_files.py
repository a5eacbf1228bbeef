"""Workflow files as commands take them: read, checked with every problem named, pushed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casare_rpa.domain.workflow import Problem, Severity, check_workflow, read_workflow_file
from casare_rpa.domain.workflow.positions import Positions
from casare_rpa.errors import InvalidInput, NotFound, WorkflowInvalid

if TYPE_CHECKING:
    from casare_rpa.client import OrchestratorClient
    from casare_rpa.domain.workflow import Workflow

_MAX_ID = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowFile:
    """A file that holds a workflow, and what is to be said about it."""

    path: Path
    text: bytes
    workflow: Workflow
    warnings: list[Problem]

    @property
    def workflow_id(self) -> str:
        """The id that the file claims, else its name in lower case with dashes."""
        return self.workflow.id or slug(self.workflow.name)

    def document(self) -> dict[str, Any]:
        """The file's own JSON, as it is sent to the orchestrator."""
        found: dict[str, Any] = json.loads(self.text)
        return found


def looks_like_file(word: str) -> bool:
    """Whether WORKFLOW means a file rather than an id in the orchestrator."""
    return word.endswith((".json", ".json.gz", ".json.zst")) or "/" in word or Path(word).is_file()


def check_file(path: Path) -> tuple[Workflow | None, list[Problem], bytes]:
    """The workflow (None if it cannot run), every problem, and the text."""
    from casare_rpa.nodes.catalogue import NodeCatalogue

    try:
        text = read_workflow_file(path)
    except NotFound as error:
        raise InvalidInput(error.message, hint=error.hint) from None
    name = path.name.partition(".")[0]
    workflow, problems = check_workflow(text, catalogue=NodeCatalogue(), name=name)
    return workflow, problems, text


def read_file(path: Path) -> WorkflowFile:
    """The workflow in a file. Raises WorkflowInvalid with all its problems."""
    workflow, problems, text = check_file(path)
    if workflow is None:
        errors = [problem for problem in problems if problem.severity is Severity.ERROR]
        raise WorkflowInvalid(f"{path} is no valid workflow: {_count(errors)}", problems)
    return WorkflowFile(path=path, text=text, workflow=workflow, warnings=problems)


def cannot_run(file: WorkflowFile, error: WorkflowInvalid) -> WorkflowInvalid:
    """What compiling *file* refused, with the lines of its problems."""
    problems = with_lines(file.text, error.problems)
    return WorkflowInvalid(f"{file.path} cannot run here: {_count(problems)}", problems)


def with_lines(text: bytes, problems: list[Problem]) -> list[Problem]:
    """*problems* with the lines that their pointers lead to in *text*."""
    positions = Positions(text.decode("utf-8-sig"))
    return [replace(problem, line=positions.line(problem.pointer)) for problem in problems]


def _count(problems: list[Problem]) -> str:
    return "1 problem" if len(problems) == 1 else f"{len(problems)} problems"


def push_file(
    client: OrchestratorClient, path: Path, *, workflow_id: str | None = None
) -> dict[str, Any]:
    """Store the file's workflow; the same content again makes no new version."""
    file = read_file(path)
    submission = {
        "workflow_id": workflow_id or file.workflow_id,
        "workflow_name": file.workflow.name[:255],
        "workflow_json": file.document(),
        "metadata": {"description": file.workflow.description},
    }
    return client.push_workflow(submission)


def slug(name: str) -> str:
    """*name* as an id: lower case, dashes for everything that is no letter or digit."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:_MAX_ID] or "workflow"
