"""Where the API key comes from: option, environment, systemd, keyring, a file of the user's own."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

from casare_rpa.errors import ConfigInvalid, InvalidInput

KEYRING_SERVICE = "casare-rpa"
CREDENTIAL = "casare-api-key"
_KEYRING_SECONDS = 3.0
_LONGEST_KEY = 4096


def from_option(word: str, stdin: TextIO | None = None) -> str:
    """The key that `--api-key` means: the key itself, `-`, `file:PATH` or `fd:N`."""
    if word == "-":
        source = stdin or sys.stdin
        return _checked(source.readline(_LONGEST_KEY) if source else "", "stdin")
    kind, _, rest = word.partition(":")
    if kind == "file":
        return _checked(_read(Path(rest).expanduser()), rest)
    if kind == "fd":
        return _checked(_read_descriptor(rest), word)
    return _checked(word, "--api-key")


def is_literal(word: str) -> bool:
    """Whether the option holds the key itself, where other users of the machine can see it."""
    return word != "-" and not word.startswith(("file:", "fd:"))


def stored(url: str) -> str:
    """The first key that systemd, the keyring or the user's file hold; empty if none does."""
    sources: tuple[Callable[[], str], ...] = (
        _from_systemd,
        lambda: from_keyring(url),
        lambda: _from_file(user_key_file()),
    )
    return next((key for source in sources if (key := source())), "")


def user_key_file() -> Path:
    import platformdirs

    return Path(platformdirs.user_config_dir("casare-rpa", appauthor=False)) / "api.key"


def admin_key(state_dir: Path, url: str) -> str:
    """The key that an orchestrator on this machine wrote at its first start; empty if none.

    It is sent to this machine only.
    """
    if not _is_this_machine(urlsplit(url).hostname or ""):
        return ""
    return _from_file(state_dir / "admin.key")


def _is_this_machine(host: str) -> bool:
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def from_keyring(url: str) -> str:
    """The keyring's answer. A locked one may wait for a prompt nobody sees, so not for long."""
    if not _keyring_possible():
        return ""
    answer: list[str] = []
    # A daemon thread: one that hangs must not keep the program from ending.
    asking = threading.Thread(target=lambda: answer.extend(_ask_keyring(url)), daemon=True)
    asking.start()
    asking.join(_KEYRING_SECONDS)
    return answer[0] if answer else ""


def _keyring_possible() -> bool:
    """Whether asking makes sense; importing the library for nothing costs a tenth of a second."""
    if sys.platform in ("darwin", "win32") or os.environ.get("PYTHON_KEYRING_BACKEND"):
        return True
    return bool(os.environ.get("DBUS_SESSION_BUS_ADDRESS"))


def _ask_keyring(url: str) -> Iterator[str]:
    try:
        import keyring

        backend = keyring.get_keyring()
        parts = getattr(backend, "backends", None) or [backend]
        # keyrings.alt keeps secrets in plain text without saying so.
        safe = [part for part in parts if not type(part).__module__.startswith("keyrings.alt")]
        for part in safe:
            if key := part.get_password(KEYRING_SERVICE, url):
                yield key
                return
    except Exception:  # whatever a desktop's key store raises, it is a store without our key
        return


def _from_systemd() -> str:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return _from_file(Path(folder) / CREDENTIAL) if folder else ""


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
    try:
        with open(int(number), encoding="utf-8", closefd=False) as source:
            return source.readline(_LONGEST_KEY)
    except (ValueError, OSError) as error:
        raise ConfigInvalid(f"--api-key: cannot read descriptor {number!r}: {error}") from None


def _checked(text: str, origin: str) -> str:
    key = text.strip()
    if not key:
        raise InvalidInput(f"--api-key: no key in {origin}")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise InvalidInput(f"--api-key: what {origin} holds is no key")
    return key
