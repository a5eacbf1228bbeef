"""Run the steps on the connection that the store hands over, inside its transaction."""

from __future__ import annotations

from alembic import context

from casare_rpa.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
