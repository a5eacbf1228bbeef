"""A job's history read from the orchestrator: page by page what there is, then what comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from casare_cli import exit_codes
from casare_cli.context import App
from casare_cli.jobs.shown import outcome_line
from casare_cli.machine.terminated import Terminated, sigterm_raises
from casare_rpa.domain.json_values import Json

if TYPE_CHECKING:
    from casare_rpa.client import OrchestratorClient

_PAGE = 1000


class History:
    """The events of a job behind *after*, each once; `seq` is the last one that was read."""

    def __init__(
        self, app: App, client: OrchestratorClient, job_id: str, *, after: int = 0
    ) -> None:
        self._app = app
        self._client = client
        self._job_id = job_id
        self.seq = after

    def stored(self) -> Iterator[Json]:
        """What the orchestrator has now."""
        while page := self._client.events(self._job_id, after=self.seq, limit=_PAGE)["events"]:
            for event in page:
                self.seq = int(event["seq"])
                yield event

    def follow(self, show: Callable[[Json], object]) -> None:
        """Show what comes until the job has ended; one that did not complete is told of."""
        from casare_cli.following.watching import JobWatch

        def take(event: Json) -> None:
            self.seq = int(event["seq"])
            show(event)

        watch = JobWatch(
            self._client,
            self._app.key or "",
            self._job_id,
            take,
            after=self.seq,
            tell=self._app.out.aside,
        )
        job = watch.follow()
        if job.get("status") != "completed":
            self._app.out.note(outcome_line(job))


@contextmanager
def resumed_by(app: App, command: Callable[[], str]) -> Iterator[None]:
    """Ctrl-C ends what is inside with exit code 130, SIGTERM with 143; the *command* that goes on
    is printed."""
    try:
        with sigterm_raises():
            yield
    except (KeyboardInterrupt, Terminated) as stop:
        app.out.note(f"the job goes on; follow it with:\n  {command()}")
        is_term = isinstance(stop, Terminated)
        code = exit_codes.TERMINATED if is_term else exit_codes.INTERRUPTED
        raise typer.Exit(code) from None
