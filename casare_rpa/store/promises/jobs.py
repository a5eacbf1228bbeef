"""The promises about jobs, for people."""

from __future__ import annotations

from typing import Protocol, Unpack

from casare_rpa.domain.jobs import JobStatus
from casare_rpa.store.records import Cancelled, JobFilter, Submitted
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


class JobStore(Protocol):
    def submit(
        self,
        request: JobRequest,
        *,
        principal: str,
        idempotency_key: str | None = None,
        request_hash: str | None = None,
    ) -> Submitted:
        """Accept a job: pending, on disk, then the answer. `workflow_id` may be a name.

        With *idempotency_key* the same (principal, key) gets the first job again for 72 hours
        (`replayed` True), P19. *request_hash* stands for the body; None: computed from *request*.
        While a job of the workflow has not ended, `on_conflict` "existing" and "skip" answer with
        it (`submitted` False), and "fail" raises Conflict: of two such submits at once one makes a
        job. Raises NotFound for an unknown workflow, InvalidInput (field "Idempotency-Key") when
        the key was used with another body.
        """
        ...

    def job(self, job_id: str, *, with_nodes: bool = False) -> Job:
        """Raises NotFound.

        *with_nodes* fills `node_executions` (reads the attempt's events) and, for a pending job,
        `waits_for` (asks `why`).
        """
        ...

    def jobs(
        self,
        *,
        sort: JobSort | None = None,
        cursor: str | None = None,
        limit: int = 50,
        offset: int = 0,
        **wanted: Unpack[JobFilter],
    ) -> JobList:
        """Without `result` and `node_executions`, newest first unless *sort* says otherwise.

        With `ended_since` or `ended_until` those that ended last come first. `-ended` and `ended`
        list jobs that have ended, `priority` (0 first, then the oldest) those that have not.
        *cursor* is the `next_cursor` of the page before: what is added meanwhile moves no page.
        `total` counts all that match; behind a cursor it is None. Raises InvalidInput for a
        cursor that no list in this order has given.
        """
        ...

    def counts(self) -> dict[JobStatus, int]:
        """How many jobs are in each status; every status is present."""
        ...

    def cancel(self, job_id: str, *, by: str = "") -> Cancelled:
        """End a pending job, or ask the robot that holds it to stop. Raises NotFound.

        A finished job stays as it is. Asking twice is harmless.
        """
        ...

    def retry(self, job_id: str, *, principal: str) -> Job:
        """Make a new job with the same input and workflow version out of a finished one.

        Raises NotFound, or InvalidTransition unless it failed, timed out or was cancelled, and
        when a person has said that it had succeeded.
        """
        ...

    def rerun(self, job_id: str, request: RerunRequest, *, principal: str) -> Rerun:
        """Make a new job that goes on where an ended one stood, or begins again; or only say how.

        Raises NotFound; InvalidTransition for a job that has not ended; InvalidInput for a node or
        a variable that cannot be; Conflict when what a run needs there was not kept, when the
        finished nodes are others in the latest version, and when side effects would happen again
        that the request does not accept.
        """
        ...

    def resolve(self, job_id: str, word: Resolve, *, principal: str) -> Job:
        """Note what a person knows of an outcome: failed, timed out, or lost after it had begun to
        act on the outside world.

        An ended job keeps its status; "requeue" makes a new job of it, once. One that waits for
        another attempt is cancelled, or with "requeue" offered at once. The same word again
        changes nothing. Raises NotFound, Conflict when it was resolved otherwise, and
        InvalidTransition when there is no doubt.
        """
        ...

    def why(self, job_id: str) -> JobWhy:
        """Whether robots could take the job now, by the rules of `claim`. Raises NotFound."""
        ...

    def preview(self, request: PreviewRequest) -> JobPreview:
        """What `submit` would do, and who could run it. The workflow may be unknown."""
        ...

    def events(self, job_id: str, *, after: int = 0, limit: int = 1000) -> JobEventList:
        """The history later than seq *after*, in order. Raises NotFound."""
        ...

    def side_events(
        self, job_id: str, *, attempt: int = 0, after: int = 0, limit: int = 1000
    ) -> list[JobEvent]:
        """What was kept of attempts that lost their lease; `seq` is the attempt's own index.

        Ordered by attempt and index; those that follow the index *after* of *attempt*. NotFound.
        """
        ...

    def node_executions(self, job_id: str) -> list[NodeExecution]:
        """What the nodes of the last attempt did, in the order of their first start.

        Taken from its latest 10,000 node events: `runs` of a longer loop counts those only.
        """
        ...
