"""The attempts this agent is responsible for, and the slots for new ones."""

from __future__ import annotations

import threading

from agent.attempt import Attempt, Stop


class Roster:
    """Safe to use from any thread."""

    def __init__(self, slots: int) -> None:
        self._attempts: list[Attempt] = []
        self._free = slots
        self._changed = threading.Condition()

    # slots

    def take_slot(self, timeout_seconds: float) -> bool:
        """Wait for a free slot and take it."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._free > 0, timeout_seconds):
                return False
            self._free -= 1
            return True

    def free_slot(self) -> None:
        with self._changed:
            self._free += 1
            self._changed.notify_all()

    # attempts

    def add(self, attempt: Attempt) -> None:
        """Take it in; a new attempt at a job is the proof that earlier ones are lost."""
        with self._changed:
            self._attempts.append(attempt)
        for other in self.all():
            if other.grant.precedes(attempt.grant):
                other.ask_stop(Stop.LOST)

    def remove(self, attempt: Attempt) -> None:
        with self._changed:
            self._attempts.remove(attempt)
            self._changed.notify_all()

    def all(self) -> list[Attempt]:
        with self._changed:
            return list(self._attempts)

    def leased(self) -> list[Attempt]:
        """Those whose lease is still worth renewing: no two of one job.

        The orchestrator answers with the jobs that are lost; with an earlier attempt in the
        question, that would be taken for the one that is held.
        """
        wanted = [a for a in self.all() if not a.over.is_set() and a.stop is not Stop.LOST]
        return [a for a in wanted if not any(a.grant.precedes(b.grant) for b in wanted)]

    def running(self) -> list[Attempt]:
        return [a for a in self.all() if not a.ended.is_set()]

    def running_count(self) -> int:
        return len(self.running())
