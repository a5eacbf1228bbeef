"""Submits: a request becomes a job, once for each Idempotency-Key (P19)."""

from __future__ import annotations

import sqlalchemy as sa

from casare_rpa.errors import InvalidInput
from casare_rpa.store.operations import conflicts, new_jobs, workflows
from casare_rpa.store.operations.jobs import job
from casare_rpa.store.operations.lanes import lane_of
from casare_rpa.store.prepared import Prepared
from casare_rpa.store.records import Submitted
from casare_rpa.store.tables import idempotency
from casare_rpa.store.tx import Row, Tx, Values, dump, moment, seconds_of, sha256
from casare_rpa.wire import Job, JobRequest

_USE_OF_KEY = Prepared(
    sa.select(idempotency).where(
        idempotency.c.principal == sa.bindparam("principal"),
        idempotency.c.key == sa.bindparam("key"),
    )
)
_ADD_USE_OF_KEY = Prepared(sa.insert(idempotency))


def submit(
    tx: Tx,
    request: JobRequest,
    *,
    principal: str,
    idempotency_key: str | None = None,
    request_hash: str | None = None,
    schedule_id: str | None = None,
    scheduled_for: float | None = None,
) -> Submitted:
    origin = {"schedule_id": schedule_id, "scheduled_for": scheduled_for}
    if idempotency_key is None:
        return _accept(tx, request, principal, origin)
    digest = request_hash or _digest(request)
    remembered = _remembered(tx, principal, idempotency_key)
    if remembered is not None:
        if remembered["request_hash"] != digest:
            raise InvalidInput(
                "this Idempotency-Key was used for another request", field="Idempotency-Key"
            )
        found = job(tx, remembered["job_id"])
        # A key is noted in the transaction that makes its job.
        made = found.created_at == moment(remembered["created_at"])
        return Submitted(job=found, replayed=True, submitted=made)
    accepted = _accept(tx, request, principal, origin)
    use = {
        "principal": principal,
        "key": idempotency_key,
        "request_hash": digest,
        "job_id": accepted.job.job_id,
        "created_at": tx.now,
    }
    tx.run(_ADD_USE_OF_KEY, use)
    return accepted


def _digest(request: JobRequest) -> str:
    """A field that came later counts only when given: a key from before an upgrade still fits."""
    later = ("on_lost", "on_conflict", "start_in_seconds")
    fields = JobRequest.model_fields
    unused = {name for name in later if getattr(request, name) == fields[name].default}
    return sha256(request.model_dump_json(exclude=unused))


def _remembered(tx: Tx, principal: str, key: str) -> Row | None:
    """What the key was used for; a use past its time is forgotten here."""
    row = tx.row(_USE_OF_KEY, {"principal": principal, "key": key})
    if row is None or row["created_at"] >= _forgotten_before(tx):
        return row
    mine = sa.and_(idempotency.c.principal == principal, idempotency.c.key == key)
    tx.run(sa.delete(idempotency).where(mine))
    return None


def forget_old_keys(tx: Tx) -> int:
    return tx.run(sa.delete(idempotency).where(idempotency.c.created_at < _forgotten_before(tx)))


def _forgotten_before(tx: Tx) -> float:
    return tx.now - tx.settings.idempotency_hours * 3600


def _accept(tx: Tx, request: JobRequest, principal: str, origin: Values) -> Submitted:
    workflow = workflows.find(tx, request.workflow_id)
    there = conflicts.answer(tx, request, workflow)
    if there is not None:
        return Submitted(job=job(tx, there), replayed=False, submitted=False)
    return Submitted(job=_make(tx, request, workflow, principal, origin), replayed=False)


def _make(tx: Tx, request: JobRequest, workflow: Row, principal: str, origin: Values) -> Job:
    tags = sorted(set(request.tags))
    needed = workflows.requires(tx, workflow)
    return new_jobs.insert(
        tx,
        {
            "workflow_id": workflow["id"],
            "workflow_version": workflow["version"],
            "workflow_name": workflow["name"],
            "priority": request.priority,
            "environment": request.environment,
            "pinned_robot_id": request.robot_id,
            "tags": dump(tags),
            "lane": lane_of(request.environment, request.robot_id, tags, needed),
            "input_data": dump(request.input_data),
            "timeout_seconds": request.timeout_seconds,
            "max_retries": request.max_retries,
            "on_lost": request.on_lost or workflows.on_lost(tx, workflow),
            "principal": principal,
            "retry_of": None,
            "schedule_id": origin["schedule_id"],
        },
        not_before=start_time(tx, request),
        scheduled_for=origin["scheduled_for"],
    )


def start_time(tx: Tx, request: JobRequest) -> float | None:
    """Before which the job is handed to nobody; None: at once."""
    times = [] if request.not_before is None else [seconds_of(request.not_before) or 0.0]
    if request.start_in_seconds is not None:
        times.append(tx.now + request.start_in_seconds)
    return max(times, default=None)
