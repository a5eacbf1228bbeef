from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

from tests.cli.conftest import document
from tests.cli.support import Cli, Server, error_of


def write(path: Path, **metadata: str) -> Path:
    path.write_text(json.dumps(document() | {"metadata": metadata}))
    return path


def test_the_id_is_the_files_own_or_made_of_its_name(
    remote: Cli, server: Server, tmp_path: Path
) -> None:
    mark = uuid4().hex[:8]
    named = write(tmp_path / "a.json", name=f"Invoices, März {mark}!")
    claimed = write(tmp_path / "b.json", name=f"b {mark}", id=f"own.id-{mark}")
    assert remote("workflows", "push", named, "-o", "name").stdout == f"invoices-m-rz-{mark}\n"
    assert remote("workflows", "push", claimed, "-o", "name").stdout == f"own.id-{mark}\n"
    with server.client() as client:
        assert client.workflow(f"own.id-{mark}")["workflow_json"]["variables"] == {"who": "world"}


def test_the_same_content_makes_no_new_version(remote: Cli, tmp_path: Path) -> None:
    name = uuid4().hex[:8]
    path = write(tmp_path / "a.json", name=name)
    versions = []
    for content in ("x", "x", "y"):
        write(path, name=name, description=content)
        result = json.loads(remote("workflows", "push", path, "-o", "json").stdout)
        versions.append((result["version"], result["created"]))
    assert versions == [(1, True), (1, False), (2, True)]


def test_an_id_may_be_chosen_for_one_file(remote: Cli, workflow_file: Path) -> None:
    chosen = uuid4().hex
    write(workflow_file, name=chosen)
    assert remote("workflows", "push", workflow_file, "--id", chosen).stdout == f"{chosen}\n"
    two = remote("workflows", "push", workflow_file, workflow_file, "--id", chosen)
    assert two.returncode == 2


def test_a_broken_file_is_refused_with_all_its_problems(
    remote: Cli, server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "broken.json"
    broken = document() | {"metadata": {"name": uuid4().hex}}
    broken["nodes"]["greet"]["node_type"] = "NoSuchNode"
    broken["connections"][0]["target_node"] = "nowhere"
    path.write_text(json.dumps(broken, indent=1))
    done = remote("workflows", "push", path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "NoSuchNode" in done.stderr
    assert "nowhere" in done.stderr
    problems = error_of(remote("workflows", "push", path, "-o", "json"))["problems"]
    assert len(problems) >= 2


def test_a_missing_file_exits_2(remote: Cli) -> None:
    assert remote("workflows", "push", "missing.json").returncode == 2


def test_a_viewer_may_not_push(cli: Cli, server: Server, workflow_file: Path) -> None:
    with server.client(server.admin_key) as admin:
        key = admin.create_key({"role": "viewer", "name": "v"})["api_key"]
    done = cli("workflows", "push", workflow_file, env=server.env(key))
    assert (done.returncode, done.stdout) == (5, "")


def test_a_workflow_on_stdin_is_pushed_under_a_name(remote: Cli, server: Server) -> None:
    chosen = uuid4().hex
    unnamed = json.dumps(document() | {"metadata": {}})
    refused = remote("workflows", "push", "-", stdin=unnamed)
    assert (refused.returncode, "--id" in refused.stderr) == (2, True)
    assert remote("workflows", "push", "-", "--id", chosen, stdin=unnamed).stdout == f"{chosen}\n"
    named = json.dumps(document() | {"metadata": {"name": f"n {chosen}"}})
    assert remote("workflows", "push", "-", stdin=named).stdout == f"n-{chosen}\n"
    empty = remote("workflows", "push", "-", "--id", chosen)
    assert (empty.returncode, "stdin is empty" in empty.stderr) == (2, True)


def test_a_submit_from_stdin_says_what_to_do(remote: Cli) -> None:
    for words in (("jobs", "submit", "-"), ("jobs", "submit", "-", "--dry-run")):
        done = remote(*words, stdin=json.dumps(document()))
        assert done.returncode == 2
        assert "hint: Push it first: casare-rpa workflows push - --id NAME" in done.stderr
