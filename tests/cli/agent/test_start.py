from __future__ import annotations

import json
import signal
from pathlib import Path
from uuid import uuid4

import pytest

from tests.cli.support import Cli, Server, eventually


@pytest.fixture
def robot_key(server: Server) -> str:
    with server.client(server.admin_key) as admin:
        made = admin.create_robot_key({"robot_id": f"a-{uuid4().hex[:8]}", "name": "test"})
        return str(made["api_key"])


@pytest.mark.parametrize("verb", [(), ("start",)])
def test_it_works_with_the_words_of_the_reference(
    cli: Cli, server: Server, robot_key: str, verb: tuple[str, ...]
) -> None:
    """casare-rpa agent --api-key robot_..."""
    words = ("agent", *verb, "--api-key", robot_key, "--url", server.url, "--name", uuid4().hex)
    running = cli.start(*words)
    with server.client() as client:
        eventually(lambda: words[-1] in [r["name"] for r in client.robots()["robots"]])
    running.send_signal(signal.SIGTERM)
    _, stderr = running.communicate(timeout=100)
    assert running.returncode == 0, stderr


def test_once_runs_one_job_and_exits_with_its_outcome(
    cli: Cli, server: Server, robot_key: str, workflow: str, tmp_path: Path
) -> None:
    path = tmp_path / "robot.key"
    path.write_text(robot_key)
    with server.client(robot_key) as robot:
        robot_id = robot.me()["robot_id"]
    with server.client() as client:
        job_id = client.submit({"workflow_id": workflow, "robot_id": robot_id})["job_id"]
    words = ("--once", "--url", server.url, "--api-key", f"file:{path}", "--tags", "a,b")
    done = cli("agent", *words)
    assert done.returncode == 0, done.stderr
    shown = Cli(tmp_path, server.env())("jobs", "get", job_id, "-o", "json")
    job = json.loads(shown.stdout)
    assert job["status"] == "completed"
    assert job["result"]["variables"]["greeting"] == "hello world"


def test_a_refused_key_exits_77(cli: Cli, server: Server) -> None:
    env = {"CASARE_API_KEY": "robot_" + "x" * 46}
    done = cli("agent", "--url", server.url, env=env)
    assert done.returncode == 77
    assert "Traceback" not in done.stderr


def test_a_wrong_setting_exits_78(cli: Cli) -> None:
    done = cli("agent", env={"CASARE_MAX_CONCURRENT_JOBS": "many"})
    assert done.returncode == 78
    assert "CASARE_MAX_CONCURRENT_JOBS" in done.stderr


def test_a_wrong_option_exits_2(cli: Cli) -> None:
    assert cli("agent", "--max-concurrent-jobs", "0").returncode == 2
    assert cli("agent", "--idle-timeout", "soon").returncode == 2


def test_without_work_it_ends_after_the_idle_timeout(
    cli: Cli, server: Server, robot_key: str
) -> None:
    env = {"CASARE_API_KEY": robot_key, "CASARE_ORCHESTRATOR_URL": server.url}
    done = cli("agent", "--idle-timeout", "500ms", env={**env, "CASARE_POLL_WAIT_SECONDS": "0.2"})
    assert done.returncode == 0, done.stderr
