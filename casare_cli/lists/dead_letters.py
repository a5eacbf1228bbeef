"""What the commands about dead letters share."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.terminal.columns import Column
from casare_cli.terminal.text import moment

EntryId = Annotated[
    str, typer.Argument(metavar="ENTRY", help="Id of a dead letter, or of its job.")
]

LIST_COLUMNS = (
    Column("ENTRY", "id"),
    Column("JOB", "original_job_id"),
    Column("WORKFLOW", "workflow_name"),
    Column("REASON", "failure_reason"),
    Column("FAILED", "last_failed_at", moment),
    Column("ERROR", "error_message", spare=True),
)
COLUMNS = (
    Column("entry", "id"),
    Column("job", "original_job_id"),
    Column("workflow", "workflow_id"),
    Column("name", "workflow_name"),
    Column("reason", "failure_reason"),
    Column("error", "error_message"),
    Column("details", "error_details"),
    Column("retries", "retry_count"),
    Column("first failed", "first_failed_at", moment),
    Column("last failed", "last_failed_at", moment),
    Column("retried", "reprocessed_at", moment),
    Column("retried by", "reprocessed_by"),
    Column("new job", "new_job_id"),
)
