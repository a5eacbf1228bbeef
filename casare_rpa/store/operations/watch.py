"""Watched time: leases grow older only while a server looks after them (P9).

While no server answers, no robot can renew. The reaper therefore notes when it last looked, and
after a gap (a restart, a pause, a database that was away, a dead leader) every live lease ends
later by that gap, and never later than one that was renewed this moment. So an outage costs no
robot its job, and however often servers restart, the lease of a dead robot ends once they have
been up for one lease time together.
"""

from __future__ import annotations

import sqlalchemy as sa

from casare_rpa.store.facts import fact, set_fact
from casare_rpa.store.operations.leases import MAX_EXTENSION_SECONDS, later_lease, lease_end
from casare_rpa.store.tables import is_held, jobs
from casare_rpa.store.tx import Tx

_WATCHED = "watched_at"
_ANY_LEASE = sa.select(jobs.c.id).where(is_held).limit(1)


def note_watch(tx: Tx) -> None:
    """A server looked at the leases now. Nothing is written while there are none."""
    if tx.row(_ANY_LEASE) is not None:
        set_fact(tx, _WATCHED, repr(tx.now))


def extend_live_leases(tx: Tx) -> int:
    """Let every live lease end later by the time in which nobody looked; how many there are.

    A lease that ends later than any robot could have asked for was written by a clock that has
    since been set back; it ends when the longest one would.
    """
    gap = _unwatched_seconds(tx)
    renewed, longest = later_lease(lease_end(tx)), tx.now + MAX_EXTENSION_SECONDS
    until = sa.case(
        (jobs.c.lease_until > longest, longest),
        (jobs.c.lease_until + gap > renewed, renewed),
        else_=jobs.c.lease_until + gap,
    )
    latest_start = tx.now + tx.settings.lease_seconds
    start_by = sa.case(
        (jobs.c.start_by + gap > latest_start, latest_start), else_=jobs.c.start_by + gap
    )
    extended = tx.run(
        sa.update(jobs)
        .where(jobs.c.lease_until.is_not(None))
        .values(lease_until=until, start_by=start_by)
    )
    note_watch(tx)
    return extended


def _unwatched_seconds(tx: Tx) -> float:
    """Since the last look; more than any lease when that is unknown or in the future."""
    noted = fact(tx, _WATCHED)
    gap = -1.0 if noted is None else tx.now - float(noted)
    return gap if gap >= 0 else MAX_EXTENSION_SECONDS
