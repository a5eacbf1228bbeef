"""What a journal is for: agents that outlive a silence, and what comes too late."""

from __future__ import annotations

import signal
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from agent.journal.records import read_records
from agent.uplink.lost import SENT
from tests.agent import workflows
from tests.agent.checks import processes_with, types
from tests.faults.database import database
from tests.faults.invariants import kill_with_tree, lines
from tests.faults.known import Known
from tests.faults.scenario import scenario
from tests.faults.trial import Trial
from tests.support.fleet import Orchestrator, eventually

Json = dict[str, Any]
#: Longer than any pause of the machine that runs the scenarios.
_PATIENCE_SECONDS = 90.0


@scenario(
    "F13",
    figure="return to the last outcome, s",
    quick={"jobs": 3, "down_seconds": 16},
    long={"jobs": 50, "down_seconds": 600},
)
def orchestrator_down_for_longer_than_a_lease(trial: Trial, jobs: int, down_seconds: float) -> None:
    """Work goes on until the leases end; what ended before counts, what did not runs once more."""
    lease_seconds = 12.0
    orchestrator = trial.orchestrator(lease_seconds=lease_seconds, lost_backoff_max_seconds=0.2)
    gate = trial.folder / "gate"
    load = trial.load(orchestrator, wait_seconds=3)
    load.add("gated", workflows.gated(trial.folder))
    agent = trial.agent(orchestrator, max_concurrent_jobs=2 * jobs)
    short = [load.submit("wait") for _ in range(jobs)]
    long = [load.submit("gated") for _ in range(jobs)]
    trial.watch(orchestrator, *short, *long)
    for job_id in (*short, *long):
        eventually(partial(_has_begun, orchestrator, job_id), 30, "the job's first node")
    orchestrator.kill()
    down_since = time.monotonic()
    trial.strike()
    dead = partial(_no_process_with, str(gate))
    eventually(dead, lease_seconds + 20, "the end of jobs without a lease")
    time.sleep(max(0.0, down_since + down_seconds - time.monotonic()))
    ended = Known.of(agent).ended
    trial.notes["outcomes kept meanwhile"] = len(ended)
    trial.notes["agent's memory, MiB"] = psutil.Process(agent.pid).memory_info().rss >> 20
    gate.touch()
    with trial.timed():
        orchestrator.start()
        load.wait_until_over(_PATIENCE_SECONDS)
    assert load.statuses() == {"completed": 2 * jobs}
    for attempt, jobs_of_it in ((1, short), (2, long)):
        found = Counter(orchestrator.job(job)["attempt"] for job in jobs_of_it)
        assert set(found) == {attempt}, f"attempts and how many jobs ended in them: {found}"
    for job_id in (*short, *long):
        requeued = types(orchestrator.history(job_id)).count("job.requeued")
        assert requeued == (job_id in long), f"{job_id} was requeued {requeued} times"
    ledger = lines(load.ledger)
    assert (ledger.count("begin"), ledger.count("end")) == (2 * jobs, jobs)


def _has_begun(orchestrator: Orchestrator, job_id: str) -> bool:
    return "node.started" in types(orchestrator.history(job_id))


def _no_process_with(mark: str) -> bool:
    return not processes_with(mark)


@scenario("F5", figure="late events kept / total", quick={"rounds": 1}, long={"rounds": 10})
def agents_back_after_their_job_was_done_elsewhere(trial: Trial, rounds: int) -> None:
    """The side log gets every event that came too late, the history none."""
    orchestrator = trial.orchestrator(max_crashes=100, lost_backoff_max_seconds=0.2)
    load = trial.load(orchestrator, passes=3000)
    for number in range(rounds):
        first = trial.agent(orchestrator, f"first-{number}")
        job_id = load.submit("loop")
        eventually(partial(_has_begun, orchestrator, job_id), 30, "the job's first node")
        orchestrator.program.signal(signal.SIGSTOP)
        try:
            eventually(lambda: any(p.stat().st_size > 20_000 for p in first.journals()))  # noqa: B023
            kill_with_tree(first)
        finally:
            orchestrator.program.signal(signal.SIGCONT)
        trial.strike()
        (left,) = first.journals()
        kept = _indexes(left)
        second = trial.agent(orchestrator, f"second-{number}")
        orchestrator.wait_for(job_id, "completed", seconds=_PATIENCE_SECONDS)
        assert second.stop() == 0
        before = orchestrator.history(job_id)
        first.start()
        lost = first.state_dir / "journal" / "lost"
        eventually(lambda: list(lost.glob(f"*{SENT}")), _PATIENCE_SECONDS, "the side log")  # noqa: B023
        assert orchestrator.history(job_id) == before
        told = _side_log(orchestrator, job_id)
        # The last index is the outcome's: that the agent was lost.
        assert set(kept) <= told
        assert max(told) == max(kept) + 1
        trial.figures.append(len(set(kept) & told) / len(kept))
        assert first.stop() == 0


def _indexes(journal: Path) -> list[int]:
    """The indexes of the events in *journal*."""
    found = [record.decode() for record in read_records(journal) if record.holds_events]
    return [r["first_index"] + n for r in found for n in range(r["count"])]


def _side_log(orchestrator: Orchestrator, job_id: str) -> set[int]:
    with database(orchestrator) as db:
        rows = db.rows("SELECT * FROM side_events WHERE job_id = :id", id=job_id)
        return {int(row["idx"]) for row in rows}
