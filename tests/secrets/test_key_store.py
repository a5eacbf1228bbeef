"""A key store that is slow, locked or not there: the real library with a back end of the test."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from casare_rpa.errors import ConfigInvalid, Unavailable
from casare_rpa.secrets import SecretSources
from casare_rpa.secrets.file import SecretFile
from casare_rpa.secrets.key_store import SECRETS, KeyringSecrets
from tests.support.runs import run_node

_BACKEND = """
import json, pathlib, time
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

folder = pathlib.Path({folder!r})

class Kept(KeyringBackend):
    priority = 9

    def _all(self):
        kept = folder / "kept.json"
        return json.loads(kept.read_text()) if kept.exists() else {{}}

    def get_password(self, service, name):
        while (folder / "silent").exists():
            time.sleep(0.01)
        if (folder / "locked").exists():
            raise KeyringLocked("canary")
        return self._all().get(f"{{service}}/{{name}}")

    def set_password(self, service, name, value):
        kept = self._all() | {{f"{{service}}/{{name}}": value}}
        (folder / "kept.json").write_text(json.dumps(kept))

    def delete_password(self, service, name):
        kept = self._all()
        del kept[f"{{service}}/{{name}}"]
        (folder / "kept.json").write_text(json.dumps(kept))
"""


class Machine:
    """One with a key store; `now` is its clock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = 0.0
        env = {"PYTHON_KEYRING_BACKEND": f"{module(folder)}.Kept"}
        self.keyring = KeyringSecrets(env=env, clock=lambda: self.now)
        self.keyring.set("erp", "username", "u")
        self.keyring.set("erp", "password", "p")

    def kept(self) -> dict[str, str]:
        found: dict[str, str] = json.loads((self.folder / "kept.json").read_text())
        return found


def module(folder: Path) -> str:
    return "kept_" + folder.name.replace("-", "_")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    (tmp_path / f"{module(tmp_path)}.py").write_text(_BACKEND.format(folder=str(tmp_path)))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND", raising=False)
    return Machine(tmp_path)


def sources(machine: Machine) -> SecretSources:
    """With another value in the file, which must not be taken for that of the keyring."""
    file = SecretFile(path=machine.folder / "secrets.json")
    file.set("erp", "password", "an older one")
    return SecretSources(sources=(machine.keyring, file))


def test_one_that_was_slow_once_is_asked_again_after_a_minute(machine: Machine) -> None:
    (machine.folder / "silent").touch()
    with pytest.raises(Unavailable, match="keyring does not answer within 3 s"):
        sources(machine).find("erp.password")
    (machine.folder / "silent").unlink()
    with pytest.raises(Unavailable, match="keyring did not answer a moment ago"):
        sources(machine).find("erp.password")
    machine.now = 61
    assert sources(machine).find("erp.password").text == "p"


def test_a_locked_one_is_never_taken_for_an_empty_one(machine: Machine) -> None:
    (machine.folder / "locked").touch()
    with pytest.raises(Unavailable, match="keyring cannot be used: KeyringLocked") as refused:
        sources(machine).find("erp.password")
    assert "Unlock it" in str(refused.value.hint)
    assert "canary" not in str(refused.value)
    (machine.folder / "locked").unlink()
    assert sources(machine).find("erp.password").text == "p"


def test_a_node_that_names_a_secret_of_a_locked_one_says_what_to_do(machine: Machine) -> None:
    (machine.folder / "locked").touch()
    config = {"variable_name": "x", "value": "{{$secret:erp.password}}"}
    result = run_node("SetVariableNode", config, find_secret=sources(machine).find)
    assert result.error is not None
    assert result.error.code == "RESOURCE_LOCKED"
    assert "Unlock it" in result.error.message


def test_what_could_not_be_read_is_not_written_over(machine: Machine) -> None:
    before = machine.kept()
    (machine.folder / "locked").touch()
    with pytest.raises(Unavailable):
        machine.keyring.set("erp", "password", "new")
    with pytest.raises(Unavailable):
        machine.keyring.delete("erp")
    assert machine.kept() == before


def test_an_entry_of_another_program_is_neither_read_nor_written_over(machine: Machine) -> None:
    kept = machine.kept() | {f"{SECRETS}/mail": "plain words"}
    (machine.folder / "kept.json").write_text(json.dumps(kept))
    with pytest.raises(ConfigInvalid, match="entry mail"):
        machine.keyring.find("mail")
    with pytest.raises(ConfigInvalid):
        machine.keyring.set("mail", "password", "new")
    assert machine.kept() == kept


@pytest.mark.parametrize(
    "env",
    [
        {},
        {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"},
        {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"},
    ],
)
def test_without_one_there_are_no_secrets_in_it(
    env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the environment says otherwise by now, as an agent's does."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "no.such.Backend")
    keyring = KeyringSecrets(env=env)
    assert (keyring.find("erp"), keyring.names(), keyring.delete("erp")) == (None, [], False)
    with pytest.raises(ConfigInvalid, match="no keyring that takes secrets"):
        keyring.set("erp", "", "x")
