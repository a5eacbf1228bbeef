"""The tables, the same for every database.

Times are seconds since 1970 as doubles: the store compares and adds them, and one clock makes them.
JSON is text that the database never looks into. There are no foreign keys: rows are written by
this package alone, and a check per event row would cost more than the row.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

#: The migration that makes these tables; see migrations/versions.
SCHEMA_VERSION = "0006"

#: The advisory lock of the server that leads, on PostgreSQL.
LEADER_LOCK = 72_026_111

metadata = sa.MetaData()
_Text = sa.Text
_Seconds = sa.Double
# Ranges of lanes are compared byte by byte, whatever the database's language is.
_Bytewise = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def _no(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())


def _zero(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, server_default="0")


workflows = sa.Table(
    "workflows",
    metadata,
    sa.Column("id", _Text, primary_key=True),
    sa.Column("name", _Text, nullable=False),
    sa.Column("description", _Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("content_hash", _Text, nullable=False),
    sa.Column("created_at", _Seconds, nullable=False),
    sa.Column("updated_at", _Seconds, nullable=False),
    sa.Column("deleted_at", _Seconds),
)
sa.Index(
    "workflows_name",
    workflows.c.name,
    unique=True,
    sqlite_where=workflows.c.deleted_at.is_(None),
    postgresql_where=workflows.c.deleted_at.is_(None),
)

workflow_versions = sa.Table(
    "workflow_versions",
    metadata,
    sa.Column("workflow_id", _Text, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("content_hash", _Text, nullable=False),
    sa.Column("document", _Text, nullable=False),
    sa.Column("node_count", sa.Integer, nullable=False),
    sa.Column("created_at", _Seconds, nullable=False),
)

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", _Text, primary_key=True),
    sa.Column("workflow_id", _Text, nullable=False),
    sa.Column("workflow_version", sa.Integer, nullable=False),
    sa.Column("workflow_name", _Text, nullable=False),
    sa.Column("status", _Text, nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("environment", _Text, nullable=False),
    sa.Column("pinned_robot_id", _Text),
    sa.Column("tags", _Text, nullable=False),
    sa.Column("input_data", _Text, nullable=False),
    sa.Column("timeout_seconds", _Seconds),
    sa.Column("max_retries", sa.Integer, nullable=False),
    sa.Column("principal", _Text, nullable=False),
    sa.Column("retry_of", _Text),
    sa.Column("schedule_id", _Text),
    # requeue or fail: what a lost attempt means for the job
    sa.Column("on_lost", _Text, nullable=False, server_default="requeue"),
    sa.Column("created_at", _Seconds, nullable=False),
    # the queue: `ready` while pending and due, `ready_at` while pending and not yet due
    sa.Column("lane", _Bytewise, nullable=False),
    _no("ready"),
    sa.Column("ready_at", _Seconds),
    # the lease: all but `robot_id` and `attempt` are set exactly while a robot holds the job
    sa.Column("robot_id", _Text),
    _zero("attempt"),
    sa.Column("token_hash", _Text),
    sa.Column("lease_until", _Seconds),
    sa.Column("start_by", _Seconds),
    _no("cancel_requested"),
    _zero("failures"),
    _zero("crashes"),
    _zero("releases"),
    # the history: last number of the job, last index of the attempt
    _zero("last_seq"),
    _zero("last_index"),
    # the attempt has begun a node that acts on the outside world
    _no("side_effects"),
    _zero("progress"),
    sa.Column("current_node", _Text),
    sa.Column("claimed_at", _Seconds),
    sa.Column("started_at", _Seconds),
    # the outcome
    sa.Column("completed_at", _Seconds),
    sa.Column("duration_ms", sa.BigInteger),
    sa.Column("result", _Text),
    sa.Column("error_message", _Text),
    sa.Column("error_type", _Text),
    sa.Column("failed_node_id", _Text),
    sa.Column("failure_reason", _Text),
    # of which job it is a rerun, at which node it begins (none: at the first), and with what
    sa.Column("rerun_of", _Text),
    sa.Column("from_node", _Text),
    sa.Column("start_state", _Text),
    # what a person has said of the outcome
    sa.Column("resolution", _Text),
)
is_ready = jobs.c.ready.is_(sa.true())
is_held = jobs.c.lease_until.is_not(None)
is_waiting = jobs.c.ready_at.is_not(None)
is_open = jobs.c.completed_at.is_(None)
has_ended = jobs.c.completed_at.is_not(None)
sa.Index(
    "jobs_ready",
    jobs.c.lane,
    jobs.c.priority,
    jobs.c.created_at,
    jobs.c.id,
    sqlite_where=is_ready,
    postgresql_where=is_ready,
)
sa.Index("jobs_waiting", jobs.c.ready_at, sqlite_where=is_waiting, postgresql_where=is_waiting)
sa.Index("jobs_held", jobs.c.robot_id, sqlite_where=is_held, postgresql_where=is_held)
sa.Index(
    "jobs_open",
    jobs.c.workflow_id,
    jobs.c.created_at,
    sqlite_where=is_open,
    postgresql_where=is_open,
)
sa.Index("jobs_newest", jobs.c.created_at, jobs.c.id)
sa.Index("jobs_by_status", jobs.c.status, jobs.c.created_at)
sa.Index("jobs_by_workflow", jobs.c.workflow_id, jobs.c.created_at)
is_rerun = jobs.c.rerun_of.is_not(None)
sa.Index("jobs_reruns", jobs.c.rerun_of, sqlite_where=is_rerun, postgresql_where=is_rerun)
is_retry = jobs.c.retry_of.is_not(None)
sa.Index("jobs_retries", jobs.c.retry_of, sqlite_where=is_retry, postgresql_where=is_retry)
is_taken = jobs.c.robot_id.is_not(None)
sa.Index(
    "jobs_by_robot",
    jobs.c.robot_id,
    jobs.c.created_at,
    sqlite_where=is_taken,
    postgresql_where=is_taken,
)
is_pinned = jobs.c.pinned_robot_id.is_not(None)
sa.Index(
    "jobs_pinned",
    jobs.c.pinned_robot_id,
    jobs.c.created_at,
    sqlite_where=is_pinned,
    postgresql_where=is_pinned,
)
sa.Index(
    "jobs_ended",
    jobs.c.completed_at,
    jobs.c.id,
    sqlite_where=has_ended,
    postgresql_where=has_ended,
)
sa.Index(
    "jobs_urgent",
    jobs.c.priority,
    jobs.c.created_at,
    jobs.c.id,
    sqlite_where=is_open,
    postgresql_where=is_open,
)
is_scheduled = jobs.c.schedule_id.is_not(None)
sa.Index(
    "jobs_by_schedule",
    jobs.c.schedule_id,
    jobs.c.created_at,
    sqlite_where=is_scheduled,
    postgresql_where=is_scheduled,
)

attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("job_id", _Text, primary_key=True),
    sa.Column("attempt", sa.Integer, primary_key=True),
    sa.Column("robot_id", _Text, nullable=False),
    sa.Column("token_hash", _Text, nullable=False),
    # SHA-256 of robot and claim_id, and what makes the token again out of a claim_id
    sa.Column("claim_hash", _Text),
    sa.Column("salt", _Text),
    sa.Column("claimed_at", _Seconds, nullable=False),
    sa.Column("ended_at", _Seconds),
    # what the robot said at the end (or lost, revoked), and the job's status after it
    sa.Column("reported", _Text),
    sa.Column("became", _Text),
)
sa.Index("attempts_claim", attempts.c.claim_hash, unique=True)

events = sa.Table(
    "events",
    metadata,
    sa.Column("job_id", _Text, primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("attempt", sa.Integer, nullable=False),
    # the attempt's own number; none for what the store wrote itself
    sa.Column("idx", sa.Integer),
    sa.Column("type", _Text, nullable=False),
    sa.Column("timestamp", _Seconds, nullable=False),
    sa.Column("data", _Text, nullable=False),
    sqlite_with_rowid=False,
)

side_events = sa.Table(
    "side_events",
    metadata,
    sa.Column("job_id", _Text, primary_key=True),
    sa.Column("attempt", sa.Integer, primary_key=True),
    sa.Column("idx", sa.Integer, primary_key=True),
    sa.Column("type", _Text, nullable=False),
    sa.Column("timestamp", _Seconds, nullable=False),
    sa.Column("data", _Text, nullable=False),
    sqlite_with_rowid=False,
)

idempotency = sa.Table(
    "idempotency",
    metadata,
    sa.Column("principal", _Text, primary_key=True),
    sa.Column("key", _Text, primary_key=True),
    sa.Column("request_hash", _Text, nullable=False),
    sa.Column("job_id", _Text, nullable=False),
    sa.Column("created_at", _Seconds, nullable=False),
)
sa.Index("idempotency_age", idempotency.c.created_at)

robots = sa.Table(
    "robots",
    metadata,
    sa.Column("id", _Text, primary_key=True),
    sa.Column("name", _Text, nullable=False, unique=True),
    sa.Column("hostname", _Text, nullable=False),
    sa.Column("environment", _Text, nullable=False),
    sa.Column("max_concurrent_jobs", sa.Integer, nullable=False),
    sa.Column("capabilities", _Text, nullable=False),
    sa.Column("tags", _Text, nullable=False),
    # online, offline, error, maintenance or away (in maintenance, signed off): what was said
    # last; the shown status is computed
    sa.Column("state", _Text, nullable=False),
    _no("draining"),
    # why it is paused or drained, when a pause ends by itself, when a drain stops what still runs
    sa.Column("note", _Text),
    sa.Column("resume_at", _Seconds),
    sa.Column("drain_by", _Seconds),
    sa.Column("boot_id", _Text),
    sa.Column("version", _Text),
    sa.Column("metrics", _Text, nullable=False),
    sa.Column("last_seen", _Seconds),
    sa.Column("created_at", _Seconds, nullable=False),
)

keys = sa.Table(
    "keys",
    metadata,
    sa.Column("id", _Text, primary_key=True),
    sa.Column("kind", _Text, nullable=False),
    sa.Column("name", _Text, nullable=False),
    sa.Column("description", _Text, nullable=False),
    sa.Column("secret_hash", _Text, nullable=False),
    sa.Column("role", _Text),
    sa.Column("robot_id", _Text),
    sa.Column("principal", _Text, nullable=False),
    sa.Column("created_at", _Seconds, nullable=False),
    sa.Column("expires_at", _Seconds),
    sa.Column("revoked_at", _Seconds),
    sa.Column("revoked_reason", _Text),
    sa.Column("last_used_at", _Seconds),
    sa.Column("last_used_ip", _Text),
)
sa.Index("keys_by_robot", keys.c.robot_id)

dead_letters = sa.Table(
    "dead_letters",
    metadata,
    sa.Column("id", _Text, primary_key=True),
    sa.Column("job_id", _Text, nullable=False, unique=True),
    sa.Column("workflow_id", _Text, nullable=False),
    sa.Column("workflow_name", _Text, nullable=False),
    sa.Column("failure_reason", _Text),
    sa.Column("error_message", _Text),
    sa.Column("error_details", _Text, nullable=False),
    sa.Column("retry_count", sa.Integer, nullable=False),
    sa.Column("first_failed_at", _Seconds, nullable=False),
    sa.Column("last_failed_at", _Seconds, nullable=False),
    sa.Column("created_at", _Seconds, nullable=False),
    # set once a person had it run again
    sa.Column("reprocessed_at", _Seconds),
    sa.Column("reprocessed_by", _Text),
    sa.Column("new_job_id", _Text),
)
sa.Index("dead_letters_newest", dead_letters.c.created_at, dead_letters.c.id)

schedules = sa.Table(
    "schedules",
    metadata,
    sa.Column("id", _Text, primary_key=True),
    sa.Column("name", _Text, nullable=False),
    sa.Column("workflow_id", _Text, nullable=False),
    sa.Column("cron_expression", _Text, nullable=False),
    sa.Column("timezone", _Text, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("environment", _Text, nullable=False),
    sa.Column("input_data", _Text, nullable=False),
    sa.Column("details", _Text, nullable=False),
    sa.Column("principal", _Text, nullable=False),
    # set exactly while enabled
    sa.Column("next_run", _Seconds),
    sa.Column("last_run", _Seconds),
    sa.Column("last_job_id", _Text),
    _zero("run_count"),
    _zero("failure_count"),
    sa.Column("created_at", _Seconds, nullable=False),
    sa.Column("updated_at", _Seconds, nullable=False),
)
is_due_once = schedules.c.next_run.is_not(None)
sa.Index(
    "schedules_due",
    schedules.c.next_run,
    sqlite_where=is_due_once,
    postgresql_where=is_due_once,
)

# Facts of the whole database, such as its identity.
facts = sa.Table(
    "facts",
    metadata,
    sa.Column("name", _Text, primary_key=True),
    sa.Column("value", _Text, nullable=False),
)
