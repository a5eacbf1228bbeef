from __future__ import annotations

import json
from pathlib import Path

import pytest

from casare_rpa.client import OrchestratorClient
from tests.cli.support import Cli, Server, error_of


@pytest.fixture
def admin(tmp_path: Path, server: Server) -> Cli:
    return Cli(tmp_path, server.env(server.admin_key))


@pytest.mark.parametrize("role", ["viewer", "operator", "developer", "admin"])
def test_a_key_of_each_role_is_made(admin: Cli, server: Server, role: str) -> None:
    made = json.loads(admin("keys", "create", "--role", role, "-o", "json").stdout)
    assert made["schema_version"] == 1
    assert made["key"]["role"] == role
    with OrchestratorClient(server.url, made["api_key"]) as client:
        assert role in client.me()["roles"]


def test_a_role_must_be_named(admin: Cli) -> None:
    assert admin("keys", "create").returncode == 2
    assert admin("keys", "create", "--role", "god").returncode == 2


def test_a_key_may_expire(admin: Cli) -> None:
    words = ("keys", "create", "--role", "viewer", "--expires-in", "2h", "-o", "json")
    assert json.loads(admin(*words).stdout)["key"]["expires_at"]


def test_keys_are_listed_by_role(admin: Cli) -> None:
    admin("keys", "create", "--role", "operator", "--name", "ops")
    items = json.loads(admin("keys", "list", "--role", "operator", "-o", "json").stdout)["items"]
    assert {item["role"] for item in items} == {"operator"}


def test_a_revoked_key_exits_7(admin: Cli) -> None:
    made = json.loads(admin("keys", "create", "--role", "viewer", "-o", "json").stdout)
    assert admin("keys", "revoke", made["key"]["id"]).returncode == 0
    env = {"CASARE_API_KEY": made["api_key"]}
    error = error_of(admin("jobs", "list", "-o", "json", env=env))
    assert error["exit_code"] == 7
    assert error["hint"].startswith("It came from CASARE_API_KEY. An administrator makes another")


def test_a_rotated_key_keeps_its_role(admin: Cli, server: Server) -> None:
    made = json.loads(admin("keys", "create", "--role", "viewer", "-o", "json").stdout)
    new = admin("keys", "rotate", made["key"]["id"]).stdout.strip()
    with OrchestratorClient(server.url, new) as client:
        assert client.me()["roles"] == ["viewer"]
