"""Calls about schedules."""

from __future__ import annotations

from typing import Any

from casare_rpa import errors
from casare_rpa.client.answers import decoded
from casare_rpa.client.connection import Connection, quoted
from casare_rpa.domain.json_values import Json

#: Where a list that is a bare array says how to go on.
NEXT_CURSOR = "X-Next-Cursor"


class ScheduleCalls(Connection):
    def schedules(self, **filters: Any) -> list[Json]:
        return list(self.schedule_page(**filters)["schedules"])

    def schedule_page(self, **filters: Any) -> Json:
        """{"schedules": [...], "next_cursor": ...}: the endpoint's own answer is a bare list."""
        response = self.exchange("GET", "/schedules", params=filters)
        next_cursor = response.headers.get(NEXT_CURSOR)
        return {"schedules": list(decoded(response)), "next_cursor": next_cursor}

    def create_schedule(self, request: Json) -> Json:
        return self.call("POST", "/schedules", json=request)

    def schedule(self, ref: str, *, next_runs: int | None = None) -> Json:
        found = self.call("GET", f"/schedules/{quoted(ref)}", params={"next_runs": next_runs})
        if "schedule_id" not in found:  # /schedules/upcoming is a list
            raise errors.NotFound(f"there is no schedule {ref!r}")
        return found

    def change_schedule(self, ref: str, change: Json) -> Json:
        return self.call("PUT", f"/schedules/{quoted(ref)}", json=change)

    def enable_schedule(self, ref: str) -> Json:
        return self.call("PUT", f"/schedules/{quoted(ref)}/enable")

    def disable_schedule(self, ref: str) -> Json:
        return self.call("PUT", f"/schedules/{quoted(ref)}/disable")

    def trigger_schedule(self, ref: str) -> Json:
        return self.call("PUT", f"/schedules/{quoted(ref)}/trigger")

    def schedule_runs(self, ref: str, **filters: Any) -> Json:
        return self.call("GET", f"/schedules/{quoted(ref)}/runs", params=filters)

    def delete_schedule(self, ref: str) -> Json:
        return self.call("DELETE", f"/schedules/{quoted(ref)}")
