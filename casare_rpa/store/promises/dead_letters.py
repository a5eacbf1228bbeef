"""The promises about dead letters: jobs that failed for good, kept for a person to decide."""

from __future__ import annotations

from typing import Protocol

from casare_rpa.wire import DeadLetter, DeadLetterList, DeadLetterStats, Job


class DeadLetterStore(Protocol):
    """A letter is written in the transaction in which its job fails or times out for good.

    *ref* is the letter's id or its job's. A cancelled job leaves no letter.
    """

    def dead_letter(self, ref: str) -> DeadLetter:
        """Raises NotFound."""
        ...

    def dead_letters(
        self,
        *,
        workflow_id: str | None = None,
        pending_only: bool = True,
        limit: int = 50,
        offset: int = 0,
        cursor: str | None = None,
    ) -> DeadLetterList:
        """Newest first. Pending: not run again yet.

        `total` and `pending` count all that match; behind a cursor they are None.
        """
        ...

    def dead_letter_stats(self, *, workflow_id: str | None = None) -> DeadLetterStats:
        """How many letters there are, in all and pending."""
        ...

    def retry_dead_letter(self, ref: str, *, principal: str, by: str | None = None) -> Job:
        """Make a new job out of the letter's; the letter says so from then on.

        Raises NotFound, Conflict when it was retried before: of two at once one wins. *by* is
        noted as who did it (None: the principal).
        """
        ...

    def delete_dead_letter(self, ref: str) -> str:
        """Forget the letter, not its job; returns its id. Raises NotFound."""
        ...

    def purge_dead_letters(self, *, older_than_seconds: float, limit: int = 1000) -> int:
        """Delete the oldest letters of that age, *limit* at most; returns how many."""
        ...
