"""Where the API key comes from: option, environment, systemd, keyring, a file of the user's own."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TextIO
from urllib.parse import urlsplit

from casare_rpa.errors import ConfigInvalid, InvalidInput
from casare_rpa.hosts import is_this_machine

if TYPE_CHECKING:
    from casare_cli.keys.files import KeyFile

_LONGEST_KEY = 4096


def from_option(word: str, stdin: TextIO | None = None) -> str:
    """The key that `--api-key` means: the key itself, `-`, `file:PATH` or `fd:N`."""
    if word == "-":
        source = stdin or sys.stdin
        return checked(source.readline(_LONGEST_KEY) if source else "", "stdin")
    kind, _, rest = word.partition(":")
    if kind == "file":
        return checked(_read(Path(rest).expanduser()), rest)
    if kind == "fd":
        return checked(_read_descriptor(rest), word)
    return checked(word, "--api-key")


def again_from_option(word: str) -> Callable[[], str] | None:
    """Reads the key of `file:PATH` once more; None for what can be read once only."""
    kind, _, rest = word.partition(":")
    path = Path(rest).expanduser().absolute()
    # What a shell puts there for <(command) is a pipe.
    return (lambda: _read(path)) if kind == "file" and path.is_file() else None


def is_literal(word: str) -> bool:
    """Whether the option holds the key itself, where other users of the machine can see it."""
    return word != "-" and not word.startswith(("file:", "fd:"))


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A key and where it was found, in words; both empty when there is none.

    `again` reads it there once more, without this process's environment; None where that cannot be.
    """

    key: str = field(default="", repr=False)
    place: str = ""
    again: Callable[[], str] | None = field(default=None, repr=False, compare=False)

    def __bool__(self) -> bool:
        return bool(self.key)


def stored(url: str, profile: str = "") -> FoundKey:
    """The first key that systemd, the keyring or the user's files hold."""
    from casare_rpa.secrets import key_store

    names = entry_names(url, profile)
    # Taken now: whoever asks again later may have emptied the environment.
    env, login, own = dict(os.environ), login_file(), user_key_file()
    sources: tuple[tuple[str, Callable[[], str]], ...] = (
        ("systemd credential", lambda: _from_systemd(env)),
        ("keyring", lambda: key_store.read(key_store.KEYS, *names, env=env)),
        (str(login.path), lambda: login.find(*names)),
        (str(own), lambda: _from_file(own)),
    )
    found = (FoundKey(ask(), place, ask) for place, ask in sources)
    return next(filter(None, found), FoundKey())


def stored_in_file(url: str, profile: str = "") -> str:
    """As `stored`, without the keyring: for what must not wait."""
    return login_file().find(*entry_names(url, profile)) or _from_file(user_key_file())


def entry_names(url: str, profile: str = "") -> tuple[str, ...]:
    """The names under which keys for *url* are stored: a profile's own before the usual one."""
    address = url.rstrip("/")
    return (f"{profile}@{address}", address) if profile else (address,)


def login_file() -> KeyFile:
    """What `login` keeps where there is no keyring."""
    from casare_cli.keys.files import KeyFile

    return KeyFile(user_key_file().with_name("keys.json"))


def user_key_file() -> Path:
    import platformdirs

    return Path(platformdirs.user_config_dir("casare-rpa", appauthor=False)) / "api.key"


def admin_key(state_dir: Path, url: str) -> str:
    """The key that an orchestrator on this machine wrote at its first start; empty if none.

    It is sent to this machine only.
    """
    if not is_this_machine(urlsplit(url).hostname or ""):
        return ""
    return _from_file(state_dir / "admin.key")


def _from_systemd(env: Mapping[str, str]) -> str:
    from casare_rpa.secrets.credentials import API_KEY

    folder = env.get("CREDENTIALS_DIRECTORY")
    return _from_file(Path(folder) / API_KEY) if folder else ""


def _from_file(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigInvalid(f"--api-key: cannot read {path}: {reason}") from None


def _read_descriptor(number: str) -> str:
    if not number.isdecimal():
        raise InvalidInput(
            f"--api-key: fd:{number} names no descriptor", hint="Write a number, such as fd:3."
        )
    try:
        with open(int(number), encoding="utf-8", closefd=False) as source:
            return source.readline(_LONGEST_KEY)
    except (ValueError, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigInvalid(f"--api-key: cannot read descriptor {number}: {reason}") from None


def checked(text: str, origin: str) -> str:
    """The key that *text* is, without the white space around it. Raises InvalidInput."""
    key = text.strip()
    if not key:
        raise InvalidInput(f"--api-key: no key in {origin}")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise InvalidInput(f"--api-key: what {origin} holds is no key")
    return key
