"""The examples of docs/api/index.md as they stand there, against `casare-rpa orchestrator start`.

Only the address and the keys are put in: the examples speak of localhost:8000.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from casare_rpa.domain.events import EventBus, NodeStarted, get_event_bus, reset_event_bus
from casare_rpa.domain.workflow import parse_workflow
from casare_rpa.engine import RunOptions, compile_workflow, run_plan
from tests.support.fleet import eventually
from tests.support.runs import chain, document, node

pytestmark = pytest.mark.xdist_group("api-reference")
PAGE = (Path(__file__).parents[2] / "docs" / "api" / "index.md").read_text(encoding="utf-8")
WORKFLOW = document(
    {
        "say": node("LogNode", message="param is {{param}}"),
        "keep": node("SetVariableNode", variable_name="seen", value="{{param}}"),
    },
    chain("say", "keep"),
)
FAILING = document({"fail": node("ThrowErrorNode", error_message="on purpose")})


def example(language: str, word: str) -> str:
    """The block of *language* on the page that has *word* in it."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    (found,) = [text for kind, text in blocks if kind == language and word in text]
    return str(found)


@dataclass
class Server:
    url: str
    admin_key: str
    folder: Path

    def here(self, text: str) -> str:
        """*text* with this server's address."""
        return text.replace("localhost:8000", self.url.removeprefix("http://"))

    def call(self, method: str, path: str, body: Any = None) -> Any:
        # The headers are those that the page shows, with a real key.
        shown = example("python", "sk_live_").replace("sk_live_xxxxxxxxxxxx", self.admin_key)
        names: dict[str, Any] = {}
        exec(shown, names)
        request = urllib.request.Request(
            self.url + "/api/v1" + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={**names["headers"], "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read())

    def command(self, line: str) -> subprocess.Popen[bytes]:
        words = line.split()
        assert words[0] == "casare-rpa"
        environment = {k: v for k, v in os.environ.items() if not k.startswith("CASARE_")}
        environment |= {
            "CASARE_STATE_DIR": str(self.folder / "robot"),
            "CASARE_ORCHESTRATOR_URL": self.url,
        }
        with (self.folder / "robot.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "casare_cli", *words[1:]],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("reference")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CASARE_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "casare_cli", "orchestrator", "start", "--port", "0"],
        env={**environment, "CASARE_STATE_DIR": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    about = folder / "orchestrator.json"
    eventually(about.exists, 30, "the orchestrator listening")
    url = json.loads(about.read_text())["url"]
    running = Server(url, (folder / "admin.key").read_text().strip(), folder)
    key = running.call("POST", "/robot-api-keys", {"robot_id": "reference"})["api_key"]
    line = example("bash", "casare-rpa agent").replace("robot_xxxxxxxxxxxx", key)
    robot = running.command(line)
    eventually(lambda: running.call("GET", "/robots")["total"] == 1, 30, "the robot's registration")
    for workflow_id, content in (("my-workflow", WORKFLOW), ("failing", FAILING)):
        submission = {
            "workflow_id": workflow_id,
            "workflow_name": workflow_id,
            "workflow_json": content,
        }
        assert running.call("POST", "/workflows", submission)["workflow_id"] == workflow_id
    running.call("POST", "/jobs", {"workflow_id": "my-workflow"})
    yield running
    for program in (robot, process):
        program.send_signal(signal.SIGTERM)
    assert (robot.wait(60), process.wait(60)) == (0, 0)


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_curl_submits_a_job_that_a_robot_completes(server: Server) -> None:
    done = subprocess.run(
        ["sh", "-c", server.here(example("bash", "curl")).replace("curl", "curl -sS --fail", 1)],
        env={**os.environ, "API_KEY": server.admin_key},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    job_id = json.loads(done.stdout)["job_id"]

    def ended() -> Any:
        job = server.call("GET", f"/jobs/{job_id}")
        return job if job["status"] in ("completed", "failed") else None

    job = eventually(ended, 30, "the job's end")
    assert job["status"] == "completed", (server.folder / "robot.log").read_text()
    assert job["result"]["variables"]["seen"] == "value"
    assert [step["node_id"] for step in job["node_executions"]] == ["say", "keep"]


def messages(server: Server, workflow_id: str) -> list[Any]:
    body = {"workflow_id": workflow_id, "input_data": {"param": "value"}}
    job_id = server.call("POST", "/jobs", body)["job_id"]
    block = example("", "WebSocket URL").strip().removeprefix("WebSocket URL: ")
    url = server.here(block).replace("{job_id}", job_id)
    key = {"Authorization": f"Bearer {server.admin_key}"}
    with connect(url, additional_headers=key) as socket:
        return [json.loads(message) for message in socket]


def test_the_socket_tells_of_each_step_and_of_the_end(server: Server) -> None:
    told = messages(server, "my-workflow")
    types = [message["type"] for message in told]
    for name in ("job.started", "node.started", "node.completed", "job.completed"):
        assert name in types
        assert f"- `{name}`" in PAGE
    assert types[-1] == "job.completed"
    started = next(message for message in told if message["type"] == "node.started")
    assert started["node_id"] == started["data"]["node_id"] == "say"
    assert [message["seq"] for message in told] == list(range(1, len(told) + 1))


def test_the_socket_tells_of_a_failure(server: Server) -> None:
    last = messages(server, "failing")[-1]
    assert (last["type"], last["failed_node_id"]) == ("job.failed", "fail")
    assert "on purpose" in last["error_message"]
    assert "- `job.failed`" in PAGE


@pytest.mark.parametrize("path", ["/workflows", "/workflows/my-workflow", "/jobs", "/robots"])
def test_every_list_and_thing_of_the_table_answers(server: Server, path: str) -> None:
    shown = path.replace("my-workflow", "{id}")
    assert f"| `{shown}` | GET |" in PAGE
    answer = server.call("GET", path)
    if path == "/workflows/my-workflow":
        assert answer["workflow_json"] == WORKFLOW
    else:
        assert answer["total"] >= 1
        assert len(answer[path.strip("/")]) == answer["total"]


def test_a_decorated_function_hears_of_completed_nodes(capsys: pytest.CaptureFixture[str]) -> None:
    reset_event_bus()
    try:
        exec(example("python", "get_event_bus"), {})
        heard: list[str] = []
        get_event_bus().subscribe(NodeStarted, lambda event: heard.append(event.node_id))
        plan = compile_workflow(parse_workflow(WORKFLOW))
        options = RunOptions(variables={"param": 1}, working_dir=Path.cwd())
        asyncio.run(run_plan(plan, options, EventBus(parent=get_event_bus())))
        assert heard == ["say", "keep"]
        said = capsys.readouterr().out.splitlines()
        assert [re.sub(r"[\d.e-]+ms", "Nms", line) for line in said] == [
            "Node say completed in Nms",
            "Node keep completed in Nms",
        ]
    finally:
        reset_event_bus()
