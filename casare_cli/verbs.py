"""Nouns and verbs: typer's groups and commands with our global options, help and examples."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from casare_cli.context import App
from casare_cli.output import Format


def _global_options(
    url: Annotated[str | None, typer.Option("--url", help="Address of the orchestrator.")] = None,
    api_key: Annotated[
        str | None,
        typer.Option("--api-key", metavar="KEY", help="Key, - (stdin), file:PATH or fd:N."),
    ] = None,
    output: Annotated[
        Format | None, typer.Option("--output", "-o", help="How the answer is printed.")
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print no notes; be silent on success.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error came from.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="Print without colour.")] = False,
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
    *("demo", "run", "workflows", "jobs", "robots", "nodes", "agent", "orchestrator", "keys"),
    *("start", "submit", "create", "push", "validate", "list", "get", "show", "watch", "wait"),
    *("logs", "cancel", "retry", "rotate", "revoke", "delete"),
    *("api", "completion", "man", "help"),
)
_RANK = {name: index for index, name in enumerate(ORDER)}
GLOBAL_NAMES = ("url", "api_key", "output", "quiet", "debug", "no_color")


def _adopt_globals(ctx: Any) -> None:
    """Move the global options from the command's parameters to the App; later words win."""
    app = ctx.ensure_object(App)
    for name in GLOBAL_NAMES:
        value = ctx.params.pop(name, None)
        # An empty key or address is a mistake to tell of, not an option left out.
        if value is not None and value is not False:
            setattr(app, name, Format(value) if name == "output" else value)


class Verb(TyperCommand):
    """A command that does something."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += _global_params()
        _name_values(self.params)

    def invoke(self, ctx: Any) -> Any:
        _adopt_globals(ctx)
        return super().invoke(ctx)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return _usage(self.params)

    def get_short_help_str(self, limit: int = 45) -> str:
        return summary_of(self)

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        _write_help(self.help, formatter)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        _write_options(self, ctx, formatter)


class Noun(TyperGroup):
    """A group of commands; without one of them it shows its help."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += _global_params()
        _name_values(self.params)

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(self.commands, key=lambda name: (_RANK.get(name, len(_RANK)), name))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args and not self.invoke_without_command and not ctx.resilient_parsing:
            typer.echo(ctx.get_help(), err=True)
            raise typer.Exit(2)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        _adopt_globals(ctx)
        return super().invoke(ctx)

    def get_short_help_str(self, limit: int = 45) -> str:
        return summary_of(self)

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        _write_help(self.help, formatter)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        self.format_commands(ctx, formatter)
        _write_options(self, ctx, formatter)


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


def summary_of(command: Any) -> str:
    """The first sentence of a command's help, without its full stop."""
    paragraph = split_examples(command.help)[0].partition("\n\n")[0]
    return " ".join(paragraph.split()).rstrip(".")


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
                formatter.write_dl(rows)


def section_of(param: Any) -> str:
    """The heading under which help and manual show *param*."""
    if param.param_type_name == "argument":
        return "Arguments"
    return "Global options" if param.name in GLOBAL_NAMES else "Options"
