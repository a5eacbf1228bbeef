"""Settings files, the profile, the key and the keyring."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from casare_cli.checks.finding import Check, Finding, failed, passed, skipped, warned
from casare_cli.context import App, config_files
from casare_cli.keys import sources as key_sources
from casare_cli.keys.files import others_may_read, others_may_write
from casare_cli.profiles.configuring import shown
from casare_rpa.setting_sources import ConfigFile
from casare_rpa.settings import FIELDS

#: Variables that are no settings: secrets of workflows, and fault points.
_OTHERS = ("CASARE_SECRET_", "CASARE_FAULT")


def settings(app: App) -> Iterator[Finding]:
    """Raises ConfigInvalid for the first mistake in files, variables or options."""
    given = app.given()
    places = sorted({found.place for found in given.values()})
    yield passed("settings", f"{len(given)} given, by {', '.join(places) or 'nothing'}")


def settings_files(app: App) -> Iterator[Finding]:
    files = [path for path in config_files() if path.exists()]
    for path in files:
        yield _file(path)
    if not files:
        yield passed("settings files", "there are none; everything is at its default")


def _file(path: Path) -> Finding:
    found = ConfigFile.read(path)
    tables = [found.plain, *found.profiles.values()] if found else []
    secrets = [name for table in tables for name in table if _is_secret(name, table[name])]
    if others_may_write(path):
        return failed("settings files", f"others may change {path}", f"chmod go-w {path}")
    if secrets and others_may_read(path):
        what = f"others may read {path}, which holds {', '.join(secrets)}"
        return failed("settings files", what, f"chmod 600 {path}")
    return passed("settings files", str(path))


def _is_secret(name: str, value: object) -> bool:
    item = FIELDS.get(name)
    is_secret = item is not None and bool(item.metadata["secret"])
    return bool(shown(value, secret=is_secret) != value)


def unknown_variables(app: App) -> Iterator[Finding]:
    from difflib import get_close_matches

    from casare_rpa.setting_sources import environment_names

    known = {name for item in FIELDS.values() for name in environment_names(item)}
    known |= {f"{name}_FILE" for name in known}
    for variable in sorted(os.environ):
        is_ours = variable.startswith("CASARE_") and not variable.startswith(_OTHERS)
        if is_ours and variable not in known:
            close = get_close_matches(variable, known, n=1)
            mend = f"Did you mean {close[0]}?" if close else "casare-rpa help environment"
            yield warned("environment", f"no setting is called {variable}", mend)


def key(app: App) -> Iterator[Finding]:
    from casare_rpa.domain.keys import parse_key

    found = app.find_key(app.settings)
    if not found:
        mend = "casare-rpa login; for a robot CASARE_API_KEY_FILE"
        yield failed("key", f"there is none for {app.settings.orchestrator_url}", mend)
    elif (parsed := parse_key(found.key)) is None:
        yield failed("key", f"what {found.place} holds is no key, or mistyped", "casare-rpa login")
    else:
        yield passed("key", f"{parsed.prefix}, from {found.place}")
    yield from map(_key_file, filter(others_may_read, _key_files()))


def _key_files() -> list[Path]:
    named = os.environ.get("CASARE_API_KEY_FILE")
    own = [key_sources.login_file().path, key_sources.user_key_file()]
    return [*own, Path(named)] if named else own


def _key_file(path: Path) -> Finding:
    return failed("key", f"others may read {path}", f"chmod 600 {path}")


def keyring(app: App) -> Iterator[Finding]:
    from casare_rpa.secrets import key_store

    match key_store.state():
        case "usable":
            yield passed("keyring", "it answers")
        case "silent":
            yield failed(
                "keyring",
                "it does not answer within 3 s, so that every command waits for it",
                key_store.MEND,
            )
        case "failing":
            yield failed("keyring", "it cannot be read", key_store.MEND)
        case "none":
            yield skipped("keyring", "this machine has none; login keeps keys in a file")


CHECKS: tuple[Check, ...] = (settings, settings_files, unknown_variables, key, keyring)
