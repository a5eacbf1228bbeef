"""Routes for the keys of people and scripts. Administrators only; a key is shown once."""

from __future__ import annotations

import logging
from typing import Literal

from casare_rpa.domain.keys import make_key
from casare_rpa.orchestrator.access.new_keys import new_key
from casare_rpa.orchestrator.access.rules import API
from casare_rpa.orchestrator.deps import DeskDep, Limit, Offset, PrincipalDep
from casare_rpa.orchestrator.routes.keys import replaced, revoked
from casare_rpa.orchestrator.routing import failures
from casare_rpa.orchestrator.routing import router as guarded_router
from casare_rpa.store import KeyRecord
from casare_rpa.wire import (
    ApiKey,
    ApiKeyCreated,
    ApiKeyList,
    ApiKeyRequest,
    KeyRevocation,
    KeyRevoked,
)

log = logging.getLogger(__name__)

router = guarded_router(f"{API}/api-keys", "keys of people")


@router.get("", response_model=ApiKeyList)
async def list_keys(
    desk: DeskDep,
    status: Literal["active", "revoked", "expired"] | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> ApiKeyList:
    """Keys of people and scripts, the newest first; never the keys themselves."""
    page = await desk.call(desk.store.keys, kind="user", status=status, limit=limit, offset=offset)
    return ApiKeyList(keys=[_shown(record) for record in page.keys], total=page.total)


@router.post("", response_model=ApiKeyCreated, responses=failures(400, 422))
async def create_key(
    request: ApiKeyRequest, desk: DeskDep, principal: PrincipalDep
) -> ApiKeyCreated:
    """Make a key with a role. `api_key` is shown this once."""
    key = make_key("sk_live")
    record = await desk.call(
        desk.store.create_key,
        new_key(
            key,
            name=request.name,
            role=request.role,
            description=request.description,
            expires_at=request.expires_at,
        ),
    )
    log.info("key %s (%s) made by %s", record.id, record.role, principal.name)
    return ApiKeyCreated(api_key=key.text, key=_shown(record))


@router.post("/{key_id}/revoke", response_model=KeyRevoked, responses=failures(404))
async def revoke_key(
    key_id: str,
    desk: DeskDep,
    principal: PrincipalDep,
    revocation: KeyRevocation | None = None,
) -> KeyRevoked:
    """End a key at once: its calls are refused and its sockets closed."""
    return await revoked(desk, key_id, "user", principal, revocation)


@router.post("/{key_id}/rotate", response_model=ApiKeyCreated, responses=failures(404, 409))
async def rotate_key(key_id: str, desk: DeskDep, principal: PrincipalDep) -> ApiKeyCreated:
    """Replace a key by a new one of the same role."""
    key = make_key("sk_live")
    record = await replaced(desk, key_id, "user", principal, key)
    return ApiKeyCreated(api_key=key.text, key=_shown(record))


def _shown(record: KeyRecord) -> ApiKey:
    return ApiKey.model_validate(
        {
            "id": record.id,
            "role": record.role,
            "key_name": record.name,
            "description": record.description,
            "status": record.status,
            "prefix": f"sk_live_{record.id}",
            "created_at": record.created_at,
            "expires_at": record.expires_at,
            "last_used_at": record.last_used_at,
            "last_used_ip": record.last_used_ip,
        }
    )
