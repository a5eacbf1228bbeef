"""Lists that come in pages: one page and how to go on, or all of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.pages import LARGEST_PAGE, Fetch, pages
from casare_cli.terminal.columns import Column
from casare_cli.terminal.output import Format

CursorOption = Annotated[
    str | None, typer.Option(metavar="CURSOR", help="Go on at the next_cursor of the last list.")
]
AllOption = Annotated[
    bool, typer.Option("--all", help="All pages, one after the other; --limit is a page's size.")
]


def show_list(
    app: App,
    fetch: Fetch,
    columns: Sequence[Column],
    *,
    member: str,
    name: str,
    limit: int | None,
    cursor: str | None,
    all: bool,
    usual: int,
    empty: str,
) -> None:
    """Print a page of *limit* (else *usual*) items, or with *all* every page from *cursor* on.

    *member* of a page is the list of its items. Off a terminal each page is printed when it is
    there; only a table on a terminal and one document of JSON or YAML wait for the last.
    """
    if not all:
        page = fetch(limit=limit or usual, cursor=cursor)
        next_cursor = page.get("next_cursor")
        app.out.list(page[member], columns, name=name, next_cursor=next_cursor, empty=empty)
        if next_cursor and app.out.format is Format.TABLE and app.out.on_terminal():
            app.out.note(f"there are more: add --all, or --cursor {next_cursor}")
        return
    found = pages(app.out, fetch, limit=limit or LARGEST_PAGE, cursor=cursor)
    every = (page[member] for page in found)
    at_once = [list(chain.from_iterable(every))] if _is_one_document(app) else every
    for items in at_once:
        app.out.list(items, columns, name=name, empty=empty)


def _is_one_document(app: App) -> bool:
    match app.out.format:
        case Format.JSON | Format.YAML:
            return True
        case Format.TABLE:
            return app.out.on_terminal()
    return False
