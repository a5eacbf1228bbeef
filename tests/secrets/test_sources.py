"""Where secrets come from, each place for real, and the one order of them."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from casare_rpa.errors import (
    CasareError,
    ConfigInvalid,
    Forbidden,
    InvalidInput,
    ServerFailed,
    Unreachable,
)
from casare_rpa.secrets import Secret, SecretMissing, SecretSources
from casare_rpa.secrets.credentials import SystemdCredentials
from casare_rpa.secrets.file import SecretFile
from casare_rpa.secrets.variables import EnvironmentSecrets
from casare_rpa.secrets.vault import VaultSecrets
from casare_rpa.settings import Settings


def sources(tmp_path: Path, env: Mapping[str, str] | None = None, **settings: Any) -> SecretSources:
    file = str(tmp_path / "secrets.json")
    return SecretSources.of(Settings(secrets_file=file, **settings), env or {})


def whole(found: Secret | None) -> Any:
    return None if found is None else found.whole


# -- one order


def test_the_first_place_that_has_a_secret_gives_it(tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    env = {"CASARE_SECRET_DB_MAIN": "of-env", "CREDENTIALS_DIRECTORY": str(credentials)}
    SecretFile(path=tmp_path / "secrets.json").set("db-main", "", "of-file")
    (credentials / "db-main").write_text("of-systemd\n")
    assert sources(tmp_path, env).find("db-main").whole == "of-env"
    del env["CASARE_SECRET_DB_MAIN"]
    assert sources(tmp_path, env).find("db-main").whole == "of-systemd"
    (credentials / "db-main").unlink()
    assert sources(tmp_path, env).find("db-main").whole == "of-file"


def test_a_missing_secret_says_where_it_was_looked_for_and_what_to_do(tmp_path: Path) -> None:
    env = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    found = sources(tmp_path, env)
    with pytest.raises(SecretMissing) as caught:
        found.find("erp")
    for place in ("CASARE_SECRET_ERP", "systemd", str(tmp_path / "secrets.json")):
        assert place in caught.value.message
    assert "casare-rpa secrets set erp" in str(caught.value.hint)
    SecretFile(path=tmp_path / "secrets.json").set("erp", "user", "scott")
    with pytest.raises(SecretMissing, match=r"erp is in .* with the fields: user"):
        found.find("erp.password")


def test_the_last_part_of_a_name_may_be_a_field(tmp_path: Path) -> None:
    file = SecretFile(path=tmp_path / "secrets.json")
    file.set("erp", "password", "tiger")
    file.set("erp", "username", "scott")
    file.set("team/erp.old", "", "{not json")
    found = sources(tmp_path, {"CASARE_SECRET_API": '{"token": "t", "deep": {"n": 5}}'})
    assert found.find("erp").whole == {"password": "tiger", "username": "scott"}
    assert found.find("erp.password").whole == found.find("erp/password").whole == "tiger"
    assert found.find("team/erp.old").whole == "{not json"
    assert found.find("api.token").whole == "t"
    assert found.find("api").whole == '{"token": "t", "deep": {"n": 5}}'
    assert found.find("api.deep").whole == {"n": 5}


@pytest.mark.parametrize("name", ["", "../etc/passwd", "a..b", "/a", "a  b", "a\n", "x" * 300])
def test_what_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput, match="is no name for a secret"):
        sources(tmp_path).find(name)


def test_values_are_in_no_repr(tmp_path: Path) -> None:
    env = {"CASARE_SECRET_X": "canary"}
    found = sources(tmp_path, env, vault_address="http://127.0.0.1:1", vault_token="canary")
    assert "canary" not in f"{found!r} {found.find('x')!r} {Secret(fields={'a': 'canary'})!r}"


# -- environment and systemd


def test_names_of_variables_are_as_workflows_write_them() -> None:
    found = EnvironmentSecrets(env={"CASARE_SECRET_DB_MAIN": "v", "CASARE_SECRET_NONE": ""})
    assert found.names() == ["db_main"]
    assert whole(found.find("db-main")) == whole(found.find("db/main")) == "v"
    assert found.find("none") is None


def test_the_robots_key_is_no_secret_for_workflows(tmp_path: Path) -> None:
    (tmp_path / "casare-api-key").write_text("robot_key")
    (tmp_path / "robot.key").write_text("robot_key\n")
    (tmp_path / "erp").write_text("tiger\n")
    env = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    robot = sources(tmp_path, env, api_key="robot_key")
    assert [entry.name for entry in robot.entries()] == ["erp"]
    for name in ("casare-api-key", "robot.key"):
        with pytest.raises(SecretMissing):
            robot.find(name)
    (tmp_path / "erp").write_bytes(b"\xff")
    found = SystemdCredentials(folder=tmp_path)
    with pytest.raises(ConfigInvalid, match="not UTF-8"):
        found.find("erp")
    assert found.names() == ["robot.key"]


# -- the file


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
def test_the_file_is_private_and_refused_when_it_is_not(tmp_path: Path) -> None:
    file = SecretFile(path=tmp_path / "new" / "secrets.json")
    file.set("erp", "", "canary")
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert file.path.parent.stat().st_mode & 0o777 == 0o700
    file.path.chmod(0o640)
    for act in (lambda: file.find("erp"), lambda: file.set("x", "", "y"), file.names):
        with pytest.raises(ConfigInvalid, match="other users may read") as caught:
            act()
        assert caught.value.hint == f"chmod 600 {file.path}"


@pytest.mark.parametrize(
    "content", ["{canary", "[]", '{"secrets": []}', '{"secrets": {"a": {"b": 1}}}', "\xff\xfe"]
)
def test_a_damaged_file_is_neither_read_nor_overwritten(tmp_path: Path, content: str) -> None:
    file = SecretFile(path=tmp_path / "secrets.json")
    file.path.write_bytes(content.encode("latin-1"))
    file.path.chmod(0o600)
    acts: list[Callable[[], object]] = [
        lambda: file.find("a"),
        lambda: file.set("a", "", "b"),
    ]
    for act in acts:
        with pytest.raises(ConfigInvalid) as caught:
            act()
        assert "canary" not in str(caught.value)
    assert file.path.read_bytes() == content.encode("latin-1")


def test_writers_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    names = [f"s{number}" for number in range(20)]

    def write(name: str) -> None:
        SecretFile(path=tmp_path / "secrets.json").set(name, "f", name * 100)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, names))
    file = SecretFile(path=tmp_path / "secrets.json")
    assert file.names() == sorted(names)
    assert file.delete("s3") and not file.delete("s3") and file.find("s3") is None
    assert {path.name for path in tmp_path.iterdir()} == {"secrets.json", "secrets.json.lock"}


# -- Vault


class Vault:
    """A server that speaks the three calls of Vault that are used, with state of its own."""

    def __init__(self) -> None:
        self.token = "hvs.first"
        self.calls: list[str] = []
        self.namespace: str | None = None
        self.answer: tuple[int, bytes] | None = None
        vault = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                vault.calls.append(self.path)
                vault.namespace = self.headers["X-Vault-Namespace"]
                if self.headers["X-Vault-Token"] != vault.token:
                    self.reply(403, {"errors": ["permission denied"]})
                elif vault.answer is not None:
                    self.reply_raw(*vault.answer)
                elif self.path == "/v1/kv/data/team/erp":
                    fields = {"username": "scott", "password": "tiger", "port": 5432}
                    self.reply(200, {"data": {"data": fields, "metadata": {"version": 3}}})
                elif self.path == "/v1/kv/data/deleted":
                    self.reply(404, {"data": {"data": None}})
                else:
                    self.reply(404, {"errors": []})

            def do_POST(self) -> None:
                vault.calls.append(self.path)
                proof = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if proof == {"role_id": "role", "secret_id": "s3cret"}:
                    self.reply(200, {"auth": {"client_token": vault.token}})
                else:
                    self.reply(400, {"errors": ["invalid role or secret ID"]})

            def reply(self, status: int, body: object) -> None:
                self.reply_raw(status, json.dumps(body).encode())

            def reply_raw(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"

    def secrets(self, **more: Any) -> VaultSecrets:
        return VaultSecrets(address=self.address, mount="kv", **more)


@pytest.fixture
def vault() -> Iterator[Vault]:
    found = Vault()
    thread = threading.Thread(target=lambda: found.server.serve_forever(poll_interval=0.01))
    thread.start()
    yield found
    found.server.shutdown()
    found.server.server_close()
    thread.join()


def test_vault_gives_a_secret_and_its_fields(vault: Vault, tmp_path: Path) -> None:
    settings: dict[str, Any] = {
        "vault_address": vault.address + "/",
        "vault_mount": "/kv/",
        "vault_token": vault.token,
        "vault_namespace": "ops",
    }
    found = sources(tmp_path, **settings)
    assert found.find("team/erp.password").whole == "tiger"
    assert found.find("team/erp").fields["port"] == 5432
    assert vault.namespace == "ops"
    with pytest.raises(SecretMissing, match=r"Vault \(http.*, kv/deleted\)"):
        found.find("deleted")


def test_a_place_that_comes_first_spares_vault_the_call(vault: Vault, tmp_path: Path) -> None:
    env = {"CASARE_SECRET_ERP": "mine"}
    found = sources(tmp_path, env, vault_address=vault.address, vault_token="x")
    assert found.find("erp").whole == "mine" and vault.calls == []


def test_a_role_signs_in_once_and_again_when_its_token_is_refused(vault: Vault) -> None:
    found = vault.secrets(role_id="role", secret_id="s3cret")
    assert found.find("team/erp") is not None and found.find("team/erp") is not None
    assert vault.calls.count("/v1/auth/approle/login") == 1
    vault.token = "hvs.second"
    assert found.find("team/erp") is not None
    assert vault.calls.count("/v1/auth/approle/login") == 2


def test_what_vault_refuses_is_told_without_what_was_sent(vault: Vault) -> None:
    cases: list[tuple[VaultSecrets, type[CasareError]]] = [
        (vault.secrets(token="hvs.wrong"), Forbidden),
        (vault.secrets(role_id="role", secret_id="hvs.wrong"), Forbidden),
        (vault.secrets(), ConfigInvalid),
        (VaultSecrets(address="http://127.0.0.1:1", mount="kv", token="hvs.wrong"), Unreachable),
        (VaultSecrets(address="nonsense", mount="kv", token="hvs.wrong"), CasareError),
    ]
    for secrets, kind in cases:
        with pytest.raises(kind) as caught:
            secrets.find("team/erp")
        assert "hvs.wrong" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize("answer", [(503, b"{}"), (200, b"<html>"), (200, b'{"data": 1}')])
def test_what_is_no_vault_is_told(vault: Vault, answer: tuple[int, bytes]) -> None:
    vault.answer = answer
    with pytest.raises(ServerFailed):
        vault.secrets(token=vault.token).find("team/erp")


def test_the_settings_know_the_variables_of_vault(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("hvs.file\n")
    env = {"VAULT_ADDR": "https://vault:8200", "VAULT_TOKEN_FILE": str(tmp_path / "token")}
    settings = Settings.load(env=env)
    assert (settings.vault_address, settings.vault_token) == ("https://vault:8200", "hvs.file")
    assert "hvs.file" not in repr(settings)
