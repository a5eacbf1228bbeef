"""`casare-rpa help`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from casare_cli.context import App
from casare_cli.terminal.columns import Column
from casare_cli.topics import TOPICS
from casare_rpa.errors import NotFound


def run(
    ctx: typer.Context,
    topic: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TOPIC",
            help="exit-codes, environment, formatting, or a command.",
            autocompletion=_topics,
        ),
    ] = None,
) -> None:
    """Explain a topic or a command; without one, list the topics.

    Examples:
        casare-rpa help exit-codes
        casare-rpa help jobs submit
    """
    app: App = ctx.obj
    words = topic or []
    name = "-".join(words)
    if not words:
        items = [{"topic": key, "about": about} for key, (about, _) in TOPICS.items()]
        app.out.list(items, (Column("TOPIC", "topic"), Column("ABOUT", "about")), name="topic")
    elif name in TOPICS:
        rows = [{"name": key, "meaning": text} for key, text in TOPICS[name][1]()]
        app.out.list(rows, (Column("NAME", "name"), Column("MEANING", "meaning")), name="name")
    else:
        app.out.line(_help_of(words))


def _topics(ctx: typer.Context) -> list[str]:
    root: Any = ctx.find_root().command
    names = root.list_commands(ctx)
    return [*TOPICS, *(name for name in names if not root.commands[name].hidden)]


def _help_of(words: list[str]) -> str:
    from casare_cli.app import PROGRAM, build

    command = build(words)
    context = command.make_context(PROGRAM, [], resilient_parsing=True)
    for word in words:
        child = getattr(command, "commands", {}).get(word)
        if child is None:
            topics = ", ".join(TOPICS)
            raise NotFound(f"no topic or command {' '.join(words)!r}", hint=f"Topics: {topics}.")
        command = child
        context = command.make_context(word, [], parent=context, resilient_parsing=True)
    return str(command.get_help(context))
