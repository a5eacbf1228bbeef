"""What the routes for keys of people and of robots share: an end, and a successor."""

from __future__ import annotations

import logging
from typing import Literal, TypeAlias

from casare_rpa.domain.keys import Key
from casare_rpa.errors import NotFound
from casare_rpa.orchestrator.access.auth import Principal
from casare_rpa.orchestrator.deps import Desk
from casare_rpa.store import KeyRecord
from casare_rpa.wire import KeyRevocation, KeyRevoked

log = logging.getLogger(__name__)

Kind: TypeAlias = Literal["user", "robot"]


async def revoked(
    desk: Desk, key_id: str, kind: Kind, by: Principal, revocation: KeyRevocation | None
) -> KeyRevoked:
    """End the key. Raises NotFound."""
    await _known(desk, key_id, kind)
    reason = revocation.reason if revocation else ""
    record = await desk.call(desk.store.revoke_key, key_id, reason=reason)
    log.info("key %s revoked by %s", record.id, by.name)
    return KeyRevoked(key_id=record.id)


async def replaced(desk: Desk, key_id: str, kind: Kind, by: Principal, key: Key) -> KeyRecord:
    """Put *key* in the place of the one called *key_id*. Raises NotFound, Conflict."""
    await _known(desk, key_id, kind)
    record = await desk.call(
        desk.store.rotate_key, key_id, new_id=key.key_id, secret_hash=key.digest
    )
    log.info("key %s replaced by %s, asked for by %s", key_id, record.id, by.name)
    return record


async def _known(desk: Desk, key_id: str, kind: Kind) -> None:
    """Raises NotFound for an unknown key, and for one that belongs to the other list."""
    record = await desk.call(desk.store.key, key_id)
    if record is None or record.kind != kind:
        raise NotFound(f"there is no key {key_id}")
