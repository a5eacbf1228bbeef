"""After a start: every journal without a process is reported at once, not after a lost lease."""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from agent.attempt import Attempt, Grant
from agent.endings import agent_lost
from agent.folders import Folders
from agent.journal import SUFFIX, Journal

log = logging.getLogger(__name__)

Json = dict[str, Any]
_DEATH_SECONDS = 5.0


def left_over(folders: Folders, *, fsync_seconds: float) -> Iterator[Attempt]:
    """The attempts that earlier starts left, each with its ending: ready to be delivered.

    An attempt that had not ended has lost its agent. Its processes are gone when this yields it.
    """
    for path in sorted(folders.journal.glob(f"*{SUFFIX}")):
        try:
            attempt = _reopen(path, fsync_seconds)
        except OSError as error:
            log.error("%s cannot be read and stays where it is: %s", path, error)
            continue
        if attempt is not None:
            yield attempt
    for folder in folders.work.iterdir():
        shutil.rmtree(folder, ignore_errors=True)


def _reopen(path: Path, fsync_seconds: float) -> Attempt | None:
    journal = Journal.reopen(path, fsync_seconds=fsync_seconds)
    records = [record.decode() for record in journal.records() if not _is_events(record.payload)]
    if not records or records[0]["kind"] != "grant":
        # Not even the grant reached the disk, so nothing was started.
        log.warning("%s holds no grant and is removed", path.name)
        journal.remove()
        return None
    attempt = Attempt(Grant.parse(records[0]["grant"]), journal)
    for record in records:
        if record["kind"] == "process":
            _make_sure_dead(record)
    attempt.end(_ending(records, journal))
    return attempt


def _is_events(payload: bytes) -> bool:
    return payload.startswith(b'{"kind":"events"')


def _ending(records: list[Json], journal: Journal) -> Json:
    if records[-1]["kind"] == "outcome":
        return records[-1]
    ending = agent_lost()
    journal.append(ending, sync=True)
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
