"""What the agent does when one of an attempt's own threads fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from casare_rpa import faults
from tests.agent import workflows
from tests.agent.checks import sound_history
from tests.support.fleet import Agent, Orchestrator, eventually, start_agent, start_orchestrator


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orchestrator]:
    """Its leases outlast the end of an agent and its next start."""
    folder = tmp_path_factory.mktemp("patient")
    with start_orchestrator(folder, lease_seconds=40) as running:
        yield running


def failing(text: str) -> dict[str, Any]:
    return {"environment": {faults.VARIABLE: text}}


def start_again(agent: Agent, fault: str = "") -> None:
    agent.program.environment[faults.VARIABLE] = fault
    agent.start()


def once(folder: Path) -> dict[str, Any]:
    """A job that notes in the ledger that it was run."""
    (folder / "gate").touch()
    return workflows.gated(folder)


def test_a_journal_that_cannot_be_read_for_a_while_is_delivered_after_it(
    patient: Orchestrator, tmp_path: Path
) -> None:
    with start_agent(patient, tmp_path, robot_id="eio", **failing("journal.read:error:EIO")) as one:
        job_id = patient.submit(workflows.quick(), robot_id="eio")
        assert patient.wait_for(job_id)["status"] == "completed"
        sound_history(patient, job_id)
        assert one.program.says("not delivered yet: [Errno 5]")
        assert one.stop() == 0
        assert one.journals() == []


def test_a_call_that_the_machine_does_not_let_out_is_made_again(
    patient: Orchestrator, tmp_path: Path
) -> None:
    fault = failing("finish.send:error:EMFILE")
    with start_agent(patient, tmp_path, robot_id="emfile", **fault) as agent:
        job_id = patient.submit(workflows.quick(), robot_id="emfile")
        assert patient.wait_for(job_id)["status"] == "completed"
        assert agent.stop() == 0


def test_a_mistake_in_the_delivery_ends_the_agent_and_neither_loses_nor_repeats_the_job(
    patient: Orchestrator, tmp_path: Path
) -> None:
    with start_agent(patient, tmp_path, robot_id="bug", **failing("finish.send:bug@*")) as agent:
        job_id = patient.submit(once(tmp_path), robot_id="bug")
        assert agent.program.wait() == 1, agent.program.tail()
        assert agent.program.says("a mistake on purpose"), "the traceback is in the log"
        assert len(agent.journals()) == 1
        assert patient.job(job_id)["status"] == "running"
        start_again(agent)
        job = patient.wait_for(job_id)
        assert (job["status"], job["attempt"]) == ("completed", 1)
        assert workflows.ledger(tmp_path) == ["begin", "end"]
        eventually(lambda: not agent.journals())


def test_a_mistake_with_what_an_earlier_start_left_keeps_nobody_from_working(
    patient: Orchestrator, tmp_path: Path
) -> None:
    with start_agent(patient, tmp_path, robot_id="left", **failing("finish.send:kill")) as agent:
        left = patient.submit(once(tmp_path), robot_id="left")
        assert agent.program.wait() == -9
        start_again(agent, "finish.send:bug")
        job = patient.wait_for(left)
        assert (job["status"], job["attempt"]) == ("completed", 1)
        assert agent.program.says("its delivery failed")
        after = patient.wait_for(patient.submit(workflows.quick(), robot_id="left"))
        assert after["status"] == "completed"
        assert agent.stop() == 0
        assert workflows.ledger(tmp_path) == ["begin", "end"]


def test_a_mistake_in_the_supervision_ends_the_agent_and_the_outcome_is_told(
    patient: Orchestrator, tmp_path: Path
) -> None:
    with start_agent(patient, tmp_path, robot_id="sup", **failing("outcome.append:bug")) as agent:
        job_id = patient.submit(once(tmp_path), robot_id="sup")
        job = patient.wait_for(job_id)
        assert (job["status"], job["attempt"]) == ("completed", 1)
        assert agent.program.wait() == 1, agent.program.tail()
        assert agent.program.says("a mistake on purpose")
        assert workflows.ledger(tmp_path) == ["begin", "end"]


def test_a_journal_that_cannot_be_deleted_is_a_line_in_the_log(
    patient: Orchestrator, tmp_path: Path
) -> None:
    fault = failing("journal.remove:error:EROFS")
    with start_agent(patient, tmp_path, robot_id="rofs", **fault) as agent:
        job_id = patient.submit(workflows.quick(), robot_id="rofs")
        assert patient.wait_for(job_id)["status"] == "completed"
        eventually(lambda: agent.program.says("its journal cannot be deleted"))
        assert agent.stop() == 0
        start_again(agent)
        eventually(lambda: agent.announced() and not agent.journals())
        job = patient.job(job_id)
        assert (job["status"], job["attempt"]) == ("completed", 1)
