"""What happens to robots and jobs, as the orchestrator sees it."""

from __future__ import annotations

from casare_rpa.domain.events.base import DomainEvent
from casare_rpa.domain.events.declare import event


@event
class RobotRegistered(DomainEvent):
    """A robot has introduced itself."""

    robot_id: str = ""
    robot_name: str = ""
    hostname: str = ""
    environment: str = "production"
    capabilities: tuple[str, ...] = ()
    max_concurrent_jobs: int = 1
    tenant_id: str = ""


@event
class RobotDisconnected(DomainEvent):
    """A robot has gone; the jobs it held are named."""

    robot_id: str = ""
    robot_name: str = ""
    orphaned_job_ids: tuple[str, ...] = ()
    reason: str = ""


@event
class RobotHeartbeat(DomainEvent):
    """A robot has shown that it lives."""

    robot_id: str = ""
    cpu_percent: float = 0.0
    memory_mb: float = 0.0
    current_job_count: int = 0


@event
class RobotStatusChanged(DomainEvent):
    """A robot stands differently with the orchestrator; both statuses are plain text."""

    robot_id: str = ""
    old_status: str = ""
    new_status: str = ""


@event
class JobSubmitted(DomainEvent):
    """A job was accepted. Priority 0 is served first."""

    job_id: str = ""
    workflow_id: str = ""
    workflow_name: str = ""
    priority: int = 5
    target_robot_id: str = ""
    tenant_id: str = ""


@event
class JobAssigned(DomainEvent):
    """A robot has taken a job."""

    job_id: str = ""
    robot_id: str = ""
    robot_name: str = ""
    workflow_id: str = ""


@event
class JobRequeued(DomainEvent):
    """A job is back in the queue; published once for each time."""

    job_id: str = ""
    previous_robot_id: str = ""
    reason: str = ""
    rejected_by_count: int = 0


@event
class JobCompletedOnOrchestrator(DomainEvent):
    """A job has its outcome."""

    job_id: str = ""
    robot_id: str = ""
    success: bool = True
    execution_time_ms: int = 0


@event
class JobMovedToDLQ(DomainEvent):
    """A job has failed for good and waits in the dead-letter queue for a person."""

    job_id: str = ""
    workflow_id: str = ""
    error_message: str = ""
    retry_count: int = 0
    max_retries: int = 0
