"""The command tree, made of the files in commands/, and the one place where errors end.

Only the nouns that the command line names are imported; the others are known by their docstring.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pkgutil import ModuleInfo, iter_modules
from types import ModuleType
from typing import Annotated, Any

import typer

from casare_cli import commands, exit_codes
from casare_cli.context import App
from casare_cli.output import Format, Json, Output
from casare_cli.verbs import Noun, Verb
from casare_rpa import __version__
from casare_rpa.errors import CasareError, InvalidInput, NotFound, Unauthenticated

PROGRAM = "casare-rpa"
#: Singular spellings, accepted and not shown.
ALIASES = {
    "job": "jobs",
    "workflow": "workflows",
    "robot": "robots",
    "node": "nodes",
    "key": "keys",
}
#: Nouns whose things have ids and a list.
_LISTED = frozenset({"jobs", "workflows", "robots", "keys"})
#: Nouns that do something when no verb follows.
BARE = {"agent": "start"}


class UsageError(InvalidInput):
    code = "USAGE"


def build(words: Sequence[str] | None = None) -> Any:
    """The root command with the nouns among *words*; with all of them if that is None."""
    root = _typer("Run, queue and watch CasareRPA workflows.")
    root.callback()(_version)
    for found in _children(commands):
        if found.ispkg:
            _add_noun(root, commands, found.name, words)
        else:
            _add_verb(root, commands, found.name, words)
    return typer.main.get_command(root)


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


def _typer(help: str, **more: Any) -> typer.Typer:
    return typer.Typer(cls=Noun, help=help, add_completion=False, rich_markup_mode=None, **more)


def _children(package: ModuleType) -> list[ModuleInfo]:
    return [module for module in iter_modules(package.__path__) if module.name[0] != "_"]


def _add_noun(
    parent: typer.Typer, package: ModuleType, name: str, words: Sequence[str] | None
) -> None:
    noun = import_module(f"{package.__name__}.{name}")
    aliases = [alias for alias, target in ALIASES.items() if target == name]
    wanted = words is None or not {name, *aliases}.isdisjoint(words)
    bare = BARE.get(name) if wanted else None
    group = _typer(noun.__doc__ or "", invoke_without_command=bool(bare))
    if bare:
        group.callback()(_without_verb(noun, bare))
    for child in _children(noun) if wanted else ():
        if child.ispkg:
            _add_noun(group, noun, child.name, None)
        else:
            _add_verb(group, noun, child.name)
    parent.add_typer(group, name=name)
    for alias in aliases:
        parent.add_typer(group, name=alias, hidden=True)


def _add_verb(
    parent: typer.Typer, package: ModuleType, name: str, words: Sequence[str] | None = None
) -> None:
    run = import_module(f"{package.__name__}.{name}").run
    # Looking into a function's parameters takes longer than importing it.
    wanted = words is None or name in words
    parent.command(name, cls=Verb, help=run.__doc__)(run if wanted else _not_wanted)


def _not_wanted() -> None:
    """Stands for a command that the command line does not name."""


def _without_verb(noun: ModuleType, verb: str) -> Any:
    """The callback of a noun that does something by itself, with that verb's options."""
    import functools

    run = import_module(f"{noun.__name__}.{verb}").run

    @functools.wraps(run)
    def bare(ctx: typer.Context, **options: Any) -> Any:
        return None if ctx.invoked_subcommand else run(ctx, **options)

    bare.__doc__ = noun.__doc__
    return bare


def main(words: Sequence[str]) -> int:
    """Run one command line; the exit code. Every error ends here, as one line."""
    app = App()
    with _quiet_when_the_reader_is_gone() as gone:
        try:
            code = _run(list(words), app)
        except KeyboardInterrupt:
            code = exit_codes.INTERRUPTED
        except BrokenPipeError:
            raise
        except Exception as error:
            code = _report(error, _output_for_errors(app, words), app, words)
    return exit_codes.PIPE_CLOSED if gone else code


def _run(words: list[str], app: App) -> int:
    if "--debug" in words:
        _log_everything()
    command = build(words)
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
    out.error(shown, problems=_problems(shown))
    return shown.exit_code


def _as_ours(error: Exception, app: App) -> CasareError:
    if isinstance(error, Unauthenticated) and app.key == "":
        error.hint = "Give a key: CASARE_API_KEY_FILE=PATH, CASARE_API_KEY, or --api-key."
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
    chosen = app.output or next(_formats_in(words), None)
    return Output(chosen or Format.TABLE, quiet=app.quiet, color=not app.no_color)


def _formats_in(words: Sequence[str]) -> Iterator[Format]:
    for word, following in zip(words, [*words[1:], ""], strict=True):
        value = following if word in ("-o", "--output") else word.partition("--output=")[2]
        value = value or word.removeprefix("-o") if word.startswith("-o") else value
        with contextlib.suppress(ValueError):
            yield Format(value)


def _log_everything() -> None:
    import logging

    logging.basicConfig(level=logging.DEBUG, format="%(asctime)s %(name)s: %(message)s")


@contextlib.contextmanager
def _quiet_when_the_reader_is_gone() -> Iterator[list[bool]]:
    """`casare-rpa ... | head` ends without a word; what is yielded is filled when that happened."""
    gone: list[bool] = []
    try:
        yield gone
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        gone.append(True)
        # The interpreter flushes stdout once more when it ends.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
