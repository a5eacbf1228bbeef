from __future__ import annotations

import json
import signal
from pathlib import Path
from uuid import uuid4

import pytest

from casare_rpa.client import OrchestratorClient
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


@pytest.mark.parametrize("where", ["option", "variable", "login", "credential", "keyring"])
def test_a_key_that_is_rotated_is_read_again_where_it_came_from(
    cli: Cli, server: Server, tmp_path: Path, where: str
) -> None:
    robot_id = f"rotated-{where}-{uuid4().hex[:8]}"
    with server.client(server.admin_key) as admin:
        made = admin.create_robot_key({"robot_id": robot_id})
        file, words, env = {
            "option": (tmp_path / "k", ("--api-key", f"file:{tmp_path / 'k'}"), {}),
            "variable": (tmp_path / "k", (), {"CASARE_API_KEY_FILE": str(tmp_path / "k")}),
            "login": (tmp_path / ".config/casare-rpa/api.key", (), {}),
            "credential": (
                tmp_path / "given/casare-api-key",
                (),
                {"CREDENTIALS_DIRECTORY": str(tmp_path / "given")},
            ),
            "keyring": (
                tmp_path / "entry",
                (),
                {"PYTHON_KEYRING_BACKEND": "own_keyring.Own", "PYTHONPATH": str(tmp_path)},
            ),
        }[where]
        (tmp_path / "own_keyring.py").write_text(_KEYRING.format(entry=tmp_path / "entry"))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(made["api_key"])
        words = ("agent", "--url", server.url, *words)
        running = cli.start(*words, env={**env, "CASARE_POLL_WAIT_SECONDS": "0.5"})
        eventually(lambda: robot_id in [r["robot_id"] for r in admin.robots()["robots"]])
        new = admin.rotate_robot_key(made["key"]["id"])
        file.write_text(new["api_key"])
        eventually(lambda: _is_used(admin, robot_id, new["key"]["id"]))
    running.send_signal(signal.SIGTERM)
    _, stderr = running.communicate(timeout=100)
    assert running.returncode == 0, stderr
    assert f"going on with the key robot_{new['key']['id']}" in stderr
    assert new["api_key"] not in stderr


_KEYRING = """
from pathlib import Path
from keyring.backend import KeyringBackend
class Own(KeyringBackend):
    priority = 1
    def get_password(self, service, username): return Path("{entry}").read_text()
    def set_password(self, service, username, password): ...
    def delete_password(self, service, username): ...
"""


def _is_used(admin: OrchestratorClient, robot_id: str, key_id: str) -> bool:
    keys = admin.robot_keys(robot_id=robot_id)["keys"]
    return any(key["last_used_at"] for key in keys if key["id"] == key_id)


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
