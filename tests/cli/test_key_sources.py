from __future__ import annotations

import subprocess
import time
from pathlib import Path
from uuid import uuid4

import pytest

from tests.cli.support import PROGRAM, Cli, Server, error_of

LIST = ("workflows", "list", "-o", "none")


@pytest.fixture
def keyless(tmp_path: Path, server: Server) -> Cli:
    return Cli(tmp_path, {"CASARE_ORCHESTRATOR_URL": server.url})


def test_a_key_on_the_command_line_works_and_warns_once(keyless: Cli, server: Server) -> None:
    done = keyless(*LIST, "--api-key", server.developer_key)
    assert done.returncode == 0
    assert len(done.stderr.splitlines()) == 1
    assert "can see a key" in done.stderr
    assert server.developer_key not in done.stderr


def test_a_key_comes_from_stdin_a_file_or_a_descriptor(
    keyless: Cli, server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "key"
    path.write_text(server.developer_key + "\n")
    stdin = keyless(*LIST, "--api-key", "-", stdin=server.developer_key + "\n")
    file = keyless(*LIST, "--api-key", f"file:{path}")
    with path.open() as source:
        descriptor = subprocess.run(
            [*PROGRAM, *LIST, "--api-key", f"fd:{source.fileno()}"],
            env=keyless.environment(),
            pass_fds=[source.fileno()],
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
    for done in (stdin, file, descriptor):
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("word", ["file:missing", "fd:99", "fd:x", "", "two words"])
def test_a_key_that_cannot_be_read_is_told_before_any_call(keyless: Cli, word: str) -> None:
    done = keyless(*LIST, "--api-key", word)
    assert done.returncode in (2, 6)
    assert "--api-key" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_sources_are_asked_in_order(keyless: Cli, server: Server, tmp_path: Path) -> None:
    """Option, environment, its file, systemd, the user's own file: the first one counts."""
    good, bad = server.developer_key, "sk_live_" + uuid4().hex
    user_file = tmp_path / ".config" / "casare-rpa" / "api.key"
    user_file.parent.mkdir(parents=True)
    user_file.write_text(good)
    assert keyless(*LIST).returncode == 0
    user_file.write_text(bad)
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "casare-api-key").write_text(good)
    env = {"CREDENTIALS_DIRECTORY": str(credentials)}
    assert keyless(*LIST, env=env).returncode == 0
    (credentials / "casare-api-key").write_text(bad)
    (tmp_path / "key").write_text(good)
    env["CASARE_API_KEY_FILE"] = str(tmp_path / "key")
    assert keyless(*LIST, env=env).returncode == 0
    env["CASARE_API_KEY_FILE"] = str(tmp_path / "missing")
    env["CASARE_API_KEY"] = good
    assert keyless(*LIST, env=env).returncode == 0
    env["CASARE_API_KEY"] = bad
    assert keyless(*LIST, "--api-key", good, env=env).returncode == 0


def test_a_keyring_that_never_answers_is_given_up(keyless: Cli, tmp_path: Path) -> None:
    (tmp_path / "slow_keyring.py").write_text(
        "import time\n"
        "from keyring.backend import KeyringBackend\n"
        "class Slow(KeyringBackend):\n"
        "    priority = 1\n"
        "    def get_password(self, service, username): time.sleep(100)\n"
        "    def set_password(self, service, username, password): ...\n"
        "    def delete_password(self, service, username): ...\n"
    )
    env = {"PYTHON_KEYRING_BACKEND": "slow_keyring.Slow", "PYTHONPATH": str(tmp_path)}
    before = time.monotonic()
    done = keyless(*LIST, env=env)
    assert done.returncode == 7
    assert 2.5 < time.monotonic() - before < 50


def test_the_keyring_holds_a_key_per_address(keyless: Cli, server: Server, tmp_path: Path) -> None:
    (tmp_path / "own_keyring.py").write_text(
        "from keyring.backend import KeyringBackend\n"
        "class Own(KeyringBackend):\n"
        "    priority = 1\n"
        "    def get_password(self, service, username):\n"
        f"        assert service == 'casare-rpa'\n"
        f"        return {server.developer_key!r} if username == {server.url!r} else None\n"
        "    def set_password(self, service, username, password): ...\n"
        "    def delete_password(self, service, username): ...\n"
    )
    env = {"PYTHON_KEYRING_BACKEND": "own_keyring.Own", "PYTHONPATH": str(tmp_path)}
    assert keyless(*LIST, env=env).returncode == 0


def test_the_admin_key_of_this_machine_makes_keys_and_nothing_else(
    keyless: Cli, server: Server
) -> None:
    env = {"CASARE_STATE_DIR": str(server.state_dir)}
    made = keyless("keys", "create", "--role", "viewer", env=env)
    assert made.returncode == 0
    assert made.stdout.startswith("sk_live_")
    assert made.stderr.count("admin key") == 1
    assert keyless(*LIST, env=env).returncode == 7


def test_the_admin_key_is_not_sent_to_another_machine(tmp_path: Path) -> None:
    from casare_cli.keys.sources import admin_key

    (tmp_path / "admin.key").write_text("sk_live_x")
    assert admin_key(tmp_path, "http://127.0.0.1:8000") == "sk_live_x"
    assert admin_key(tmp_path, "http://localhost:8000") == "sk_live_x"
    assert admin_key(tmp_path, "http://127.0.0.1.example.org:8000") == ""
    assert admin_key(tmp_path, "https://example.org") == ""


def test_commands_that_need_no_key_ask_no_keyring(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "trap.py").write_text("raise SystemExit(99)")
    env = {"PYTHON_KEYRING_BACKEND": "trap.Trap", "PYTHONPATH": str(tmp_path)}
    assert cli("nodes", "list", env=env).returncode == 0


def test_a_line_end_behind_the_key_of_a_variable_does_no_harm(keyless: Cli, server: Server) -> None:
    done = keyless(*LIST, env={"CASARE_API_KEY": server.developer_key + "\r\n"})
    assert (done.returncode, done.stderr) == (0, "")


def test_the_note_on_a_key_that_others_see_is_part_of_the_error_object(cli: Cli) -> None:
    words = ("jobs", "list", "--api-key", "sk_live_x", "--url", "http://127.0.0.1:9", "-o", "json")
    error = error_of(cli(*words))
    assert error["exit_code"] == 3
    assert "other users" in error["notes"][0]


def test_a_descriptor_that_is_no_number_is_named_in_plain_words(cli: Cli) -> None:
    error = error_of(cli("jobs", "list", "--api-key", "fd:x", "-o", "json"))
    assert error["message"] == "--api-key: fd:x names no descriptor"
    assert error["exit_code"] == 2
