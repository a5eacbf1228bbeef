"""The orchestrator's database, for the commands that work on it without a server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casare_rpa.errors import ConfigInvalid, Conflict, InvalidInput, ServerFailed

if TYPE_CHECKING:
    from casare_cli.context import App
    from casare_rpa.settings import Settings

DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database", metavar="URL", help="sqlite:///PATH or postgresql://USER@HOST/NAME."
    ),
]
StateDir = Annotated[
    str | None, typer.Option("--state-dir", metavar="DIR", help="Folder of the orchestrator.")
]


def settings_of(app: App, database: str | None, state_dir: str | None) -> Settings:
    """The orchestrator's settings, with the address of its database filled in."""
    from dataclasses import replace

    settings = app.settings_with(database=database, state_dir=state_dir)
    try:
        from casare_rpa.orchestrator.places import database_of
    except ModuleNotFoundError as error:
        raise not_installed(error) from error
    return replace(settings, database=database_of(settings))


def not_installed(error: ModuleNotFoundError) -> ConfigInvalid:
    return ConfigInvalid(
        f"the orchestrator is not installed: the module {error.name} is missing",
        hint="pip install 'casare-rpa[orchestrator]'",
    )


@contextmanager
def while_no_server_runs() -> Iterator[None]:
    """The block needs the SQLite file for itself. Raises Conflict while an orchestrator has it."""
    try:
        yield
    except ServerFailed as error:
        raise Conflict(error.message, hint="Stop it first, then run the command again.") from None


def sqlite_file(url: str, *, otherwise: str) -> Path:
    """The file of a SQLite address; *otherwise* is what to do with another database."""
    from casare_rpa.store.addresses import back_end_of
    from casare_rpa.store.sqlite.files import path_of

    if back_end_of(url) != "sqlite":
        raise InvalidInput("this command is for SQLite", hint=otherwise)
    return path_of(url)
