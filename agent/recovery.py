"""After a start: every journal without a process is reported at once, not after a lost lease."""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil

from agent.attempt import Attempt, Grant
from agent.job.endings import agent_lost
from agent.journal.damage import Condition, examine, mended
from agent.journal.file import NEW_SUFFIX, SUFFIX, Journal
from agent.journal.records import read_records
from agent.machine.folders import Folders
from agent.uplink import lost
from casare_rpa.domain.json_values import Json

log = logging.getLogger(__name__)

_DEATH_SECONDS = 5.0


def left_over(folders: Folders, *, robot_id: str, fsync_seconds: float) -> Iterator[Attempt]:
    """The attempts that earlier starts left, each with its ending: ready to be delivered.

    An attempt that had not ended has lost its agent. Its processes are gone when this yields it.
    What another robot left stays where it is; what cannot be understood is kept apart.
    """
    for path in folders.journal.glob(f"*{SUFFIX}{NEW_SUFFIX}"):
        path.unlink(missing_ok=True)
    for path in sorted(folders.journal.glob(f"*{SUFFIX}")):
        try:
            attempt = _reopen(path, folders, robot_id, fsync_seconds)
        except OSError as error:
            log.error("%s cannot be read and stays where it is: %s", path, error)
            continue
        except Exception:  # the fence: one journal must not keep every start from working
            log.exception("%s cannot be understood and stays where it is", path)
            continue
        if attempt is not None:
            yield attempt
    for folder in folders.work.iterdir():
        shutil.rmtree(folder, ignore_errors=True)


def _reopen(path: Path, folders: Folders, robot_id: str, fsync_seconds: float) -> Attempt | None:
    if path.stat().st_size == 0:
        # Not even the grant reached the disk, so nothing was started.
        log.warning("%s is empty and is removed", path.name)
        path.unlink()
        return None
    owner = owner_of(path)
    if owner not in (None, robot_id):
        log.error("%s belongs to the robot %s and stays for it", path.name, owner)
        return None
    condition = examine(path)
    grant = read_grant(path)
    if grant is None:
        kept = lost.keep_damaged(path, folders.lost)
        log.error("%s holds no readable grant and is kept as %s", path.name, kept)
        path.unlink()
        return None
    if condition.damaged:
        _mend(path, condition, folders)
    journal = Journal.reopen(path, fsync_seconds=fsync_seconds)
    records = [record.decode() for record in journal.records() if not record.holds_events]
    attempt = Attempt(grant, journal)
    for record in records:
        if record["kind"] == "process":
            _make_sure_dead(record)
    attempt.end(_ending(records, journal))
    return attempt


def read_grant(path: Path) -> Grant | None:
    """The grant that *path* begins with; None when there is none that can be understood."""
    raw = _first_record(path)
    try:
        return Grant.parse(raw["grant"])
    except (KeyError, TypeError, AttributeError):
        return None


def owner_of(path: Path) -> str | None:
    """The robot whose journal it is, if it says so."""
    grant = _first_record(path).get("grant")
    return grant.get("robot_id") if isinstance(grant, dict) else None


def _first_record(path: Path) -> Json:
    with contextlib.suppress(ValueError):
        for record in read_records(path):
            decoded = record.decode()
            return decoded if isinstance(decoded, dict) else {}
    return {}


def _mend(path: Path, condition: Condition, folders: Folders) -> None:
    """Keep the damaged file apart, and go on with what is proven to be true."""
    kept = lost.keep_damaged(path, folders.lost)
    log.error(
        "%s is damaged in %d place(s), the first at byte %d of %d; %d records can be read, "
        "the file is kept as %s",
        path.name,
        condition.gaps,
        condition.whole,
        condition.size,
        condition.records,
        kept,
    )
    Journal.rewrite(path, mended(path))


def _ending(records: list[Json], journal: Journal) -> Json:
    if records[-1]["kind"] == "outcome":
        return records[-1]
    ending = agent_lost()
    try:
        journal.append(ending, sync=True)
    except OSError as error:
        # The next start comes to the same end.
        log.error("%s: no room to note how it ended: %s", journal.path.name, error)
    return ending


def _make_sure_dead(record: Json) -> None:
    """The guard ends its tree when the agent dies; wait for that, and see to it."""
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(int(record["pid"]))
        if abs(process.create_time() - float(record["started"])) > 1:
            return
        try:
            process.wait(_DEATH_SECONDS)
        except psutil.TimeoutExpired:
            tree = [*process.children(recursive=True), process]
            log.warning("%d processes of an earlier start are killed", len(tree))
            for each in tree:
                with contextlib.suppress(psutil.Error):
                    each.kill()
            psutil.wait_procs(tree, timeout=_DEATH_SECONDS)
