import logging

import pytest

from casare_rpa.domain.events import EventBus, EventLogger, EventRecorder, NodeFailed, NodeStarted

LOGGER = "casare_rpa.domain.events.logger"


@pytest.mark.parametrize(
    ("wanted", "level"),
    [
        ("INFO", logging.INFO),
        ("debug", logging.DEBUG),
        ("ERROR", logging.ERROR),
        ("trace", 5),
        ("loud", logging.INFO),
    ],
)
def test_the_logger_writes_each_event_at_its_level(
    wanted: str, level: int, caplog: pytest.LogCaptureFixture
) -> None:
    bus = EventBus()
    EventLogger(log_level=wanted).subscribe_to_bus(bus)

    with caplog.at_level(1, logger=LOGGER):
        event = NodeStarted(node_id="a")
        bus.publish(event)

    [record] = [r for r in caplog.records if r.name == LOGGER]
    assert record.levelno == level
    assert record.getMessage() == f"Event: NodeStarted - {event.to_dict()}"


def test_the_logger_is_silent_below_the_program_s_level(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger=LOGGER):
        EventLogger("INFO").handle_event(NodeStarted())

    assert caplog.records == []


def test_the_recorder_keeps_what_happens_between_start_and_stop() -> None:
    bus, recorder = EventBus(), EventRecorder()
    recorder.subscribe_to_bus(bus)
    assert not recorder.is_recording

    bus.publish(NodeStarted(node_id="before"))
    recorder.start_recording()
    bus.publish(NodeStarted(node_id="a"))
    bus.publish(NodeFailed(node_id="a"))
    recorder.stop_recording()
    bus.publish(NodeStarted(node_id="after"))

    assert [type(e) for e in recorder.get_recorded_events()] == [NodeStarted, NodeFailed]
    assert [e.node_id for e in recorder.get_recorded_events(NodeFailed)] == ["a"]
    assert [d["event_type"] for d in recorder.export_to_dict()] == ["NodeStarted", "NodeFailed"]


def test_a_new_recording_forgets_the_last_one_and_hands_out_copies() -> None:
    recorder = EventRecorder()
    recorder.start_recording()
    recorder.handle_event(NodeStarted())
    recorder.get_recorded_events().clear()
    assert len(recorder.recorded_events) == 1

    recorder.start_recording()

    assert recorder.recorded_events == []
