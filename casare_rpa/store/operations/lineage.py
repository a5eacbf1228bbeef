"""The jobs that a job repeats: the one it reruns or retries, the one behind that, and so on."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from casare_rpa.store.tables import jobs
from casare_rpa.store.tx import Row, Tx

#: Nobody reruns reruns so often; it bounds what one question reads.
_MOST_JOBS = 200
_ORIGINS = (jobs.c.rerun_of, jobs.c.retry_of)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """`job_ids` has the job itself first; `unknown` were pruned, or lie too far back."""

    job_ids: list[str]
    unknown: list[str]


def lineage(tx: Tx, row: Row) -> Lineage:
    found = {str(row["id"]): None}
    pruned: set[str] = set()
    ahead = _origins(row)
    while ahead and len(found) < _MOST_JOBS:
        query = sa.select(jobs.c.id, *_ORIGINS).where(jobs.c.id.in_(sorted(ahead)))
        rows = tx.rows(query)
        present = {str(each["id"]) for each in rows}
        pruned |= ahead - present
        found |= dict.fromkeys(sorted(present))
        ahead = set().union(*map(_origins, rows)) - found.keys() - pruned
    return Lineage(job_ids=list(found), unknown=sorted(pruned | ahead))


def _origins(row: Row) -> set[str]:
    return {str(row[column.name]) for column in _ORIGINS if row[column.name] is not None}
