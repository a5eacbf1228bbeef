"""What the store promises about schedules: a time fires once, whatever happens around it."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from casare_rpa.errors import BadRequest, Conflict, NotFound
from casare_rpa.store import FiredSchedules, Store
from casare_rpa.wire import Schedule, ScheduleChange, ScheduleRequest
from tests.contract.world import DOCUMENT, World

HOUR = 3600.0
DAY = 24 * HOUR


def at(world: World, text: str) -> None:
    """Move the clock, forward or back."""
    world.clock.now = datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def make(world: World, cron: str = "0 6 * * *", **more: Any) -> Schedule:
    about = {"workflow_id": "invoices", "schedule_name": "daily", "cron_expression": cron} | more
    return world.store.put_schedule(ScheduleRequest(**about), principal="ann").schedule


def jobs_of(fired: FiredSchedules) -> list[str]:
    return [job_id for one in fired.fired for job_id in one.job_ids]


def slots(world: World, schedule: Schedule) -> Counter[str]:
    """How many jobs each time of the schedule has got, over all that it made."""
    made = world.store.schedule_runs(schedule.schedule_id, limit=500).jobs
    told = [world.history(job)[0].data.get("scheduled_for", "by hand") for job in made]
    return Counter(text.removesuffix("+00:00") for text in told)


@pytest.fixture
def morning(world: World) -> World:
    at(world, "2026-03-02T05:59:00")
    return world


def test_a_schedule_says_when_it_fires(morning: World) -> None:
    made = make(morning, "0 6 * * 1-5", timezone="Europe/Berlin", priority=3)
    assert made.next_run == datetime(2026, 3, 3, 5, tzinfo=UTC)
    assert [time.isoformat() for time in made.next_runs[:2]] == [
        "2026-03-03T06:00:00+01:00",
        "2026-03-04T06:00:00+01:00",
    ]
    assert (made.workflow_name, made.priority, made.run_count) == ("invoices", 3, 0)
    assert morning.store.schedule("daily") == made == morning.store.schedule(made.schedule_id)
    assert morning.store.fire_due().wait_seconds == pytest.approx(23 * HOUR + 60)


def test_its_time_makes_one_job_with_what_the_schedule_says(morning: World) -> None:
    made = make(morning, input_data={"month": 3}, priority=2, tags=["gpu"], max_retries=1)
    assert jobs_of(morning.store.fire_due()) == []
    morning.clock.advance(60)
    (job_id,) = jobs_of(morning.store.fire_due())
    job = morning.store.job(job_id)
    assert (job.input_data, job.priority, job.tags) == ({"month": 3}, 2, ["gpu"])
    assert (job.max_retries, job.schedule_id) == (1, made.schedule_id)
    assert morning.history(job)[0].data["schedule_id"] == made.schedule_id
    after = morning.store.schedule(made.schedule_id)
    assert (after.run_count, after.failure_count, after.last_job_id) == (1, 0, job_id)
    assert after.last_run == datetime(2026, 3, 2, 6, tzinfo=UTC)
    assert after.next_run == datetime(2026, 3, 3, 6, tzinfo=UTC)


def test_looking_again_fires_nothing_twice(morning: World) -> None:
    made = make(morning)
    morning.clock.advance(90)
    for _ in range(3):
        morning.store.fire_due()
    morning.restart()
    morning.store.fire_due()
    assert slots(morning, made) == {"2026-03-02T06:00:00": 1}


def test_a_clock_set_back_over_a_fire_does_not_fire_it_again(morning: World) -> None:
    made = make(morning)
    morning.clock.advance(60)
    morning.store.fire_due()
    at(morning, "2026-03-02T05:30:00")
    morning.restart()
    for _ in range(4):
        morning.store.fire_due()
        morning.clock.advance(600)
    assert slots(morning, made) == {"2026-03-02T06:00:00": 1}
    # Planned anew it comes by the same time again, which has had its job.
    at(morning, "2026-03-02T05:30:00")
    for enabled in (False, True):
        morning.store.change_schedule(made.schedule_id, ScheduleChange(enabled=enabled))
    again = morning.store.schedule(made.schedule_id)
    assert again.next_run == datetime(2026, 3, 2, 6, tzinfo=UTC)
    at(morning, "2026-03-02T06:00:01")
    assert jobs_of(morning.store.fire_due()) == []
    after = morning.store.schedule(made.schedule_id)
    assert (after.run_count, after.failure_count, after.last_error) == (1, 0, None)
    assert slots(morning, made) == {"2026-03-02T06:00:00": 1}


def test_a_time_fired_once_stays_fired_when_the_schedule_was_changed(morning: World) -> None:
    made = make(morning)
    morning.clock.advance(60)
    morning.store.fire_due()
    at(morning, "2026-03-02T05:59:00")
    change = ScheduleChange(input_data={"other": 1}, cron_expression="0 6 2 * *")
    morning.store.change_schedule(made.schedule_id, change)
    morning.clock.advance(60)
    morning.store.fire_due()
    assert slots(morning, made) == {"2026-03-02T06:00:00": 1}


@pytest.mark.parametrize("hours", [-1, 1, -87_600])
def test_a_clock_that_was_wrong_for_a_while_fires_no_time_twice(morning: World, hours: int) -> None:
    made = make(morning, "*/10 * * * *", catch_up="all")
    for shift in (0, hours * HOUR, -hours * HOUR):
        morning.clock.advance(shift)
        for _ in range(12):
            morning.clock.advance(300)
            morning.store.fire_due()
    assert set(slots(morning, made).values()) == {1}


def test_what_was_missed_in_an_outage_fires_once_the_newest(morning: World) -> None:
    made = make(morning, "*/10 * * * *")
    at(morning, "2026-03-02T07:05:00")
    fired = morning.store.fire_due()
    assert slots(morning, made) == {"2026-03-02T07:00:00": 1}
    assert [one.left_out for one in fired.fired] == [6]
    assert morning.store.schedule("daily").next_run == datetime(2026, 3, 2, 7, 10, tzinfo=UTC)


def test_catch_up_all_fires_each_missed_time_once(morning: World) -> None:
    made = make(morning, "*/10 * * * *", catch_up="all")
    at(morning, "2026-03-02T07:05:00")
    morning.store.fire_due()
    morning.store.fire_due()
    found = slots(morning, made)
    assert len(found) == 7 and set(found.values()) == {1}
    assert morning.store.schedule("daily").run_count == 7


def test_catch_up_all_makes_a_hundred_jobs_at_most(morning: World) -> None:
    made = make(morning, "* * * * *", catch_up="all")
    at(morning, "2026-03-02T12:00:00")
    morning.store.fire_due()
    found = slots(morning, made)
    assert len(found) == 100
    assert max(found) == "2026-03-02T12:00:00"


def test_catch_up_none_fires_only_what_is_due_now(morning: World) -> None:
    made = make(morning, "*/10 * * * *", catch_up="none")
    at(morning, "2026-03-02T07:05:00")
    morning.store.fire_due()
    assert slots(morning, made) == {}
    at(morning, "2026-03-02T07:10:59")
    morning.store.fire_due()
    assert slots(morning, made) == {"2026-03-02T07:10:00": 1}


@pytest.mark.parametrize("catch_up", ["latest", "all", "none"])
def test_what_was_missed_more_than_a_day_ago_is_over(morning: World, catch_up: str) -> None:
    made = make(morning, "0 6 1 * *", catch_up=catch_up)
    at(morning, "2026-04-02T06:00:01")
    assert jobs_of(morning.store.fire_due()) == []
    at(morning, "2026-05-01T06:00:00")
    morning.store.fire_due()
    assert slots(morning, made) == {"2026-05-01T06:00:00": 1}


def test_after_ten_years_away_only_the_last_day_counts(morning: World) -> None:
    made = make(morning, "* * * * *")
    at(morning, "2036-03-02T06:00:00")
    morning.store.fire_due()
    assert slots(morning, made) == {"2036-03-02T06:00:00": 1}


def test_two_servers_at_once_fire_each_time_once(morning: World) -> None:
    made = [make(morning, "* * * * *", schedule_name=f"s{n}") for n in range(8)]
    others = [morning.store]
    if morning.store.health().database == "postgresql":  # an SQLite file has one server
        others += [morning.another_store() for _ in range(2)]
    with ThreadPoolExecutor(6) as pool:
        for _ in range(5):
            morning.clock.advance(60)
            _all_at_once(pool, others)
    for schedule in made:
        found = slots(morning, schedule)
        assert len(found) == 5 and set(found.values()) == {1}
        assert morning.store.schedule(schedule.schedule_id).run_count == 5
    for other in others[1:]:
        other.close()


def _all_at_once(pool: ThreadPoolExecutor, stores: list[Store]) -> None:
    for each in [pool.submit(store.fire_due) for store in stores * 3]:
        each.result()
    stores[0].fire_due()  # what the three passed on to each other


def test_a_workflow_that_is_gone_is_told_and_stops_no_other(morning: World) -> None:
    morning.store.put_workflow(name="doomed", document=DOCUMENT)
    bad = make(morning, workflow_id="doomed", schedule_name="bad")
    good = make(morning, schedule_name="good")
    morning.store.delete_workflow("doomed")
    morning.clock.advance(60)
    fired = {one.name: one for one in morning.store.fire_due().fired}
    assert "there is no workflow" in (fired["bad"].error or "") and fired["good"].error is None
    assert slots(morning, good) == {"2026-03-02T06:00:00": 1}
    told = morning.store.schedule(bad.schedule_id)
    assert (told.run_count, told.failure_count, told.workflow_name) == (0, 1, None)
    assert "there is no workflow" in (told.last_error or "")
    assert told.next_run == datetime(2026, 3, 3, 6, tzinfo=UTC)
    morning.store.put_workflow(name="doomed", document=DOCUMENT, workflow_id=bad.workflow_id)
    morning.clock.advance(DAY)
    morning.store.fire_due()
    mended = morning.store.schedule(bad.schedule_id)
    assert (mended.run_count, mended.failure_count, mended.last_error) == (1, 1, None)


def test_a_time_that_spring_skips_and_autumn_repeats_fires_once(world: World) -> None:
    at(world, "2026-03-28T12:00:00")
    made = make(world, "30 2 * * *", timezone="Europe/Berlin", catch_up="all")
    for _ in range(40):
        world.clock.advance(HOUR)
        world.store.fire_due()
    at(world, "2026-10-24T12:00:00")
    for _ in range(40):
        world.clock.advance(HOUR / 2)
        world.store.fire_due()
    for _ in range(20):
        world.clock.advance(HOUR)
        world.store.fire_due()
    spring = {"2026-03-29T01:00:00": 1, "2026-03-30T00:30:00": 1}
    autumn = {"2026-10-24T00:30:00": 1, "2026-10-25T00:30:00": 1, "2026-10-26T01:30:00": 1}
    assert slots(world, made) == spring | autumn


def test_planned_in_the_hour_that_autumn_repeats_it_waits_for_the_next_day(world: World) -> None:
    at(world, "2026-10-25T01:15:00")  # 02:15 in Berlin, for the second time
    made = make(world, "30 2 * * *", timezone="Europe/Berlin")
    assert made.next_run == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


def test_a_disabled_schedule_has_no_next_time_and_does_not_fire(morning: World) -> None:
    made = make(morning)
    off = morning.store.change_schedule(made.schedule_id, ScheduleChange(enabled=False))
    assert (off.enabled, off.next_run, off.next_runs) == (False, None, [])
    morning.clock.advance(60)
    assert morning.store.fire_due().wait_seconds is None
    on = morning.store.change_schedule(made.schedule_id, ScheduleChange(enabled=True))
    assert on.next_run == datetime(2026, 3, 3, 6, tzinfo=UTC)
    assert slots(morning, made) == {}


def test_a_change_of_anything_but_the_times_keeps_the_next_time(morning: World) -> None:
    made = make(morning, timeout_seconds=60, robot_id="r1")
    morning.clock.advance(120)  # due, and not fired yet
    change = ScheduleChange(schedule_name="later", timeout_seconds=None)
    changed = morning.store.change_schedule(made.schedule_id, change)
    assert (changed.schedule_name, changed.timeout_seconds) == ("later", None)
    assert (changed.robot_id, changed.next_run) == ("r1", made.next_run)
    assert len(jobs_of(morning.store.fire_due())) == 1
    moved = morning.store.change_schedule("later", ScheduleChange(cron_expression="@hourly"))
    assert moved.next_run == datetime(2026, 3, 2, 7, tzinfo=UTC)


def test_a_run_by_hand_leaves_the_next_time_alone(morning: World) -> None:
    made = make(morning, enabled=False, input_data={"x": 1})
    job = morning.store.trigger_schedule("daily")
    assert (job.schedule_id, job.input_data) == (made.schedule_id, {"x": 1})
    after = morning.store.schedule("daily")
    assert (after.run_count, after.last_job_id, after.next_run) == (1, job.job_id, None)
    assert [run.job_id for run in morning.store.schedule_runs("daily").jobs] == [job.job_id]


def test_times_that_cannot_be_are_refused_when_saved(world: World) -> None:
    bad = ("0 0 30 2 *", "60 * * * *", "* * * * * *", "every day", "@reboot", "")
    for cron in bad[:-1]:
        with pytest.raises(BadRequest, match="no cron expression") as refused:
            make(world, cron)
        assert refused.value.field == "cron_expression"
    with pytest.raises(BadRequest, match="no time zone 'Mars/Base'") as refused:
        make(world, timezone="Mars/Base")
    assert refused.value.field == "timezone"
    with pytest.raises(NotFound, match="no workflow"):
        make(world, workflow_id="nothing")
    assert world.store.schedules().schedules == ()


@pytest.mark.parametrize("name", ["@hourly", "@daily", "@weekly", "@monthly", "@yearly"])
def test_names_of_common_times_are_understood(world: World, name: str) -> None:
    assert make(world, name).next_run is not None


def test_schedules_are_listed_and_upcoming_ones_sorted(morning: World) -> None:
    first = make(morning, "0 8 * * *", schedule_name="a")
    morning.clock.advance(1)
    second = make(morning, "0 7 * * *", schedule_name="b")
    off = make(morning, schedule_name="c", enabled=False, workflow_id="invoices")
    store = morning.store
    listed = [one.schedule_id for one in store.schedules().schedules]
    assert sorted(listed) == sorted([first.schedule_id, second.schedule_id, off.schedule_id])
    assert listed[-1] == first.schedule_id
    assert [one.schedule_id for one in store.schedules(enabled=False).schedules] == [
        off.schedule_id
    ]
    assert store.schedules(workflow_id="another").schedules == ()
    assert store.schedules(offset=3).schedules == ()
    soon = store.upcoming_runs(limit=5)
    assert [run.schedule_name for run in soon] == ["b", "a"]
    assert soon[0].next_run == second.next_run


def test_a_name_that_two_have_names_neither(morning: World) -> None:
    make(morning)
    make(morning)
    with pytest.raises(Conflict, match="several schedules"):
        morning.store.schedule("daily")
    with pytest.raises(NotFound):
        morning.store.delete_schedule("weekly")


def test_a_deleted_schedule_is_gone_and_its_jobs_stay(morning: World) -> None:
    make(morning)
    morning.clock.advance(60)
    (job_id,) = jobs_of(morning.store.fire_due())
    morning.store.delete_schedule("daily")
    assert morning.store.job(job_id).status == "pending"
    morning.clock.advance(DAY)
    assert jobs_of(morning.store.fire_due()) == []
    with pytest.raises(NotFound):
        morning.store.schedule("daily")


def test_putting_a_known_schedule_changes_it_and_leaves_it_off(morning: World) -> None:
    about: dict[str, Any] = {
        "workflow_id": "invoices",
        "schedule_name": "x",
        "cron_expression": "@daily",
    }

    def put(cron: str) -> Any:
        request = ScheduleRequest(**about | {"cron_expression": cron})
        return morning.store.put_schedule(request, principal="ann", schedule_id="s-1")

    assert put("@daily").created is True
    morning.store.change_schedule("s-1", ScheduleChange(enabled=False))
    again = put("@hourly")
    assert (again.created, again.schedule.enabled) == (False, False)
    assert again.schedule.cron_expression == "@hourly"
    assert len(morning.store.schedules().schedules) == 1


def test_whoever_waits_hears_of_a_change(world: World) -> None:
    world.changes.clear()
    make(world)
    world.store.change_schedule("daily", ScheduleChange(enabled=False))
    world.store.delete_schedule("daily")
    assert [change.kind for change in world.changes] == ["schedule"] * 3
