"""`casare-rpa nodes list`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.output import Column
from casare_rpa.errors import InvalidInput

COLUMNS = (
    Column("TYPE", "type"),
    Column("CATEGORY", "category"),
    Column("HERE", "implemented"),
    Column("REQUIRES", "requires"),
    Column("SUMMARY", "summary"),
)


def run(
    ctx: typer.Context,
    category: Annotated[str | None, typer.Option(help="Only this category.")] = None,
    search: Annotated[
        str | None, typer.Option("--search", help="Only types with this text in name or summary.")
    ] = None,
    all: Annotated[
        bool, typer.Option("--all", help="Also types that this version cannot run.")
    ] = False,
) -> None:
    """List the node types that a workflow can use.

    JSON output always holds every type of the format; `implemented` tells which of them this
    installation can run.

    Examples:
        casare-rpa nodes list --category control_flow
        casare-rpa nodes list -o json | jq '.items[] | select(.implemented) | .type'
    """
    from casare_rpa.nodes import catalogue

    app: App = ctx.obj
    items = [catalogue.item(name) for name in catalogue.entries()]
    if category:
        known = sorted({str(item["category"]) for item in items})
        if category not in known:
            raise InvalidInput(
                f"there is no category {category!r}", hint=f"One of {', '.join(known)}."
            )
        items = [item for item in items if item["category"] == category]
    if search:
        wanted = search.lower()
        items = [i for i in items if wanted in f"{i['type']} {i.get('summary', '')}".lower()]
    if not (all or app.out.wants_json):
        items = [item for item in items if item["implemented"]]
    app.out.list(items, COLUMNS, name="type", empty="no node type fits; try --all")
