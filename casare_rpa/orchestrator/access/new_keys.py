"""From a key to what the store keeps of it."""

from __future__ import annotations

from datetime import UTC, datetime

from casare_rpa.domain.keys import Key
from casare_rpa.errors import InvalidInput
from casare_rpa.store import NewKey


def new_key(
    key: Key,
    *,
    name: str,
    role: str | None = None,
    robot_id: str | None = None,
    description: str = "",
    expires_at: datetime | None = None,
) -> NewKey:
    """*key* as it is stored: its id and its hash. Raises InvalidInput for a time in the past."""
    return NewKey(
        id=key.key_id,
        kind="robot" if key.kind == "robot" else "user",
        name=name,
        secret_hash=key.digest,
        role=role,
        robot_id=robot_id,
        description=description,
        expires_at=_future(expires_at),
    )


def _future(expires_at: datetime | None) -> datetime | None:
    if expires_at is None:
        return None
    aware = expires_at if expires_at.tzinfo else expires_at.replace(tzinfo=UTC)
    if aware <= datetime.now(UTC):
        raise InvalidInput("the key would have expired already", field="expires_at")
    return aware
