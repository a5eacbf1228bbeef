"""Keys, and their use in memory."""

from __future__ import annotations

from casare_rpa.store.operations import keys, tickets
from casare_rpa.store.records import KeyPage, KeyRecord, NewKey
from casare_rpa.store.sql.transactions import Transactions


class SqlKeys(Transactions):
    def create_key(self, new: NewKey) -> KeyRecord:
        return self._write(lambda tx: keys.create_key(tx, self._uses, new))

    def create_first_admin_key(self, new: NewKey) -> KeyRecord | None:
        return self._write(lambda tx: keys.create_first_admin_key(tx, self._uses, new))

    def key(self, key_id: str) -> KeyRecord | None:
        return self._read(lambda tx: keys.key(tx, self._uses, key_id))

    def keys(
        self,
        *,
        kind: str | None = None,
        robot_id: str | None = None,
        status: str | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> KeyPage:
        return self._read(
            lambda tx: keys.keys_(
                tx,
                self._uses,
                kind=kind,
                robot_id=robot_id,
                status=status,
                limit=limit,
                offset=offset,
            )
        )

    def revoke_key(self, key_id: str, *, reason: str = "") -> KeyRecord:
        return self._write(lambda tx: keys.revoke_key(tx, self._uses, key_id, reason=reason))

    def rotate_key(self, key_id: str, *, new_id: str, secret_hash: str) -> KeyRecord:
        return self._write(
            lambda tx: keys.rotate_key(
                tx, self._uses, key_id, new_id=new_id, secret_hash=secret_hash
            )
        )

    def touch_key(self, key_id: str, *, ip: str | None = None) -> None:
        now = self.clock()
        if self._uses.note(key_id, now, ip):
            self._write(lambda tx: keys.note_use(tx, key_id, now, ip))
            self._uses.written(key_id, now)

    def revoked_keys(self, *, within_seconds: float) -> frozenset[str]:
        return self._read(lambda tx: keys.revoked_since(tx, tx.now - within_seconds))

    def has_admin_key(self) -> bool:
        return self._read(keys.has_admin_key)

    def put_ticket(self, ticket_hash: str, key_id: str, *, seconds: float) -> None:
        self._write(lambda tx: tickets.put_ticket(tx, ticket_hash, key_id, seconds=seconds))

    def take_ticket(self, ticket_hash: str) -> str | None:
        return self._write(lambda tx: tickets.take_ticket(tx, ticket_hash))
