"""Which jobs were retried is found without looking at all of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    is_retry = sa.text("retry_of IS NOT NULL")
    op.create_index(
        "jobs_retries", "jobs", ["retry_of"], sqlite_where=is_retry, postgresql_where=is_retry
    )


def downgrade() -> None:
    op.drop_index("jobs_retries", "jobs")
