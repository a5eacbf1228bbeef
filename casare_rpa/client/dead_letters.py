"""Calls about dead letters: an entry is named by its own id or its job's."""

from __future__ import annotations

from typing import Any

from casare_rpa import errors
from casare_rpa.client.connection import Connection, quoted
from casare_rpa.domain.json_values import Json


class DeadLetterCalls(Connection):
    def dead_letters(self, **filters: Any) -> Json:
        return self.call("GET", "/dlq", params=filters)

    def dead_letter(self, entry_id: str) -> Json:
        found = self.call("GET", f"/dlq/{quoted(entry_id)}")
        if "original_job_id" not in found:  # /dlq/stats is a count
            raise errors.NotFound(f"there is no dead letter {entry_id!r}")
        return found

    def retry_dead_letter(self, entry_id: str) -> Json:
        return self.call("POST", f"/dlq/{quoted(entry_id)}/retry")

    def delete_dead_letter(self, entry_id: str) -> Json:
        return self.call("DELETE", f"/dlq/{quoted(entry_id)}")

    def purge_dead_letters(self, **filters: Any) -> Json:
        return self.call("POST", "/dlq/purge", params=filters)
