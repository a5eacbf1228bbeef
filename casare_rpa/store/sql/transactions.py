"""How an operation of the store is run, and what is kept in memory."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import sqlalchemy as sa

from casare_rpa.errors import Unavailable
from casare_rpa.settings import Settings
from casare_rpa.store.base import OnChange
from casare_rpa.store.clock import steady_clock
from casare_rpa.store.contacts import Contacts
from casare_rpa.store.operations import keys, robots, trial
from casare_rpa.store.records import Change
from casare_rpa.store.tx import T, Tx

log = logging.getLogger(__name__)
#: At most; and often enough that other orchestrators do not take the robot for offline.
_WRITE_CONTACT_EVERY_SECONDS = 15.0
_WRITE_USE_EVERY_SECONDS = 60.0


class Transactions(ABC):
    """Back ends say how a transaction is run: `_write` and `_read`."""

    def __init__(
        self,
        settings: Settings,
        *,
        on_change: OnChange | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock or steady_clock()
        self._on_change = on_change
        self._figures: robots.Figures = Contacts(
            min(_WRITE_CONTACT_EVERY_SECONDS, settings.robot_offline_seconds / 3)
        )
        self._uses: keys.Uses = Contacts(_WRITE_USE_EVERY_SECONDS)
        self.refusing: str | None = None

    @abstractmethod
    def _write(self, operation: Callable[[Tx], T]) -> T:
        """Run *operation* in a transaction; return after COMMIT and `_announce`."""

    @abstractmethod
    def _read(self, operation: Callable[[Tx], T]) -> T:
        """Run *operation* on a snapshot."""

    @property
    @abstractmethod
    def broken(self) -> str | None: ...

    @abstractmethod
    def close(self) -> None: ...

    def try_write(self) -> bool:
        try:
            self._write(trial.write)
            self._write(trial.take_back)
        except Unavailable:
            return False
        self.refusing = None
        return True

    def _note_refusal(self, reason: str) -> None:
        self.refusing = reason

    def _tx(self, db: sa.Connection) -> Tx:
        return Tx(db=db, now=self.clock(), settings=self.settings)

    def _announce(self, changes: Sequence[Change]) -> None:
        if self._on_change is None:
            return
        for change in changes:
            try:
                self._on_change(change)
            except Exception:  # what was committed stays committed, whoever fails to hear of it
                log.exception("on_change failed for %s", change.kind)

    def _flush_contacts(self) -> None:
        def flush(tx: Tx) -> None:
            robots.flush(tx, self._figures)
            keys.flush(tx, self._uses)

        if self._figures.unwritten() or self._uses.unwritten():
            self._write(flush)
