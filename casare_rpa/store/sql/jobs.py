"""Jobs, as people see them."""

from __future__ import annotations

from typing import Unpack

from casare_rpa.domain.jobs import JobStatus
from casare_rpa.store.operations import events, jobs, repeats, reruns, resolutions, submits, why
from casare_rpa.store.records import Cancelled, JobFilter, Submitted
from casare_rpa.store.sql.transactions import Transactions
from casare_rpa.wire import (
    Job,
    JobEvent,
    JobEventList,
    JobList,
    JobPreview,
    JobRequest,
    JobSort,
    JobWhy,
    NodeExecution,
    PreviewRequest,
    Rerun,
    RerunRequest,
    Resolve,
)


class SqlJobs(Transactions):
    def submit(
        self,
        request: JobRequest,
        *,
        principal: str,
        idempotency_key: str | None = None,
        request_hash: str | None = None,
    ) -> Submitted:
        return self._write(
            lambda tx: submits.submit(
                tx,
                request,
                principal=principal,
                idempotency_key=idempotency_key,
                request_hash=request_hash,
            )
        )

    def job(self, job_id: str, *, with_nodes: bool = False) -> Job:
        if not with_nodes:
            return self._read(lambda tx: jobs.job(tx, job_id))
        return self._read(
            lambda tx: why.with_reasons(tx, self._figures, jobs.job(tx, job_id, with_nodes=True))
        )

    def jobs(
        self,
        *,
        sort: JobSort | None = None,
        cursor: str | None = None,
        limit: int = 50,
        offset: int = 0,
        **wanted: Unpack[JobFilter],
    ) -> JobList:
        return self._read(
            lambda tx: jobs.jobs_(
                tx, sort=sort, cursor=cursor, limit=limit, offset=offset, **wanted
            )
        )

    def counts(self) -> dict[JobStatus, int]:
        return self._read(jobs.counts)

    def cancel(self, job_id: str, *, by: str = "") -> Cancelled:
        return self._write(lambda tx: jobs.cancel(tx, job_id, by=by))

    def retry(self, job_id: str, *, principal: str) -> Job:
        return self._write(lambda tx: repeats.retry(tx, job_id, principal=principal))

    def rerun(self, job_id: str, request: RerunRequest, *, principal: str) -> Rerun:
        # What has ended does not change: a long history is read before the one writer is held.
        plan = self._read(lambda tx: reruns.plan(tx, job_id, request))
        if request.dry_run:
            return plan.shown
        reruns.check_accepted(plan, request)
        return self._write(lambda tx: repeats.rerun(tx, job_id, plan, principal=principal))

    def resolve(self, job_id: str, word: Resolve, *, principal: str) -> Job:
        return self._write(lambda tx: resolutions.resolve(tx, job_id, word, principal=principal))

    def why(self, job_id: str) -> JobWhy:
        return self._read(lambda tx: why.why(tx, self._figures, job_id))

    def preview(self, request: PreviewRequest) -> JobPreview:
        return self._read(lambda tx: why.preview(tx, self._figures, request))

    def events(self, job_id: str, *, after: int = 0, limit: int = 1000) -> JobEventList:
        return self._read(lambda tx: events.events_(tx, job_id, after=after, limit=limit))

    def side_events(
        self, job_id: str, *, attempt: int = 0, after: int = 0, limit: int = 1000
    ) -> list[JobEvent]:
        return self._read(
            lambda tx: events.side_events_(tx, job_id, attempt=attempt, after=after, limit=limit)
        )

    def node_executions(self, job_id: str) -> list[NodeExecution]:
        return self._read(lambda tx: events.node_executions(tx, job_id))
