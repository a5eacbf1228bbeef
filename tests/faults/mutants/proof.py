"""Mutants that break everything: they show that what runs is the copy, in every process."""

from __future__ import annotations

from tests.faults.mutants.mutant import Mutant, mutant

_RUNS = "agent/test_straight_pass.py::test_a_job_runs_and_its_history_is_whole"

MUTANTS: list[Mutant] = [
    mutant(
        "no-orchestrator",
        "proof",
        "casare_rpa/orchestrator/server.py",
        "        check_exposure(self.settings)\n",
        "        return 9\n",
        _RUNS,
    ),
    mutant(
        "no-agent",
        "proof",
        "agent/robot.py",
        '        """Work until told to stop; the exit code."""\n',
        "        return 9\n",
        _RUNS,
    ),
    mutant(
        "no-job-process",
        "proof",
        "agent/job/process.py",
        "    outbox = Outbox(talk)\n    asking",
        "    return 9\n    outbox = Outbox(talk)\n    asking",
        _RUNS,
    ),
    mutant(
        "no-engine",
        "proof",
        "casare_rpa/engine/envelopes.py",
        "def envelope(event: DomainEvent) -> dict[str, Any] | None:\n",
        "def envelope(event: DomainEvent) -> dict[str, Any] | None:\n    return None\n",
        _RUNS,
    ),
]
