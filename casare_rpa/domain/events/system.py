"""What happens around the nodes of a run: variables, log lines, resources."""

from __future__ import annotations

from typing import Any

from casare_rpa.domain.enums import LogLevel
from casare_rpa.domain.events.base import DomainEvent
from casare_rpa.domain.events.declare import event


@event
class VariableSet(DomainEvent):
    """A variable was written. The value of a sensitive one is masked by whoever publishes."""

    variable_name: str = ""
    variable_value: Any = None
    workflow_id: str = ""
    source_node_id: str | None = None


@event
class BrowserPageReady(DomainEvent):
    """A page of a browser has loaded."""

    page_id: str = ""
    url: str = ""
    title: str = ""
    browser_type: str = "chromium"


@event
class LogMessage(DomainEvent):
    """A line for the run's log."""

    level: LogLevel = LogLevel.INFO
    message: str = ""
    source: str | None = None
    node_id: str | None = None
    workflow_id: str | None = None
    extra_data: dict[str, Any] | None = None


@event
class DebugBreakpointHit(DomainEvent):
    """A run in debug mode has come to a breakpoint."""

    node_id: str = ""
    workflow_id: str = ""
    variables: dict[str, Any] | None = None


@event
class ResourceAcquired(DomainEvent):
    """A run now holds something that must be given back."""

    resource_type: str = ""
    resource_id: str = ""
    workflow_id: str = ""


@event
class ResourceReleased(DomainEvent):
    """A run has given back what it held."""

    resource_type: str = ""
    resource_id: str = ""
    workflow_id: str = ""
