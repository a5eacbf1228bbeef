"""`casare-rpa man`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from casare_cli.context import App
from casare_rpa.errors import NotFound


def run(
    ctx: typer.Context,
    page: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PAGE",
            help="A command, such as jobs submit or jobs-submit.",
            autocompletion=_pages,
        ),
    ] = None,
) -> None:
    """Show a manual page.

    It needs no installed page, only the man program. Off a terminal, and without that program,
    the page's roff source is printed.

    Examples:
        casare-rpa man jobs submit
        casare-rpa man jobs-submit > casare-rpa-jobs-submit.1
    """
    from casare_cli.app import PROGRAM, build
    from casare_cli.manual import all_pages, roff, root_page

    app: App = ctx.obj
    name = "-".join([PROGRAM, *(page or [])]).replace(f"{PROGRAM}-{PROGRAM}", PROGRAM)
    pages = {found.name: found for found in all_pages(root_page(build(), PROGRAM))}
    if name not in pages:
        raise NotFound(f"there is no manual page {name}", hint="casare-rpa man")
    source = roff(pages[name])
    reader = shutil.which("man")
    if reader and app.out.on_terminal():
        _read(reader, name, source)
    else:
        app.out.text(source)


def _pages(ctx: typer.Context) -> list[str]:
    """The names of all pages, as one word each."""
    from casare_cli.app import PROGRAM
    from casare_cli.manual import all_pages, root_page

    pages = all_pages(root_page(ctx.find_root().command, PROGRAM))
    return [page.name.removeprefix(f"{PROGRAM}-") for page in pages]


def _read(reader: str, name: str, source: str) -> None:
    import subprocess
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.1"
        path.write_text(source, encoding="utf-8")
        subprocess.run([reader, "-l", str(path)], check=False)
