"""login, logout and whoami: where keys come from and stay, and that they show up nowhere else."""

from __future__ import annotations

import json
import os
import stat
import termios
from pathlib import Path

import pytest

from casare_cli.keys.sources import entry_names
from tests.cli.contract.inside import Place, Ran
from tests.cli.support import PROGRAM, Cli, Server, error_of, eventually

_BACKEND = """
import json, pathlib, time
from keyring.backend import KeyringBackend

PATH = pathlib.Path(__file__).with_name("kept.json")

class Kept(KeyringBackend):
    priority = 1

    def _all(self):
        return json.loads(PATH.read_text()) if PATH.exists() else {}

    def get_password(self, service, username):
        return self._all().get(service + " " + username)

    def set_password(self, service, username, password):
        PATH.write_text(json.dumps({**self._all(), service + " " + username: password}))

    def delete_password(self, service, username):
        found = self._all()
        del found[service + " " + username]
        PATH.write_text(json.dumps(found))

class Slow(Kept):
    def get_password(self, service, username): time.sleep(100)
    def set_password(self, service, username, password): time.sleep(100)
"""


@pytest.fixture
def place(tmp_path: Path, server: Server) -> Place:
    """A user without a key and without a keyring."""
    env = {"HOME": str(tmp_path), "CASARE_ORCHESTRATOR_URL": server.url, "PATH": "/usr/bin:/bin"}
    (tmp_path / "key").write_text(server.developer_key + "\n")
    return Place(folder=tmp_path, env={**env, "CASARE_STATE_DIR": str(tmp_path / "state")})


@pytest.fixture
def with_keyring(tmp_path: Path, server: Server) -> Cli:
    (tmp_path / "own_keyring.py").write_text(_BACKEND)
    (tmp_path / "key").write_text(server.developer_key + "\n")
    env = {"PYTHON_KEYRING_BACKEND": "own_keyring.Kept", "PYTHONPATH": str(tmp_path)}
    return Cli(tmp_path, {"CASARE_ORCHESTRATOR_URL": server.url, **env})


def who(ran: Ran) -> dict[str, object]:
    assert ran.code == 0, ran
    found: dict[str, object] = json.loads(ran.out)
    return found


def test_a_key_is_checked_kept_and_used(place: Place, server: Server) -> None:
    done = place.run("login", "--api-key", "file:key")
    assert done.code == 0, done
    assert "a file that only you may read" in done.err
    file = place.folder / ".config" / "casare-rpa" / "keys.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    found = who(place.run("whoami", "-o", "json"))
    assert (found["roles"], found["key_source"]) == (["developer"], str(file))
    assert server.developer_key.startswith(str(found["prefix"]))
    assert len(str(found["prefix"])) < 20


def test_a_key_is_kept_for_its_orchestrator_alone(place: Place) -> None:
    place.run("login", "--api-key", "file:key")
    other = place.run("config", "list", "--url", "http://127.0.0.1:9")
    assert other.code == 0
    gone = place.run("jobs", "list", "--url", "http://127.0.0.1:9", "-o", "json")
    assert gone.code == 3
    assert entry_names("http://a/", "p") == ("p@http://a", "http://a")


@pytest.mark.parametrize("key", ["sk_live_" + "0" * 46, "nonsense", "robot_x"])
def test_a_key_that_is_refused_is_not_kept(place: Place, key: str) -> None:
    (place.folder / "wrong").write_text(key)
    done = place.run("login", "--api-key", "file:wrong")
    assert (done.code, done.out) == (7, "")
    assert key not in done.err
    assert not (place.folder / ".config").exists()


def test_nobody_is_asked_off_a_terminal(place: Place) -> None:
    done = place.run("login")
    assert done.code == 2
    assert "--api-key -" in done.err


def test_a_key_is_typed_at_a_terminal_without_being_shown(place: Place, server: Server) -> None:
    import pty

    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(place.folder)
        os.execve("/usr/bin/env", ["env", *PROGRAM, "login"], dict(place.env))
    shown = b""
    while b"(not shown)" not in shown:
        shown += os.read(terminal, 1024)
    # What is typed before the echo is off is thrown away.
    eventually(lambda: not termios.tcgetattr(terminal)[3] & termios.ECHO)
    os.write(terminal, server.developer_key.encode() + b"\n")
    try:
        while piece := os.read(terminal, 1024):
            shown += piece
    except OSError:  # it has ended
        pass
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, shown
    os.close(terminal)
    assert b"signed in" in shown
    assert server.developer_key.encode() not in shown


def test_a_key_on_the_command_line_is_warned_of(place: Place, server: Server) -> None:
    done = place.run("login", "--api-key", server.developer_key)
    assert done.code == 0
    assert "history" in done.err
    assert server.developer_key not in done.err


def test_login_makes_a_profile_that_then_holds_its_own_key(place: Place, server: Server) -> None:
    (place.folder / "admin").write_text(server.admin_key)
    elsewhere = Place(folder=place.folder, env={**place.env, "CASARE_ORCHESTRATOR_URL": ""})
    words = ("login", "--profile", "boss", "--url", server.url, "--api-key", "file:admin")
    done = elsewhere.run(*words)
    assert done.code == 0, done
    assert "made the profile boss" in done.err
    del elsewhere.env["CASARE_ORCHESTRATOR_URL"]  # type: ignore[attr-defined]
    found = who(elsewhere.run("whoami", "--profile", "boss", "-o", "json"))
    assert (found["roles"], found["profile"]) == (["admin"], "boss")
    place.run("login", "--api-key", "file:key")
    assert who(place.run("whoami", "-o", "json"))["roles"] == ["developer"]
    assert place.run("logout", "--profile", "boss").code == 0
    left = place.run("whoami", "--profile", "boss", "-o", "json")
    assert who(left)["roles"] == ["developer"]


def test_an_unknown_profile_names_those_that_there_are(place: Place) -> None:
    done = place.run("jobs", "list", "--profile", "prod")
    assert done.code == 6
    assert "no profile 'prod'" in done.err
    assert "login --profile prod" in done.err


def test_logout_forgets_and_says_so(place: Place) -> None:
    place.run("login", "--api-key", "file:key")
    first = place.run("logout")
    assert (first.code, "is forgotten" in first.err) == (0, True)
    assert place.run("whoami").code == 7
    again = place.run("logout", "-o", "json")
    assert json.loads(again.out)["removed_from"] == []


def test_a_key_that_wins_over_the_kept_one_is_told(place: Place, server: Server) -> None:
    own = Place(folder=place.folder, env={**place.env, "CASARE_API_KEY": server.admin_key})
    assert "another key is set and wins" in own.run("login", "--api-key", "file:key").err
    assert who(own.run("whoami", "-o", "json"))["key_source"] == "CASARE_API_KEY"
    assert "another key is left" in own.run("logout").err


def test_the_keyring_keeps_the_key_where_there_is_one(with_keyring: Cli, server: Server) -> None:
    done = with_keyring("login", "--api-key", "file:key", "-o", "json")
    assert (done.returncode, json.loads(done.stdout)["stored_in"]) == (0, "keyring")
    assert not (with_keyring.folder / ".config").exists()
    kept = json.loads((with_keyring.folder / "kept.json").read_text())
    assert kept == {f"casare-rpa {server.url}": server.developer_key}
    assert "from\tkeyring" in with_keyring("whoami").stdout
    assert json.loads(with_keyring("logout", "-o", "json").stdout)["removed_from"] == ["keyring"]
    assert json.loads((with_keyring.folder / "kept.json").read_text()) == {}


def test_a_keyring_that_hangs_is_given_up_for_a_file(with_keyring: Cli) -> None:
    env = {"PYTHON_KEYRING_BACKEND": "own_keyring.Slow"}
    done = with_keyring("login", "--api-key", "file:key", env=env)
    assert done.returncode == 0
    assert "keys.json" in done.stderr
    wanted = with_keyring(
        "login", "--in", "keyring", "--api-key", "file:key", "-o", "json", env=env
    )
    assert error_of(wanted)["exit_code"] == 6
    out = with_keyring("logout", env=env)
    assert (out.returncode, "does not answer" in out.stderr) == (75, True)
    doctor = with_keyring("doctor", env=env).stdout
    assert "FAIL\tkeyring\t" in doctor


def test_a_damaged_file_of_keys_is_told_with_its_mend(place: Place) -> None:
    file = place.folder / ".config" / "casare-rpa" / "keys.json"
    file.parent.mkdir(parents=True)
    file.write_text("{")
    done = place.run("jobs", "list")
    assert done.code == 6
    assert f"{file} is damaged" in done.err
