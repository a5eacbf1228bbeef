"""The database is put back from a backup: it is older than what watchers and agents have seen."""

from __future__ import annotations

from pathlib import Path

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from casare_rpa.client import OrchestratorClient
from casare_rpa.errors import NotFound
from casare_rpa.store.sqlite.backup import backup, restore
from tests.agent.workflows import gated, ledger
from tests.faults.scenario import SQLITE, scenario
from tests.faults.trial import Trial
from tests.support.fleet import Orchestrator, eventually


@scenario(
    "F22",
    figure="start to the end of the forgotten run, s",
    quick={"restores": 1},
    long={"restores": 10},
    databases=(SQLITE,),
    in_pytest={},
)
def database_restored_from_a_backup(trial: Trial, restores: int) -> None:
    """Watchers that know more are closed with 4409, the agent drops what nobody knows."""
    orchestrator = trial.orchestrator(lease_seconds=4)
    agent = trial.agent(orchestrator, max_concurrent_jobs=2)
    load = trial.load(orchestrator)
    file = orchestrator.state_dir / "orchestrator.db"
    for number in range(restores):
        early_folder, late_folder = _folders(trial, number)
        early = load.run(gated(early_folder))
        eventually(lambda: ledger(early_folder) == ["begin"], 60, "the early job at work")  # noqa: B023
        copy = trial.folder / f"copy-{number}.db"
        backup(file, copy)
        (early_folder / "gate").touch()
        orchestrator.wait_for(early, seconds=60)
        seen = orchestrator.job(early)["last_seq"]
        late = orchestrator.submit(gated(late_folder))
        eventually(lambda: ledger(late_folder) == ["begin"], 60, "the late job at work")  # noqa: B023
        orchestrator.program.stop()
        restore(copy, file, force=True)
        orchestrator.start()
        trial.strike()
        assert _closed_with(orchestrator, early, seen) == 4409
        assert _is_unknown(orchestrator.admin, late)
        # The agent had reported the early job's end to the database that is gone.
        ended = trial.until(lambda: _ended(orchestrator, early), 60, "the early job's second end")  # noqa: B023
        assert ended == "completed"
        eventually(lambda: not agent.job_folders(), 60, "the end of the job that nobody knows")
        assert ledger(late_folder) == ["begin"]


def _folders(trial: Trial, number: int) -> tuple[Path, Path]:
    made = trial.folder / f"early-{number}", trial.folder / f"late-{number}"
    for folder in made:
        folder.mkdir()
    return made


def _closed_with(orchestrator: Orchestrator, job_id: str, after: int) -> int:
    address = orchestrator.url.replace("http", "ws", 1) + f"/ws/jobs/{job_id}?after={after}"
    headers = {"Authorization": f"Bearer {orchestrator.admin_key}"}
    with connect(address, additional_headers=headers, compression=None, proxy=None) as socket:
        try:
            while True:
                socket.recv(timeout=30)
        except ConnectionClosed as closed:
            return 0 if closed.rcvd is None else closed.rcvd.code


def _is_unknown(client: OrchestratorClient, job_id: str) -> bool:
    try:
        client.job(job_id)
    except NotFound:
        return True
    return False


def _ended(orchestrator: Orchestrator, job_id: str) -> str | None:
    status = orchestrator.job(job_id)["status"]
    return str(status) if status in ("completed", "failed", "cancelled", "timeout") else None
