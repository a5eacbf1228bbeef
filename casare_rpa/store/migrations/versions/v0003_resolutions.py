"""What persons say of outcomes; the open jobs of a workflow, found without its ended ones."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("resolution", sa.Text))
    is_open = sa.text("completed_at IS NULL")
    op.create_index(
        "jobs_open",
        "jobs",
        ["workflow_id", "created_at"],
        sqlite_where=is_open,
        postgresql_where=is_open,
    )


def downgrade() -> None:
    op.drop_index("jobs_open", "jobs")
    op.drop_column("jobs", "resolution")
