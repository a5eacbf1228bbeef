"""The fleet's figures, for `casare-rpa top` and monitoring."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from casare_rpa.orchestrator.access.rules import API
from casare_rpa.orchestrator.deps import DeskDep
from casare_rpa.orchestrator.routing import router as guarded_router
from casare_rpa.wire import FleetStats

router = guarded_router(API, "stats")


@router.get("/stats", response_model=FleetStats)
async def get_stats(
    desk: DeskDep,
    window_seconds: Annotated[
        float, Query(gt=0, le=86400, description="How far back ended jobs are counted.")
    ] = 300,
) -> FleetStats:
    """How long the queues are, what runs, and how many jobs ended lately."""
    return await desk.call(desk.store.stats, window_seconds=window_seconds)
