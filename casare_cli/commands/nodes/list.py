"""`casare-rpa nodes list`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.terminal.columns import Column
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import InvalidInput

COLUMNS = (
    Column("TYPE", "type"),
    Column("CATEGORY", "category"),
    Column("HERE", "implemented"),
    Column("REQUIRES", "requires", spare=True),
    Column("INSTALL", "missing_extras", spare=True),
    Column("SUMMARY", "summary"),
)


def run(
    ctx: typer.Context,
    category: Annotated[str | None, typer.Option(help="Only this category.")] = None,
    search: Annotated[
        str | None, typer.Option("--search", help="Only types with this text in name or summary.")
    ] = None,
    runs_on: Annotated[
        str | None, typer.Option(help="Only what runs there: any, or a capability.")
    ] = None,
    implemented: Annotated[
        bool | None,
        typer.Option(
            "--implemented/--not-implemented",
            help="Only types that this version can, or cannot, run.",
        ),
    ] = None,
    all: Annotated[
        bool, typer.Option("--all", help="Also types that this version cannot run.")
    ] = False,
) -> None:
    """List the node types that a workflow can use.

    JSON output always holds every type of the format; `implemented` tells which of them this
    version can run, `missing_extras` what has to be installed for it first:
    pip install 'casare-rpa[EXTRA]'.

    Examples:
        casare-rpa nodes list --category control_flow
        casare-rpa nodes list --runs-on browser --all
        casare-rpa nodes list -o json | jq '.items[] | select(.implemented) | .type'
    """
    from casare_rpa.nodes import catalogue

    app: App = ctx.obj
    # Another name of a type is among its aliases.
    types = [name for name, entry in catalogue.entries().items() if not entry.same_as]
    items = [catalogue.item(name) for name in types]
    items = _with(items, "category", category)
    items = _with(items, "runs_on", runs_on)
    if search:
        wanted = search.lower()
        items = [item for item in items if wanted in _words(item).lower()]
    if implemented is None and not (all or app.out.wants_json):
        implemented = True
    if implemented is not None:
        items = [item for item in items if item["implemented"] is implemented]
    app.out.list(items, COLUMNS, name="type", empty="no node type fits; try --all")


def _words(item: Json) -> str:
    return " ".join([item["type"], *item["aliases"], item.get("summary", "")])


def _with(items: list[Json], member: str, wanted: str | None) -> list[Json]:
    """The items whose *member* is *wanted*. Raises InvalidInput when no type has it."""
    if wanted is None:
        return items
    known = sorted({str(item[member]) for item in items})
    if wanted not in known:
        raise InvalidInput(
            f"no node type has the {member} {wanted!r}", hint=f"One of {', '.join(known)}."
        )
    return [item for item in items if item[member] == wanted]
