"""Routes for jobs that failed for good: look, run again, forget."""

from __future__ import annotations

import logging
from typing import Annotated

from fastapi import Query

from casare_rpa.orchestrator.access.rules import API
from casare_rpa.orchestrator.deps import Cursor, DeskDep, Limit, Offset, PrincipalDep
from casare_rpa.orchestrator.routing import failures
from casare_rpa.orchestrator.routing import router as guarded_router
from casare_rpa.wire import (
    DeadLetter,
    DeadLetterDeleted,
    DeadLetterList,
    DeadLetterRetry,
    DeadLettersPurged,
    DeadLetterStats,
)

log = logging.getLogger(__name__)

router = guarded_router(f"{API}/dlq", "dead letters")

_DAY_SECONDS = 86400.0
#: Deleted in one transaction, so that no other writer waits long.
_AT_ONCE = 1000
WorkflowId = Annotated[str | None, Query(max_length=256, description="Only of this workflow.")]


@router.get("", response_model=DeadLetterList)
async def list_dead_letters(
    desk: DeskDep,
    workflow_id: WorkflowId = None,
    pending_only: Annotated[bool, Query(description="Only those not run again yet.")] = True,
    limit: Limit = 50,
    offset: Offset = 0,
    cursor: Cursor = None,
) -> DeadLetterList:
    """Jobs that failed or ran out of time for good, the newest first.

    An entry is written together with the job's end: when its retries are used up, when its failure
    is none that trying again could mend, when it lost its robot too often, or once if its
    `on_lost` is `fail`. A cancelled job has none.
    """
    return await desk.call(
        desk.store.dead_letters,
        workflow_id=workflow_id,
        pending_only=pending_only,
        limit=limit,
        offset=offset,
        cursor=cursor,
    )


@router.get("/stats", response_model=DeadLetterStats)
async def count_dead_letters(desk: DeskDep, workflow_id: WorkflowId = None) -> DeadLetterStats:
    """How many entries there are."""
    return await desk.call(desk.store.dead_letter_stats, workflow_id=workflow_id)


@router.post("/purge", response_model=DeadLettersPurged, responses=failures(422))
async def purge_dead_letters(
    desk: DeskDep,
    principal: PrincipalDep,
    older_than_days: Annotated[int, Query(ge=1, le=365)] = 30,
) -> DeadLettersPurged:
    """Delete all entries that are older, dealt with or not. Their jobs stay."""
    age = older_than_days * _DAY_SECONDS
    count = 0
    while deleted := await desk.call(
        desk.store.purge_dead_letters, older_than_seconds=age, limit=_AT_ONCE
    ):
        count += deleted
    log.info("%d dead letters purged by %s", count, principal.name)
    return DeadLettersPurged(
        purged_count=count,
        older_than_days=older_than_days,
        message=f"{count} entries older than {older_than_days} days are deleted",
    )


@router.get("/{entry_id}", response_model=DeadLetter, responses=failures(404))
async def get_dead_letter(entry_id: str, desk: DeskDep) -> DeadLetter:
    """An entry, by its own id or its job's."""
    return await desk.call(desk.store.dead_letter, entry_id)


@router.post("/{entry_id}/retry", response_model=DeadLetterRetry, responses=failures(404, 409))
async def retry_dead_letter(
    entry_id: str,
    desk: DeskDep,
    principal: PrincipalDep,
    reprocessed_by: Annotated[
        str | None, Query(min_length=1, max_length=255, description="Noted; else the key's user.")
    ] = None,
) -> DeadLetterRetry:
    """Make a new job with the same input and workflow version. An entry is retried once."""
    job = await desk.call(
        desk.store.retry_dead_letter, entry_id, principal=principal.name, by=reprocessed_by
    )
    log.info("dead letter %s: run again as job %s by %s", entry_id, job.job_id, principal.name)
    return DeadLetterRetry(
        dlq_entry_id=entry_id,
        new_job_id=job.job_id,
        message=f"job {job.job_id} runs it again",
    )


@router.delete("/{entry_id}", response_model=DeadLetterDeleted, responses=failures(404))
async def delete_dead_letter(entry_id: str, desk: DeskDep) -> DeadLetterDeleted:
    """Forget an entry. Its job stays."""
    found = await desk.call(desk.store.delete_dead_letter, entry_id)
    return DeadLetterDeleted(dlq_entry_id=found, deleted=True, message=f"entry {found} is deleted")
