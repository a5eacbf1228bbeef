"""`casare-rpa jobs logs`."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from casare_cli.context import App
from casare_cli.jobs import JobId, resolve_job_id
from casare_cli.output import Format, Json, Output
from casare_cli.text import moment, plain
from casare_rpa.errors import InvalidInput

if TYPE_CHECKING:
    from casare_rpa.client import OrchestratorClient

_PAGE = 1000


def run(
    ctx: typer.Context,
    job: JobId,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until the job has ended.")
    ] = False,
    tail: Annotated[int | None, typer.Option(min=0, help="Only the last lines.")] = None,
    node: Annotated[str | None, typer.Option(help="Only lines of this node.")] = None,
    level: Annotated[
        str, typer.Option(help="Only lines of this level or a more severe one.")
    ] = "TRACE",
    attempt: Annotated[int | None, typer.Option(min=1, help="Only lines of this attempt.")] = None,
) -> None:
    """Show what a job's nodes wrote to its log.

    Examples:
        casare-rpa jobs logs @latest -f
        casare-rpa jobs logs job_1 --tail 20 --level warning
    """
    from casare_rpa.domain.enums import LogLevel

    app: App = ctx.obj
    least = _severity(level)

    def wanted(event: Json) -> bool:
        data = event.get("data") or {}
        return (
            event.get("type") == "log"
            and (node is None or data.get("node_id") == node)
            and (attempt is None or event.get("attempt") == attempt)
            and LogLevel.from_string(str(data.get("level", ""))).severity >= least
        )

    show = _printer(app.out)
    with app.client() as client:
        job_id = resolve_job_id(client, job)
        client.job(job_id)
        stored = _Stored(client, job_id)
        lines = (event for event in stored if wanted(event))
        if app.out.format is Format.JSON:
            _print_list(app.out, _last(lines, tail))
            return
        for event in _last(lines, tail):
            show(event)
        if follow:
            _follow(app, client, job_id, stored.seq, lambda event: wanted(event) and show(event))


def _severity(level: str) -> int:
    from casare_rpa.domain.enums import LogLevel

    found = LogLevel.from_string(level)
    # What it does not know it takes for INFO, which is right for logs and wrong for an option.
    if found is LogLevel.INFO and level.strip().upper() != "INFO":
        raise InvalidInput(
            f"--level: {level!r} is no level", hint=f"One of {', '.join(LogLevel).lower()}."
        )
    return found.severity


class _Stored:
    """The events that the orchestrator has now, page by page; `seq` is the last one read."""

    def __init__(self, client: OrchestratorClient, job_id: str) -> None:
        self._client = client
        self._job_id = job_id
        self.seq = 0

    def __iter__(self) -> Iterator[Json]:
        while page := self._client.events(self._job_id, after=self.seq, limit=_PAGE)["events"]:
            self.seq = int(page[-1]["seq"])
            yield from page


def _last(lines: Iterator[Json], count: int | None) -> Iterable[Json]:
    return lines if count is None else deque(lines, maxlen=count)


def _follow(
    app: App, client: OrchestratorClient, job_id: str, after: int, show: Callable[[Json], object]
) -> None:
    from casare_cli.watching import JobWatch

    JobWatch(client, app.key or "", job_id, show, after=after, tell=app.out.note).follow()


def _print_list(out: Output, events: Iterable[Json]) -> None:
    out.list([_record(event) for event in events], (), name="message")


def _printer(out: Output) -> Callable[[Json], None]:
    """How one line of the log is printed."""

    def show(event: Json) -> None:
        record = _record(event)
        if out.format is Format.JSONL:
            out.line_of_json(record)
        elif out.format is not Format.NONE:
            when = moment(record["timestamp"])
            node = f"{record['node_id']}: " if record["node_id"] else ""
            out.line(f"{when}  {record['level']:<8} {node}{record['message']}")

    return show


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
