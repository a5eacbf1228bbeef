"""The system's key store (keyring), asked so that it cannot hang.

A locked one on a machine without a screen waits for a prompt that nobody sees.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from casare_rpa.errors import ConfigInvalid, Unavailable
from casare_rpa.secrets.secret import VALUE, Secret

KEYS = "casare-rpa"
SECRETS = "casare-rpa-secrets"
#: A key store cannot list what it holds, so this entry does.
_INDEX = " names"
_SECONDS = 3.0
#: One that did not answer is left alone so long: each question costs a thread and three seconds.
_PATIENCE_SECONDS = 60.0
_BACKEND = "PYTHON_KEYRING_BACKEND"
_BUS = "DBUS_SESSION_BUS_ADDRESS"
#: They keep secrets in plain text without saying so, or keep none at all.
_NO_STORES = ("keyrings.alt", "keyring.backends.fail", "keyring.backends.null")
MEND = "Unlock it, or switch it off: PYTHON_KEYRING_BACKEND=keyring.backends.null.Keyring"


def possible(env: Mapping[str, str] = os.environ) -> bool:
    """Whether asking makes sense; importing the library for nothing costs a tenth of a second."""
    if sys.platform in ("darwin", "win32") or env.get(_BACKEND):
        return True
    return bool(env.get(_BUS))


def read(service: str, *names: str, env: Mapping[str, str] = os.environ) -> str:
    """The first entry that there is; empty if none, no safe key store, or no answer in time."""
    if not possible(env):
        return ""

    def work() -> str:
        return next((key for name in names if (key := _read(service, name, env))), "")

    try:
        return _in_time(work)
    except Exception:  # whatever a desktop's key store raises, it is one without our entry
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
    except Exception:  # as above: one that takes no entry
        return False


def remove(service: str, name: str) -> bool:
    """Whether there was such an entry. Raises TimeoutError when nobody answers in time."""

    def work() -> str:
        having = [part for part in _stores() if part.get_password(service, name)]
        for part in having:
            part.delete_password(service, name)
        return "gone" if having else ""

    try:
        return possible() and bool(_in_time(work))
    except TimeoutError:
        raise
    except Exception:  # as above: one without our entry
        return False


def state() -> Literal["none", "usable", "silent", "failing"]:
    """Whether there is a safe key store, and whether it answers in time, and well."""
    if not possible():
        return "none"
    try:
        found = _in_time(_usable)
    except TimeoutError:
        return "silent"
    except Exception:  # whatever a desktop's key store raises
        return "failing"
    return "usable" if found else "none"


def _in_time(ask: Callable[[], str]) -> str:
    """What *ask* returns. Raises what *ask* raises, and TimeoutError."""
    answer: list[str | Exception] = []

    def work() -> None:
        try:
            answer.append(ask())
        except Exception as error:  # it is the caller's, whatever it is
            answer.append(error)

    # A daemon thread: one that hangs must not keep the program from ending.
    asking = threading.Thread(target=work, name="keyring", daemon=True)
    asking.start()
    asking.join(_SECONDS)
    if not answer:
        raise TimeoutError
    if isinstance(answer[0], Exception):
        raise answer[0]
    return answer[0]


def _stores(env: Mapping[str, str] = os.environ) -> list[Any]:
    """The safe key stores of this machine. *env* may be what the environment once was."""
    import keyring.core  # noqa: PLC0415 - it takes a tenth of a second

    named = env.get(_BACKEND)
    backend = keyring.core.load_keyring(named) if named else keyring.get_keyring()
    parts = getattr(backend, "backends", None) or [backend]
    return [part for part in parts if not type(part).__module__.startswith(_NO_STORES)]


def _read(service: str, name: str, env: Mapping[str, str] = os.environ) -> str:
    return next((key for part in _stores(env) if (key := part.get_password(service, name))), "")


def _usable() -> str:
    """Raises what a key store raises that cannot be read."""
    _read(KEYS, "doctor")
    return "usable" if _stores() else ""


def variables(env: Mapping[str, str]) -> dict[str, str]:
    """The part of *env* that says which key store there is."""
    return {name: env[name] for name in (_BACKEND, _BUS) if name in env}


@dataclass(slots=True, kw_only=True)
class KeyringSecrets:
    """Each secret is one entry: a JSON object of its fields, its text among them as `value`.

    A key store that fails or does not answer in time raises Unavailable: what it may hold must not
    count as missing. After a silence it is not asked again for a minute. A machine without one
    has no secrets there.
    """

    env: Mapping[str, str] = field(default_factory=lambda: os.environ)
    clock: Callable[[], float] = time.monotonic
    _silent_until: float = float("-inf")

    def place(self, name: str) -> str:
        return "the keyring"

    def find(self, name: str) -> Secret | None:
        fields = self._fields(name)
        return Secret.of_fields(fields) if fields else None

    def names(self) -> list[str]:
        return sorted(self._fields(_INDEX))

    def set(self, name: str, field: str, value: str) -> None:
        """Store *value*; other fields stay. Raises ConfigInvalid without a usable key store."""
        fields, index = self._fields(name), self._fields(_INDEX)
        self._write(name, {**fields, field or VALUE: value})
        self._write(_INDEX, {**index, name: ""})

    def delete(self, name: str) -> bool:
        """Whether there was one."""
        if not self._fields(name):
            return False
        index = self._fields(_INDEX)
        self._change(lambda store: store.delete_password(SECRETS, name))
        self._write(_INDEX, {key: "" for key in index if key != name})
        return True

    def _fields(self, name: str) -> dict[str, str]:
        try:
            found = json.loads(self._ask(lambda: _read(SECRETS, name, self.env)) or "{}")
        except ValueError:
            found = None
        if isinstance(found, dict):
            return found
        raise ConfigInvalid(
            f"the keyring's entry {name.strip()} is not one that casare-rpa has written",
            hint=f"Delete the entry {name.strip()} of {SECRETS} with the system's own tool.",
        )

    def _ask(self, ask: Callable[[], str]) -> str:
        """What *ask* returns; empty without a key store. Raises Unavailable."""
        if not possible(self.env):
            return ""
        if self.clock() < self._silent_until:
            raise Unavailable("the keyring did not answer a moment ago", hint=MEND)
        try:
            return _in_time(ask)
        except TimeoutError:
            self._silent_until = self.clock() + _PATIENCE_SECONDS
            text = f"the keyring does not answer within {_SECONDS:g} s"
            raise Unavailable(text, hint=MEND) from None
        except Exception as error:  # whatever a desktop's key store raises
            # Not what it says: that may hold the secret.
            text = f"the keyring cannot be used: {type(error).__name__}"
            raise Unavailable(text, hint=MEND) from None

    def _write(self, name: str, fields: Mapping[str, str]) -> None:
        self._change(lambda store: store.set_password(SECRETS, name, json.dumps(fields)))

    def _change(self, act: Callable[[Any], object]) -> None:
        if not self._ask(lambda: _done(act, self.env)):
            raise ConfigInvalid(
                "this machine has no keyring that takes secrets",
                hint="Keep them in the file: casare-rpa secrets set NAME --in file",
            )


def _done(act: Callable[[Any], object], env: Mapping[str, str]) -> str:
    """Change the store that is asked first; empty if there is none."""
    for store in _stores(env):
        act(store)
        return "done"
    return ""
