"""The store on any SQL database: which operation is a write, and what is kept in memory.

Back ends say how a transaction is run: `_write` and `_read`. The operations themselves are
functions that take the transaction first, one file for each noun.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from casare_rpa.domain.jobs import JobStatus
from casare_rpa.settings import Settings
from casare_rpa.store import events, jobs, keys, leases, outcomes, robots, workflows
from casare_rpa.store.base import OnChange, Store
from casare_rpa.store.clock import steady_clock
from casare_rpa.store.contacts import Contacts
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
from casare_rpa.store.tables import SCHEMA_VERSION, idempotency, is_ready, is_waiting
from casare_rpa.store.tables import jobs as jobs_table
from casare_rpa.store.tx import T, Tx
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

log = logging.getLogger(__name__)
Json = dict[str, Any]
_WRITE_CONTACT_EVERY_SECONDS = 15.0
_WRITE_USE_EVERY_SECONDS = 60.0


class SqlStore(ABC):
    """Keeps the promises of `casare_rpa.store.base.Store`, where they are written down."""

    database: str

    def __init__(
        self,
        settings: Settings,
        *,
        on_change: OnChange | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock or steady_clock()
        self._on_change = on_change
        self._figures: robots.Figures = Contacts(_WRITE_CONTACT_EVERY_SECONDS)
        self._uses: keys.Uses = Contacts(_WRITE_USE_EVERY_SECONDS)

    @abstractmethod
    def _write(self, operation: Callable[[Tx], T]) -> T:
        """Run *operation* in a transaction; return after COMMIT and `_announce`."""

    @abstractmethod
    def _read(self, operation: Callable[[Tx], T]) -> T:
        """Run *operation* on a snapshot."""

    @property
    @abstractmethod
    def broken(self) -> str | None: ...

    @abstractmethod
    def close(self) -> None: ...

    def _tx(self, db: sa.Connection) -> Tx:
        return Tx(db=db, now=self.clock(), settings=self.settings)

    def _announce(self, changes: Sequence[Change]) -> None:
        if self._on_change is None:
            return
        for change in changes:
            try:
                self._on_change(change)
            except Exception:  # what was committed stays committed, whoever fails to hear of it
                log.exception("on_change failed for %s", change.kind)

    def _flush_contacts(self) -> None:
        def flush(tx: Tx) -> None:
            robots.flush(tx, self._figures)
            keys.flush(tx, self._uses)

        if self._figures.unwritten() or self._uses.unwritten():
            self._write(flush)

    def health(self) -> StoreHealth:
        def look(tx: Tx) -> StoreHealth:
            open_ = sa.select(sa.func.count()).select_from(jobs_table).where
            fleet = robots.robots_(tx, self._figures, limit=0)
            silent = robots.robots_(tx, self._figures, status="offline", limit=0)
            waiting = tx.scalar(open_(is_ready)) + tx.scalar(open_(is_waiting))
            return StoreHealth(
                database=self.database,
                schema_version=SCHEMA_VERSION,
                pending=waiting,
                robots_online=fleet.total - silent.total,
            )

        return self._read(look)

    # workflows

    def put_workflow(
        self,
        *,
        name: str,
        document: Json,
        workflow_id: str | None = None,
        description: str = "",
    ) -> StoredWorkflow:
        return self._write(
            lambda tx: workflows.put_workflow(
                tx,
                name=name,
                document=document,
                workflow_id=workflow_id,
                description=description,
            )
        )

    def workflow(self, ref: str, *, version: int | None = None) -> Workflow:
        return self._read(lambda tx: workflows.workflow(tx, ref, version=version))

    def workflows(
        self, *, name: str | None = None, limit: int = 100, offset: int = 0
    ) -> WorkflowList:
        return self._read(
            lambda tx: workflows.workflows_(tx, name=name, limit=limit, offset=offset)
        )

    def delete_workflow(self, ref: str) -> str:
        return self._write(lambda tx: workflows.delete_workflow(tx, ref))

    # jobs, for people

    def submit(
        self,
        request: JobRequest,
        *,
        principal: str,
        idempotency_key: str | None = None,
        request_hash: str | None = None,
    ) -> Submitted:
        return self._write(
            lambda tx: jobs.submit(
                tx,
                request,
                principal=principal,
                idempotency_key=idempotency_key,
                request_hash=request_hash,
            )
        )

    def job(self, job_id: str, *, with_nodes: bool = False) -> Job:
        return self._read(lambda tx: jobs.job(tx, job_id, with_nodes=with_nodes))

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
        return self._read(
            lambda tx: jobs.jobs_(
                tx,
                status=status,
                workflow_id=workflow_id,
                robot_id=robot_id,
                environment=environment,
                limit=limit,
                offset=offset,
            )
        )

    def counts(self) -> dict[JobStatus, int]:
        return self._read(jobs.counts)

    def cancel(self, job_id: str, *, by: str = "") -> Cancelled:
        return self._write(lambda tx: jobs.cancel(tx, job_id, by=by))

    def retry(self, job_id: str, *, principal: str) -> Job:
        return self._write(lambda tx: jobs.retry(tx, job_id, principal=principal))

    def events(self, job_id: str, *, after: int = 0, limit: int = 1000) -> JobEventList:
        return self._read(lambda tx: events.events_(tx, job_id, after=after, limit=limit))

    def side_events(self, job_id: str) -> list[JobEvent]:
        return self._read(lambda tx: events.side_events_(tx, job_id))

    def node_executions(self, job_id: str) -> list[NodeExecution]:
        return self._read(lambda tx: events.node_executions(tx, job_id))

    # jobs, for robots

    def claim(
        self, robot_id: str, *, claim_id: str | None = None, environment: str | None = None
    ) -> Grant | None:
        return self._write(
            lambda tx: leases.claim(tx, robot_id, claim_id=claim_id, environment=environment)
        )

    def renew(
        self,
        robot_id: str,
        leases: Sequence[Lease] = (),
        *,
        figures: Json | None = None,
        boot_id: str | None = None,
    ) -> Renewal:
        now = self.clock()
        is_due = self._figures.note(robot_id, now, figures or {})
        if not leases and not is_due:
            row = self._read(lambda tx: robots.row_of(tx, robot_id))
            if row is not None and robots.is_quiet(row, boot_id):
                return Renewal(cancel=(), lost=(), draining=row["draining"])
        renewal = self._write(
            lambda tx: robots.beat(
                tx, robot_id, leases, figures=figures, boot_id=boot_id, write_figures=is_due
            )
        )
        if is_due:
            self._figures.written(robot_id, now)
        return renewal

    def extend_lease(
        self,
        robot_id: str,
        job_id: str,
        proof: LeaseProof,
        *,
        extension_seconds: float | None = None,
    ) -> LeaseState:
        return self._write(
            lambda tx: leases.extend_lease(
                tx, robot_id, job_id, proof, extension_seconds=extension_seconds
            )
        )

    def progress(self, robot_id: str, job_id: str, progress: Progress) -> None:
        self._write(lambda tx: events.progress(tx, robot_id, job_id, progress))

    def append_events(self, robot_id: str, job_id: str, batch: EventBatch) -> EventsAccepted:
        return self._write(lambda tx: events.append_events(tx, robot_id, job_id, batch))

    def finish(self, robot_id: str, job_id: str, outcome: Finish) -> Finished:
        return self._write(lambda tx: outcomes.finish(tx, robot_id, job_id, outcome))

    def release(
        self, robot_id: str, job_id: str, proof: LeaseProof, *, reason: str = "drain"
    ) -> Finished:
        return self._write(lambda tx: outcomes.release(tx, robot_id, job_id, proof, reason=reason))

    def side_log(self, robot_id: str, job_id: str, batch: SideLog) -> int:
        return self._write(lambda tx: events.side_log(tx, robot_id, job_id, batch))

    # leases, for the server

    def requeue_expired(self) -> Reaped:
        return self._write(outcomes.requeue_expired)

    def extend_live_leases(self) -> int:
        return self._write(leases.extend_live_leases)

    def revoke_leases_of(self, robot_id: str, *, reason: str = "revoked") -> int:
        return self._write(lambda tx: outcomes.revoke_leases_of(tx, robot_id, reason=reason))

    # robots

    def register(self, registration: RobotRegistration) -> Robot:
        return self._write(lambda tx: robots.register(tx, self._figures, registration))

    def robot(self, robot_id: str) -> Robot:
        return self._read(lambda tx: robots.robot(tx, self._figures, robot_id))

    def robots(
        self,
        *,
        status: str | None = None,
        environment: str | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> RobotList:
        return self._read(
            lambda tx: robots.robots_(
                tx,
                self._figures,
                status=status,
                environment=environment,
                limit=limit,
                offset=offset,
            )
        )

    def update_robot(self, robot_id: str, change: RobotChange) -> Robot:
        return self._write(lambda tx: robots.update_robot(tx, self._figures, robot_id, change))

    def set_robot_status(self, robot_id: str, change: RobotStatusChange) -> Robot:
        return self._write(lambda tx: robots.set_robot_status(tx, self._figures, robot_id, change))

    def delete_robot(self, robot_id: str) -> None:
        self._write(lambda tx: robots.delete_robot(tx, robot_id))
        self._figures.forget(robot_id)

    # keys

    def create_key(self, new: NewKey) -> KeyRecord:
        return self._write(lambda tx: keys.create_key(tx, self._uses, new))

    def create_first_admin_key(self, new: NewKey) -> KeyRecord | None:
        return self._write(lambda tx: keys.create_first_admin_key(tx, self._uses, new))

    def key(self, key_id: str) -> KeyRecord | None:
        return self._read(lambda tx: keys.key(tx, self._uses, key_id))

    def keys(
        self,
        *,
        kind: str | None = None,
        robot_id: str | None = None,
        status: str | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> KeyPage:
        return self._read(
            lambda tx: keys.keys_(
                tx,
                self._uses,
                kind=kind,
                robot_id=robot_id,
                status=status,
                limit=limit,
                offset=offset,
            )
        )

    def revoke_key(self, key_id: str, *, reason: str = "") -> KeyRecord:
        return self._write(lambda tx: keys.revoke_key(tx, self._uses, key_id, reason=reason))

    def rotate_key(self, key_id: str, *, new_id: str, secret_hash: str) -> KeyRecord:
        return self._write(
            lambda tx: keys.rotate_key(
                tx, self._uses, key_id, new_id=new_id, secret_hash=secret_hash
            )
        )

    def touch_key(self, key_id: str, *, ip: str | None = None) -> None:
        now = self.clock()
        if self._uses.note(key_id, now, ip):
            self._write(lambda tx: keys.note_use(tx, key_id, now, ip))
            self._uses.written(key_id, now)

    def has_admin_key(self) -> bool:
        return self._read(keys.has_admin_key)

    # housekeeping

    def housekeep(self) -> int:
        return self._write(
            lambda tx: tx.run(
                sa.delete(idempotency).where(idempotency.c.created_at < jobs.forgotten_before(tx))
            )
        )


if TYPE_CHECKING:

    def _keeps_the_promises(store: SqlStore) -> Store:
        return store
