"""Events as lines of the program's log."""

from __future__ import annotations

import logging

from casare_rpa.domain.events.base import DomainEvent
from casare_rpa.domain.events.bus import EventBus

log = logging.getLogger(__name__)

_LEVELS = {
    "TRACE": 5,
    "DEBUG": logging.DEBUG,
    "INFO": logging.INFO,
    "WARNING": logging.WARNING,
    "ERROR": logging.ERROR,
    "CRITICAL": logging.CRITICAL,
}


class EventLogger:
    """Writes each event as `Event: <name> - <dict>` at one level; an unknown level is INFO."""

    def __init__(self, log_level: str = "INFO") -> None:
        self.log_level = log_level
        self._level = _LEVELS.get(log_level.strip().upper(), logging.INFO)

    def handle_event(self, event: DomainEvent) -> None:
        """Write *event* to the log."""
        if log.isEnabledFor(self._level):
            log.log(self._level, "Event: %s - %s", event.event_type_name, event.to_dict())

    def subscribe_to_bus(self, bus: EventBus) -> None:
        """Write every event that *bus* publishes from now on."""
        bus.subscribe_all(self.handle_event)
