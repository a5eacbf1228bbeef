"""The store on any SQL database: which operation is a write, one file for each noun.

The operations themselves are functions of `casare_rpa.store.operations` that take the transaction
first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from casare_rpa.store.base import Store
from casare_rpa.store.sql.dead_letters import SqlDeadLetters
from casare_rpa.store.sql.house import SqlHouse
from casare_rpa.store.sql.jobs import SqlJobs
from casare_rpa.store.sql.keys import SqlKeys
from casare_rpa.store.sql.leases import SqlLeases
from casare_rpa.store.sql.robots import SqlRobots
from casare_rpa.store.sql.runs import SqlRuns
from casare_rpa.store.sql.schedules import SqlSchedules
from casare_rpa.store.sql.workflows import SqlWorkflows


class SqlStore(
    SqlWorkflows,
    SqlJobs,
    SqlRuns,
    SqlLeases,
    SqlDeadLetters,
    SqlRobots,
    SqlKeys,
    SqlSchedules,
    SqlHouse,
):
    """Keeps the promises of `casare_rpa.store.base.Store`, where they are written down."""


if TYPE_CHECKING:

    def _keeps_the_promises(store: SqlStore) -> Store:
        return store
