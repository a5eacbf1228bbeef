"""`casare-rpa run`."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casare_cli import exit_codes
from casare_cli.context import App
from casare_cli.terminal.hang_up import leave_hung_up
from casare_cli.terminal.output import Format
from casare_cli.terminal.text import problem_line
from casare_cli.terminal.values import inputs, positive_seconds
from casare_rpa.errors import CasareError, InvalidInput, WorkflowInvalid

#: Sent when the terminal is closed; Windows has none.
_HANGUP: int | None = getattr(signal, "SIGHUP", None)

if TYPE_CHECKING:
    import io

    from casare_cli.following.tree import StepTree
    from casare_cli.workflows.files import WorkflowFile
    from casare_rpa.domain.events import EventBus
    from casare_rpa.engine import RunOptions, RunResult, StopFlag
    from casare_rpa.nodes.person import Person


def run(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="Workflow file, or - for stdin.")],
    var: Annotated[
        list[str] | None,
        typer.Option("--var", "-v", metavar="NAME=VALUE", help="name=text or name:=json."),
    ] = None,
    input: Annotated[
        list[str] | None,
        typer.Option(
            "--input", "-i", metavar="INPUT", help="@FILE.json or - (stdin), or as --var."
        ),
    ] = None,
    events: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write every event to this file, as JSON lines."),
    ] = None,
    timeout: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Stop the run after this time.")
    ] = None,
) -> int:
    """Run a workflow file here and now, without an orchestrator.

    The same engine and the same steps as on a robot; files are relative to the current folder.
    Exits 0 when the run completed, 1 when it failed, 11 when --timeout ran out, 2 when the file
    cannot be read or is no valid workflow. Ctrl-C stops between and inside steps; a second one
    ends at once. Dialogs are asked at the terminal, as long as stdin is one.

    Examples:
        casare-rpa run invoices.json --var month=11 --var rows:=250
        casare-rpa run invoices.json --input @input.json -o json | jq .variables
        casare-rpa run invoices.json --quiet --events events.jsonl
        casare-rpa workflows get invoices -o json | jq .workflow_json | casare-rpa run -
    """
    from casare_cli.workflows.files import read_file

    app: App = ctx.obj
    if str(file) == "-" and "-" in (input or ()):
        raise InvalidInput("stdin is either the workflow or the input: one of them needs a file")
    variables = inputs([*(input or ()), *(var or ())], "--var")
    seconds = positive_seconds(timeout, "--timeout")
    if app.out.wants_json or (app.out.format is Format.TABLE and not app.quiet):
        app.out.check_writable()  # it would be known too late, when the workflow has acted
    workflow = read_file(file)
    for warning in workflow.warnings:
        app.out.aside(f"{file}: {problem_line(warning.to_dict())}")
    if variables:
        from casare_cli.workflows.inputs import note_misspelt

        note_misspelt(app.out, workflow.document(), variables, "--var")
    result, stopped_by, is_told = _run(app, workflow, variables, seconds, events)
    _show(app, result, is_told=is_told)
    if stopped_by:
        return 128 + stopped_by
    return exit_codes.OK if result.success else exit_codes.of_job(result.status)


def _run(
    app: App,
    file: WorkflowFile,
    variables: dict[str, Any],
    timeout_seconds: float | None,
    events: Path | None,
) -> tuple[RunResult, int, bool]:
    """The result, the number of the signal that stopped the run (0: none), and whether the steps
    have told the error to whoever reads stderr."""
    import asyncio

    from casare_cli.workflows.files import cannot_run
    from casare_rpa import browser_programs
    from casare_rpa.domain.events import EventBus
    from casare_rpa.engine import StopFlag, compile_workflow, run_plan

    browser_programs.choose(app.settings.browser_path)
    try:
        plan = compile_workflow(file.workflow)
    except WorkflowInvalid as error:
        raise cannot_run(file, error) from None
    options = _options(app, file, variables, timeout_seconds)
    # Nobody asks for the past, and it would keep the outputs of a thousand events alive.
    bus, stop = EventBus(max_history=1), StopFlag()
    with ExitStack() as stack:
        if events is not None:
            bus.subscribe_all(stack.enter_context(_recorder(events)))
        tree = stack.enter_context(_shown_steps(app, bus, file))
        step_aside = tree.aside if tree is not None else nullcontext
        colored = app.out.colored(app.out.stderr)
        person = stack.enter_context(_person(step_aside, colored=colored))
        signals = stack.enter_context(_stopping_on_signals(stop))
        result = asyncio.run(run_plan(plan, replace(options, person=person), bus, stop))
        if tree is not None:
            tree.feed(_end(result))
        told = result.error.message if result.error else ""
        is_told = tree is not None and _on_one_terminal(app) and tree.ends_with(told)
    if _HANGUP in signals:
        leave_hung_up(app.out.stdout, app.out.stderr)
    return result, signals[0] if signals else 0, is_told


def _person(
    step_aside: Callable[[], AbstractContextManager[None]], *, colored: bool
) -> AbstractContextManager[Person | None]:
    """Who sits at the terminal and can be asked, if somebody does."""
    if sys.platform != "win32":
        from casare_cli.terminal.person import at_terminal

        return at_terminal(step_aside, colored=colored)
    return nullcontext()


def _on_one_terminal(app: App) -> bool:
    """Whether stdout and stderr lead to the same terminal."""
    stdout, stderr = app.out.stdout, app.out.stderr
    if not (stdout.isatty() and stderr.isatty()):
        return False
    return os.path.sameopenfile(stdout.fileno(), stderr.fileno())


def _options(
    app: App, file: WorkflowFile, variables: dict[str, Any], timeout_seconds: float | None
) -> RunOptions:
    from casare_rpa.ai_services import AiServices
    from casare_rpa.engine import RunOptions
    from casare_rpa.secrets import SecretSources

    settings = app.settings
    return RunOptions(
        variables=variables,
        working_dir=Path.cwd(),
        workflow_id=file.workflow_id,
        workflow_name=file.workflow.name,
        node_timeout_seconds=settings.node_timeout_seconds,
        timeout_seconds=timeout_seconds,
        allowed_paths=settings.allowed_paths,
        templates_dir=settings.templates_dir,
        block_private_addresses=settings.block_private_addresses,
        browser_headless=settings.browser_headless,
        ai=AiServices.of(settings, app.state_dir),
        max_result_bytes=settings.max_result_bytes,
        find_secret=SecretSources.of(settings, os.environ).find,
    )


@contextmanager
def _recorder(path: Path) -> Iterator[Callable[[Any], None]]:
    """A handler that writes each event to *path* as it happens, a line of JSON.

    Raises CasareError at the end when the file did not take them all.
    """
    import orjson

    try:
        target = path.open("wb", buffering=0)
    except OSError as error:
        raise InvalidInput(f"cannot write {path}: {error.strerror or error}") from None
    lock, failures = threading.Lock(), list[OSError]()

    def record(event: Any) -> None:
        line = orjson.dumps(event.to_dict()) + b"\n"
        with lock:
            if failures:
                return
            try:
                _write_all(target, line)
            except OSError as error:
                failures.append(error)

    with target:
        yield record
    if failures:
        why = failures[0].strerror or failures[0]
        raise CasareError(f"cannot write {path}: {why}")


def _write_all(target: io.RawIOBase, line: bytes) -> None:
    while line:
        line = line[target.write(line) or 0 :]


@contextmanager
def _shown_steps(app: App, bus: EventBus, file: WorkflowFile) -> Iterator[StepTree | None]:
    """Show the steps as they happen, where they are to be shown."""
    if app.out.format is not Format.TABLE or app.quiet:
        yield None
        return
    from casare_cli.following.tree import StepTree
    from casare_rpa.engine.envelopes import envelope

    def loops() -> Mapping[str, str]:
        from casare_cli.graphs.nesting import loops_around

        return loops_around(file.workflow)

    with StepTree(app.out, loops=loops) as tree:
        tree.feed({"type": "job.started", "data": {"workflow_name": file.workflow.name}})

        def show(event: Any) -> None:
            if message := envelope(event):
                tree.feed(message)

        bus.subscribe_all(show)
        yield tree


def _end(result: RunResult) -> dict[str, Any]:
    """The run's end in the form of a job's last event."""
    if result.success:
        return {"type": "job.completed", "data": {"duration_ms": result.duration_ms}}
    message = result.error.message if result.error else ""
    return {"type": "job.failed", "data": {"status": result.status, "error_message": message}}


@contextmanager
def _stopping_on_signals(stop: StopFlag) -> Iterator[list[int]]:
    """Ask the run to stop at SIGINT, SIGTERM or SIGHUP; a second SIGINT or SIGTERM forces it.

    SIGHUP (the terminal was closed) never forces the end: the kernel and the shell send one each.
    It stays ignored under nohup, and once it came it is ignored when the run is over. The list
    yielded holds the numbers of the signals that came.
    """
    came: list[int] = []

    def on_signal(number: int, frame: object) -> None:
        came.append(number)
        if number != _HANGUP:
            signal.signal(number, previous[number])
        stop.request("Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name)

    previous: dict[int, Any] = {
        number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)
    }
    if _HANGUP is not None and signal.getsignal(_HANGUP) is not signal.SIG_IGN:
        previous[_HANGUP] = signal.getsignal(_HANGUP)
    for number in previous:
        signal.signal(number, on_signal)
    try:
        yield came
    finally:
        if _HANGUP in came:
            previous[_HANGUP] = signal.SIG_IGN
        for number, handler in previous.items():
            signal.signal(number, handler)


def _show(app: App, result: RunResult, *, is_told: bool) -> None:
    out = app.out
    if out.wants_json:
        out.json(result.to_dict())
    elif not result.success:
        out.line(f"casare-rpa: {_why(result, is_told=is_told)}", stream=out.stderr)


def _why(result: RunResult, *, is_told: bool) -> str:
    """How the run ended that did not succeed, in a sentence; without what is told already."""
    error = result.error
    if error is None:
        return f"the run {_words(result.status)}"
    if not error.node_id and error.message.startswith(
        "the run "
    ):  # stopped, or out of time: it says all of it
        return f"{error.message} ({error.code})"
    where = f" at {error.node_id}" if error.node_id else ""
    if where and is_told:
        return f"the run {_words(result.status)}{where} ({error.code})"
    return f"the run {_words(result.status)}{where}: {error.message} ({error.code})"


def _words(status: str) -> str:
    return {"timeout": "ran out of time", "cancelled": "was stopped"}.get(status, status)
