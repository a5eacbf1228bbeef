"""The system's key store (keyring), asked so that it cannot hang.

A locked one on a machine without a screen waits for a prompt that nobody sees.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from casare_rpa.errors import ConfigInvalid
from casare_rpa.secrets.secret import VALUE, Secret

KEYS = "casare-rpa"
SECRETS = "casare-rpa-secrets"
#: A key store cannot list what it holds, so this entry does.
_INDEX = " names"
_SECONDS = 3.0


def possible(env: Mapping[str, str] = os.environ) -> bool:
    """Whether asking makes sense; importing the library for nothing costs a tenth of a second."""
    if sys.platform in ("darwin", "win32") or env.get("PYTHON_KEYRING_BACKEND"):
        return True
    return bool(env.get("DBUS_SESSION_BUS_ADDRESS"))


def read(service: str, *names: str, env: Mapping[str, str] = os.environ) -> str:
    """The first entry that there is; empty if none, no safe key store, or no answer in time."""
    if not possible(env):
        return ""
    try:
        return _in_time(lambda: next((key for name in names if (key := _read(service, name))), ""))
    except TimeoutError:
        return ""


def write(service: str, name: str, value: str) -> bool:
    """Whether a safe key store took the entry in time and gives it back."""
    if not possible():
        return False

    def work() -> str:
        _stores()[0].set_password(service, name, value)
        return "taken" if _read(service, name) == value else ""

    try:
        return bool(_in_time(work))
    except TimeoutError:
        return False


def remove(service: str, name: str) -> bool:
    """Whether there was such an entry. Raises TimeoutError when nobody answers in time."""

    def work() -> str:
        having = [part for part in _stores() if part.get_password(service, name)]
        for part in having:
            part.delete_password(service, name)
        return "gone" if having else ""

    return possible() and bool(_in_time(work))


def state() -> Literal["none", "usable", "silent"]:
    """Whether there is a safe key store, and whether it answers in time."""
    if not possible():
        return "none"
    try:
        found = _in_time(_usable)
    except TimeoutError:
        return "silent"
    return "usable" if found else "none"


def _in_time(ask: Callable[[], str]) -> str:
    """What *ask* returns; nothing when it fails. Raises TimeoutError."""
    answer: list[str] = []

    def work() -> None:
        try:
            answer.append(ask())
        except Exception:  # whatever a desktop's key store raises, it is one without our entry
            answer.append("")

    # A daemon thread: one that hangs must not keep the program from ending.
    asking = threading.Thread(target=work, name="keyring", daemon=True)
    asking.start()
    asking.join(_SECONDS)
    if not answer:
        raise TimeoutError
    return answer[0]


def _stores() -> list[Any]:
    import keyring  # noqa: PLC0415 - it takes a tenth of a second

    backend = keyring.get_keyring()
    parts = getattr(backend, "backends", None) or [backend]
    # keyrings.alt keeps secrets in plain text without saying so.
    return [part for part in parts if not type(part).__module__.startswith("keyrings.alt")]


def _read(service: str, name: str) -> str:
    return next((key for part in _stores() if (key := part.get_password(service, name))), "")


def _usable() -> str:
    """Raises what a key store raises that cannot be read."""
    _read(KEYS, "doctor")
    return "usable" if _stores() else ""


@dataclass(slots=True)
class KeyringSecrets:
    """Each secret is one entry: a JSON object of its fields, its text among them as `value`.

    One that did not answer in time is not asked again.
    """

    _hangs: bool = False

    def place(self, name: str) -> str:
        return "the keyring (which does not answer)" if self._hangs else "the keyring"

    def find(self, name: str) -> Secret | None:
        fields = self._fields(name)
        return Secret.of_fields(fields) if fields else None

    def names(self) -> list[str]:
        return sorted(self._fields(_INDEX))

    def set(self, name: str, field: str, value: str) -> None:
        """Store *value*; other fields stay. Raises ConfigInvalid without a usable key store."""
        self._write(name, {**self._fields(name), field or VALUE: value})
        self._write(_INDEX, {**self._fields(_INDEX), name: ""})

    def delete(self, name: str) -> bool:
        """Whether there was one."""
        if not self._fields(name):
            return False
        self._change(lambda store: store.delete_password(SECRETS, name))
        self._write(_INDEX, {key: "" for key in self._fields(_INDEX) if key != name})
        return True

    def _fields(self, name: str) -> dict[str, str]:
        try:
            found = json.loads(self._ask(lambda: _read(SECRETS, name)) or "{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def _ask(self, ask: Callable[[], str]) -> str:
        if self._hangs or not possible():
            return ""
        try:
            return _in_time(ask)
        except TimeoutError:
            self._hangs = True
            return ""

    def _write(self, name: str, fields: Mapping[str, str]) -> None:
        self._change(lambda store: store.set_password(SECRETS, name, json.dumps(fields)))

    def _change(self, act: Callable[[Any], object]) -> None:
        if not self._ask(lambda: _done(act)):
            raise ConfigInvalid(
                "this machine has no keyring that takes secrets",
                hint="Keep them in the file: casare-rpa secrets set NAME --in file",
            )


def _done(act: Callable[[Any], object]) -> str:
    """Change the store that is asked first; empty if there is none."""
    for store in _stores():
        act(store)
        return "done"
    return ""
