"""Disks that are full."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from tests.agent import workflows
from tests.faults.needs import linux, mount_namespace
from tests.faults.scenario import scenario
from tests.faults.trial import Trial
from tests.support.fleet import Agent, eventually

_MOUNT = "mount -t tmpfs -o size={size} none '{folder}' && exec \"$@\""
_FULL_MOUNT = (
    "mount -t tmpfs -o size={size} none '{folder}' && "
    "{{ cat /dev/zero > '{folder}/filler'; exec \"$@\"; }} 2>&1"
)
#: How often a job may be handed back in a few seconds, with back-off in between.
_FEW = 12


def on_small_disk(folder: Path, size: str) -> tuple[str, ...]:
    """What comes before a command so that *folder* is a disk of *size* for it."""
    folder.mkdir()
    return ("unshare", "-Urm", "sh", "-c", _MOUNT.format(size=size, folder=folder), "sh")


def on_full_disk(folder: Path, size: str) -> tuple[str, ...]:
    """The same with a file `filler` that leaves no byte of it."""
    folder.mkdir()
    mount = _FULL_MOUNT.format(size=size, folder=folder)
    return ("unshare", "-Urm", "sh", "-c", mount, "sh")


@scenario(
    "F20",
    needs=(mount_namespace,),
    quick={"sizes": ("2m", "4m")},
    in_pytest={"sizes": ("2m",)},
)
def agents_disk_full(trial: Trial, sizes: tuple[str, ...]) -> None:
    """A job that fills the disk says so, and the agent goes on.

    With 4 MiB there is room for the reserve, with 2 MiB there is not.
    """
    orchestrator = trial.orchestrator(lease_seconds=30)
    load = trial.load(orchestrator)
    for size in sizes:
        robot = f"robot-{size}"
        prefix = on_small_disk(trial.folder / robot, size)
        agent = trial.agent(
            orchestrator, robot, prefix=prefix, min_free_bytes=0, environment={"TMPDIR": "/tmp"}
        )
        trial.strike()
        with trial.timed():
            job = orchestrator.wait_for(load.run(workflows.endless()))
        assert (job["status"], job["failure_reason"]) == ("failed", "disk_full")
        assert (job["attempt"], job["error_type"]) == (1, "DISK_FULL")
        assert orchestrator.wait_for(load.run(workflows.quick()))["status"] == "completed"
        assert agent.stop() == 0


@scenario("F20", figure="room to the job's end, s", needs=(mount_namespace, linux))
def agent_without_room_for_a_job(trial: Trial) -> None:
    """Below the floor it claims nothing and says why; when room returns it goes on."""
    orchestrator = trial.orchestrator(lease_seconds=30)
    load = trial.load(orchestrator)
    prefix = on_small_disk(trial.folder / "robot-1", "12m")
    agent = trial.agent(
        orchestrator, prefix=prefix, min_free_bytes=4 << 20, environment={"TMPDIR": "/tmp"}
    )
    filler = _as_it_sees(agent, agent.state_dir / "filler")
    filler.write_bytes(b"x" * (8 << 20))
    said = "no jobs are claimed"
    eventually(lambda: said in agent.program.tail(), 30, "a word about the disk")
    trial.strike()
    # One job may be on its way: the request for it was sent while there was room.
    waiting = [load.run(workflows.quick()) for _ in range(3)]
    time.sleep(2)  # nothing to wait for: the point is that nothing is claimed
    assert [orchestrator.job(job)["status"] for job in waiting][1:] == ["pending"] * 2
    filler.unlink()
    with trial.timed():
        for job_id in waiting:
            assert orchestrator.wait_for(job_id, seconds=60)["status"] == "completed"
    assert "the disk has room again" in agent.program.tail()


@scenario("F20", figure="start to the outcome, s", needs=(mount_namespace, linux))
def agent_whose_disk_has_no_byte_left(trial: Trial) -> None:
    """How a job ended is delivered although the disk takes nothing; with room again all is well."""
    orchestrator = trial.orchestrator(lease_seconds=60)
    load = trial.load(orchestrator)
    prefix = on_small_disk(trial.folder / "robot-1", "1m")
    agent = trial.agent(
        orchestrator, prefix=prefix, min_free_bytes=0, environment={"TMPDIR": "/tmp"}
    )
    gate = trial.folder / "gate"
    job_id = load.run(workflows.gated(trial.folder))
    eventually(lambda: (trial.folder / "ledger").exists(), 30, "the job's begin")
    filler = _as_it_sees(agent, agent.state_dir / "filler")
    _fill(filler)
    trial.strike()
    with trial.timed():
        gate.touch()
        job = orchestrator.wait_for(job_id, seconds=60)
    assert job["status"] in ("completed", "failed")
    if job["status"] == "failed":
        assert job["failure_reason"] == "disk_full"
    filler.unlink()
    assert orchestrator.wait_for(load.run(workflows.quick()), seconds=60)["status"] == "completed"


@scenario("F20", figure="room to the outcome, s", needs=(mount_namespace, linux))
def agent_started_on_a_full_disk(trial: Trial) -> None:
    """It starts, says what it lacks, hands back what it cannot begin, and works with room again.

    Once with a floor under the disk's room, once without.
    """
    orchestrator = trial.orchestrator(lease_seconds=60)
    load = trial.load(orchestrator)
    for robot, floor, said in (
        ("floored", 64 << 10, "no jobs are claimed"),
        ("floorless", 0, "No space left on device"),
    ):
        prefix = on_full_disk(trial.folder / robot, "1m")
        agent = trial.agent(
            orchestrator,
            robot,
            prefix=prefix,
            min_free_bytes=floor,
            retry_delay_seconds=1,
            retry_delay_max_seconds=5,
            environment={"TMPDIR": "/tmp"},
        )
        trial.strike()
        job_id = load.run(workflows.quick())
        eventually(lambda: said in agent.program.tail(), 30, "a word about the disk")  # noqa: B023
        time.sleep(2)  # nothing to wait for: the point is that it does not try again and again
        assert orchestrator.job(job_id)["attempt"] <= _FEW
        assert agent.program.tail().count("no room on the disk could be reserved") <= 1
        _as_it_sees(agent, agent.state_dir / "filler").unlink()
        with trial.timed():
            assert orchestrator.wait_for(job_id, seconds=60)["status"] == "completed"
        assert agent.stop() == 0


def _as_it_sees(agent: Agent, path: Path) -> Path:
    """*path* on the disk that only the agent has."""
    return Path(f"/proc/{agent.pid}/root{path}")


def _fill(path: Path) -> None:
    """To the last byte."""
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
