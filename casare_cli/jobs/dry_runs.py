"""`jobs submit --dry-run`: what would be sent, and where it could run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from casare_cli import exit_codes
from casare_cli.jobs.whys import COLUMNS as WHY_COLUMNS
from casare_cli.jobs.whys import code_of, show_robots
from casare_cli.terminal.columns import Column
from casare_cli.terminal.output import Format, Output
from casare_cli.terminal.text import moment
from casare_cli.workflows.files import file_to_push, looks_like_file, refuse_stdin
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import NotFound

if TYPE_CHECKING:
    from casare_rpa.client import OrchestratorClient

_COLUMNS = (
    Column("workflow", "workflow_id"),
    Column("would", "would"),
    Column("input", "input_data"),
    Column("priority", "priority"),
    Column("environment", "environment"),
    Column("robot", "robot_id"),
    Column("tags", "tags"),
    Column("timeout", "timeout_seconds"),
    Column("retries", "max_retries"),
    Column("on lost", "on_lost"),
    Column("not before", "not_before", moment),
    Column("start in", "start_in_seconds"),
)


def show_dry_run(out: Output, client: OrchestratorClient, word: str, request: Json) -> int:
    """Print what a submit of *request* for the workflow *word* would come to; the exit code.

    A file is checked as a submit would check it, and not pushed. Raises NotFound for a workflow
    that is neither a file nor in the orchestrator.
    """
    refuse_stdin(word)
    file = file_to_push(Path(word)) if looks_like_file(word) else None
    request = {**request, "workflow_id": word if file is None else file.workflow_id}
    document = {} if file is None else {"workflow_json": file.document()}
    preview = client.preview({**request, **document})
    if preview["workflow_version"] is None and file is None:
        raise NotFound(f"there is no workflow {word!r}", hint="casare-rpa workflows list")
    if out.format is Format.TABLE:
        would = _would(preview, is_file=file is not None)
        out.item({**request, "would": would}, _COLUMNS, name="workflow_id")
        out.item(preview["why"], WHY_COLUMNS, name="verdict")
        show_robots(out, preview["why"])
    else:
        whole = {"request": request, **preview, "verdict": preview["why"]["verdict"]}
        out.item(whole, (), name="verdict")
    return _code(preview)


def _code(preview: Json) -> int:
    if preview["decision"] == "fail":
        return exit_codes.CONFLICT
    impossible = code_of(preview["why"]) == exit_codes.IMPOSSIBLE
    return exit_codes.IMPOSSIBLE if impossible and preview["decision"] == "submit" else 0


def _would(preview: Json, *, is_file: bool) -> str:
    there = preview["conflicting_job_id"]
    match preview["decision"]:
        case "fail":
            return f"be refused: job {there} has not ended"
        case "existing":
            return f"answer with job {there}, which has not ended"
        case "skip":
            return f"do nothing: job {there} has not ended"
    if is_file:
        return "push the file if its content is new, and submit a job"
    return f"submit a job of version {preview['workflow_version']}"
