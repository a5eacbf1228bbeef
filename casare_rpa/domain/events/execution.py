"""What happens in a run: to its nodes and to the run as a whole."""

from __future__ import annotations

from dataclasses import field
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.domain.enums import ExecutionMode, NodeStatus
from casare_rpa.domain.events.base import DomainEvent
from casare_rpa.domain.events.declare import INSIDE, event


@event
class NodeStarted(DomainEvent):
    """A node is about to run.

    `state` is None unless another run could start here: what changed since the last such node.
    It is for robots and no part of `to_dict`.
    """

    node_id: str = ""
    node_type: str = ""
    workflow_id: str = ""
    state: dict[str, Any] | None = field(default=None, metadata=INSIDE)


@event
class NodeCompleted(DomainEvent):
    """A node did its job; `output_data` holds its output ports. `state` is as in NodeStarted."""

    node_id: str = ""
    node_type: str = ""
    workflow_id: str = ""
    execution_time_ms: float = 0.0
    output_data: dict[str, Any] | None = None
    state: dict[str, Any] | None = field(default=None, metadata=INSIDE)


@event
class StateKept(DomainEvent):
    """A piece of a large value that a later run may need: `text` is a part of its JSON.

    `kind` is `variables` or `outputs`, `name` the variable or the node. All pieces come in order
    before the NodeStarted whose state counts them.
    """

    kind: str = ""
    name: str = ""
    text: str = ""


@event
class NodeFailed(DomainEvent):
    """A node could not do its job."""

    node_id: str = ""
    node_type: str = ""
    workflow_id: str = ""
    error_code: ErrorCode | None = None
    error_message: str = ""
    is_retryable: bool = False


@event
class NodeSkipped(DomainEvent):
    """A node was passed over; `reason` is `disabled` for one that is switched off."""

    node_id: str = ""
    node_type: str = ""
    workflow_id: str = ""
    reason: str = ""


@event
class NodeStatusChanged(DomainEvent):
    """What a person sees of a node has changed."""

    node_id: str = ""
    old_status: NodeStatus | None = None
    new_status: NodeStatus | None = None


@event
class WorkflowStarted(DomainEvent):
    """A run begins; always its first event."""

    workflow_id: str = ""
    workflow_name: str = ""
    execution_mode: ExecutionMode = ExecutionMode.NORMAL
    triggered_by: str = "manual"
    total_nodes: int = 0


@event
class WorkflowCompleted(DomainEvent):
    """A run ended well; its last event."""

    workflow_id: str = ""
    workflow_name: str = ""
    execution_time_ms: float = 0.0
    nodes_executed: int = 0
    nodes_skipped: int = 0


@event
class WorkflowFailed(DomainEvent):
    """A run ended with an error; its last event. The first failed node is named."""

    workflow_id: str = ""
    workflow_name: str = ""
    failed_node_id: str | None = None
    error_code: ErrorCode | None = None
    error_message: str = ""
    execution_time_ms: float = 0.0


@event
class WorkflowStopped(DomainEvent):
    """A run was stopped from outside; its last event."""

    workflow_id: str = ""
    stopped_at_node_id: str | None = None
    reason: str = "user_request"


@event
class WorkflowPaused(DomainEvent):
    """A run waits between two nodes; `reason` is `checkpoint` unless it met a breakpoint."""

    workflow_id: str = ""
    paused_at_node_id: str = ""
    reason: str = "breakpoint"


@event
class WorkflowResumed(DomainEvent):
    """A paused run goes on."""

    workflow_id: str = ""
    resume_from_node_id: str = ""


@event
class WorkflowProgress(DomainEvent):
    """How far a run has come; after every node. `percentage` runs from 0 to 100."""

    workflow_id: str = ""
    current_node_id: str = ""
    completed_nodes: int = 0
    total_nodes: int = 0
    percentage: float = 0.0
