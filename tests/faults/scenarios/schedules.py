"""A schedule is due while servers die, are many, or have a wrong clock: each time fires once."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from casare_rpa.client import OrchestratorClient
from tests.agent import workflows
from tests.faults import needs
from tests.faults.scenario import POSTGRESQL, SQLITE, scenario
from tests.faults.trial import Trial
from tests.support.fleet import Orchestrator, eventually, start_orchestrator

Json = dict[str, Any]
_SECONDS = 60.0
_LOOK_SECONDS = 1.5
#: No slot of the first scenario comes for minutes, however slow the machine.
_START = datetime(2026, 3, 2, 5, 53, tzinfo=UTC)


@scenario(
    "F66",
    figure="fires per slot",
    quick={"outages": 1},
    long={"outages": 40},
    needs=(needs.faketime,),
    databases=(SQLITE,),
    # Now and then a server hangs under libfaketime while it starts; the contract tests cover this.
)
def schedules_due_while_their_server_is_away(trial: Trial, outages: int) -> None:
    """The newest missed slot fires once, and not again when the clock is set back over it."""
    clock = _Clock(trial.folder)
    orchestrator = trial.orchestrator(environment=clock.environment)
    client = orchestrator.admin
    ids = [_schedule(client, f"s{number}", "*/10 * * * *") for number in range(2)]
    expected: list[str] = []
    now = _START
    for _ in range(outages):
        orchestrator.kill()
        trial.strike()
        now += timedelta(minutes=10 * trial.chance.randrange(3, 60))
        expected.append(_slot_before(now))
        clock.start_at(orchestrator, now)
        eventually(partial(_all_have, client, ids, expected[-1]), _SECONDS, "the missed slot")
        orchestrator.kill()
        trial.strike()
        clock.start_at(orchestrator, _time(expected[-1]) - timedelta(seconds=2))
        eventually(partial(_is_past, client, expected[-1]), _SECONDS, "the slot coming again")
    _check_once(trial, client, ids)
    for schedule_id in ids:
        assert sorted(_fires(client, schedule_id)) == expected


@scenario(
    "F66",
    figure="fires per slot",
    quick={"rounds": 1},
    long={"rounds": 60},
    databases=(POSTGRESQL,),
)
def one_of_two_servers_killed_when_schedules_are_due(trial: Trial, rounds: int) -> None:
    """Whoever leads and whoever dies, a slot that was missed fires once."""
    first = trial.orchestrator()
    database = first.program.environment["CASARE_DATABASE"]
    second = trial.using(start_orchestrator(trial.folder, name="second", database=database))
    key = (first.state_dir / "admin.key").read_text(encoding="utf-8").strip()
    ids = [_schedule(first.admin, f"s{number}", "* * * * *") for number in range(5)]
    for _ in range(rounds):
        victim, other = trial.chance.sample([first, second], 2)
        reader = trial.using(OrchestratorClient(other.url, key))
        missed = _make_due(database, reader, ids[0])
        time.sleep(trial.chance.uniform(0, 0.3))
        victim.kill()
        trial.strike()
        eventually(partial(_all_since, reader, ids, missed), _SECONDS, "the missed slot")
        victim.start()
    _check_once(trial, first.admin, ids)
    assert second.program.stop() == 0


@scenario(
    "F37",
    figure="fires per slot",
    quick={"jumps": (3600, -3600, -315_360_000)},
    long={"jumps": (3600, -3600, 86_400, -86_400, 60, -60, -315_360_000, 315_360_000)},
    needs=(needs.faketime,),
    databases=(SQLITE,),
)
def the_servers_clock_jumps(trial: Trial, jumps: tuple[int, ...]) -> None:
    """No lease runs out, and a schedule fires when its time has really come."""
    clock = _Clock(trial.folder)
    orchestrator = trial.orchestrator(lease_seconds=20, environment=clock.environment)
    trial.agent(orchestrator)
    client = orchestrator.admin
    job_id = orchestrator.submit(workflows.waiting(len(jumps) * _LOOK_SECONDS + 5))
    orchestrator.wait_for(job_id, "running")
    ids = [_schedule(client, "s", "* * * * *", robot_id="nobody")]
    slot = str(client.schedule(ids[0])["next_run"])[:16]
    for seconds in jumps:
        clock.jump(seconds)
        trial.strike()
        time.sleep(_LOOK_SECONDS)  # the reaper and the scheduler look at the new time
    job = orchestrator.wait_for(job_id, seconds=_SECONDS)
    outcome = (job["status"], job["failure_reason"], job["attempt"], job["retry_count"])
    assert outcome == ("completed", None, 1, 0), f"{outcome}: {job['error_message']}"
    eventually(partial(_all_have, client, ids, slot), 2 * _SECONDS, f"the slot {slot}")
    _check_once(trial, client, ids)
    found = sorted(_fires(client, ids[0]))
    minutes = [(_time(one) - _time(slot)).total_seconds() / 60 for one in found]
    assert minutes == list(range(len(found))), f"not minute after minute: {found}"


class _Clock:
    """The wall clock of a process, in a file: libfaketime reads it again and again."""

    def __init__(self, folder: Path) -> None:
        library = needs.faketime_library()
        self._file = folder / "clock"
        self._now = _START
        self._write()
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "TZ": "UTC",
        }

    def start_at(self, orchestrator: Orchestrator, time: datetime) -> None:
        self._now = time
        self._write()
        orchestrator.start()

    def jump(self, seconds: int) -> None:
        """While the process runs."""
        self._now += timedelta(seconds=seconds)
        self._write()

    def _write(self) -> None:
        new = self._file.with_suffix(".new")
        new.write_text(f"@{self._now:%Y-%m-%d %H:%M:%S}\n")
        new.replace(self._file)


def _schedule(client: OrchestratorClient, name: str, cron: str, **more: Any) -> str:
    client.push_workflow(
        {"workflow_id": "w", "workflow_name": "w", "workflow_json": workflows.waiting(0.1)}
    )
    about = {"workflow_id": "w", "schedule_name": name, "cron_expression": cron}
    return str(client.create_schedule(about | more)["schedule_id"])


def _fires(client: OrchestratorClient, schedule_id: str) -> Counter[str]:
    """How many jobs each slot has got, by the minute."""
    found: Counter[str] = Counter()
    while jobs := client.schedule_runs(schedule_id, limit=500, offset=found.total())["jobs"]:
        for job in jobs:
            queued = client.events(job["job_id"], limit=1)["events"][0]
            found[queued["data"]["scheduled_for"][:16]] += 1
    return found


def _all_have(client: OrchestratorClient, ids: list[str], slot: str) -> bool:
    return all(_fires(client, schedule_id)[slot] for schedule_id in ids)


def _all_since(client: OrchestratorClient, ids: list[str], slot: str) -> bool:
    """Whether each has fired for *slot* or a later one: a minute may have gone by meanwhile."""
    return all(max(_fires(client, one), default="") >= slot for one in ids)


def _is_past(client: OrchestratorClient, slot: str) -> bool:
    """Whether the server, by its own clock, has gone two seconds beyond *slot*."""
    told = datetime.fromisoformat(client.health()["timestamp"])
    return told > _time(slot) + timedelta(seconds=2)


def _make_due(database: str, client: OrchestratorClient, schedule_id: str) -> str:
    """All schedules have missed half an hour; the newest slot that is due."""
    engine = sa.create_engine(
        sa.make_url(database).set(drivername="postgresql+psycopg"), poolclass=sa.pool.NullPool
    )
    with engine.begin() as db:
        asked = sa.text("SELECT extract(epoch FROM date_trunc('minute', clock_timestamp()))")
        slot = float(db.execute(asked).scalar_one())
        db.execute(sa.text("UPDATE schedules SET next_run = :then"), {"then": slot - 1800})
    client.change_schedule(schedule_id, {"priority": 5})  # the leader hears of a change and looks
    return datetime.fromtimestamp(slot, UTC).isoformat()[:16]


def _slot_before(now: datetime) -> str:
    slot = now.replace(minute=now.minute // 10 * 10)
    return slot.isoformat()[:16]


def _time(slot: str) -> datetime:
    return datetime.fromisoformat(slot).replace(tzinfo=UTC)


def _check_once(trial: Trial, client: OrchestratorClient, ids: list[str]) -> None:
    for schedule_id in ids:
        fires = _fires(client, schedule_id)
        trial.figures += [float(count) for count in fires.values()]
        assert set(fires.values()) == {1}, f"fires per slot of {schedule_id}: {fires}"
        assert client.schedule(schedule_id)["run_count"] == len(fires)
