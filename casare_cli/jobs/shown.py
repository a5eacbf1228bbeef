"""What the commands about jobs share: which job is meant, how it is shown, how it ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casare_cli import exit_codes
from casare_cli.terminal.columns import Column
from casare_cli.terminal.output import Output
from casare_cli.terminal.text import milliseconds, moment, plain
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import NotFound

if TYPE_CHECKING:
    from casare_rpa.client import OrchestratorClient

JobId = Annotated[
    str, typer.Argument(metavar="JOB", help="Id of a job, @latest or @latest:WORKFLOW.")
]
JobIdOrFilter = Annotated[
    str | None,
    typer.Argument(metavar="JOB", help="Id of a job, @latest or @latest:WORKFLOW."),
]
FINISHED = frozenset({"completed", "failed", "cancelled", "timeout"})


def show_progress(value: Any) -> str:
    return "" if value is None else f"{value} %"


def show_side_effects(value: Any) -> str:
    return "the last attempt had begun to act on the outside world" if value else ""


def show_sentences(value: Any) -> str:
    return "; ".join(value or ())


def show_resolution(value: Any) -> str:
    if not value:
        return ""
    again = f", as job {value['new_job_id']}" if value.get("new_job_id") else ""
    return f"{value['outcome']}{again}, by {value['resolved_by']}: {value['reason']}"


LIST_COLUMNS = (
    Column("JOB", "job_id"),
    Column("WORKFLOW", "workflow_name"),
    Column("STATUS", "status"),
    Column("ROBOT", "robot_id", spare=True),
    Column("CREATED", "created_at", moment),
    Column("DURATION", "duration_ms", milliseconds, spare=True),
)
COLUMNS = (
    Column("job", "job_id"),
    Column("workflow", "workflow_id"),
    Column("name", "workflow_name"),
    Column("version", "workflow_version"),
    Column("status", "status"),
    Column("progress", "progress", show_progress),
    Column("current node", "current_node"),
    Column("robot", "robot_id"),
    Column("attempt", "attempt"),
    Column("rerun of", "rerun_of"),
    Column("from node", "from_node"),
    Column("on lost", "on_lost"),
    Column("side effects", "side_effects", show_side_effects),
    Column("priority", "priority"),
    Column("tags", "tags"),
    Column("requires", "requires"),
    Column("waits for", "waits_for", show_sentences),
    Column("input", "input_data"),
    Column("result", "result"),
    Column("error", "error_message"),
    Column("failed node", "failed_node_id"),
    Column("reason", "failure_reason"),
    Column("resolved", "resolution", show_resolution),
    Column("created", "created_at", moment),
    Column("started", "started_at", moment),
    Column("completed", "completed_at", moment),
    Column("duration", "duration_ms", milliseconds),
)


def event_story(data: Any) -> str:
    """What an event tells beyond its node: what was said, or else the node's type."""
    told = data if isinstance(data, dict) else {}
    said = told.get("message") or told.get("error_message") or told.get("reason")
    return plain(said if said is not None else told.get("node_type"))


def resolve_job_id(client: OrchestratorClient, word: str) -> str:
    """The id that *word* means. Raises NotFound when there is no latest job or no workflow."""
    if not word.startswith("@latest"):
        return word
    _, _, workflow = word.partition(":")
    workflow_id = resolve_workflow_id(client, workflow or None)
    found = client.jobs(limit=1, workflow_id=workflow_id)["jobs"]
    if not found:
        of = f" of {workflow}" if workflow else ""
        raise NotFound(f"there is no job{of} yet", hint="casare-rpa jobs submit WORKFLOW")
    return str(found[0]["job_id"])


def resolve_workflow_id(client: OrchestratorClient, word: str | None) -> str | None:
    """The id of the workflow called *word*; a deleted one is known by its id while it has jobs.

    None when no workflow is asked for. Raises NotFound.
    """
    if word is None:
        return None
    try:
        return str(client.workflow(word)["workflow_id"])
    except NotFound:
        if client.jobs(limit=1, workflow_id=word)["jobs"]:
            return word
        raise


def check_robot(client: OrchestratorClient, robot_id: str | None) -> None:
    """Raises NotFound for a robot that is not there; a deleted one is known while it has jobs."""
    if robot_id is None:
        return
    try:
        client.robot(robot_id)
    except NotFound as error:
        if not client.jobs(limit=1, robot_id=robot_id)["jobs"]:
            error.hint = "casare-rpa robots list"
            raise


def is_finished(job: Mapping[str, Any]) -> bool:
    return job.get("status") in FINISHED


def outcome_code(job: Mapping[str, Any]) -> int:
    """The exit code that a finished job stands for; a person's word on it counts."""
    resolved = (job.get("resolution") or {}).get("outcome")
    if resolved in ("succeeded", "failed"):
        return exit_codes.OK if resolved == "succeeded" else exit_codes.FAILED
    return exit_codes.of_job(str(job.get("status")), job.get("failure_reason"))


def outcome_line(job: Mapping[str, Any]) -> str:
    """How the job ended, in a sentence that names it."""
    took = milliseconds(job.get("duration_ms"))
    after = f" after {took}" if took else ""
    text = f"job {job['job_id']} {_words(job)}{after}"
    if job.get("resolution"):
        return f"{text}; resolved as {show_resolution(job['resolution'])}"
    if not job.get("error_message"):
        return text
    node = f" at {job['failed_node_id']}" if job.get("failed_node_id") else ""
    return f"{text}{node}: {job['error_message']}"


def _words(job: Mapping[str, Any]) -> str:
    status = str(job.get("status"))
    return {"timeout": "ran out of time", "cancelled": "was cancelled"}.get(status, status)


def show_outcome(out: Output, job: Json, again: Callable[[], str]) -> int:
    """Say how *job* ended, in words on stderr or as the Job itself in JSON; its exit code.

    *again* finds the command that runs it again. With --quiet only what did not succeed is told.
    """
    code = outcome_code(job)
    if out.wants_json:
        out.json(job)
        return code
    tell = out.note if code == exit_codes.OK else out.report
    tell(outcome_line(job))
    if job.get("status") == "failed":
        tell(f"  look: casare-rpa jobs trace {job['job_id']}")
    if job.get("status") == "failed" and not job.get("resolution"):
        tell(f"  once mended: {again()}")
    return code
