"""The store: all that it promises, put together from `casare_rpa.store.promises`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from casare_rpa.store.promises.dead_letters import DeadLetterStore
from casare_rpa.store.promises.jobs import JobStore
from casare_rpa.store.promises.keys import KeyStore
from casare_rpa.store.promises.leases import LeaseStore
from casare_rpa.store.promises.robots import RobotStore
from casare_rpa.store.promises.runs import RunStore
from casare_rpa.store.promises.schedules import ScheduleStore
from casare_rpa.store.promises.workflows import WorkflowStore
from casare_rpa.store.records import Change, StoreHealth
from casare_rpa.wire import FleetStats

OnChange = Callable[[Change], None]


class Store(
    WorkflowStore,
    JobStore,
    RunStore,
    LeaseStore,
    DeadLetterStore,
    RobotStore,
    KeyStore,
    ScheduleStore,
    Protocol,
):
    """Where jobs, workflows, robots and keys live.

    Every method blocks, is one transaction and may be called from any thread. A method that
    writes returns after COMMIT and fsync (P1), and after `on_change` was called for each Change
    that it made. `on_change` runs on a thread of the store: it must return at once and not call
    the store (`loop.call_soon_threadsafe` is what it is for).

    All methods raise Unavailable while the database cannot be written (disk full, no connection):
    the caller may repeat the call. After an I/O error that leaves the truth in doubt `broken`
    says why, every later write raises Unavailable, and the program should exit (P22).
    """

    #: As many threads may call at once. More would wait for each other's connections, in no fair
    #: order: one of them could wait for good while the others go on.
    callers: int

    @property
    def broken(self) -> str | None:
        """Why this store must not be used any more, or None."""
        ...

    @property
    def refusing(self) -> str | None:
        """Why the database refused a write; None from the start, and again after `try_write`.

        What it refused to one caller only (a lock, a statement that took too long) is not meant.
        """
        ...

    def try_write(self) -> bool:
        """Write a little and take it back: whether the database takes writes."""
        ...

    def health(self) -> StoreHealth:
        """Proof that the database answers, with two figures. Raises Unavailable else."""
        ...

    def stats(self, *, window_seconds: float) -> FleetStats:
        """How long the queues are, what runs, and what ended within the window. Cheap."""
        ...

    def close(self) -> None:
        """Finish what was accepted, write coalesced figures and let go of the file. Idempotent."""
        ...

    def prune(self, *, older_than_seconds: float, limit: int = 200) -> int:
        """Delete the oldest jobs that ended so long ago, with all that belongs to them.

        At most *limit*, and fewer when their history is long, so that writers do not wait long;
        returns how many. Repeat until 0. `job` and `events` raise Gone for them from then on.
        """
        ...

    def count_prunable(self, *, older_than_seconds: float) -> int:
        """How many jobs `prune` would delete in all."""
        ...

    def housekeep(self) -> int:
        """Delete idempotency keys past their time and give free pages back; call it hourly.

        Returns how many rows went.
        """
        ...
