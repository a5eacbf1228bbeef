"""Jobs that go on where another stood: of which, at which node, with what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("rerun_of", "from_node", "start_state"):
        op.add_column("jobs", sa.Column(name, sa.Text))
    is_rerun = sa.text("rerun_of IS NOT NULL")
    op.create_index(
        "jobs_reruns", "jobs", ["rerun_of"], sqlite_where=is_rerun, postgresql_where=is_rerun
    )


def downgrade() -> None:
    op.drop_index("jobs_reruns", "jobs")
    for name in ("start_state", "from_node", "rerun_of"):
        op.drop_column("jobs", name)
