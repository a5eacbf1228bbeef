"""The bus: whoever wants to know of an event subscribes; whoever knows publishes."""

from __future__ import annotations

import inspect
import logging
from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import Any, TypeAlias, TypeVar, overload

from casare_rpa.domain.events.base import DomainEvent
from casare_rpa.domain.events.system import LogMessage

log = logging.getLogger(__name__)

_E = TypeVar("_E", bound=DomainEvent)
_H = TypeVar("_H", bound=Callable[[Any], object])
Handler: TypeAlias = Callable[[Any], object]


class EventBus:
    """Synchronous publish and subscribe; safe to use from any thread.

    A bus with a *parent* passes every event on to it after its own handlers: a job's bus is a child
    of the process's. The last *max_history* events are kept.

    Handlers are plain functions, called in the publisher's thread in the order of subscription:
    those of the event's exact class first, then those for all events. One that raises is logged,
    and no one else feels it. Handlers may publish, subscribe and unsubscribe.
    """

    def __init__(self, parent: EventBus | None = None, max_history: int = 1000) -> None:
        self._parent = parent
        self._history: deque[DomainEvent] = deque(maxlen=max_history)
        # Both are replaced, never changed, so that publish reads them without the lock.
        self._by_type: dict[type[DomainEvent], tuple[Handler, ...]] = {}
        self._for_all: tuple[Handler, ...] = ()
        self._lock = Lock()

    @overload
    def subscribe(self, event_type: type[_E]) -> Callable[[_H], _H]: ...
    @overload
    def subscribe(self, event_type: type[_E], handler: _H) -> _H: ...
    def subscribe(self, event_type: type[_E], handler: _H | None = None) -> _H | Callable[[_H], _H]:
        """Call *handler* for events of exactly this class; returns the handler.

        Without a handler it is a decorator: `@bus.subscribe(NodeCompleted)`. Subscribing the same
        handler twice changes nothing. Raises TypeError for a coroutine function.
        """
        if handler is None:
            return lambda function: self.subscribe(event_type, function)
        _refuse_coroutine(handler)
        with self._lock:
            present = self._by_type.get(event_type, ())
            if handler not in present:
                self._by_type = {**self._by_type, event_type: (*present, handler)}
        return handler

    def unsubscribe(self, event_type: type[DomainEvent], handler: Handler) -> None:
        """Stop calling *handler* for this class; silent if it was not subscribed."""
        with self._lock:
            left = tuple(h for h in self._by_type.get(event_type, ()) if h != handler)
            self._by_type = {**self._by_type, event_type: left}

    def subscribe_all(self, handler: _H) -> _H:
        """Call *handler* for every event, after the handlers of its class; returns the handler."""
        _refuse_coroutine(handler)
        with self._lock:
            if handler not in self._for_all:
                self._for_all = (*self._for_all, handler)
        return handler

    def unsubscribe_all(self, handler: Handler) -> None:
        """Stop calling this one handler for every event; silent if it was not subscribed."""
        with self._lock:
            self._for_all = tuple(h for h in self._for_all if h != handler)

    def publish(self, event: DomainEvent) -> None:
        """Record *event* and call its handlers, those subscribed now; their errors end here."""
        bus: EventBus | None = self
        while bus is not None:
            bus._history.append(event)
            handlers = bus._by_type.get(type(event), ()) + bus._for_all
            for handler in handlers:
                try:
                    handler(event)
                except Exception:
                    _report(handler, event)
            bus = bus._parent

    @overload
    def get_history(self, event_type: type[_E], limit: int | None = None) -> list[_E]: ...
    @overload
    def get_history(
        self, event_type: None = None, limit: int | None = None
    ) -> list[DomainEvent]: ...
    def get_history(
        self, event_type: type[DomainEvent] | None = None, limit: int | None = None
    ) -> list[Any]:
        """The recorded events, newest first; of one class and its subclasses, if given.

        A *limit* of 0 or None is no limit.
        """
        events = list(self._history.copy())
        events.reverse()
        if event_type is not None:
            events = [event for event in events if isinstance(event, event_type)]
        return events[: limit or None]

    def clear_history(self) -> None:
        """Forget the recorded events."""
        self._history.clear()

    def clear_handlers(self, event_type: type[DomainEvent] | None = None) -> None:
        """Remove the handlers of one class; without a class all, also those for every event."""
        with self._lock:
            if event_type is None:
                self._by_type, self._for_all = {}, ()
            else:
                self._by_type = {t: hs for t, hs in self._by_type.items() if t is not event_type}

    def get_handler_count(self, event_type: type[DomainEvent]) -> int:
        """How many handlers are subscribed to exactly this class."""
        return len(self._by_type.get(event_type, ()))


def _refuse_coroutine(handler: Handler) -> None:
    # Nobody would await what it returns, so the handler would silently never run.
    call = getattr(handler, "__call__", handler)  # noqa: B004 - an object's own async __call__
    if inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(call):
        raise TypeError(f"an event handler must be a plain function, not async: {handler!r}")


def _report(handler: Handler, event: DomainEvent) -> None:
    # A handler that turns log lines into LogMessage events would call itself for ever.
    if not isinstance(event, LogMessage):
        log.exception("handler %r failed for %s", handler, type(event).__name__)


_process_bus: EventBus | None = None
_process_lock = Lock()


def get_event_bus() -> EventBus:
    """The bus of this process, made when first asked for."""
    global _process_bus
    with _process_lock:
        if _process_bus is None:
            _process_bus = EventBus()
        return _process_bus


def reset_event_bus() -> None:
    """Drop the process's bus, its handlers and history; get_event_bus() then makes a new one."""
    global _process_bus
    with _process_lock:
        bus, _process_bus = _process_bus, None
    if bus is not None:
        bus.clear_handlers()
        bus.clear_history()
