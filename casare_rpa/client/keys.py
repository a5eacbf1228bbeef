"""Calls about keys."""

from __future__ import annotations

from typing import Any

from casare_rpa.client.connection import Connection, quoted
from casare_rpa.domain.json_values import Json


class KeyCalls(Connection):
    def robot_keys(self, **filters: Any) -> Json:
        return self.call("GET", "/robot-api-keys", params=filters)

    def create_robot_key(self, request: Json) -> Json:
        return self.call("POST", "/robot-api-keys", json=request)

    def revoke_robot_key(self, key_id: str, reason: str = "") -> Json:
        path = f"/robot-api-keys/{quoted(key_id)}/revoke"
        return self.call("POST", path, json={"reason": reason})

    def rotate_robot_key(self, key_id: str) -> Json:
        return self.call("POST", f"/robot-api-keys/{quoted(key_id)}/rotate")

    def keys(self, **filters: Any) -> Json:
        return self.call("GET", "/api-keys", params=filters)

    def create_key(self, request: Json) -> Json:
        return self.call("POST", "/api-keys", json=request)

    def revoke_key(self, key_id: str, reason: str = "") -> Json:
        return self.call("POST", f"/api-keys/{quoted(key_id)}/revoke", json={"reason": reason})

    def rotate_key(self, key_id: str) -> Json:
        return self.call("POST", f"/api-keys/{quoted(key_id)}/rotate")
