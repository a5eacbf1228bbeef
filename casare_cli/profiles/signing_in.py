"""What login, logout and whoami share: the key that is typed, and where one is kept."""

from __future__ import annotations

from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from casare_cli.context import App
from casare_cli.keys import sources as key_sources
from casare_cli.terminal.prompts import is_somebody_there, typed_unseen
from casare_rpa.errors import ConfigInvalid, InvalidInput, Unavailable
from casare_rpa.hosts import is_this_machine
from casare_rpa.secrets import key_store


class Store(StrEnum):
    """Where login may keep a key."""

    KEYRING = "keyring"
    FILE = "file"


def ask_for_key(app: App, url: str) -> str:
    """The key of --api-key, else one that is typed at a terminal without being shown.

    Raises InvalidInput where there is neither.
    """
    if app.api_key is not None:
        return app.key_of_option
    hint = "Pipe it (casare-rpa login --api-key - < FILE), or name its file: file:PATH."
    if not is_somebody_there():
        raise InvalidInput("no key to sign in with, and nobody to ask", hint=hint)
    return key_sources.checked(typed_unseen(f"Key for {url}", hint), "what was typed")


def keep(key: str, name: str, store: Store | None) -> str:
    """Store the key under *name* in the keyring, or where that is of no use in a file; its place.

    Raises ConfigInvalid when it cannot be stored as *store* wants.
    """
    file = key_sources.login_file()
    if store is not Store.FILE and key_store.write(key_store.KEYS, name, key):
        file.drop(name)  # an older one there would come to light when the keyring is gone
        return "keyring"
    if store is Store.KEYRING:
        raise ConfigInvalid(
            "this machine has no keyring that takes keys within 3 s",
            hint="Unlock it, or keep the key in a file: casare-rpa login --in file",
        )
    file.put(name, key)
    if store is Store.FILE:
        with suppress(TimeoutError):
            key_store.remove(key_store.KEYS, name)
    return str(file.path)


def forget(name: str) -> list[str]:
    """Remove what is stored under *name*; where there was something.

    Raises Unavailable when the keyring does not answer.
    """
    file = key_sources.login_file()
    gone = [str(file.path)] if file.drop(name) else []
    try:
        in_keyring = key_store.remove(key_store.KEYS, name)
    except TimeoutError:
        raise Unavailable(
            "the keyring does not answer: a key in it is still there",
            hint="Unlock it, then run the command again.",
        ) from None
    return [*gone, "keyring"] if in_keyring else gone


def is_in_clear(url: str) -> bool:
    """Whether what is sent to *url* can be read on the way."""
    parts = urlsplit(url)
    return parts.scheme != "https" and not is_this_machine(parts.hostname or "")


def is_file(place: str) -> bool:
    return Path(place).is_absolute()
