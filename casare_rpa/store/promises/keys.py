"""The promises about keys and tickets: the store keeps hashes and never sees one."""

from __future__ import annotations

from typing import Protocol

from casare_rpa.store.records import KeyPage, KeyRecord, NewKey


class KeyStore(Protocol):
    def create_key(self, new: NewKey) -> KeyRecord:
        """Raises Conflict when the id exists."""
        ...

    def create_first_admin_key(self, new: NewKey) -> KeyRecord | None:
        """Create *new* if no usable admin key exists, else None. Of two starts one wins."""
        ...

    def key(self, key_id: str) -> KeyRecord | None:
        """For authentication: compare `secret_hash` in constant time, then look at `status`."""
        ...

    def keys(
        self,
        *,
        kind: str | None = None,
        robot_id: str | None = None,
        status: str | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> KeyPage:
        """Newest first. *kind*: user or robot. *status*: active, revoked or expired."""
        ...

    def revoke_key(self, key_id: str, *, reason: str = "") -> KeyRecord:
        """End a key; the leases of a robot's key are revoked with it. Idempotent. NotFound."""
        ...

    def rotate_key(self, key_id: str, *, new_id: str, secret_hash: str) -> KeyRecord:
        """Revoke the key and create its successor, leases untouched; returns the successor.

        Same principal and role or robot; " (rotated)" is added to the name once.
        Raises NotFound, Conflict when it is revoked already.
        """
        ...

    def touch_key(self, key_id: str, *, ip: str | None = None) -> None:
        """Note that the key was used now. Kept in memory, written once a minute at most."""
        ...

    def revoked_keys(self, *, within_seconds: float) -> frozenset[str]:
        """The ids of the keys that were revoked within the last seconds."""
        ...

    def has_admin_key(self) -> bool:
        """Whether an active key of the role admin exists."""
        ...

    def put_ticket(self, ticket_hash: str, key_id: str, *, seconds: float) -> None:
        """Remember for *seconds* that the ticket speaks for the key."""
        ...

    def take_ticket(self, ticket_hash: str) -> str | None:
        """The ticket's key id, once; None when it is unknown, taken or too old."""
        ...
