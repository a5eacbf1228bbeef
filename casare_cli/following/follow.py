"""Following a job from a command: `jobs watch`, `jobs wait`, `jobs submit --wait` or `--follow`."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, TextIO

from casare_cli import exit_codes
from casare_cli.context import App
from casare_cli.following.tree import StepTree
from casare_cli.following.watching import JobWatch, WatchEnded, as_json_line
from casare_cli.jobs.again import again
from casare_cli.jobs.shown import is_finished, show_outcome
from casare_cli.machine.terminated import Terminated, sigterm_raises
from casare_cli.terminal.output import Format
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import CasareError

if TYPE_CHECKING:
    from casare_rpa.client import OrchestratorClient


def follow_job(
    app: App,
    client: OrchestratorClient,
    job_id: str,
    *,
    steps: bool,
    after: int = 0,
    wait_seconds: float | None = None,
    stream: TextIO | None = None,
) -> int:
    """Follow the job to its end and say how it ended; the exit code of the outcome.

    With *steps* the step tree is shown on *stream* (stdout). Ctrl-C and SIGTERM detach: the job
    goes on, and the command that resumes is printed.
    """
    out = app.out
    tree = StepTree(out, stream=stream, loops=lambda: _loops(client, job_id))
    shows_tree = steps and out.format is Format.TABLE and not app.quiet

    def show(event: Json) -> None:
        if shows_tree:
            tree.feed(event)
        elif steps and out.format is Format.JSONL:
            out.line_of_json(as_json_line(event))

    watch = JobWatch(
        client,
        app.key or "",
        job_id,
        show,
        after=after,
        wait_seconds=wait_seconds,
        tell=out.aside,
    )
    try:
        with sigterm_raises(), tree if shows_tree else nullcontext():
            job = watch.follow()
    except (KeyboardInterrupt, Terminated) as stop:
        out.note(f"the job goes on; watch it with:\n  {resuming(job_id, watch.seq)}")
        is_term = isinstance(stop, Terminated)
        return exit_codes.TERMINATED if is_term else exit_codes.INTERRUPTED
    except WatchEnded as ended:
        if not is_finished(ended.job):
            return _still_running(app, ended.job, watch.seq)
        job = ended.job  # only its events were not all read in time
        if steps and not out.prints_whole:
            out.aside(_unseen(job_id, watch.seq))
    except CasareError as error:
        if watch.seen is not None and error.retryable:
            _tell_last_seen(error, watch.seen, watch.seq)
        raise
    return _ended(app, client, job, steps=steps)


def _loops(client: OrchestratorClient, job_id: str) -> Mapping[str, str]:
    """The loop around each node of the job's workflow, as its version says."""
    from casare_cli.graphs.nesting import loops_around
    from casare_rpa.domain.workflow import parse_workflow

    job = client.job(job_id)
    version = job.get("workflow_version")
    stored = client.workflow(str(job["workflow_id"]), version=version)
    return loops_around(parse_workflow(stored["workflow_json"], name=str(job["workflow_name"])))


def resuming(job_id: str, seq: int) -> str:
    """The command that goes on watching where this one stopped."""
    return f"casare-rpa jobs watch {job_id} --after {seq}"


def _unseen(job_id: str, seq: int) -> str:
    return f"note: not all of its steps were shown; see the others with:\n  {resuming(job_id, seq)}"


def _ended(app: App, client: OrchestratorClient, job: Json, *, steps: bool) -> int:
    if steps and app.out.format is Format.JSONL:
        from casare_cli.jobs.shown import outcome_code

        return outcome_code(job)
    return show_outcome(app.out, job, lambda: again(client, str(job["job_id"])))


def _tell_last_seen(error: CasareError, job: Json, seq: int) -> None:
    """Nobody answers any more: what is known, and how to go on."""
    job_id, status = job["job_id"], job["status"]
    error.message = f"job {job_id} was {status} when last seen; since then: {error.message}"
    error.hint = f"Go on with: {resuming(str(job_id), seq)}"


def _still_running(app: App, job: Json, seq: int) -> int:
    tell = app.out.report
    if app.out.prints_whole:
        app.out.json(job)
        tell = app.out.note
    tell(f"job {job['job_id']} is still {job['status']}; go on with:")
    tell(f"  {resuming(str(job['job_id']), seq)}")
    return exit_codes.STILL_RUNNING
