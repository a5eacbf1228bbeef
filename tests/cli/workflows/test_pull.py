from __future__ import annotations

import json
import stat

from tests.cli.conftest import document
from tests.cli.support import Cli, Server, error_of


def test_a_workflow_comes_back_as_it_was_pushed(remote: Cli, server: Server, workflow: str) -> None:
    done = remote("workflows", "pull", workflow)
    path = remote.folder / f"{workflow}.json"
    assert (done.returncode, done.stdout) == (0, "")
    assert json.loads(path.read_text()) == document()
    assert stat.S_IMODE(path.stat().st_mode) & 0o444 == 0o444, "others may read it"
    again = remote("workflows", "pull", f"{workflow}@1", "-o", "json")
    assert json.loads(again.stdout)["written"] is False
    with server.client() as client:
        newer = document() | {"variables": {"who": "you"}}
        client.push_workflow(
            {"workflow_id": workflow, "workflow_name": workflow, "workflow_json": newer}
        )
    refused = error_of(remote("workflows", "pull", workflow, "-o", "json"))
    assert refused["exit_code"] == 9 and "--force" in refused["hint"]
    assert json.loads(path.read_text()) == document()
    assert remote("workflows", "pull", workflow, "--force").returncode == 0
    assert json.loads(path.read_text()) == newer
    old = remote("workflows", "pull", workflow, "--version", "1", "-f", "-")
    assert json.loads(old.stdout) == document()


def test_what_is_not_there_writes_nothing(remote: Cli, workflow: str) -> None:
    assert remote("workflows", "pull", workflow, "--version", "9").returncode == 4
    assert remote("workflows", "pull", f"{workflow}@2", "--version", "1").returncode == 2
    assert remote("workflows", "pull", "nope", "-f", "x.json").returncode == 4
    assert not list(remote.folder.glob("*.json"))


def test_a_file_that_cannot_be_written_is_named_as_it_was_given(remote: Cli, workflow: str) -> None:
    done = remote("workflows", "pull", workflow, "-f", "/nope/x.json")
    assert done.returncode == 2
    assert "cannot write /nope/x.json: No such file or directory\n" in done.stderr
