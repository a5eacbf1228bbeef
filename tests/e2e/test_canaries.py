"""No key and no lease token is found anywhere but where it was put, with everything at DEBUG.

The canaries are the keys of an admin, of an operator and of a robot, and a lease token. Input of a
job is not a secret: it is stored as it is, and the documentation says so. A journal holds the
token of its own attempt, readable by the agent's user alone, until its job is delivered.
"""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from casare_rpa.client import OrchestratorClient
from tests.agent import workflows
from tests.support.fleet import Orchestrator, start_agent, start_orchestrator
from tests.support.runs import document, node

pytestmark = pytest.mark.skipif(not Path("/proc").exists(), reason="reads /proc")

_LOOK = (
    "env > saw; tr '\\\\0' '\\\\n' < /proc/self/environ >> saw; "
    "tr '\\\\0' '\\\\n' < /proc/$PPID/environ >> saw; cat /proc/[0-9]*/cmdline >> saw 2>/dev/null; "
    "cp saw '{target}'"
)


@pytest.fixture
def orchestrator(tmp_path: Path) -> Iterator[Orchestrator]:
    """As a person starts it: by the command line, with the log at DEBUG."""
    with start_orchestrator(tmp_path, log_level="DEBUG") as started:
        started.program.command = [sys.executable, "-m", "casare_cli", "orchestrator", "start"]
        started.program.stop()
        started.start()
        yield started


def test_secrets_are_nowhere_but_where_they_were_put(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    admin_file = orchestrator.state_dir / "admin.key"
    canaries = {
        "admin key": admin_file.read_text(encoding="ascii").strip(),
        "operator key": orchestrator.admin.create_key({"role": "operator"})["api_key"],
        "robot key": orchestrator.robot_key("robot-1"),
        "key of another robot": orchestrator.robot_key("robot-2"),
    }
    canaries["lease token"] = _claimed(orchestrator, canaries["key of another robot"])
    seen = tmp_path / "seen"
    with start_agent(
        orchestrator, tmp_path, log_level="DEBUG", api_key=canaries["robot key"]
    ) as agent:
        look = workflows.shell(_LOOK.format(target=seen))
        job_id = orchestrator.submit(look, robot_id="robot-1")
        job = orchestrator.wait_for(job_id, seconds=100)
        assert job["status"] == "completed", job
        answers = _provoke(orchestrator, canaries)
        lines = _command_lines(orchestrator.program.pid, agent.pid)
        _check_private(agent.state_dir, orchestrator.state_dir)
        assert agent.stop() == 0
    places = {
        "what the job saw": seen.read_bytes(),
        "answers": answers,
        "command lines": lines,
        **{
            str(path.relative_to(tmp_path)): path.read_bytes()
            for path in tmp_path.rglob("*")
            if path.is_file() and path != admin_file
        },
    }
    assert "orchestrator.log" in places and "orchestrator/orchestrator.db" in places
    assert b"DEBUG" in places["orchestrator.log"] and len(places["what the job saw"]) > 100
    found = [
        (name, place)
        for name, secret in canaries.items()
        for place, content in places.items()
        if secret.encode() in content or _heart(secret).encode() in content
    ]
    assert found == []


def _heart(secret: str) -> str:
    """The random part of a key: its prefix and id may be shown."""
    return secret.rpartition("_")[2][8:40] if secret.startswith(("sk_", "robot_")) else secret


def _claimed(orchestrator: Orchestrator, key: str) -> str:
    """The token of a job that another robot holds, after it has spoken for it in every way."""
    with OrchestratorClient(orchestrator.url, key) as robot:
        robot.register({"robot_id": "robot-2", "name": "robot-2", "hostname": "x"})
        job_id = orchestrator.submit(
            document({"wait": node("WaitNode", duration=1)}), robot_id="robot-2"
        )
        grant = robot.claim({"claim_id": "claim-of-the-canary"})
        assert grant is not None
        proof = {"attempt": grant["attempt"], "lease_token": grant["lease_token"]}
        robot.heartbeat("robot-2", {"leases": [{"job_id": job_id, **proof}]})
        ending = {"status": "failed", "error_message": "no", "event_count": 0}
        robot.finish(job_id, {**proof, **ending})
    return str(grant["lease_token"])


def _provoke(orchestrator: Orchestrator, canaries: dict[str, str]) -> bytes:
    """Every answer to secrets sent where they do not belong, and to proofs that are wrong."""
    key, token = canaries["operator key"], canaries["lease token"]
    headers = {"Authorization": f"Bearer {key}"}
    robot = {"Authorization": f"Bearer {canaries['key of another robot']}"}
    jobs = f"{orchestrator.url}/api/v1/jobs"
    proof = {"attempt": "x", "lease_token": token}
    with httpx.Client(trust_env=False, verify=False, timeout=60) as http:
        answers = [
            http.get(jobs, params={"api_key": key}),
            http.get(f"{jobs}/{key}", headers=headers),
            http.get(jobs, headers={"Authorization": f"Bearer {key}x"}),
            http.get(jobs, headers={"Authorization": f"Basic {key}"}),
            http.get(jobs, headers={"Cookie": f"key={key}"}),
            http.delete(f"{orchestrator.url}/api/v1/robots/x", headers=headers),
            http.post(f"{jobs}/none/finish", json=proof, headers=robot),
            http.post(f"{jobs}/none/release", json={**proof, "attempt": 1}, headers=robot),
        ]
    address = f"ws{orchestrator.url.removeprefix('http')}/ws/jobs/none?token={key}"
    with suppress(WebSocketException), connect(address, proxy=None) as socket:
        socket.recv(timeout=60)
    assert all(answer.status_code >= 400 for answer in answers)
    return b"\n".join(answer.content + str(answer.headers).encode() for answer in answers)


def _command_lines(*pids: int) -> bytes:
    lines: list[str] = []
    for pid in pids:
        process = psutil.Process(pid)
        for one in [process, *process.children(recursive=True)]:
            with suppress(psutil.Error):
                lines += one.cmdline()
    return "\n".join(lines).encode()


def _check_private(*folders: Path) -> None:
    """Nobody but the owner may look into what the programs write."""
    for folder in folders:
        assert stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0, folder
    for journal in folders[0].rglob("*.journal"):
        with suppress(FileNotFoundError):
            assert stat.S_IMODE(journal.stat().st_mode) & 0o077 == 0, journal
