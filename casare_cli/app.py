"""The command tree, made of the files in commands/, and the one place where errors end.

Only the commands that the command line names are imported; of the others the names are enough.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from functools import wraps
from importlib import import_module
from inspect import cleandoc
from pkgutil import iter_modules
from types import ModuleType
from typing import Annotated, Any

import typer

from casare_cli import commands, exit_codes
from casare_cli.context import App
from casare_cli.terminal.output import Format, Output
from casare_cli.verbs import Noun, Verb, stand_in
from casare_rpa import __version__
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import CasareError, ConfigInvalid, InvalidInput, NotFound, Unauthenticated
from casare_rpa.streams import ClosedStream

PROGRAM = "casare-rpa"
#: Singular spellings, accepted and not shown.
ALIASES = {
    "job": "jobs",
    "workflow": "workflows",
    "robot": "robots",
    "node": "nodes",
    "key": "keys",
    "schedule": "schedules",
    "profile": "profiles",
}
#: Nouns whose things have ids and a list.
_LISTED = frozenset({"jobs", "workflows", "robots", "keys", "schedules"})
#: Nouns that do something when no verb follows.
BARE = {"agent": "start"}


class UsageError(InvalidInput):
    code = "USAGE"


def build(words: Sequence[str] | None = None) -> Any:
    """The root command with the commands among *words*; with all of them if that is None."""
    root = _noun_that_runs(_version, help="Run, queue and watch CasareRPA workflows.")
    root.commands.update(_commands_in(commands, words))
    return root


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"{PROGRAM} {__version__}")
        raise typer.Exit


def _version(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", is_eager=True, callback=_print_version
        ),
    ] = False,
) -> None:
    """The root has no other option of its own."""


def _commands_in(package: ModuleType, words: Sequence[str] | None) -> dict[str, Any]:
    """The nouns and verbs of *package* by what a person types for them."""
    found: dict[str, Any] = {}
    for child in iter_modules(package.__path__):
        if child.name[0] == "_":
            continue
        word, module = child.name.replace("_", "-"), f"{package.__name__}.{child.name}"
        if not child.ispkg:
            found[word] = _verb(word, module, words)
            continue
        aliases = [alias for alias, noun in ALIASES.items() if noun == word]
        found[word] = _noun(word, aliases, import_module(module), words)
        found |= {alias: _hidden(found[word]) for alias in aliases}
    return found


def _noun(
    word: str, aliases: Sequence[str], package: ModuleType, words: Sequence[str] | None
) -> Noun:
    help = cleandoc(package.__doc__ or "")
    if words is not None and {word, *aliases}.isdisjoint(words):
        return Noun(name=word, help=help, rich_markup_mode=None)
    below = _commands_in(package, words)
    if word not in BARE:
        return Noun(name=word, help=help, rich_markup_mode=None, commands=below)
    run = import_module(f"{package.__name__}.{BARE[word]}").run
    noun: Noun = _noun_that_runs(_without_verb(run), help=help, invoke_without_command=True)
    noun.name = word
    noun.commands.update(below)
    return noun


def _verb(word: str, module: str, words: Sequence[str] | None) -> Any:
    """The command of *module*. Looking into its parameters takes longer than importing it."""
    if words is not None and word not in words:
        return stand_in(word, module)
    maker = typer.Typer(add_completion=False, rich_markup_mode=None)
    maker.command(word, cls=Verb)(import_module(module).run)
    return typer.main.get_command(maker)


def _noun_that_runs(run: Callable[..., Any], **more: Any) -> Any:
    """A noun with the options of *run*, which is called before or without a verb."""
    maker = typer.Typer(cls=Noun, add_completion=False, rich_markup_mode=None, **more)
    maker.callback()(run)
    return typer.main.get_command(maker)


def _hidden(command: Any) -> Any:
    """The same command, understood and not shown."""
    found = copy(command)
    found.hidden = True
    return found


def _without_verb(run: Callable[..., Any]) -> Callable[..., Any]:
    """*run* where no verb follows; its options are the noun's."""

    @wraps(run)
    def bare(ctx: typer.Context, **options: Any) -> Any:
        return None if ctx.invoked_subcommand else run(ctx, **options)

    return bare


def main(words: Sequence[str], make_tree: Callable[[Sequence[str]], Any] = build) -> int:
    """Run one command line; the exit code. Every error ends here, as one line.

    *make_tree* gives the root command for the words.
    """
    app = App()
    with _quiet_when_the_reader_is_gone() as gone:
        try:
            code = _run(list(words), app, make_tree)
        except KeyboardInterrupt:
            code = exit_codes.INTERRUPTED
            _tell_asides(app)
        except BrokenPipeError:
            raise
        except Exception as error:
            code = _report(error, _output_for_errors(app, words), app, words)
        else:
            _tell_asides(app)
    return exit_codes.PIPE_CLOSED if gone else code


def _run(words: list[str], app: App, make_tree: Callable[[Sequence[str]], Any]) -> int:
    if "--debug" in words:
        _log_everything()
    command = make_tree(words)
    try:
        with command.make_context(PROGRAM, words, obj=app) as context:
            return int(command.invoke(context) or 0)
    except typer.Exit as ended:
        return ended.exit_code


def _report(error: Exception, out: Output, app: App, words: Sequence[str]) -> int:
    shown = _as_ours(error, app)
    if isinstance(shown, NotFound) and shown.hint is None:
        shown.hint = _listing(words)
    if app.debug:
        import traceback

        out.line("".join(traceback.format_exception(error)), stream=out.stderr)
    with contextlib.suppress(BrokenPipeError):  # the exit code tells it as well
        out.error(shown, problems=_problems(shown))
    return shown.exit_code


def _as_ours(error: Exception, app: App) -> CasareError:
    if isinstance(error, Unauthenticated) and app.key == "":
        error.hint = (
            "Sign in with casare-rpa login, or give a key: CASARE_API_KEY_FILE=PATH, --api-key."
        )
    elif isinstance(error, Unauthenticated) and error.hint is None and app.key:
        error.hint = (
            f"It came from {app.key_place}. An administrator makes another with casare-rpa keys"
            " create; casare-rpa login keeps it."
        )
    if isinstance(error, ConfigInvalid):
        from casare_cli.profiles.configuring import with_line

        return with_line(error)
    if isinstance(error, CasareError):
        return error
    if isinstance(error, typer.TyperException):
        context = getattr(error, "ctx", None)
        path = context.command_path if context else PROGRAM
        # A list of choices comes on several lines.
        message = " ".join(error.format_message().split())
        return UsageError(message[:1].lower() + message[1:], hint=f"{path} --help")
    if isinstance(error, OSError) and error.strerror:
        where = f" ({error.filename})" if error.filename else ""
        return CasareError(f"cannot go on: {error.strerror}{where}")
    return CasareError(
        f"unexpected error: {type(error).__name__}: {error}",
        hint=None if app.debug else "Run it again with --debug to see where.",
    )


def _listing(words: Sequence[str]) -> str | None:
    """The command that lists what was not found, where the command line tells it."""
    nouns = [noun for word in words if (noun := ALIASES.get(word, word)) in _LISTED]
    if nouns[:2] == ["robots", "keys"]:
        return f"{PROGRAM} robots keys list"
    return f"{PROGRAM} {nouns[0]} list" if nouns else None


def _problems(error: CasareError) -> list[Json]:
    """What is wrong with a workflow, whether found here or told by the server."""
    found = getattr(error, "problems", None) or error.details.get("problems") or []
    if not isinstance(found, list):
        return []
    return [problem if isinstance(problem, dict) else problem.to_dict() for problem in found]


def _output_for_errors(app: App, words: Sequence[str]) -> Output:
    """The output, in JSON if the command line asks for it, however early it failed."""
    chosen = app.output or next(_formats_in(words), None) or app.format
    out = Output(chosen, quiet=app.quiet, color=not app.no_color)
    out.asides = _asides(app)
    return out


def _asides(app: App) -> list[str]:
    """The notes that wait; none where the command did not come to printing."""
    return app.out.asides if "out" in vars(app) else []


def _tell_asides(app: App) -> None:
    if _asides(app):
        app.out.tell_asides()


def _formats_in(words: Sequence[str]) -> Iterator[Format]:
    for word, following in zip(words, [*words[1:], ""], strict=True):
        value = following if word in ("-o", "--output") else word.partition("--output=")[2]
        value = value or word.removeprefix("-o") if word.startswith("-o") else value
        with contextlib.suppress(ValueError):
            yield Format(value)
    if any(word.partition("=")[0] in ("--json", "--query") for word in words):
        yield Format.JSON


def _log_everything() -> None:
    import logging

    logging.basicConfig(level=logging.DEBUG, format="%(asctime)s %(name)s: %(message)s")


@contextlib.contextmanager
def _quiet_when_the_reader_is_gone() -> Iterator[list[bool]]:
    """`casare-rpa ... | head` ends without a word; what is yielded is filled when that happened."""
    gone: list[bool] = []
    if sys.stdout is None:
        sys.stdout = ClosedStream()
    try:
        yield gone
        sys.stdout.flush()
    except BrokenPipeError:
        gone.append(True)
        # The interpreter flushes stdout once more when it ends.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
