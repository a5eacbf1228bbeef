"""Workflows, jobs, attempts, events, robots and keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_BYTEWISE = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    _create_workflows()
    _create_jobs()
    _create_history()
    _create_idempotency()
    _create_robots()
    _create_keys()


def downgrade() -> None:
    for table in (
        "keys",
        "robots",
        "idempotency",
        "side_events",
        "events",
        "attempts",
        "jobs",
        "workflow_versions",
        "workflows",
    ):
        op.drop_table(table)


def _create_workflows() -> None:
    op.create_table(
        "workflows",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("content_hash", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
        sa.Column("deleted_at", sa.Double),
    )
    _create_partial_index(
        "workflows_name", "workflows", ["name"], "deleted_at IS NULL", unique=True
    )
    op.create_table(
        "workflow_versions",
        sa.Column("workflow_id", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("content_hash", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("node_count", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
    )


def _create_jobs() -> None:
    op.create_table("jobs", *_request_columns(), *_lease_columns(), *_outcome_columns())
    is_ready = "ready IS true" if _is_postgresql() else "ready IS 1"
    head = ["lane", "priority", "created_at", "id"]
    _create_partial_index("jobs_ready", "jobs", head, is_ready)
    _create_partial_index("jobs_waiting", "jobs", ["ready_at"], "ready_at IS NOT NULL")
    _create_partial_index("jobs_held", "jobs", ["robot_id"], "lease_until IS NOT NULL")
    op.create_index("jobs_newest", "jobs", ["created_at", "id"])
    op.create_index("jobs_by_status", "jobs", ["status", "created_at"])
    op.create_index("jobs_by_workflow", "jobs", ["workflow_id", "created_at"])


def _request_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("workflow_id", sa.Text, nullable=False),
        sa.Column("workflow_version", sa.Integer, nullable=False),
        sa.Column("workflow_name", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("environment", sa.Text, nullable=False),
        sa.Column("pinned_robot_id", sa.Text),
        sa.Column("tags", sa.Text, nullable=False),
        sa.Column("input_data", sa.Text, nullable=False),
        sa.Column("timeout_seconds", sa.Double),
        sa.Column("max_retries", sa.Integer, nullable=False),
        sa.Column("principal", sa.Text, nullable=False),
        sa.Column("retry_of", sa.Text),
        sa.Column("created_at", sa.Double, nullable=False),
    ]


def _lease_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("lane", _BYTEWISE, nullable=False),
        _no("ready"),
        sa.Column("ready_at", sa.Double),
        sa.Column("robot_id", sa.Text),
        _zero("attempt"),
        sa.Column("token_hash", sa.Text),
        sa.Column("lease_until", sa.Double),
        sa.Column("start_by", sa.Double),
        _no("cancel_requested"),
        _zero("failures"),
        _zero("crashes"),
        _zero("releases"),
        _zero("last_seq"),
        _zero("last_index"),
        _zero("progress"),
        sa.Column("current_node", sa.Text),
        sa.Column("claimed_at", sa.Double),
        sa.Column("started_at", sa.Double),
    ]


def _outcome_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("completed_at", sa.Double),
        sa.Column("duration_ms", sa.BigInteger),
        sa.Column("result", sa.Text),
        sa.Column("error_message", sa.Text),
        sa.Column("error_type", sa.Text),
        sa.Column("failed_node_id", sa.Text),
        sa.Column("failure_reason", sa.Text),
    ]


def _create_history() -> None:
    op.create_table(
        "attempts",
        sa.Column("job_id", sa.Text, primary_key=True),
        sa.Column("attempt", sa.Integer, primary_key=True),
        sa.Column("robot_id", sa.Text, nullable=False),
        sa.Column("token_hash", sa.Text, nullable=False),
        sa.Column("claim_hash", sa.Text),
        sa.Column("salt", sa.Text),
        sa.Column("claimed_at", sa.Double, nullable=False),
        sa.Column("ended_at", sa.Double),
        sa.Column("reported", sa.Text),
        sa.Column("became", sa.Text),
    )
    op.create_index("attempts_claim", "attempts", ["claim_hash"], unique=True)
    op.create_table(
        "events",
        sa.Column("job_id", sa.Text, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("idx", sa.Integer),
        *_event_columns(),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "side_events",
        sa.Column("job_id", sa.Text, primary_key=True),
        sa.Column("attempt", sa.Integer, primary_key=True),
        sa.Column("idx", sa.Integer, primary_key=True),
        *_event_columns(),
        sqlite_with_rowid=False,
    )


def _event_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("timestamp", sa.Double, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
    ]


def _create_idempotency() -> None:
    op.create_table(
        "idempotency",
        sa.Column("principal", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("request_hash", sa.Text, nullable=False),
        sa.Column("job_id", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    op.create_index("idempotency_age", "idempotency", ["created_at"])


def _create_robots() -> None:
    op.create_table(
        "robots",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("hostname", sa.Text, nullable=False),
        sa.Column("environment", sa.Text, nullable=False),
        sa.Column("max_concurrent_jobs", sa.Integer, nullable=False),
        sa.Column("capabilities", sa.Text, nullable=False),
        sa.Column("tags", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        _no("draining"),
        sa.Column("boot_id", sa.Text),
        sa.Column("version", sa.Text),
        sa.Column("metrics", sa.Text, nullable=False),
        sa.Column("last_seen", sa.Double),
        sa.Column("created_at", sa.Double, nullable=False),
    )


def _create_keys() -> None:
    op.create_table(
        "keys",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("secret_hash", sa.Text, nullable=False),
        sa.Column("role", sa.Text),
        sa.Column("robot_id", sa.Text),
        sa.Column("principal", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double),
        sa.Column("revoked_at", sa.Double),
        sa.Column("revoked_reason", sa.Text),
        sa.Column("last_used_at", sa.Double),
        sa.Column("last_used_ip", sa.Text),
    )
    op.create_index("keys_by_robot", "keys", ["robot_id"])


def _no(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())


def _zero(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Integer, nullable=False, server_default="0")


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _create_partial_index(
    name: str, table: str, columns: list[str], condition: str, *, unique: bool = False
) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=unique, sqlite_where=where, postgresql_where=where)
