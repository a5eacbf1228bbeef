"""One act on each of many jobs: counted first, at a steady pace, going on after a failure."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from casare_cli import exit_codes
from casare_cli.context import App
from casare_cli.jobs.filters import matching_jobs, parse_filter
from casare_cli.jobs.shown import LIST_COLUMNS
from casare_cli.terminal.output import Format
from casare_cli.terminal.prompts import confirm
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import CasareError, Forbidden, InvalidInput, RateLimited, Unauthenticated

if TYPE_CHECKING:
    from casare_rpa.client import OrchestratorClient

YesOption = Annotated[bool, typer.Option("--yes", "-y", help="With --filter: do not ask.")]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="With --filter: count and list the jobs, change nothing.")
]
RateOption = Annotated[
    int, typer.Option("--rate", min=1, max=1000, help="With --filter: jobs per second.")
]
#: A server that says "later" this often for one job is not asked again.
_MOST_WAITS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What is done with each job, in the words that tell of it."""

    verb: str
    done: str
    #: The statuses that it applies to.
    statuses: Sequence[str]
    #: What became of one job: an object with at least `message`. Raises CasareError.
    do: Callable[[OrchestratorClient, str], Json]
    #: The member that names the outcome on stdout, where there is one.
    answer: str | None = None
    #: Whether jobs are left out that another job runs again already.
    once: bool = False


def act_on_many(
    app: App, act: Act, words: Sequence[str], *, yes: bool, dry_run: bool, rate: int
) -> int:
    """Do *act* on all jobs that the filter *words* match; the exit code: 0, or 1 if some failed."""
    wanted = parse_filter(words, allowed=act.statuses)
    with app.client() as client:
        jobs = matching_jobs(app.out, client, wanted, run_again=False if act.once else None)
        if dry_run:
            app.out.list(jobs, LIST_COLUMNS, name="job_id")
            app.out.note(f"{_count(len(jobs))} would be {act.done}")
            return exit_codes.OK
        if jobs and not yes:
            again = " ".join(f"--filter '{word}'" for word in words)
            question = f"{act.verb.capitalize()} {_count(len(jobs))}?"
            confirm(question, f"casare-rpa jobs {act.verb} {again} --yes")
        return _Run(app, client, act, rate).over([str(job["job_id"]) for job in jobs])


def check_choice(job: str | None, words: Sequence[str], *, dry_run: bool) -> None:
    """Raises InvalidInput unless one job is named or a filter is given."""
    if (job is None) == (not words):
        raise InvalidInput("give either a JOB or --filter")
    if dry_run and not words:
        raise InvalidInput("--dry-run goes with --filter")


class _Run:
    """Goes through the jobs and keeps what became of each."""

    def __init__(self, app: App, client: OrchestratorClient, act: Act, rate: int) -> None:
        self._out = app.out
        self._client = client
        self._act = act
        self._seconds_each = 1 / rate
        self._results: list[Json] = []

    def over(self, job_ids: Sequence[str]) -> int:
        try:
            for job_id in job_ids:
                began = time.monotonic()
                self._take(job_id, last=job_id == job_ids[-1], began=began)
        finally:
            failed = self._tell(len(job_ids))
        return exit_codes.FAILED if failed else exit_codes.OK

    def _take(self, job_id: str, *, last: bool, began: float) -> None:
        result = self._result(job_id)
        self._results.append(result)
        self._show(result)
        if not last:
            time.sleep(max(0.0, self._seconds_each - (time.monotonic() - began)))

    def _result(self, job_id: str) -> Json:
        try:
            done = self._patiently(job_id)
        except (Unauthenticated, Forbidden):
            raise  # the next job would fare no better
        except CasareError as error:
            return {"job_id": job_id, "ok": False, "code": error.code, "message": error.message}
        return {"job_id": job_id, "ok": True, **done}

    def _patiently(self, job_id: str) -> Json:
        """Wait as long as the server asks. Only what was surely not done is done again."""
        for _ in range(_MOST_WAITS):
            try:
                return self._act.do(self._client, job_id)
            except RateLimited as error:
                time.sleep(error.retry_after_seconds)
        return self._act.do(self._client, job_id)

    def _show(self, result: Json) -> None:
        answer = self._act.answer
        if self._out.format in (Format.TABLE, Format.NAME) and result["ok"] and answer:
            self._out.line(str(result[answer]))
        elif self._out.format is Format.JSONL:
            self._out.line_of_json(result)
        elif self._out.format is Format.NAME and result["ok"]:
            self._out.line(str(result["job_id"]))
        if not result["ok"]:
            # A failure is told with --quiet as well.
            named = str(result["job_id"]) in result["message"]
            text = result["message"] if named else f"job {result['job_id']}: {result['message']}"
            self._out.line(text, stream=self._out.stderr)

    def _tell(self, total: int) -> int:
        """Say what was done, also of a run that was stopped; how many failed."""
        failed = sum(not result["ok"] for result in self._results)
        if self._out.format not in (Format.TABLE, Format.NAME, Format.JSONL):
            self._out.list(self._results, (), name="job_id")
        left = total - len(self._results)
        parts = [f"{_count(len(self._results) - failed)} {self._act.done}"]
        parts += [f"{failed} failed"] if failed else []
        parts += [f"{left} not tried"] if left else []
        self._out.note(", ".join(parts))
        return failed


def _count(jobs: int) -> str:
    return "1 job" if jobs == 1 else f"{jobs} jobs"
