"""Workflow files as commands take them: read, checked with every problem named, pushed.

A word that names no file costs nothing: what reads workflows is imported with the first one.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casare_cli.terminal.text import problem_line
from casare_rpa.errors import InvalidInput, NotFound, WorkflowInvalid

if TYPE_CHECKING:
    from casare_cli.terminal.output import Output
    from casare_rpa.client import OrchestratorClient
    from casare_rpa.domain.workflow import Problem, Workflow

_MAX_ID = 100
#: What stands for a file that comes over stdin, and the name of a workflow there that has none.
STDIN = Path("-")
_UNNAMED = "stdin"


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


def check_file(path: Path, *, runs_here: bool) -> tuple[bytes, Workflow | None, list[Problem]]:
    """The file's text, the workflow (None if it is no valid one) and every problem."""
    from casare_rpa.engine.checks import check_fully

    text = _text_of(path)
    return text, *check_fully(text, name=_name_of(path), runs_here=runs_here)


def read_file(path: Path) -> WorkflowFile:
    """The workflow in a file, as far as running it here asks. Raises WorkflowInvalid."""
    from casare_rpa.domain.workflow import check_workflow
    from casare_rpa.nodes.catalogue import NodeCatalogue

    text = _text_of(path)
    found = check_workflow(text, catalogue=NodeCatalogue(), name=_name_of(path))
    return _valid(path, text, *found)


def refuse_stdin(word: str) -> None:
    """Raises InvalidInput where WORKFLOW is a `-`: a workflow is known by a name there."""
    if word == str(STDIN):
        raise InvalidInput(
            "a workflow is not read from stdin here",
            hint="Push it first: casare-rpa workflows push - --id NAME; then give NAME.",
        )


def _text_of(path: Path) -> bytes:
    from casare_rpa.domain.workflow import read_workflow_file

    if path == STDIN:
        return _text_of_stdin()
    try:
        return read_workflow_file(path)
    except NotFound as error:
        raise InvalidInput(error.message, hint=error.hint) from None


def _text_of_stdin() -> bytes:
    from casare_rpa.domain.workflow.read import MAX_FILE_BYTES

    text = sys.stdin.buffer.read(MAX_FILE_BYTES + 1) if sys.stdin else b""
    if len(text) > MAX_FILE_BYTES:
        raise InvalidInput(f"stdin holds more than {MAX_FILE_BYTES // 1024**2} MiB")
    if not text.strip():
        raise InvalidInput("stdin is empty: a workflow is wanted", hint="Write: < FILE.json")
    return text


def _name_of(path: Path) -> str:
    if path == STDIN:
        return _UNNAMED
    return path.name.partition(".")[0]


def _valid(
    path: Path, text: bytes, workflow: Workflow | None, problems: list[Problem]
) -> WorkflowFile:
    from casare_rpa.domain.workflow import Severity

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
    from casare_rpa.domain.workflow.positions import Positions

    positions = Positions(text.decode("utf-8-sig"))
    return [replace(problem, line=positions.line(problem.pointer)) for problem in problems]


def _count(problems: list[Problem]) -> str:
    return "1 problem" if len(problems) == 1 else f"{len(problems)} problems"


def file_to_push(path: Path) -> WorkflowFile:
    """The workflow in a file, checked for robots elsewhere. Raises WorkflowInvalid."""
    return _valid(path, *check_file(path, runs_here=False))


def push_file(
    client: OrchestratorClient, path: Path, *, workflow_id: str | None = None
) -> dict[str, Any]:
    """Store the file's workflow; the same content again makes no new version.

    The answer's `warnings` are those of the file, with their lines.
    """
    file = file_to_push(path)
    if path == STDIN and not (workflow_id or file.workflow.id or file.workflow.name != _UNNAMED):
        raise InvalidInput(
            "the workflow on stdin has neither an id nor a name", hint="Name it with --id."
        )
    submission = {
        "workflow_id": workflow_id or file.workflow_id,
        "workflow_name": file.workflow.name[:255],
        "workflow_json": file.document(),
        "metadata": {"description": file.workflow.description},
    }
    warnings = [problem.to_dict() for problem in file.warnings]
    return client.push_workflow(submission) | {"warnings": warnings}


def note_warnings(out: Output, path: object, pushed: dict[str, Any]) -> None:
    """Say what should be looked at in a file that was pushed."""
    for warning in pushed["warnings"]:
        out.aside(f"{path}: {problem_line(warning)}")


def slug(name: str) -> str:
    """*name* as an id: lower case, dashes for everything that is no letter or digit."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:_MAX_ID] or "workflow"


def pushed_id(out: Output, client: OrchestratorClient, word: str) -> str:
    """The workflow's id for *word*: an id, or a file, which is pushed. Raises InvalidInput."""
    refuse_stdin(word)
    if not looks_like_file(word):
        return word
    pushed = push_file(client, Path(word))
    if pushed.get("created", True):
        out.aside(f"pushed {word} as {pushed['workflow_id']} version {pushed['version']}")
        note_warnings(out, word, pushed)
    return str(pushed["workflow_id"])
