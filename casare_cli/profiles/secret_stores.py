"""What the commands for secrets share: where they are kept, and the value that is typed."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from casare_cli.terminal.prompts import is_somebody_there, typed_unseen
from casare_rpa.errors import InvalidInput

if TYPE_CHECKING:
    from casare_rpa.secrets.file import SecretFile
    from casare_rpa.secrets.key_store import KeyringSecrets
    from casare_rpa.secrets.lookup import SecretSources
    from casare_rpa.settings import Settings

SecretName = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of the secret, as in {{$secret:NAME}}.")
]


class Store(StrEnum):
    """Where a secret can be put."""

    FILE = "file"
    KEYRING = "keyring"


def store(kind: Store, settings: Settings) -> SecretFile | KeyringSecrets:
    """The place that *kind* means for this user."""
    from casare_rpa.secrets.file import SecretFile
    from casare_rpa.secrets.key_store import KeyringSecrets
    from casare_rpa.secrets.lookup import file_path

    return KeyringSecrets() if kind is Store.KEYRING else SecretFile(path=file_path(settings))


def all_sources(settings: Settings) -> SecretSources:
    """The places that a run of this user looks in."""
    from casare_rpa.secrets.lookup import SecretSources

    return SecretSources.of(settings, os.environ)


def read_value(name: str, source: str | None) -> str:
    """The value: all of stdin but its last line end if *source* is `-`, else asked for without
    echo at a terminal.

    Raises InvalidInput when there is none, and when it cannot be one.
    """
    if source == "-":
        text = _piped().removesuffix("\n").removesuffix("\r")
    elif source is not None:
        raise InvalidInput("a value is no argument: others could see it", hint=_how(name))
    elif is_somebody_there():
        text = typed_unseen(f"Value of {name}", _how(name))
    else:
        raise InvalidInput(f"there is no terminal to ask for the value of {name}", hint=_how(name))
    return _checked(text, name)


def _how(name: str) -> str:
    return f"Pipe it (casare-rpa secrets set {name} - < FILE), or type it at a terminal."


def _piped() -> str:
    try:
        return sys.stdin.buffer.read().decode("utf-8") if sys.stdin is not None else ""
    except UnicodeDecodeError:
        raise InvalidInput("the value on stdin is not UTF-8 text") from None


def _checked(text: str, name: str) -> str:
    from casare_rpa.secrets.secret import MAX_VALUE_BYTES

    if not text:
        raise InvalidInput(f"no value for the secret {name} on stdin", hint=_how(name))
    if "\0" in text:
        raise InvalidInput("a value cannot hold a NUL character")
    if len(text.encode()) > MAX_VALUE_BYTES:
        raise InvalidInput(f"a value cannot be longer than {MAX_VALUE_BYTES} bytes")
    return text
