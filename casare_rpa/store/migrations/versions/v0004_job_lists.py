"""Lists of jobs by robot, by the time of their end and by urgency."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_INDEXES = {
    "jobs_by_robot": (["robot_id", "created_at"], "robot_id IS NOT NULL"),
    "jobs_pinned": (["pinned_robot_id", "created_at"], "pinned_robot_id IS NOT NULL"),
    "jobs_ended": (["completed_at", "id"], "completed_at IS NOT NULL"),
    "jobs_urgent": (["priority", "created_at", "id"], "completed_at IS NULL"),
}


def upgrade() -> None:
    for name, (columns, condition) in _INDEXES.items():
        where = sa.text(condition)
        op.create_index(name, "jobs", columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    for name in _INDEXES:
        op.drop_index(name, "jobs")
