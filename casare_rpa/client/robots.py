"""Calls about robots."""

from __future__ import annotations

from typing import Any

from casare_rpa.client.connection import Connection, quoted
from casare_rpa.domain.json_values import Json


class RobotCalls(Connection):
    def robots(self, **filters: Any) -> Json:
        return self.call("GET", "/robots", params=filters)

    def robot(self, robot_id: str) -> Json:
        return self.call("GET", f"/robots/{quoted(robot_id)}")

    def register(self, registration: Json) -> Json:
        return self.call("POST", "/robots/register", json=registration)

    def heartbeat(self, robot_id: str, beat: Json) -> Json:
        return self.call("POST", f"/robots/{quoted(robot_id)}/heartbeat", json=beat)

    def set_robot_status(self, robot_id: str, change: Json) -> Json:
        return self.call("PUT", f"/robots/{quoted(robot_id)}/status", json=change)

    def delete_robot(self, robot_id: str) -> Json:
        return self.call("DELETE", f"/robots/{quoted(robot_id)}")
