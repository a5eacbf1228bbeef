"""Every shape that crosses HTTP, as the orchestrator reads and writes it.

Readers ignore unknown fields, so that old and new programs can talk; a field's name is never
reused. Times are ISO 8601 in UTC, durations say their unit in the name.

Synonyms of the existing API are accepted where it has several spellings of one thing.
"""

from casare_rpa.wire.base import (
    Id,
    Json,
    Name,
    Priority,
    Role,
    Wire,
)
from casare_rpa.wire.errors import (
    ErrorBody,
    ErrorMeta,
    ErrorResponse,
)
from casare_rpa.wire.events import (
    JobEvent,
    JobEventList,
)
from casare_rpa.wire.jobs import (
    CancelResult,
    Job,
    JobList,
    JobRequest,
    NodeExecution,
    RetryResult,
)
from casare_rpa.wire.keys import (
    ApiKey,
    ApiKeyCreated,
    ApiKeyList,
    ApiKeyRequest,
    Health,
    Identity,
    KeyRevocation,
    KeyRevoked,
    RobotKey,
    RobotKeyCreated,
    RobotKeyList,
    RobotKeyRequest,
)
from casare_rpa.wire.leases import (
    ClaimRequest,
    EventBatch,
    EventEnvelope,
    EventsAccepted,
    ExtendLease,
    Finish,
    Finished,
    Grant,
    Lease,
    LeaseProof,
    Progress,
    Release,
    SideLog,
)
from casare_rpa.wire.robots import (
    Heartbeat,
    HeartbeatReply,
    Robot,
    RobotChange,
    RobotList,
    RobotRegistration,
    RobotStatusChange,
)
from casare_rpa.wire.workflows import (
    Workflow,
    WorkflowList,
    WorkflowSubmission,
    WorkflowSubmissionResult,
    WorkflowSummary,
)

__all__ = [
    "ApiKey",
    "ApiKeyCreated",
    "ApiKeyList",
    "ApiKeyRequest",
    "CancelResult",
    "ClaimRequest",
    "ErrorBody",
    "ErrorMeta",
    "ErrorResponse",
    "EventBatch",
    "EventEnvelope",
    "EventsAccepted",
    "ExtendLease",
    "Finish",
    "Finished",
    "Grant",
    "Health",
    "Heartbeat",
    "HeartbeatReply",
    "Id",
    "Identity",
    "Job",
    "JobEvent",
    "JobEventList",
    "JobList",
    "JobRequest",
    "Json",
    "KeyRevocation",
    "KeyRevoked",
    "Lease",
    "LeaseProof",
    "Name",
    "NodeExecution",
    "Priority",
    "Progress",
    "Release",
    "RetryResult",
    "Robot",
    "RobotChange",
    "RobotKey",
    "RobotKeyCreated",
    "RobotKeyList",
    "RobotKeyRequest",
    "RobotList",
    "RobotRegistration",
    "RobotStatusChange",
    "Role",
    "SideLog",
    "Wire",
    "Workflow",
    "WorkflowList",
    "WorkflowSubmission",
    "WorkflowSubmissionResult",
    "WorkflowSummary",
]
