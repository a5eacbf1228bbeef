"""`casare-rpa jobs logs`."""

from __future__ import annotations

import shlex
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from casare_cli.context import App
from casare_cli.jobs.shown import JobId, resolve_job_id
from casare_cli.terminal.output import Format, Output
from casare_cli.terminal.text import moment, plain
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import InvalidInput

if TYPE_CHECKING:
    from datetime import datetime


def run(
    ctx: typer.Context,
    job: JobId,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until the job has ended.")
    ] = False,
    tail: Annotated[int | None, typer.Option(min=0, help="Only the last lines.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Only lines younger than this.")
    ] = None,
    node: Annotated[str | None, typer.Option(help="Only lines of this node.")] = None,
    level: Annotated[
        str,
        typer.Option(help="Only lines of this level or a more severe one.", autocompletion=_levels),
    ] = "TRACE",
    attempt: Annotated[int | None, typer.Option(min=1, help="Only lines of this attempt.")] = None,
    after: Annotated[
        int, typer.Option(min=0, help="Start behind the event with this sequence number.")
    ] = 0,
) -> None:
    """Show what a job's nodes wrote to its log.

    With --follow a job that waits for a robot is waited for, a lost connection is taken up again
    behind the last line, and Ctrl-C prints the command that goes on there. The exit code is 0 when
    the log was shown, however the job ended (`jobs wait` has its outcome), and 4 when there is no
    such job. Why a log is empty is said on stderr.

    Examples:
        casare-rpa jobs logs @latest -f
        casare-rpa jobs logs job_1 --tail 20 --level warning
        casare-rpa jobs logs job_1 -f --since 5m --node download
    """
    from casare_cli.following.histories import History, resumed_by

    app: App = ctx.obj
    wanted = Wanted(node=node, attempt=attempt, least=_severity(level), since=_moment(since))
    lines = _Lines(app.out)
    with app.client() as client:
        job_id = resolve_job_id(client, job)
        found = client.job(job_id)
        history = History(app, client, job_id, after=after)
        with resumed_by(app, lambda: _resuming(job_id, history.seq, wanted, level)):
            for event in _last(filter(wanted, lines.counted(history.stored())), tail):
                lines.show(event)
            if not lines.shown and tail != 0:
                app.out.note(_why_empty(found, lines.count, after=after))
            if follow:
                history.follow(lines.shower(wanted))
    if app.out.prints_whole:
        app.out.list(lines.shown, (), name="message")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which events are lines that the person asked for."""

    node: str | None
    attempt: int | None
    least: int
    since: datetime | None

    def __call__(self, event: Json) -> bool:
        from casare_rpa.domain.enums import LogLevel

        data = event.get("data") or {}
        return (
            event.get("type") == "log"
            and (self.node is None or data.get("node_id") == self.node)
            and (self.attempt is None or event.get("attempt") == self.attempt)
            and LogLevel.from_string(str(data.get("level", ""))).severity >= self.least
            and self._is_young(event)
        )

    def _is_young(self, event: Json) -> bool:
        if self.since is None:
            return True
        from datetime import datetime

        return datetime.fromisoformat(str(event["timestamp"])) >= self.since


def _severity(level: str) -> int:
    from casare_rpa.domain.enums import LogLevel

    found = LogLevel.from_string(level)
    # What it does not know it takes for INFO, which is right for logs and wrong for an option.
    if found is LogLevel.INFO and level.strip().upper() != "INFO":
        raise InvalidInput(
            f"--level: {level!r} is no level", hint=f"One of {', '.join(LogLevel).lower()}."
        )
    return found.severity


def _levels() -> list[str]:
    from casare_rpa.domain.enums import LogLevel

    return [level.lower() for level in LogLevel]


def _moment(since: str | None) -> datetime | None:
    from datetime import UTC, datetime, timedelta

    from casare_cli.terminal.values import duration_seconds

    seconds = duration_seconds(since, "--since")
    return None if seconds is None else datetime.now(UTC) - timedelta(seconds=seconds)


def _last(lines: Iterable[Json], count: int | None) -> Iterable[Json]:
    return lines if count is None else deque(lines, maxlen=count)


def _why_empty(job: Json, count_lines: int, *, after: int) -> str:
    job_id, status = job["job_id"], job["status"]
    if count_lines:
        return f"job {job_id} has {count_lines} lines of log, but none of those asked for"
    if after:
        return f"job {job_id} is {status}; its log has nothing behind event {after}"
    match status:
        case "pending" | "queued":
            return f"job {job_id} waits for a robot; why: casare-rpa jobs why {job_id}"
        case "claimed" | "running":
            return f"job {job_id} is {status}; its nodes have written no log yet"
        case _ if not job.get("started_at"):
            return f"job {job_id} is {status} and never ran: there is no log"
        case _:
            return f"job {job_id} is {status}; its nodes wrote no log"


def _resuming(job_id: str, seq: int, wanted: Wanted, level: str) -> str:
    """The command that goes on behind the event *seq* with the same lines."""
    words = ["casare-rpa", "jobs", "logs", job_id, "-f", "--after", str(seq)]
    words += ["--node", wanted.node] if wanted.node is not None else []
    words += ["--level", level] if level != "TRACE" else []
    words += ["--attempt", str(wanted.attempt)] if wanted.attempt is not None else []
    return shlex.join(words)


class _Lines:
    """Prints lines of the log as they come, but JSON, which is printed at the end.

    `count` is how many lines there were, `shown` are those shown: with JSON all of them, else the
    first.
    """

    def __init__(self, out: Output) -> None:
        self._out = out
        self.count = 0
        self.shown: list[Json] = []

    def counted(self, events: Iterable[Json]) -> Iterator[Json]:
        for event in events:
            self.count += event.get("type") == "log"
            yield event

    def shower(self, wanted: Wanted) -> Callable[[Json], None]:
        """Shows those events that are *wanted*."""

        def show(event: Json) -> None:
            if wanted(event):
                self.show(event)

        return show

    def show(self, event: Json) -> None:
        record, out = _record(event), self._out
        if out.prints_whole or not self.shown:
            self.shown.append(record)
        if out.format is Format.JSONL:
            out.line_of_json(record)
        elif out.format in (Format.TABLE, Format.NAME):
            when = moment(record["timestamp"])
            node = f"{record['node_id']}: " if record["node_id"] else ""
            out.line(f"{when}  {record['level']:<8} {node}{record['message']}")


def _record(event: Json) -> Json:
    data = event.get("data") or {}
    return {
        "timestamp": event.get("timestamp"),
        "level": str(data.get("level") or "INFO").upper(),
        "node_id": plain(data.get("node_id")),
        "message": plain(data.get("message")),
        "attempt": event.get("attempt"),
        "seq": event.get("seq"),
    }
