"""What every event has in common: an identity, a time, a name and a form for the wire."""

from __future__ import annotations

from dataclasses import field, fields
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from casare_rpa.domain.events.declare import INSIDE, event
from casare_rpa.domain.json_values import json_safe


@event
class DomainEvent:
    """Something that happened. `event_id` is its identity, `occurred_on` its time in UTC.

    Both are worked out when first read and stay the same from then on. Values that an event
    carries are kept as they are: whoever publishes a dict does not change it afterwards.
    """

    event_id: UUID = field(default_factory=uuid4)
    occurred_on: datetime = field(default_factory=lambda: datetime.now(UTC))

    if not TYPE_CHECKING:  # a type checker would take it as leave to read any attribute

        def __getattr__(self, name: str) -> Any:
            # setdefault, so that two threads that read first at the same time see one value.
            if name == "event_id":
                return self.__dict__.setdefault(name, uuid4())
            if name == "occurred_on":
                moment = datetime.fromtimestamp(self.__dict__["_seconds"], UTC)
                return self.__dict__.setdefault(name, moment)
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __getstate__(self) -> dict[str, Any]:
        # A copy must be the same event, so what is still open is settled first.
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @property
    def event_type_name(self) -> str:
        """The class name, such as `NodeCompleted`."""
        return type(self).__name__

    @property
    def timestamp(self) -> float:
        """`occurred_on` as seconds since 1970; costs next to nothing."""
        seconds = self.__dict__.get("_seconds")
        return self.occurred_on.timestamp() if seconds is None else float(seconds)

    def payload(self) -> dict[str, Any]:
        """The event's own fields in their order, fit for JSON: enums by name, tuples as lists."""
        values = self.__dict__
        return {name: _plain(values[name]) for name in _own_field_names(type(self))}

    def to_dict(self) -> dict[str, Any]:
        """Type, identity and time, then the payload; always fit for strict JSON."""
        return {
            "event_type": type(self).__name__,
            "event_id": str(self.event_id),
            "occurred_on": self.occurred_on.isoformat(),
            **self.payload(),
        }


def _plain(value: Any) -> Any:
    return value.name if isinstance(value, Enum) else json_safe(value)


_OWN_FIELD_NAMES: dict[type, tuple[str, ...]] = {}


def _own_field_names(cls: type[DomainEvent]) -> tuple[str, ...]:
    names = _OWN_FIELD_NAMES.get(cls)
    if names is None:
        hidden = {"event_id", "occurred_on"} | {f.name for f in fields(cls) if f.metadata == INSIDE}
        names = tuple(f.name for f in fields(cls) if f.name not in hidden)
        _OWN_FIELD_NAMES[cls] = names
    return names


@event
class AggregateEvent(DomainEvent):
    """An event about one aggregate, named by its id."""

    aggregate_id: str = ""
