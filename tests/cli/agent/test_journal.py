"""`casare-rpa agent journal list|show|flush`, on journals as the agent writes them."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest

from agent.attempt import Grant
from agent.journal.file import Journal
from agent.journal.records import events_payload
from agent.machine.folders import Folders
from agent.machine.lock import only_agent_in
from casare_rpa.settings import Settings
from tests.cli.support import Cli, Robot, Server, error_of, eventually
from tests.support.proxy import proxy_to

Json = dict[str, Any]
COMPLETED = {"kind": "outcome", "finish": {"status": "completed", "result": {"variables": {}}}}


class Machine:
    """A robot's machine: its state folder, its key, and the command line there."""

    def __init__(self, server: Server, cli: Cli, submit: Callable[..., str]) -> None:
        self.server = server
        self.robot = Robot(server, f"robot-{uuid4().hex[:8]}")
        with server.client(server.admin_key) as admin:
            made = admin.create_robot_key({"robot_id": self.robot.robot_id, "name": "own"})
        self.folders = Folders.open(Settings(state_dir=str(cli.folder / "state")))
        self.cli = Cli(cli.folder, server.env(made["api_key"]))
        self._submit = submit

    def leave(self, ending: Json | None = COMPLETED) -> str:
        """A journal of an attempt that the agent did not bring to its end; the job's id."""
        self._submit(self.robot)
        job_id = self.robot.claim()
        grant = Grant.parse(self.robot.grant)
        path = self.folders.journal_of(job_id, grant.attempt)
        head = grant.for_journal(self.robot.robot_id)
        journal = Journal.create(path, head, fsync_seconds=0.05)
        data = {"node_id": "greet", "node_type": "LogNode", "message": "hi"}
        events = [
            {"type": "node.started", "timestamp": "2026-01-01T00:00:00Z", "data": data},
            {"type": "log", "timestamp": "2026-01-01T00:00:01Z", "data": data},
        ]
        journal.append_bytes(events_payload(1, len(events), orjson.dumps(events)))
        if ending is not None:
            journal.append(ending, sync=True)
        journal.close()
        return job_id

    def job(self, job_id: str) -> Json:
        with self.server.client() as client:
            return client.job(job_id)


@pytest.fixture
def machine(server: Server, cli: Cli, submit: Callable[..., str]) -> Iterator[Machine]:
    found = Machine(server, cli, submit)
    yield found
    found.cli.end()
    found.robot.client.close()


def test_a_machine_without_an_agent_has_no_journals_and_gets_no_folder(cli: Cli) -> None:
    done = cli("agent", "journal", "list", "-o", "json")
    assert (done.returncode, json.loads(done.stdout)["items"]) == (0, [])
    assert not (cli.folder / "state").exists()


def test_a_folder_that_is_named_and_no_agents_is_not_found(cli: Cli, tmp_path: Path) -> None:
    for words in (("list",), ("show", "x")):
        done = cli("agent", "journal", *words, "--state-dir", tmp_path)
        assert done.returncode == 4
        assert f"{tmp_path} is no agent's state folder" in done.stderr


def test_list_shows_what_is_waiting_and_what_was_interrupted(machine: Machine) -> None:
    waiting, interrupted = machine.leave(), machine.leave(ending=None)
    done = machine.cli("agent", "journal", "list", "-o", "json")
    shown = {item["job_id"]: item for item in json.loads(done.stdout)["items"]}
    assert (shown[waiting]["state"], shown[waiting]["ending"]) == ("waiting", "completed")
    assert (shown[interrupted]["state"], shown[interrupted]["ending"]) == ("interrupted", None)
    assert shown[waiting]["events"] == 2
    lines = machine.cli("agent", "journal", "list").stdout.splitlines()
    assert [line.split("\t")[0] for line in lines] == [f"{waiting}-1", f"{interrupted}-1"]


def test_list_changes_nothing(machine: Machine) -> None:
    machine.leave(ending=None)
    (path,) = machine.folders.journal.glob("*.journal")
    with path.open("ab") as file:
        file.write(b"torn")
    before = path.read_bytes(), path.stat().st_mtime_ns
    assert machine.cli("agent", "journal", "list").returncode == 0
    assert machine.cli("agent", "journal", "show", path.stem).returncode == 0
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_show_tells_the_story_and_not_the_token(machine: Machine) -> None:
    job_id = machine.leave()
    token = machine.robot.grant["lease_token"]
    for format in ("table", "json", "jsonl"):
        done = machine.cli("agent", "journal", "show", job_id, "-o", format)
        assert done.returncode == 0
        assert token not in done.stdout
        assert "node.started" in done.stdout
    done = machine.cli("agent", "journal", "show", f"{job_id}-1", "-o", "json")
    shown = json.loads(done.stdout)
    assert shown["outcome"] == {"finish": COMPLETED["finish"]}
    assert [event["index"] for event in shown["last_events"]] == [1, 2]
    done = machine.cli("agent", "journal", "show", job_id, "--tail", "1", "-o", "jsonl")
    assert [json.loads(line)["type"] for line in done.stdout.splitlines()] == ["log"]


def test_show_of_a_damaged_journal_says_how_much_is_unreadable(machine: Machine) -> None:
    job_id = machine.leave()
    (path,) = machine.folders.journal.glob("*.journal")
    content = bytearray(path.read_bytes())
    content[content.index(b"greet")] ^= 1
    path.write_bytes(content)
    shown = json.loads(machine.cli("agent", "journal", "show", job_id, "-o", "json").stdout)
    assert shown["unreadable_bytes"] > 100
    assert (shown["events"], shown["ending"]) == (0, "completed")


@pytest.mark.parametrize("content", [b"", b"no journal at all", b"\0" * 5000])
def test_a_file_that_is_no_journal_is_called_damaged(machine: Machine, content: bytes) -> None:
    (machine.folders.journal / "odd-1.journal").write_bytes(content)
    done = machine.cli("agent", "journal", "list", "-o", "json")
    (item,) = json.loads(done.stdout)["items"]
    assert (item["name"], item["state"]) == ("odd-1", "damaged")
    assert machine.cli("agent", "journal", "show", "odd-1").returncode == 0


def test_show_of_a_journal_that_is_not_there_exits_4(machine: Machine) -> None:
    done = machine.cli("agent", "journal", "show", "nothing", "-o", "json")
    assert error_of(done)["code"] == "RESOURCE_NOT_FOUND"
    assert done.returncode == 4


def test_flush_delivers_what_is_known_and_reports_the_rest_as_lost(machine: Machine) -> None:
    waiting, interrupted = machine.leave(), machine.leave(ending=None)
    done = machine.cli("agent", "journal", "flush", "-o", "json")
    assert done.returncode == 0, done.stderr
    items = {item["job_id"]: item for item in json.loads(done.stdout)["items"]}
    assert (items[waiting]["result"], items[waiting]["reported"]) == ("delivered", "completed")
    assert (items[interrupted]["result"], items[interrupted]["reported"]) == ("delivered", "failed")
    assert machine.job(waiting)["status"] == "completed"
    assert machine.job(interrupted)["status"] == "pending"
    again = machine.cli("agent", "journal", "flush", "-o", "json")
    assert (again.returncode, json.loads(again.stdout)["items"]) == (0, [])


def test_flush_tells_of_a_job_that_was_given_to_another_robot(machine: Machine) -> None:
    job_id = machine.leave()
    with machine.server.client() as client:
        client.cancel(job_id)
    machine.robot.client.release(job_id, machine.robot.proof)
    done = machine.cli("agent", "journal", "flush", "-o", "json")
    assert done.returncode == 9
    (item,) = json.loads(done.stdout)["items"]
    assert item["result"] == "refused"
    (listed,) = json.loads(machine.cli("agent", "journal", "list", "-o", "json").stdout)["items"]
    assert listed["state"] == "told"


def test_flush_keeps_everything_while_no_orchestrator_answers(machine: Machine) -> None:
    machine.leave()
    before = {p.name: p.read_bytes() for p in machine.folders.journal.glob("*.journal")}
    words = ("agent", "journal", "flush", "--url", "http://127.0.0.1:1", "--timeout", "1s")
    assert machine.cli(*words).returncode == 3
    assert {p.name: p.read_bytes() for p in machine.folders.journal.glob("*.journal")} == before


def test_flush_tries_again_while_its_first_call_finds_nobody(machine: Machine) -> None:
    job_id = machine.leave()
    with proxy_to(machine.server.url) as proxy:
        proxy.lose(b"GET ", 2)
        done = machine.cli("agent", "journal", "flush", "--url", proxy.url, "--timeout", "100s")
    assert len(proxy.lost) == 2
    assert done.returncode == 0, done.stderr
    assert machine.job(job_id)["status"] == "completed"


def test_flush_refuses_while_an_agent_holds_the_folder(machine: Machine) -> None:
    job_id = machine.leave()
    with only_agent_in(machine.folders.root):
        done = machine.cli("agent", "journal", "flush", "-o", "json")
        assert error_of(done)["code"] == "RESOURCE_CONFLICT"
        assert done.returncode == 9
        (item,) = json.loads(machine.cli("agent", "journal", "list", "-o", "json").stdout)["items"]
        assert item["state"] == "waiting"
    assert machine.job(job_id)["status"] == "claimed"


def test_flush_with_another_key_than_the_robots_delivers_nothing(
    machine: Machine, server: Server
) -> None:
    job_id = machine.leave()
    person = machine.cli("agent", "journal", "flush", env=server.env())
    assert person.returncode == 5
    with server.client(server.admin_key) as admin:
        other = admin.create_robot_key({"robot_id": f"o-{uuid4().hex[:8]}", "name": "other"})
    done = machine.cli("agent", "journal", "flush", env=server.env(other["api_key"]))
    assert "belongs to the robot" in done.stderr
    assert machine.job(job_id)["status"] == "claimed"
    assert list(machine.folders.journal.glob("*.journal"))


def test_list_and_show_work_beside_a_running_agent(
    machine: Machine, workflow: str, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    waiting = {
        "metadata": {"name": "wait"},
        "nodes": {
            "wait": {
                "node_id": "wait",
                "node_type": "WaitNode",
                "config": {"duration": 60},
            }
        },
        "connections": [],
    }
    with machine.server.client() as client:
        pushed = client.push_workflow({"workflow_name": str(gate), "workflow_json": waiting})
        robot_id = machine.robot.robot_id
        request = {"workflow_id": pushed["workflow_id"], "robot_id": robot_id}
        job_id = client.submit(request)["job_id"]
    running = machine.cli.start("agent")

    def listed() -> Json | None:
        done = machine.cli("agent", "journal", "list", "-o", "json")
        assert done.returncode == 0, done.stderr
        return next((i for i in json.loads(done.stdout)["items"] if i["events"]), None)

    item = eventually(listed)
    assert (item["job_id"], item["state"]) == (job_id, "running")
    assert machine.cli("agent", "journal", "flush").returncode == 9
    with machine.server.client() as client:
        client.cancel(job_id)
    eventually(lambda: not list(machine.folders.journal.glob("*.journal")))
    running.send_signal(signal.SIGTERM)
    _, stderr = running.communicate(timeout=60)
    assert running.returncode == 0, stderr
