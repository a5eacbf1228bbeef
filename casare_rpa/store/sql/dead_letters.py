"""Dead letters, and the way back from them."""

from __future__ import annotations

from casare_rpa.store.operations import dead_letters, repeats
from casare_rpa.store.sql.transactions import Transactions
from casare_rpa.store.tx import Tx
from casare_rpa.wire import DeadLetter, DeadLetterList, DeadLetterStats, Job


class SqlDeadLetters(Transactions):
    def dead_letter(self, ref: str) -> DeadLetter:
        return self._read(lambda tx: dead_letters.dead_letter(tx, ref))

    def dead_letters(
        self,
        *,
        workflow_id: str | None = None,
        pending_only: bool = True,
        limit: int = 50,
        offset: int = 0,
        cursor: str | None = None,
    ) -> DeadLetterList:
        return self._read(
            lambda tx: dead_letters.dead_letters_(
                tx,
                workflow_id=workflow_id,
                pending_only=pending_only,
                limit=limit,
                offset=offset,
                cursor=cursor,
            )
        )

    def dead_letter_stats(self, *, workflow_id: str | None = None) -> DeadLetterStats:
        return self._read(lambda tx: dead_letters.stats(tx, workflow_id=workflow_id))

    def retry_dead_letter(self, ref: str, *, principal: str, by: str | None = None) -> Job:
        def again(tx: Tx) -> Job:
            letter = dead_letters.retryable(tx, ref)
            return repeats.retry(tx, letter["job_id"], principal=principal, by=by)

        return self._write(again)

    def delete_dead_letter(self, ref: str) -> str:
        return self._write(lambda tx: dead_letters.delete(tx, ref))

    def purge_dead_letters(self, *, older_than_seconds: float, limit: int = 1000) -> int:
        return self._write(
            lambda tx: dead_letters.purge(tx, before=tx.now - older_than_seconds, limit=limit)
        )
