"""Nouns and verbs: typer's groups and commands with our global options, help and examples."""

from __future__ import annotations

import shutil
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from casare_cli.context import App
from casare_cli.terminal.answering import answering
from casare_cli.terminal.output import Format, TimeFormat

_NARROW = 50
_HELP = ["-h", "--help"]


def _global_options(
    url: Annotated[str | None, typer.Option("--url", help="Address of the orchestrator.")] = None,
    api_key: Annotated[
        str | None,
        typer.Option("--api-key", metavar="KEY", help="Key, - (stdin), file:PATH or fd:N."),
    ] = None,
    output: Annotated[
        Format | None, typer.Option("--output", "-o", help="How the answer is printed.")
    ] = None,
    json: Annotated[
        str | None,
        typer.Option(
            "--json",
            metavar="FIELDS",
            help="Print these fields, with commas between them, as JSON; alone: list the fields.",
        ),
    ] = None,
    query: Annotated[
        str | None,
        typer.Option(
            "--query", metavar="EXPRESSION", help="Print what this JMESPath finds in the JSON."
        ),
    ] = None,
    time_format: Annotated[
        TimeFormat | None,
        typer.Option(
            "--time-format", help="How tables show times; relative on a terminal, else iso."
        ),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print no notes; be silent on success.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error came from.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="Print without colour.")] = False,
    profile: Annotated[
        str | None,
        typer.Option("--profile", help="Profile whose settings count: address, key, output."),
    ] = None,
    ca_file: Annotated[
        str | None,
        typer.Option(
            "--ca-file",
            metavar="FILE",
            help="Certificates that the orchestrator's is checked with.",
        ),
    ] = None,
    client_cert: Annotated[
        str | None,
        typer.Option("--client-cert", metavar="FILE", help="Certificate to show to it."),
    ] = None,
    client_key: Annotated[
        str | None,
        typer.Option("--client-key", metavar="FILE", help="That certificate's private key."),
    ] = None,
) -> None:
    """Options that are understood before and after every command."""


@cache
def _global_params() -> tuple[Any, ...]:
    """The parameter objects of the global options, shared by all commands: they keep no state."""
    maker = typer.Typer(add_completion=False)
    maker.command()(_global_options)
    return tuple(typer.main.get_command(maker).params)


#: The order in help and manual: what a newcomer types first stands first.
ORDER = (
    *("demo", "run", "workflows", "jobs", "schedules", "robots", "top", "nodes"),
    *("agent", "orchestrator", "keys", "login", "logout", "whoami"),
    *("profiles", "config", "doctor"),
    *(
        "start",
        "submit",
        "create",
        "push",
        "validate",
        "list",
        "get",
        "show",
        "set",
        "unset",
        "use",
    ),
    *("next", "watch", "wait", "why", "enable", "disable", "trigger", "graph", "diff", "pull"),
    *("logs", "events", "result", "trace", "cancel", "retry", "rerun", "resolve"),
    *("dead-letters", "flush", "pause", "resume", "drain", "stop"),
    *("status", "check", "timeline", "install", "uninstall", "rotate", "revoke", "delete", "purge"),
    *("api", "completion", "man", "help"),
)
_RANK = {name: index for index, name in enumerate(ORDER)}
GLOBAL_NAMES = (
    *("url", "api_key", "output", "json", "query", "time_format", "quiet", "debug", "no_color"),
    *("profile", "ca_file", "client_cert", "client_key"),
)
#: Commands whose --json without fields prints all, as `-o json` does.
JSON_AS_A_WHOLE = frozenset({"doctor"})
_KINDS = {"output": Format, "time_format": TimeFormat}


def _adopt_globals(ctx: Any) -> App:
    """Move the global options from the command's parameters to the App; later words win."""
    app: App = ctx.ensure_object(App)
    for name in GLOBAL_NAMES:
        value = ctx.params.pop(name, None)
        # An empty key or address is a mistake to tell of, not an option left out.
        if value is not None and value is not False:
            setattr(app, name, _KINDS[name](value) if name in _KINDS else value)
    return app


class Verb(TyperCommand):
    """A command that does something."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.context_settings["help_option_names"] = _HELP
        self.params += _global_params()
        _name_values(self.params)

    @property
    def words(self) -> str:
        """The words of the command behind the program's name, however it was called."""
        return words_of(self.callback)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if self.words in JSON_AS_A_WHOLE and _asks_for_fields(args):
            args[args.index("--json")] = "--output=json"
        if _asks_for_fields(args) and not ctx.resilient_parsing:
            from casare_cli.schemas import fields_of

            with answering():
                typer.echo("\n".join(fields_of(self.words)))
            raise typer.Exit
        with answering():  # --help prints here
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        _adopt_globals(ctx).shape_answers_of(self.words)
        return super().invoke(ctx)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return _usage(self.params)

    def get_short_help_str(self, limit: int = 45) -> str:
        # A stand-in's help is in its module, which nothing but a list of commands needs.
        return summary_of(import_module(self.callback.__module__).run.__doc__)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        _fit(formatter)
        super().format_help(ctx, formatter)

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        _write_help(self.help, formatter)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        _write_options(self, ctx, formatter)


class Noun(TyperGroup):
    """A group of commands; without one of them it shows its help."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.context_settings["help_option_names"] = _HELP
        self.params += _global_params()
        _name_values(self.params)

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(self.commands, key=lambda name: (_RANK.get(name, len(_RANK)), name))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args and not self.invoke_without_command and not ctx.resilient_parsing:
            with suppress(OSError):  # the exit code tells it as well
                typer.echo(ctx.get_help(), err=True)
            raise typer.Exit(2)
        with answering():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        _adopt_globals(ctx)
        return super().invoke(ctx)

    def get_short_help_str(self, limit: int = 45) -> str:
        return summary_of(self.help)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        _fit(formatter)
        super().format_help(ctx, formatter)

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        _write_help(self.help, formatter)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        self.format_commands(ctx, formatter)
        _write_options(self, ctx, formatter)


def stand_in(word: str, module: str) -> Verb:
    """What stands for the command of *module* until the command line names it."""

    def run() -> None:
        """Known by name only."""

    run.__module__ = module
    return Verb(word, callback=run, rich_markup_mode=None)


def words_of(run: Any) -> str:
    """`jobs dead-letters list` for the function of that command: its module says it."""
    module = str(run.__module__).removeprefix("casare_cli.commands.")
    return module.replace(".", " ").replace("_", "-")


def _asks_for_fields(args: list[str]) -> bool:
    """Whether --json stands there without a value."""
    words = args[: args.index("--")] if "--" in args else args
    followed = zip(words, [*words, "-"][1:], strict=True)
    return any(word == "--json" and following[:1] == "-" for word, following in followed)


def _name_values(params: list[Any]) -> None:
    """Show `--robot ROBOT` and `WORKFLOW` where typer shows types."""
    for param in params:
        if param.metavar is not None or getattr(param, "is_flag", False):
            continue
        choices = getattr(param.type, "choices", ())
        if param.param_type_name == "argument" or not choices:
            is_number = param.type.name.startswith(("int", "float"))
            param.metavar = "N" if is_number else str(param.name).upper().replace("_", "-")
        else:
            param.metavar = "|".join(choices)


def _usage(params: list[Any]) -> list[str]:
    """The usage line behind the command: options, then the arguments in order."""
    arguments = [param for param in params if param.param_type_name == "argument"]
    pieces = ["[OPTIONS]"]
    for argument in arguments:
        name = argument.metavar + ("..." if argument.nargs == -1 else "")
        pieces.append(name if argument.required else f"[{name}]")
    return pieces


def split_examples(text: str | None) -> tuple[str, list[str]]:
    """A docstring's prose, and the lines of its `Examples:` block."""
    prose, _, block = (text or "").partition("\nExamples:\n")
    return prose.strip(), [line.strip() for line in block.splitlines() if line.strip()]


def summary_of(help: str | None) -> str:
    """The first sentence of a command's help, without its full stop."""
    paragraph = split_examples(help)[0].partition("\n\n")[0]
    return " ".join(paragraph.split()).rstrip(".")


def _fit(formatter: Any) -> None:
    """Let help fit a terminal that is narrower than the narrowest that typer thinks of."""
    columns = shutil.get_terminal_size().columns
    if columns <= _NARROW:
        formatter.width = max(columns - 1, _NARROW // 2)


def _write_help(text: str | None, formatter: Any) -> None:
    prose, examples = split_examples(text)
    formatter.write_paragraph()
    with formatter.indentation():
        formatter.write_text(prose)
    if examples:
        with formatter.section("Examples"):
            for line in examples:
                formatter.write(f"{'':>{formatter.current_indent}}{line}\n")


def _write_options(command: Any, ctx: Any, formatter: Any) -> None:
    sections: dict[str, list[tuple[str, str]]] = {}
    for param in command.get_params(ctx):
        record = param.get_help_record(ctx)
        if record is not None:
            sections.setdefault(section_of(param), []).append(record)
    for title in ("Arguments", "Options", "Global options"):
        if rows := sections.get(title):
            with formatter.section(title):
                # On a narrow terminal an option and its help stand below each other.
                formatter.write_dl(rows, col_max=30 if formatter.width > _NARROW else 2)


def section_of(param: Any) -> str:
    """The heading under which help and manual show *param*."""
    if param.param_type_name == "argument":
        return "Arguments"
    return "Global options" if param.name in GLOBAL_NAMES else "Options"
