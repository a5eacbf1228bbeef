"""Keys, who they are, and the health of the server."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from casare_rpa.wire.base import Name, Role, Wire


class RobotKeyRequest(Wire):
    robot_id: Annotated[str, Field(min_length=1, max_length=64)]
    name: Name = "default"
    description: Annotated[str, Field(max_length=2000)] = ""
    expires_at: datetime | None = None


class RobotKey(Wire):
    id: str
    robot_id: str
    robot_name: str | None = None
    key_name: str
    description: str = ""
    status: Literal["active", "revoked", "expired"]
    #: "robot_" and the key's id: what may be shown of it.
    prefix: str
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    last_used_ip: str | None = None


class RobotKeyCreated(Wire):
    #: Shown this once only.
    api_key: str
    key: RobotKey


class RobotKeyList(Wire):
    keys: list[RobotKey]
    total: int


class KeyRevocation(Wire):
    reason: Annotated[str, Field(max_length=2000)] = ""


class KeyRevoked(Wire):
    revoked: Literal[True] = True
    key_id: str


class ApiKeyRequest(Wire):
    role: Role
    name: Name = "default"
    description: Annotated[str, Field(max_length=2000)] = ""
    expires_at: datetime | None = None


class ApiKey(Wire):
    id: str
    role: Role
    key_name: str
    description: str = ""
    status: Literal["active", "revoked", "expired"]
    prefix: str
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    last_used_ip: str | None = None


class ApiKeyCreated(Wire):
    api_key: str
    key: ApiKey


class ApiKeyList(Wire):
    keys: list[ApiKey]
    total: int


class Identity(Wire):
    """Who a key is: GET /auth/me."""

    user_id: str
    key_id: str
    key_name: str
    roles: list[str]
    robot_id: str | None = None
    expires_at: datetime | None = None


class SocketTicket(Wire):
    """Sent as the first message of a socket: `{"type": "auth", "ticket": "..."}`."""

    ticket: str
    expires_in: int


class Health(Wire):
    #: degraded: it still reads, and takes no work; `reason` says why.
    status: Literal["healthy", "degraded"] = "healthy"
    reason: str | None = None
    service: Literal["casare-rpa-orchestrator"] = "casare-rpa-orchestrator"
    timestamp: datetime
    database: str
    queue: str
    robots_online: int
    version: str
