"""keys revoke: it asks before the last admin key, and says how one gets another."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.support import Cli, error_of
from tests.orchestrator.support import running


def test_behind_the_last_admin_key_the_way_back_is_told(tmp_path: Path) -> None:
    state_dir = tmp_path / "state"
    with running(state_dir) as server:
        second = server.admin.create_key({"role": "admin"})["key"]["id"]
        server.key("developer")
        first = server.admin.me()["key_id"]
        cli = Cli(
            tmp_path,
            {"CASARE_ORCHESTRATOR_URL": server.url, "CASARE_API_KEY": server.admin_key},
        )
        revoked = cli("keys", "revoke", second)
        assert (revoked.returncode, revoked.stderr) == (0, f"revoked key {second}\n")
        last = cli("keys", "revoke", first, "--yes")
        assert last.returncode == 0
        assert "the last admin key: the next start of the orchestrator makes a new" in last.stderr
        assert error_of(cli("keys", "list", "-o", "json"))["exit_code"] == 7
    with running(state_dir) as server:
        assert server.admin.me()["roles"] == ["admin"]


def test_with_json_the_answer_stays_alone_on_stdout(tmp_path: Path) -> None:
    with running(tmp_path / "state") as server:
        cli = Cli(
            tmp_path,
            {"CASARE_ORCHESTRATOR_URL": server.url, "CASARE_API_KEY": server.admin_key},
        )
        key_id = server.admin.me()["key_id"]
        last = cli("keys", "revoke", key_id, "--yes", "-o", "json")
        assert json.loads(last.stdout)["key_id"] == key_id
        assert "last admin key" in last.stderr


def test_the_last_admin_key_is_not_revoked_by_mistake(tmp_path: Path) -> None:
    with running(tmp_path / "state") as server:
        cli = Cli(
            tmp_path,
            {"CASARE_ORCHESTRATOR_URL": server.url, "CASARE_API_KEY": server.admin_key},
        )
        key_id = server.admin.me()["key_id"]
        unasked = error_of(cli("keys", "revoke", key_id, "-o", "json"))
        assert (unasked["exit_code"], unasked["hint"]) == (
            2,
            f"casare-rpa keys revoke {key_id} --yes",
        )
        no = cli.asked("last admin key", "n\n", "keys", "revoke", key_id)
        assert no.code == 1 and "nothing was changed" in no.text
        assert server.admin.me()["roles"] == ["admin"]
        yes = cli.asked("last admin key", "y\n", "keys", "revoke", key_id)
        assert yes.code == 0 and f"revoked key {key_id}" in yes.text
        assert error_of(cli("keys", "list", "-o", "json"))["exit_code"] == 7
