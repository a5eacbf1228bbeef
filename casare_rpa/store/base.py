"""The promises every store keeps. tests/contract/ holds each back end to them.

Rule numbers (P1, P2, ...) are those of the job protocol in the documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol

from casare_rpa.domain.jobs import JobStatus
from casare_rpa.store.records import (
    Cancelled,
    Change,
    KeyPage,
    KeyRecord,
    LeaseState,
    NewKey,
    Reaped,
    Renewal,
    StoredWorkflow,
    StoreHealth,
    Submitted,
)
from casare_rpa.wire import (
    EventBatch,
    EventsAccepted,
    Finish,
    Finished,
    Grant,
    Job,
    JobEvent,
    JobEventList,
    JobList,
    JobRequest,
    Lease,
    LeaseProof,
    NodeExecution,
    Progress,
    Robot,
    RobotChange,
    RobotList,
    RobotRegistration,
    RobotStatusChange,
    SideLog,
    Workflow,
    WorkflowList,
)

Json = dict[str, Any]
OnChange = Callable[[Change], None]


class Store(Protocol):
    """Where jobs, workflows, robots and keys live.

    Every method blocks, is one transaction and may be called from any thread. A method that
    writes returns after COMMIT and fsync (P1), and after `on_change` was called for each Change
    that it made. `on_change` runs on a thread of the store: it must return at once and not call
    the store (`loop.call_soon_threadsafe` is what it is for).

    All methods raise Unavailable while the database cannot be written (disk full, no connection):
    the caller may repeat the call. After an I/O error that leaves the truth in doubt `broken`
    says why, every later write raises Unavailable, and the program should exit (P22).
    """

    @property
    def broken(self) -> str | None:
        """Why this store must not be used any more, or None."""
        ...

    def health(self) -> StoreHealth:
        """Proof that the database answers, with two figures. Raises Unavailable else."""
        ...

    def close(self) -> None:
        """Finish what was accepted, write coalesced figures and let go of the file. Idempotent."""
        ...

    # workflows

    def put_workflow(
        self,
        *,
        name: str,
        document: Json,
        workflow_id: str | None = None,
        description: str = "",
    ) -> StoredWorkflow:
        """Store *document* as the current version of a workflow, new or known.

        Known is who has the id, or the name when no id is given; else a workflow is made (with a
        new id when none is given). The same content as the current version makes no new version
        (`created` False); a new name or description is taken over all the same. A deleted workflow
        comes back with its next version. Raises Conflict when another workflow has the name.
        """
        ...

    def workflow(self, ref: str, *, version: int | None = None) -> Workflow:
        """The workflow with the id *ref*, else with that name. Raises NotFound."""
        ...

    def workflows(
        self, *, name: str | None = None, limit: int = 100, offset: int = 0
    ) -> WorkflowList:
        """Newest change first; `total` counts all that match."""
        ...

    def delete_workflow(self, ref: str) -> str:
        """Hide the workflow and free its name; return its id. Raises NotFound.

        Jobs already accepted keep their version and run.
        """
        ...

    # jobs, for people

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
        Raises NotFound for an unknown workflow, InvalidInput (field "Idempotency-Key") when the
        key was used with another body.
        """
        ...

    def job(self, job_id: str, *, with_nodes: bool = False) -> Job:
        """Raises NotFound. *with_nodes* fills `node_executions` (reads the attempt's events)."""
        ...

    def jobs(
        self,
        *,
        status: Collection[JobStatus] = (),
        workflow_id: str | None = None,
        robot_id: str | None = None,
        environment: str | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> JobList:
        """Newest first, without `result` and `node_executions`; `total` counts all that match."""
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

        Raises NotFound, or InvalidTransition unless it failed, timed out or was cancelled.
        """
        ...

    def events(self, job_id: str, *, after: int = 0, limit: int = 1000) -> JobEventList:
        """The history later than seq *after*, in order. Raises NotFound."""
        ...

    def side_events(self, job_id: str) -> list[JobEvent]:
        """What was kept of attempts that lost their lease; `seq` is the attempt's own index."""
        ...

    def node_executions(self, job_id: str) -> list[NodeExecution]:
        """What the nodes of the last attempt did, in the order of their first start."""
        ...

    # jobs, for robots: `robot_id` is always the one that the caller's key belongs to

    def claim(
        self, robot_id: str, *, claim_id: str | None = None, environment: str | None = None
    ) -> Grant | None:
        """Lease the most urgent job that this robot may run, or None. No job goes to two robots.

        Order: priority (0 first), then age (P2). A job of the environment "default" is open to
        every robot, others to their own pool; a pinned job to its robot; its tags must all be the
        robot's. None for a draining or paused robot (P18). *environment* None: the registered one.

        The same *claim_id* gets the same grant again and renews its lease (P3). Raises LeaseLost
        when that lease is gone: the robot goes on with a new claim_id. NotFound: not registered.
        """
        ...

    def renew(
        self,
        robot_id: str,
        leases: Sequence[Lease] = (),
        *,
        figures: Json | None = None,
        boot_id: str | None = None,
    ) -> Renewal:
        """The heartbeat: renew all leases named, take *figures* in, say what to stop.

        The first renewal of a claimed job moves it to running and writes job.started (P5).
        An unknown robot is created. Figures and last contact are kept in memory and written
        every few seconds at most. Raises Conflict when a newer start of this robot registered
        with another boot_id.
        """
        ...

    def extend_lease(
        self,
        robot_id: str,
        job_id: str,
        proof: LeaseProof,
        *,
        extension_seconds: float | None = None,
    ) -> LeaseState:
        """Renew one lease, for *extension_seconds* or the usual time. NotFound, LeaseLost."""
        ...

    def progress(self, robot_id: str, job_id: str, progress: Progress) -> None:
        """Note how far the job is and write a `progress` event. NotFound, LeaseLost."""
        ...

    def append_events(self, robot_id: str, job_id: str, batch: EventBatch) -> EventsAccepted:
        """Store the events that are new; sending any of them again is harmless (P10).

        Raises EventGap (`expected`: the index wanted next) when some are missing before the first,
        NotFound, LeaseLost.
        """
        ...

    def finish(self, robot_id: str, job_id: str, outcome: Finish) -> Finished:
        """End the attempt; its last events may come along in the same transaction.

        Refused with EventGap until `event_count` events are stored (P11). A repeated finish with
        the same token and status is answered like the first (P12). `failed` and `timeout` with
        retries left make the job pending again, unless it was a business error or a cancel was
        requested; completed wins over a requested cancel. NotFound, LeaseLost.
        """
        ...

    def release(
        self, robot_id: str, job_id: str, proof: LeaseProof, *, reason: str = "drain"
    ) -> Finished:
        """Give the job back without counting a failure. Idempotent. NotFound, LeaseLost.

        A job whose cancel was requested is cancelled instead.
        """
        ...

    def side_log(self, robot_id: str, job_id: str, batch: SideLog) -> int:
        """Keep events of an attempt that lost its lease, apart from the history (P13).

        Returns how many were new. NotFound; LeaseLost when the robot never had that attempt.
        """
        ...

    # leases, for the server

    def requeue_expired(self) -> Reaped:
        """Revoke leases that ran out and claims that were not started in time (P7, P16).

        Such a job waits 5 s x 2^n with full jitter and is offered again; after `max_crashes` it
        fails with crash_limit; one whose cancel was requested is cancelled. Also offers jobs whose
        waiting time is over. Call it every `reap_every_seconds`; on several servers at once it is
        harmless.
        """
        ...

    def extend_live_leases(self) -> int:
        """Give every live lease one more lease time; call it at server start (P9)."""
        ...

    def revoke_leases_of(self, robot_id: str, *, reason: str = "revoked") -> int:
        """Take back all jobs of a robot at once, without counting a crash; returns how many."""
        ...

    # robots

    def register(self, registration: RobotRegistration) -> Robot:
        """Create or update a robot. A name that another robot has gets a suffix.

        A new boot_id ends `draining`; `maintenance` stays until it is lifted.
        """
        ...

    def robot(self, robot_id: str) -> Robot:
        """Status computed from the last contact and the leases. Raises NotFound."""
        ...

    def robots(
        self,
        *,
        status: str | None = None,
        environment: str | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> RobotList:
        """By name; `total` counts all that match."""
        ...

    def update_robot(self, robot_id: str, change: RobotChange) -> Robot:
        """Raises NotFound."""
        ...

    def set_robot_status(self, robot_id: str, change: RobotStatusChange) -> Robot:
        """`paused` is kept as maintenance; maintenance and draining robots get no job.

        `draining` None leaves that switch alone. Raises NotFound.
        """
        ...

    def delete_robot(self, robot_id: str) -> None:
        """Forget the robot; its jobs are taken back. Its keys stay valid. Raises NotFound."""
        ...

    # keys: the store keeps hashes and never sees a key

    def create_key(self, new: NewKey) -> KeyRecord:
        """Raises Conflict when the id exists."""
        ...

    def create_first_admin_key(self, new: NewKey) -> KeyRecord | None:
        """Create *new* if no usable admin key exists, else None. Of two starts one wins."""
        ...

    def key(self, key_id: str) -> KeyRecord | None:
        """For authentication: compare `secret_hash` in constant time, then look at `status`."""
        ...

    def keys(
        self,
        *,
        kind: str | None = None,
        robot_id: str | None = None,
        status: str | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> KeyPage:
        """Newest first. *kind*: user or robot. *status*: active, revoked or expired."""
        ...

    def revoke_key(self, key_id: str, *, reason: str = "") -> KeyRecord:
        """End a key; the leases of a robot's key are revoked with it. Idempotent. NotFound."""
        ...

    def rotate_key(self, key_id: str, *, new_id: str, secret_hash: str) -> KeyRecord:
        """Revoke the key and create its successor, leases untouched; returns the successor.

        Same principal and role or robot; " (rotated)" is added to the name once.
        Raises NotFound, Conflict when it is revoked already.
        """
        ...

    def touch_key(self, key_id: str, *, ip: str | None = None) -> None:
        """Note that the key was used now. Kept in memory, written once a minute at most."""
        ...

    def has_admin_key(self) -> bool:
        """Whether an active key of the role admin exists."""
        ...

    # housekeeping

    def housekeep(self) -> int:
        """Delete idempotency keys past their time and give free pages back; call it hourly.

        Returns how many rows went.
        """
        ...
