"""The bus: who hears what, in which order, and what a bad handler can do."""

import logging
import threading
from collections.abc import Iterator

import pytest

from casare_rpa.domain.events import (
    DomainEvent,
    EventBus,
    LogMessage,
    NodeCompleted,
    NodeFailed,
    NodeStarted,
    get_event_bus,
    reset_event_bus,
)


@pytest.fixture
def bus() -> EventBus:
    return EventBus()


@pytest.fixture
def process_bus() -> Iterator[EventBus]:
    reset_event_bus()
    yield get_event_bus()
    reset_event_bus()


def test_a_handler_hears_its_class_and_no_other(bus: EventBus) -> None:
    heard: list[DomainEvent] = []
    assert bus.subscribe(NodeCompleted, heard.append) == heard.append
    done = NodeCompleted(node_id="a")

    bus.publish(NodeStarted())
    bus.publish(done)

    assert heard == [done]


def test_subscribe_works_as_a_decorator_and_leaves_the_function_alone(bus: EventBus) -> None:
    heard: list[str] = []

    @bus.subscribe(NodeCompleted)
    def on_node_completed(event: NodeCompleted) -> None:
        heard.append(event.node_id)

    bus.publish(NodeCompleted(node_id="a"))
    on_node_completed(NodeCompleted(node_id="b"))

    assert heard == ["a", "b"]


def test_a_handler_of_the_base_class_does_not_hear_subclasses(bus: EventBus) -> None:
    heard: list[DomainEvent] = []
    bus.subscribe(DomainEvent, heard.append)

    bus.publish(NodeStarted())
    assert heard == []
    bus.publish(DomainEvent())
    assert len(heard) == 1


def test_subscribing_twice_is_subscribing_once(bus: EventBus) -> None:
    heard: list[DomainEvent] = []
    for _ in range(2):
        bus.subscribe(NodeStarted, heard.append)
        bus.subscribe_all(heard.append)

    bus.publish(NodeStarted())

    assert bus.get_handler_count(NodeStarted) == 1
    assert len(heard) == 2


def test_class_handlers_come_before_wildcards_each_in_order(bus: EventBus) -> None:
    calls: list[str] = []
    bus.subscribe_all(lambda _: calls.append("all 1"))
    bus.subscribe(NodeStarted, lambda _: calls.append("class 1"))
    bus.subscribe_all(lambda _: calls.append("all 2"))
    bus.subscribe(NodeStarted, lambda _: calls.append("class 2"))

    bus.publish(NodeStarted())

    assert calls == ["class 1", "class 2", "all 1", "all 2"]


def test_unsubscribing_ends_the_calls_and_is_silent_otherwise(bus: EventBus) -> None:
    heard: list[DomainEvent] = []
    bus.subscribe(NodeStarted, heard.append)
    bus.subscribe_all(heard.append)

    bus.unsubscribe(NodeStarted, heard.append)
    bus.unsubscribe(NodeFailed, heard.append)
    bus.unsubscribe_all(heard.append)
    bus.unsubscribe_all(print)
    bus.publish(NodeStarted())

    assert heard == []
    assert bus.get_handler_count(NodeStarted) == 0


def test_a_handler_that_raises_is_logged_and_the_others_are_still_called(
    bus: EventBus, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[DomainEvent] = []

    def broken(event: DomainEvent) -> None:
        raise RuntimeError("broken handler")

    bus.subscribe(NodeStarted, broken)
    bus.subscribe(NodeStarted, heard.append)

    bus.publish(NodeStarted())

    assert len(heard) == 1
    assert "broken handler" in caplog.text
    assert "NodeStarted" in caplog.text


def test_a_fault_while_handling_a_log_message_is_not_logged(
    bus: EventBus, caplog: pytest.LogCaptureFixture
) -> None:
    bus.subscribe_all(lambda _: 1 / 0)

    bus.publish(LogMessage(message="hello"))

    assert caplog.records == []


def test_log_lines_turned_into_events_do_not_run_in_circles(bus: EventBus) -> None:
    class ToBus(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            bus.publish(LogMessage(message=record.getMessage()))

    def broken(event: DomainEvent) -> None:
        raise RuntimeError("broken")

    handler = ToBus()
    logging.getLogger().addHandler(handler)
    try:
        bus.subscribe_all(broken)
        bus.publish(NodeStarted())
    finally:
        logging.getLogger().removeHandler(handler)

    assert [type(e) for e in bus.get_history()] == [LogMessage, NodeStarted]


def test_handlers_may_publish_subscribe_and_unsubscribe(bus: EventBus) -> None:
    calls: list[str] = []

    def late(event: NodeStarted) -> None:
        calls.append("late")

    def once(event: NodeStarted) -> None:
        calls.append("once")
        bus.unsubscribe(NodeStarted, once)
        bus.subscribe(NodeStarted, late)
        bus.publish(NodeCompleted())

    bus.subscribe(NodeCompleted, lambda _: calls.append("completed"))
    bus.subscribe(NodeStarted, once)

    bus.publish(NodeStarted())
    assert calls == ["once", "completed"], "a handler added meanwhile hears the next event only"
    bus.publish(NodeStarted())
    assert calls == ["once", "completed", "late"]


def test_an_async_handler_is_refused_because_nobody_would_await_it(bus: EventBus) -> None:
    async def handler(event: DomainEvent) -> None: ...

    class Callable:
        async def __call__(self, event: DomainEvent) -> None: ...

    for wrong in (handler, Callable()):
        with pytest.raises(TypeError, match="plain function"):
            bus.subscribe(NodeStarted, wrong)
        with pytest.raises(TypeError, match="plain function"):
            bus.subscribe_all(wrong)


def test_the_history_is_newest_first_and_can_be_filtered_and_limited(bus: EventBus) -> None:
    for i in range(3):
        bus.publish(NodeStarted(node_id=str(i)))
        bus.publish(NodeCompleted(node_id=str(i)))

    assert [e.node_id for e in bus.get_history(NodeStarted)] == ["2", "1", "0"]
    assert [e.node_id for e in bus.get_history(NodeCompleted, limit=2)] == ["2", "1"]
    assert len(bus.get_history(limit=0)) == len(bus.get_history()) == 6
    assert len(bus.get_history(DomainEvent)) == 6, "the filter takes subclasses too"
    bus.clear_history()
    assert bus.get_history() == []


def test_the_history_keeps_the_last_thousand_events_or_what_was_asked_for() -> None:
    usual, small, none = EventBus(), EventBus(max_history=2), EventBus(max_history=0)
    for i in range(1005):
        for bus in (usual, small, none):
            bus.publish(NodeStarted(node_id=str(i)))

    assert len(usual.get_history()) == 1000
    assert [e.node_id for e in small.get_history(NodeStarted)] == ["1004", "1003"]
    assert none.get_history() == []


def test_the_event_is_in_the_history_when_its_handlers_are_called(bus: EventBus) -> None:
    seen: list[int] = []
    bus.subscribe(NodeStarted, lambda _: seen.append(len(bus.get_history())))

    bus.publish(NodeStarted())

    assert seen == [1]


def test_handlers_can_be_cleared_for_one_class_or_all(bus: EventBus) -> None:
    heard: list[DomainEvent] = []
    bus.subscribe(NodeStarted, heard.append)
    bus.subscribe(NodeCompleted, heard.append)
    bus.subscribe_all(heard.append)

    bus.clear_handlers(NodeStarted)
    assert bus.get_handler_count(NodeStarted) == 0
    assert bus.get_handler_count(NodeCompleted) == 1
    bus.clear_handlers()
    bus.publish(NodeCompleted())
    assert heard == []


def test_a_child_bus_tells_its_own_handlers_first_and_then_the_parent() -> None:
    process = EventBus()
    job, other_job = EventBus(process), EventBus(process)
    calls: list[str] = []
    process.subscribe(NodeStarted, lambda e: calls.append(f"process {e.node_id}"))
    job.subscribe_all(lambda e: calls.append(f"job {e.node_id}"))
    other_job.subscribe_all(lambda e: calls.append(f"other job {e.node_id}"))

    job.publish(NodeStarted(node_id="a"))
    process.publish(NodeStarted(node_id="b"))

    assert calls == ["job a", "process a", "process b"]
    assert len(process.get_history()) == 2
    assert len(job.get_history()) == 1


def test_a_broken_handler_of_the_child_does_not_hide_the_event_from_the_parent() -> None:
    process = EventBus()
    job = EventBus(process)
    heard: list[DomainEvent] = []
    process.subscribe_all(heard.append)
    job.subscribe_all(lambda _: 1 / 0)

    job.publish(NodeStarted())

    assert len(heard) == 1


def test_many_threads_lose_no_event_and_no_subscription(bus: EventBus) -> None:
    counts = [0] * 8
    ready = threading.Barrier(8)

    def work(me: int) -> None:
        def count(event: DomainEvent) -> None:
            if event.node_id == str(me):  # type: ignore[attr-defined]
                counts[me] += 1

        ready.wait()
        bus.subscribe(NodeStarted, count)
        for _ in range(500):
            bus.publish(NodeStarted(node_id=str(me)))
            bus.get_history(NodeStarted, limit=3)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert counts == [500] * 8
    assert bus.get_handler_count(NodeStarted) == 8
    assert len(bus.get_history()) == 1000


def test_threads_that_look_at_once_see_one_identity() -> None:
    for _ in range(200):
        event, ready = NodeStarted(), threading.Barrier(4)
        seen: set[object] = set()

        def look(
            event: NodeStarted = event, seen: set[object] = seen, ready: threading.Barrier = ready
        ) -> None:
            ready.wait()
            seen.add((event.event_id, event.occurred_on))

        threads = [threading.Thread(target=look) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(seen) == 1


def test_the_process_has_one_bus_until_it_is_reset(process_bus: EventBus) -> None:
    heard: list[DomainEvent] = []
    process_bus.subscribe(NodeStarted, heard.append)
    process_bus.publish(NodeStarted())
    assert get_event_bus() is process_bus

    reset_event_bus()

    assert get_event_bus() is not process_bus
    assert process_bus.get_handler_count(NodeStarted) == 0
    assert process_bus.get_history() == []
    assert len(heard) == 1


def test_threads_that_ask_first_at_once_get_the_same_process_bus(process_bus: EventBus) -> None:
    reset_event_bus()
    ready, found = threading.Barrier(8), set()

    def ask() -> None:
        ready.wait()
        found.add(id(get_event_bus()))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 1
