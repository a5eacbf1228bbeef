"""A job changes its status only along the steps of its life."""

from __future__ import annotations

import pytest

from casare_rpa.domain.jobs import JobStatus
from casare_rpa.errors import InvalidTransition
from casare_rpa.store.operations.revision import Revision, locked
from casare_rpa.store.sql import SqlStore
from casare_rpa.store.tx import Tx
from tests.contract.world import World


@pytest.mark.parametrize("status", [status for status in JobStatus if not status.finished])
def test_no_change_leads_out_of_a_terminal_status(world: World, status: JobStatus) -> None:
    grant = world.running()
    world.finish(grant)
    before = world.history(grant)

    def change(tx: Tx) -> None:
        revision = Revision(tx, locked(tx, grant.job_id))
        revision.become(status)
        revision.save()

    assert isinstance(world.store, SqlStore)
    with pytest.raises(InvalidTransition):
        world.store._write(change)
    assert world.status(grant) is JobStatus.COMPLETED
    assert world.history(grant) == before
