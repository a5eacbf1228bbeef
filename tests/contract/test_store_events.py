"""A job's history has no hole, no double and one order."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from casare_rpa.errors import EventGap, InvalidInput, NotFound
from casare_rpa.store.operations.events import MOST_NODE_EVENTS
from casare_rpa.wire import EventBatch, EventEnvelope, Progress
from tests.contract.world import World, envelopes, outcome


def test_events_get_the_jobs_numbers_in_the_attempts_order(world: World) -> None:
    grant = world.running()
    answer = world.append(grant, 1, "log", "node.started", "node.completed")
    assert (answer.accepted, answer.stored_index) == (3, 3)
    assert [e.seq for e in world.history(grant)] == [1, 2, 3, 4, 5, 6]
    assert world.types(grant)[3:] == ["log", "node.started", "node.completed"]
    assert world.store.job(grant.job_id).last_seq == 6


def test_an_event_comes_back_as_it_was_sent(world: World) -> None:
    grant = world.running()
    data: dict[str, Any] = {
        "ü": ["\u2028", None, 1.5, -(2**63), True, {"a": {}}],
        "nul": "\x00",
        "": "",
    }
    time = datetime(2026, 3, 4, 5, 6, 7, 890123, tzinfo=UTC)
    batch = EventBatch(
        attempt=1,
        lease_token=grant.lease_token,
        first_index=1,
        events=[EventEnvelope(type="type.nobody.knows", timestamp=time, data=data)],
    )
    world.store.append_events("r1", grant.job_id, batch)
    event = world.history(grant)[-1]
    assert (event.type, event.timestamp, event.data) == ("type.nobody.knows", time, data)


def test_an_event_that_is_no_json_is_refused_as_a_whole(world: World) -> None:
    grant = world.running()
    with pytest.raises(InvalidInput):
        batch = envelopes("log", "log", data=[{}, {"too big": 2**80}])
        world.store.append_events(
            "r1",
            grant.job_id,
            EventBatch(attempt=1, lease_token=grant.lease_token, first_index=1, events=batch),
        )
    assert world.append(grant, 1, "log").stored_index == 1


def test_events_sent_twice_are_stored_once(world: World) -> None:
    grant = world.running()
    world.append(grant, 1, "a", "b")
    again = world.append(grant, 1, "a", "b")
    assert (again.accepted, again.stored_index) == (0, 2)
    overlapping = world.append(grant, 2, "b", "c")
    assert (overlapping.accepted, overlapping.stored_index) == (1, 3)
    assert world.types(grant)[3:] == ["a", "b", "c"]


def test_events_sent_twenty_times_at_once_are_stored_once(world: World) -> None:
    grant = world.running()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: world.append(grant, 1, "a", "b"), range(20)))
    assert sum(answer.accepted for answer in answers) == 2
    assert world.types(grant)[3:] == ["a", "b"]


def test_a_gap_is_refused_and_names_the_index_wanted(world: World) -> None:
    grant = world.running()
    world.append(grant, 1, "a")
    with pytest.raises(EventGap) as refused:
        world.append(grant, 3, "c")
    assert refused.value.expected == 2
    assert refused.value.details == {"expected": 2}
    assert world.types(grant)[3:] == ["a"]


def test_a_first_batch_that_does_not_begin_at_one_is_refused(world: World) -> None:
    grant = world.running()
    with pytest.raises(EventGap) as refused:
        world.append(grant, 2, "b")
    assert refused.value.expected == 1


def test_each_attempt_counts_from_one_in_the_same_history(world: World) -> None:
    first = world.running()
    world.append(first, 1, "a", "b")
    world.lose(first)
    second = world.claim_after_backoff()
    assert second.next_index == 1
    world.append(second, 1, "c")
    history = world.history(first)
    assert [e.seq for e in history] == list(range(1, len(history) + 1))
    assert [(e.attempt, e.type) for e in history if "." not in e.type] == [
        (1, "a"),
        (1, "b"),
        (2, "c"),
    ]


def test_a_watcher_reads_on_from_any_number(world: World) -> None:
    grant = world.running()
    world.append(grant, 1, *("log" for _ in range(10)))
    page = world.store.events(grant.job_id, after=4, limit=3)
    assert [e.seq for e in page.events] == [5, 6, 7]
    assert page.last_seq == 7
    assert world.store.events(grant.job_id, after=13).events == []
    assert world.store.events(grant.job_id, after=13).last_seq == 13
    with pytest.raises(NotFound):
        world.store.events("nothing")


def test_watchers_are_told_the_last_number(world: World) -> None:
    grant = world.running()
    world.changes.clear()
    world.append(grant, 1, "a", "b")
    world.append(grant, 1, "a", "b")
    told = [(c.kind, c.job_id, c.last_seq, c.finished) for c in world.changes]
    assert told == [("events", grant.job_id, 5, False)]
    world.changes.clear()
    world.finish(grant, event_count=2)
    assert [(c.kind, c.last_seq, c.finished) for c in world.changes] == [("events", 6, True)]


def test_events_that_arrive_before_the_first_renewal_start_the_job(world: World) -> None:
    world.submit()
    grant = world.claim()
    world.append(grant, 1, "node.started")
    assert world.types(grant) == ["job.queued", "job.claimed", "job.started", "node.started"]


def test_progress_is_shown_and_told(world: World) -> None:
    grant = world.running()
    note = Progress(
        attempt=1, lease_token=grant.lease_token, progress=40, current_node="n1", message="half"
    )
    world.store.progress("r1", grant.job_id, note)
    job = world.store.job(grant.job_id)
    assert (job.progress, job.current_node) == (40, "n1")
    told = world.history(grant)[-1]
    assert told.type == "progress"
    assert told.data == {"progress": 40, "current_node": "n1", "message": "half"}
    assert world.append(grant, 1, "log").stored_index == 1


def test_node_events_move_the_shown_progress(world: World) -> None:
    grant = world.running()
    data: list[dict[str, Any]] = [
        {"node_id": "a"},
        {"node_id": "a", "progress": 50},
        {"node_id": "b"},
    ]
    names = ("node.started", "node.completed", "node.started")
    final = outcome(
        grant, "failed", event_count=3, first_index=1, events=envelopes(*names, data=data)
    )
    world.store.finish("r1", grant.job_id, final)
    job = world.store.job(grant.job_id)
    assert (job.progress, job.current_node) == (50, "b")


def test_node_executions_tell_of_the_last_attempt(world: World) -> None:
    first = world.running()
    world.append(first, 1, "node.started")
    world.lose(first)
    grant = world.claim_after_backoff()
    story: list[tuple[str, dict[str, Any]]] = [
        ("node.started", {"node_id": "a", "node_type": "Log"}),
        ("node.completed", {"node_id": "a", "node_type": "Log", "execution_time_ms": 5}),
        ("node.started", {"node_id": "a", "node_type": "Log"}),
        ("node.completed", {"node_id": "a", "node_type": "Log", "execution_time_ms": 7}),
        ("node.skipped", {"node_id": "b", "node_type": "If"}),
        ("node.started", {"node_id": "c"}),
        ("node.failed", {"node_id": "c", "error_message": "broke"}),
        ("node.started", {"node_id": "d"}),
        ("log", {"node_id": "e"}),
        ("node.started", {"no": "id"}),
    ]
    events = envelopes(*(name for name, _ in story), data=[data for _, data in story])
    batch = EventBatch(attempt=2, lease_token=grant.lease_token, first_index=1, events=events)
    world.store.append_events("r1", grant.job_id, batch)
    nodes = world.store.job(grant.job_id, with_nodes=True).node_executions
    assert nodes == world.store.node_executions(grant.job_id)
    assert [(n.node_id, n.node_type, n.status, n.runs, n.duration_ms) for n in nodes] == [
        ("a", "Log", "completed", 2, 7.0),
        ("b", "If", "skipped", 1, None),
        ("c", "", "failed", 1, None),
        ("d", "", "running", 1, None),
    ]
    assert nodes[2].error_message == "broke"


def test_a_look_at_a_job_with_a_long_history_reads_its_latest_node_events(world: World) -> None:
    grant = world.running()
    data = [{"node_id": "early"}, *({"node_id": "late"} for _ in range(MOST_NODE_EVENTS))]
    for first in range(0, len(data), 5000):
        part = data[first : first + 5000]
        batch = EventBatch(
            attempt=1,
            lease_token=grant.lease_token,
            first_index=first + 1,
            events=envelopes(*["node.started"] * len(part), data=part),
        )
        world.store.append_events("r1", grant.job_id, batch)
    (node,) = world.store.job(grant.job_id, with_nodes=True).node_executions
    assert (node.node_id, node.runs) == ("late", MOST_NODE_EVENTS)
