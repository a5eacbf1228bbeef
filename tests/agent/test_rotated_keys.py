"""A robot's key is rotated while its agent is at work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from casare_rpa import faults
from tests.agent import workflows
from tests.agent.checks import wait_until_gone
from tests.support.fleet import Agent, Orchestrator, eventually, start_agent, start_orchestrator

_NOT_YET = "does not hold the new one yet"


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Orchestrator]:
    """Its leases outlast what a busy machine makes of these tests."""
    with start_orchestrator(tmp_path, lease_seconds=20) as running:
        yield running


def key_file(orchestrator: Orchestrator, folder: Path, robot_id: str) -> Path:
    path = folder / f"{robot_id}.key"
    path.write_text(orchestrator.robot_key(robot_id) + "\n", encoding="utf-8")
    return path


def rotated(orchestrator: Orchestrator, robot_id: str) -> str:
    """The successor of the robot's only key."""
    (key,) = orchestrator.admin.robot_keys(robot_id=robot_id, status="active")["keys"]
    return str(orchestrator.admin.rotate_robot_key(key["id"])["api_key"])


def replace(file: Path, text: str) -> None:
    new = file.with_suffix(".new")
    new.write_text(text + "\n", encoding="utf-8")
    new.replace(file)


def tells_no_key(agent: Agent, *keys: str) -> bool:
    files = [path for path in agent.state_dir.rglob("*") if path.is_file()]
    shown = b"".join(path.read_bytes() for path in (agent.program.log, *files))
    return not any(key.encode() in shown for key in keys)


def test_running_jobs_go_on_with_the_new_key_of_its_file(
    patient: Orchestrator, tmp_path: Path
) -> None:
    file = key_file(patient, tmp_path, "r6")
    first = file.read_text(encoding="utf-8").strip()
    with start_agent(patient, tmp_path, robot_id="r6", api_key_file=file) as agent:
        job_id = patient.submit(workflows.gated(tmp_path), robot_id="r6", on_lost="fail")
        eventually(lambda: workflows.ledger(tmp_path))
        second = rotated(patient, "r6")
        replace(file, second)
        eventually(lambda: agent.program.says("going on with the key robot_"))
        (tmp_path / "gate").touch()
        job = patient.wait_for(job_id)
        assert (job["status"], job["attempt"]) == ("completed", 1)
        # Once more, and claims as well.
        third = rotated(patient, "r6")
        replace(file, third)
        job = patient.wait_for(patient.submit(workflows.quick(), robot_id="r6"))
        assert (job["status"], job["attempt"]) == ("completed", 1)
        assert tells_no_key(agent, first, second, third)
        assert agent.stop() == 0
        assert agent.journals() == []


def test_a_new_key_that_comes_later_is_waited_for(patient: Orchestrator, tmp_path: Path) -> None:
    file = key_file(patient, tmp_path, "late")
    with start_agent(patient, tmp_path, robot_id="late", api_key_file=file) as agent:
        job_id = patient.submit(workflows.gated(tmp_path), robot_id="late")
        eventually(lambda: workflows.ledger(tmp_path))
        new = rotated(patient, "late")
        eventually(lambda: agent.program.says(_NOT_YET))
        assert patient.job(job_id)["status"] == "running"
        # Half of a key is none.
        replace(file, new[:30])
        replace(file, new)
        eventually(lambda: agent.program.says("going on with the key robot_"))
        (tmp_path / "gate").touch()
        job = patient.wait_for(job_id)
        assert (job["status"], job["attempt"]) == ("completed", 1)


def test_a_key_that_is_rotated_before_the_first_renewal_is_waited_for_as_later(
    patient: Orchestrator, tmp_path: Path
) -> None:
    file = key_file(patient, tmp_path, "early")
    slow = {faults.VARIABLE: "renew.send:sleep:3"}
    with start_agent(
        patient, tmp_path, robot_id="early", api_key_file=file, environment=slow
    ) as agent:
        new = rotated(patient, "early")
        eventually(lambda: agent.program.says(_NOT_YET))
        replace(file, new)
        eventually(lambda: agent.program.says("going on with the key robot_"))
        job = patient.wait_for(patient.submit(workflows.quick(), robot_id="early"))
        assert (job["status"], job["attempt"]) == ("completed", 1)
        assert agent.stop() == 0


def test_an_idle_agent_hears_of_it_over_its_socket(tmp_path: Path) -> None:
    """Neither its next renewal nor the end of its request for a job would tell it so soon."""
    with start_orchestrator(tmp_path, lease_seconds=300) as server:
        file = key_file(server, tmp_path, "idle")
        with start_agent(server, tmp_path, robot_id="idle", api_key_file=file) as agent:
            replace(file, rotated(server, "idle"))
            eventually(lambda: agent.program.says("going on with the key robot_"), seconds=15)


def test_without_a_new_key_it_ends_when_its_leases_can_no_longer_be_trusted(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    file = key_file(orchestrator, tmp_path, "forgotten")
    with start_agent(orchestrator, tmp_path, robot_id="forgotten", api_key_file=file) as agent:
        job_id = orchestrator.submit(workflows.gated(tmp_path), robot_id="forgotten")
        eventually(lambda: workflows.ledger(tmp_path))
        rotated(orchestrator, "forgotten")
        assert agent.program.wait() == 77, agent.program.tail()
        assert agent.program.says(f"{file} holds no newer key: put the new one there")
        wait_until_gone(str(tmp_path / "gate"))
        orchestrator.admin.cancel(job_id)


def test_a_key_from_the_environment_cannot_be_replaced_and_the_log_says_what_to_do(
    patient: Orchestrator, tmp_path: Path
) -> None:
    with start_agent(patient, tmp_path, robot_id="literal") as agent:
        rotated(patient, "literal")
        assert agent.program.wait() == 77, agent.program.tail()
        assert agent.program.says("--api-key file:PATH")
        assert not agent.program.says(_NOT_YET)


def test_a_revoked_key_ends_it_at_once_whatever_its_file_holds_by_then(
    patient: Orchestrator, tmp_path: Path
) -> None:
    file = key_file(patient, tmp_path, "gone")
    (key,) = patient.admin.robot_keys(robot_id="gone")["keys"]
    with start_agent(patient, tmp_path, robot_id="gone", api_key_file=file) as agent:
        job_id = patient.submit(workflows.gated(tmp_path), robot_id="gone")
        eventually(lambda: workflows.ledger(tmp_path))
        replace(file, patient.robot_key("gone"))
        patient.admin.revoke_robot_key(key["id"])
        assert agent.program.wait() == 77, agent.program.tail()
        wait_until_gone(str(tmp_path / "gate"))
        patient.admin.cancel(job_id)


def test_a_start_with_a_key_that_was_rotated_is_refused_with_the_mend(
    patient: Orchestrator, tmp_path: Path
) -> None:
    file = key_file(patient, tmp_path, "stale")
    rotated(patient, "stale")
    with start_agent(patient, tmp_path, robot_id="stale", api_key_file=file, wait=False) as agent:
        assert agent.program.wait() == 77, agent.program.tail()
        assert agent.program.says(f"the key was rotated. {file} holds no newer key")
