"""Typed facts about runs, robots and jobs, and the bus that carries them inside one process.

from casare_rpa.domain.events import NodeCompleted, get_event_bus

bus = get_event_bus()

@bus.subscribe(NodeCompleted)
def on_node_completed(event: NodeCompleted) -> None: ...
"""

from casare_rpa.domain.events.base import AggregateEvent, DomainEvent
from casare_rpa.domain.events.bus import EventBus, Handler, get_event_bus, reset_event_bus
from casare_rpa.domain.events.declare import event
from casare_rpa.domain.events.editing import NodeAdded, NodeConnected, NodeDisconnected, NodeRemoved
from casare_rpa.domain.events.execution import (
    NodeCompleted,
    NodeFailed,
    NodeSkipped,
    NodeStarted,
    NodeStatusChanged,
    StateKept,
    WorkflowCompleted,
    WorkflowFailed,
    WorkflowPaused,
    WorkflowProgress,
    WorkflowResumed,
    WorkflowStarted,
    WorkflowStopped,
)
from casare_rpa.domain.events.logger import EventLogger
from casare_rpa.domain.events.orchestrator import (
    JobAssigned,
    JobCompletedOnOrchestrator,
    JobMovedToDLQ,
    JobRequeued,
    JobSubmitted,
    RobotDisconnected,
    RobotHeartbeat,
    RobotRegistered,
    RobotStatusChanged,
)
from casare_rpa.domain.events.recorder import EventRecorder
from casare_rpa.domain.events.system import (
    BrowserPageReady,
    DebugBreakpointHit,
    LogMessage,
    ResourceAcquired,
    ResourceReleased,
    VariableSet,
)

__all__ = [
    "AggregateEvent",
    "BrowserPageReady",
    "DebugBreakpointHit",
    "DomainEvent",
    "EventBus",
    "EventLogger",
    "EventRecorder",
    "Handler",
    "JobAssigned",
    "JobCompletedOnOrchestrator",
    "JobMovedToDLQ",
    "JobRequeued",
    "JobSubmitted",
    "LogMessage",
    "NodeAdded",
    "NodeCompleted",
    "NodeConnected",
    "NodeDisconnected",
    "NodeFailed",
    "NodeRemoved",
    "NodeSkipped",
    "NodeStarted",
    "NodeStatusChanged",
    "ResourceAcquired",
    "ResourceReleased",
    "RobotDisconnected",
    "RobotHeartbeat",
    "RobotRegistered",
    "RobotStatusChanged",
    "StateKept",
    "VariableSet",
    "WorkflowCompleted",
    "WorkflowFailed",
    "WorkflowPaused",
    "WorkflowProgress",
    "WorkflowResumed",
    "WorkflowStarted",
    "WorkflowStopped",
    "event",
    "get_event_bus",
    "reset_event_bus",
]
