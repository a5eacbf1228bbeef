"""What the agent writes down about itself on its machine."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.machine.clock_watch import Clocks, ClockWatch
from agent.machine.timeline import FILE, JUMPED, OLD_FILE, Timeline, entries
from tests.agent import workflows
from tests.support.fleet import Agent, Orchestrator, eventually, start_agent, wait_until_online


def told(root: Path, *kinds: str) -> list[str]:
    found = [entry["what"] for entry in entries(root)]
    return [what for what in found if not kinds or what.partition(".")[0] in kinds]


def test_entries_are_read_in_the_order_in_which_they_were_made(tmp_path: Path) -> None:
    timeline = Timeline(tmp_path)
    for number in range(3):
        timeline.note("job.ended", f"completed {number}", job_id=f"j{number}")
    assert [entry["job_id"] for entry in entries(tmp_path)] == ["j0", "j1", "j2"]
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0


def test_an_earlier_one_that_cannot_be_read_keeps_no_agent_from_starting(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    Timeline(tmp_path).began("version x")


def test_it_takes_no_more_room_than_two_files_and_keeps_the_newest(tmp_path: Path) -> None:
    timeline = Timeline(tmp_path, most_bytes=4000)
    for number in range(500):
        timeline.note("job.ended", "completed", number=number)
    assert (tmp_path / FILE).stat().st_size <= 4000
    assert (tmp_path / OLD_FILE).stat().st_size <= 4000
    numbers = [entry["number"] for entry in entries(tmp_path)]
    assert numbers == list(range(numbers[0], 500))
    assert len(numbers) > 40


def test_a_torn_line_and_a_foreign_one_are_passed_over(tmp_path: Path) -> None:
    timeline = Timeline(tmp_path)
    timeline.note("agent.state", "working")
    with (tmp_path / FILE).open("a") as file:
        file.write('[1]\n{"at": 7, "what": "x", "text": ""}\n{"at": "2026-')
    assert told(tmp_path) == ["agent.state"]


def test_a_disk_that_takes_nothing_costs_only_the_entry(tmp_path: Path) -> None:
    Timeline(tmp_path / "gone").note("agent.state", "working")
    assert entries(tmp_path / "gone") == []


@pytest.mark.parametrize(("jump", "kept"), [(7200.0, ["before", "after"]), (0.0, ["after"])])
def test_what_happened_before_a_clock_was_set_is_as_old_as_it_is(
    tmp_path: Path, jump: float, kept: list[str]
) -> None:
    now = datetime.now(UTC)
    lines = [
        {"at": (now - timedelta(hours=2.1)).isoformat(), "what": "agent.state", "text": "before"},
        {"at": now.isoformat(), "what": JUMPED, "text": "", "seconds": jump},
        {"at": now.isoformat(), "what": "agent.state", "text": "after"},
    ]
    (tmp_path / FILE).write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = entries(tmp_path, since=timedelta(hours=1))
    assert [entry["text"] for entry in found if entry["text"]] == kept


def test_steps_of_the_clock_and_a_sleep_of_the_machine_are_told_apart() -> None:
    read: list[Clocks] = [(1000.0, 10.0, 10.0), (1000.5, 10.5, 10.5), (61.0, 11.0, 11.0)]
    read.append((661.0, 611.0, 12.0))
    source, noted = iter(read), []
    watch = ClockWatch(lambda what, text, **_: noted.append((what, text)), lambda: next(source))
    for _ in read[1:]:
        watch.look()
    assert noted == [
        (JUMPED, "the clock was set back by 940.0 s"),
        ("machine.slept", "the machine slept for 599 s"),
    ]


def test_the_life_of_an_agent_is_told_over_a_kill(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    with start_agent(orchestrator, tmp_path, robot_id="told") as agent:
        done = orchestrator.submit(workflows.quick(), robot_id="told")
        orchestrator.wait_for(done)
        eventually(lambda: "job.delivered" in told(agent.state_dir))
        running = orchestrator.submit(workflows.gated(tmp_path), robot_id="told")
        eventually(lambda: workflows.ledger(tmp_path))
        agent.kill()
        (tmp_path / "gate").touch()
        agent.start()
        wait_until_online(agent)
        orchestrator.wait_for(running)
        eventually(lambda: told(agent.state_dir).count("job.delivered") == 3)
        assert agent.stop() == 0
        check_story(agent, done, running)


def check_story(agent: Agent, done: str, running: str) -> None:
    found = entries(agent.state_dir)
    starts = [e["what"] for e in found if e["what"].startswith("agent.") and "state" not in e]
    assert starts == [
        *("agent.started", "agent.registered", "agent.died"),
        *("agent.started", "agent.registered", "agent.stopping", "agent.ended"),
    ]
    life = ["job.claimed", "job.started", "job.ended", "job.delivered"]
    assert [e["what"] for e in found if e.get("job_id") == done] == life
    of_running = [(e["what"], e["attempt"]) for e in found if e.get("job_id") == running]
    assert of_running[:2] == [("job.claimed", 1), ("job.started", 1)]
    assert ("job.left_over", 1) in of_running
    assert ("job.ended", 2) in of_running
    (left,) = (e for e in found if e["what"] == "job.left_over")
    assert left["text"] == "failed (agent_lost), from an earlier start"
    assert found[-1]["exit_code"] == 0
