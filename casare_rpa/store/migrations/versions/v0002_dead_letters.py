"""Dead letters, schedules, lost attempts that must not be repeated, pauses with an end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _extend_jobs()
    _extend_robots()
    _create_dead_letters()
    _create_schedules()
    op.create_table(
        "facts",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )


def downgrade() -> None:
    for table in ("facts", "schedules", "dead_letters"):
        op.drop_table(table)
    op.drop_index("jobs_by_schedule", "jobs")
    for table, columns in {
        "robots": ("note", "resume_at", "drain_by"),
        "jobs": ("schedule_id", "on_lost", "side_effects"),
    }.items():
        for column in columns:
            op.drop_column(table, column)


def _extend_jobs() -> None:
    no = sa.Column("side_effects", sa.Boolean, nullable=False, server_default=sa.false())
    requeue = sa.Column("on_lost", sa.Text, nullable=False, server_default="requeue")
    for column in (sa.Column("schedule_id", sa.Text), requeue, no):
        op.add_column("jobs", column)
    _create_partial_index(
        "jobs_by_schedule", "jobs", ["schedule_id", "created_at"], "schedule_id IS NOT NULL"
    )


def _extend_robots() -> None:
    op.add_column("robots", sa.Column("note", sa.Text))
    op.add_column("robots", sa.Column("resume_at", sa.Double))
    op.add_column("robots", sa.Column("drain_by", sa.Double))


def _create_dead_letters() -> None:
    op.create_table(
        "dead_letters",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("job_id", sa.Text, nullable=False, unique=True),
        sa.Column("workflow_id", sa.Text, nullable=False),
        sa.Column("workflow_name", sa.Text, nullable=False),
        sa.Column("failure_reason", sa.Text),
        sa.Column("error_message", sa.Text),
        sa.Column("error_details", sa.Text, nullable=False),
        sa.Column("retry_count", sa.Integer, nullable=False),
        sa.Column("first_failed_at", sa.Double, nullable=False),
        sa.Column("last_failed_at", sa.Double, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("reprocessed_at", sa.Double),
        sa.Column("reprocessed_by", sa.Text),
        sa.Column("new_job_id", sa.Text),
    )
    op.create_index("dead_letters_newest", "dead_letters", ["created_at", "id"])


def _create_schedules() -> None:
    op.create_table(
        "schedules",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("workflow_id", sa.Text, nullable=False),
        sa.Column("cron_expression", sa.Text, nullable=False),
        sa.Column("timezone", sa.Text, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("environment", sa.Text, nullable=False),
        sa.Column("input_data", sa.Text, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("principal", sa.Text, nullable=False),
        sa.Column("next_run", sa.Double),
        sa.Column("last_run", sa.Double),
        sa.Column("last_job_id", sa.Text),
        sa.Column("run_count", sa.Integer, nullable=False, server_default="0"),
        sa.Column("failure_count", sa.Integer, nullable=False, server_default="0"),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
    )
    _create_partial_index("schedules_due", "schedules", ["next_run"], "next_run IS NOT NULL")


def _create_partial_index(name: str, table: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
