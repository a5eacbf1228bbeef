"""`casare-rpa login`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from casare_cli.context import App
from casare_rpa.domain.json_values import Json

if TYPE_CHECKING:
    from casare_cli.profiles.signing_in import Store
    from casare_rpa.settings import Settings


def run(
    ctx: typer.Context,
    store: Annotated[
        str | None,
        typer.Option(
            "--in",
            metavar="keyring|file",
            help="Where to keep the key; else the first that works.",
            autocompletion=lambda: ["keyring", "file"],
        ),
    ] = None,
) -> None:
    """Sign in: check a key with the orchestrator and keep it for later commands.

    The key is typed at a terminal, without echo, or given with --api-key - (stdin), file:PATH or
    fd:N. It is kept in the system's keyring; where there is none that answers, in a file that only
    this user may read, and that is said. It is kept for this address (and profile) alone. With
    --profile and --url a profile that is not there yet is made.

    Examples:
        casare-rpa login --url https://rpa.example.org
        casare-rpa login --profile production --url https://rpa.example.org --api-key - < key.txt
        casare-rpa login --in file --api-key file:/run/secrets/key
    """
    from casare_cli.keys import sources as key_sources
    from casare_cli.profiles.signing_in import ask_for_key, is_file, is_in_clear, keep

    app: App = ctx.obj
    wanted = _store(store)
    settings, is_new = _settings(app)
    url, profile = settings.orchestrator_url, settings.profile
    if is_in_clear(url):
        app.out.note(f"note: {url} is not encrypted: others on the way can read the key")
    key = ask_for_key(app, url)
    me = _check(settings, key)
    if is_new:
        _make_profile(app, profile)
    place = keep(key, key_sources.entry_names(url, profile)[0], wanted)
    result = {**_who(me, key), "orchestrator_url": url, "profile": profile, "stored_in": place}
    told = f"{place}, a file that only you may read" if is_file(place) else f"the {place}"
    text = (
        f"signed in to {url} as {me['key_name']} ({', '.join(me['roles'])}); the key is in {told}"
    )
    app.out.done(result, name="key_id", text=text)
    _tell_what_wins(app, settings)


def _store(word: str | None) -> Store | None:
    from casare_cli.profiles.signing_in import Store
    from casare_rpa.errors import InvalidInput

    try:
        return Store(word) if word is not None else None
    except ValueError:
        raise InvalidInput(f"--in: {word!r} is neither keyring nor file") from None


def _settings(app: App) -> tuple[Settings, bool]:
    """The settings to sign in with, and whether their profile has to be made."""
    from dataclasses import replace

    from casare_cli.profiles.configuring import profile_names

    if not app.profile or not app.url or app.profile in profile_names():
        return app.settings, False
    return replace(app.settings_with(profile=""), profile=app.profile), True


def _check(settings: Settings, key: str) -> Json:
    from casare_rpa.client import OrchestratorClient

    with OrchestratorClient.of(settings, key) as client:
        return client.me()


def _make_profile(app: App, name: str) -> None:
    """A profile of the options that say where the orchestrator is."""
    from casare_cli.profiles.configuring import write

    given = {
        "orchestrator_url": app.url,
        "ca_file": app.ca_file,
        "client_cert": app.client_cert,
        "client_key": app.client_key,
    }
    path = write(name, {key: value for key, value in given.items() if value})
    app.out.note(f"made the profile {name} in {path}")


def _who(me: Json, key: str) -> Json:
    from casare_rpa.domain.keys import shown

    return {"key_id": me["key_id"], "key_name": me["key_name"], "roles": me["roles"]} | {
        "robot_id": me.get("robot_id"),
        "prefix": shown(key).removesuffix("..."),
    }


def _tell_what_wins(app: App, settings: Settings) -> None:
    """Say what keeps later commands from using the key that was stored."""
    if settings.api_key:
        app.out.note("note: another key is set and wins; casare-rpa whoami says where")
    if app.url and not app.profile and not _is_usual(app):
        app.out.note(f"note: to use it always: casare-rpa config set orchestrator_url {app.url}")


def _is_usual(app: App) -> bool:
    """Whether commands without --url would go to the same orchestrator."""
    return app.settings_with(orchestrator_url=None).orchestrator_url == app.url
