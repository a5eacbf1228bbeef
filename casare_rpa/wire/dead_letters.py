"""Jobs that ended badly, kept until a person has dealt with them."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from casare_rpa.domain.json_values import Json
from casare_rpa.wire.base import Wire


class DeadLetter(Wire):
    """A job that failed or ran out of time and will not be tried again by itself."""

    id: str
    original_job_id: str
    workflow_id: str
    workflow_name: str
    failure_reason: str | None = None
    error_message: str | None = None
    #: status, error_code, failed_node_id, robot_id, attempt, failures, crashes and, of a lost
    #: attempt that had begun to act on the outside world, side_effects and side_effect_nodes.
    error_details: Json = Field(default_factory=dict)
    #: How often it was tried again before.
    retry_count: int = 0
    first_failed_at: datetime
    last_failed_at: datetime
    created_at: datetime
    #: When a person had it run again, who, and the job that was made.
    reprocessed_at: datetime | None = None
    reprocessed_by: str | None = None
    new_job_id: str | None = None


class DeadLetterList(Wire):
    entries: list[DeadLetter]
    total: int | None
    #: How many were not run again yet; null behind a cursor, as total is.
    pending: int | None
    limit: int
    offset: int
    next_cursor: str | None = None


class DeadLetterStats(Wire):
    total: int
    pending: int
    reprocessed: int
    workflow_id: str | None = None


class DeadLetterRetry(Wire):
    dlq_entry_id: str
    new_job_id: str
    message: str


class DeadLetterDeleted(Wire):
    dlq_entry_id: str
    deleted: bool
    message: str


class DeadLettersPurged(Wire):
    purged_count: int
    older_than_days: int
    message: str
