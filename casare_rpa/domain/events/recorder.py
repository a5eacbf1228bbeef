"""Events kept for a look afterwards: in tests, in the debugger, in reports."""

from __future__ import annotations

from typing import Any, TypeVar, overload

from casare_rpa.domain.events.base import DomainEvent
from casare_rpa.domain.events.bus import EventBus

_E = TypeVar("_E", bound=DomainEvent)


class EventRecorder:
    """Keeps the events between `start_recording()` and `stop_recording()`, oldest first."""

    def __init__(self) -> None:
        self.recorded_events: list[DomainEvent] = []
        self.is_recording = False

    def start_recording(self) -> None:
        """Forget what was recorded and begin."""
        self.recorded_events.clear()
        self.is_recording = True

    def stop_recording(self) -> None:
        """Take no more events; those recorded stay."""
        self.is_recording = False

    def handle_event(self, event: DomainEvent) -> None:
        """Keep *event* if a recording is on."""
        if self.is_recording:
            self.recorded_events.append(event)

    @overload
    def get_recorded_events(self, event_type: type[_E]) -> list[_E]: ...
    @overload
    def get_recorded_events(self, event_type: None = None) -> list[DomainEvent]: ...
    def get_recorded_events(self, event_type: type[DomainEvent] | None = None) -> list[Any]:
        """A copy of the recorded events; of one class and its subclasses, if given."""
        events = list(self.recorded_events)
        return [e for e in events if event_type is None or isinstance(e, event_type)]

    def export_to_dict(self) -> list[dict[str, Any]]:
        """Every recorded event as `to_dict()` gives it."""
        return [event.to_dict() for event in list(self.recorded_events)]

    def subscribe_to_bus(self, bus: EventBus) -> None:
        """Hear every event that *bus* publishes from now on."""
        bus.subscribe_all(self.handle_event)
