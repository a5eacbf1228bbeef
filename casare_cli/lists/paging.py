"""Lists that come in pages: one page and how to go on, or all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.terminal.columns import Column
from casare_cli.terminal.output import Format, Json
from casare_rpa.errors import RateLimited

CursorOption = Annotated[
    str | None, typer.Option(metavar="CURSOR", help="Go on at the next_cursor of the last list.")
]
AllOption = Annotated[
    bool, typer.Option("--all", help="All pages, one after the other; --limit is a page's size.")
]
#: A page of the list: asked with `limit` and `cursor`.
Fetch = Callable[..., Json]
_LARGEST_PAGE = 500


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
    every = (page[member] for page in _pages(app, fetch, limit or _LARGEST_PAGE, cursor))
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


def _pages(app: App, fetch: Fetch, limit: int, cursor: str | None) -> Iterator[Json]:
    while True:
        page = _patiently(app, fetch, limit, cursor)
        yield page
        cursor = page.get("next_cursor")
        if cursor is None:
            return


def _patiently(app: App, fetch: Fetch, limit: int, cursor: str | None) -> Json:
    """A page; a server that has had enough calls for now is asked again when it says."""
    while True:
        try:
            return fetch(limit=limit, cursor=cursor)
        except RateLimited as error:
            seconds = float(error.details.get("retry_after_seconds") or 1)
            app.out.aside(f"the server wants to be asked again in {seconds:.0f} s; waiting")
            time.sleep(seconds)
