"""Attempts that lost their lease: kept apart, told to the attempt's side log, forgotten late."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from agent.attempt import Grant
from agent.job.frames import MOST_EVENTS
from agent.journal.file import SUFFIX, sync_folder
from agent.journal.records import read_records
from agent.uplink.backoff import Backoff
from agent.uplink.pace import Pace
from casare_rpa.client import OrchestratorClient
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import CasareError

log = logging.getLogger(__name__)

SENT = ".sent"
DAMAGED = ".corrupt"
_KEPT_FILES = 100


def set_aside(journal: Path, lost: Path) -> Path:
    """Move *journal* to the folder *lost*; its new path."""
    kept = journal.replace(lost / journal.name)
    sync_folder(lost)
    return kept


def keep_damaged(journal: Path, lost: Path) -> Path:
    """Copy a damaged *journal* to the folder *lost*, for a person to look at; the copy's path."""
    kept = lost / (journal.stem + DAMAGED)
    kept.unlink(missing_ok=True)
    descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with journal.open("rb") as source, os.fdopen(descriptor, "wb") as copy:
        shutil.copyfileobj(source, copy)
        copy.flush()
        os.fsync(descriptor)
    sync_folder(lost)
    return kept


def tell(path: Path, client: OrchestratorClient, backoff: Backoff, *, first_index: int = 1) -> None:
    """Send what *path* holds from *first_index* on to the side log; a file told is renamed.

    What cannot be told stays for the next start.
    """
    contents = _read(path)
    if contents is None:
        return
    grant, events = contents
    index = max(first_index, grant.next_index)
    if _tell_all(grant, index, events[index - grant.next_index :], client, backoff):
        path.replace(path.with_suffix(SENT))


def untold(lost: Path) -> Iterator[Path]:
    """What earlier starts could not tell. Deletes the oldest files beyond a hundred."""
    files = sorted(lost.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in files[_KEPT_FILES:]:
        path.unlink(missing_ok=True)
    yield from (path for path in files[:_KEPT_FILES] if path.suffix == SUFFIX)


def _read(path: Path) -> tuple[Grant, list[Json]] | None:
    grant: Grant | None = None
    events: list[Json] = []
    for record in read_records(path):
        decoded = record.decode()
        match decoded["kind"]:
            case "grant":
                grant = Grant.parse(decoded["grant"])
            case "events":
                events += decoded["events"]
            case "outcome":
                events.append(_as_event(decoded))
    return None if grant is None else (grant, events)


def _as_event(outcome: Json) -> Json:
    """How it ended belongs to the story too."""
    told = {name: value for name, value in outcome.items() if name != "kind"}
    return {
        "type": "attempt.outcome",
        "timestamp": datetime.now(UTC).isoformat(),
        "data": told,
    }


def _tell_all(
    grant: Grant, index: int, events: list[Json], client: OrchestratorClient, backoff: Backoff
) -> bool:
    """Send *events*, of which the first has *index*; False when it has to be left."""
    pace, sent = Pace(), 0
    while sent < len(events):
        batch = events[sent : sent + (pace.most or MOST_EVENTS)]
        body = {**grant.proof, "first_index": index + sent, "events": batch}
        try:
            client.side_log(grant.job_id, body, compress=pace.compress)
        except CasareError as error:
            if not error.retryable:
                log.warning("%s: its side log was refused: %s", grant, error)
                return False
            if not backoff.wait(error):
                return False
            pace.too_late(error, len(batch))
        else:
            backoff.reset()
            pace.accepted()
            sent += len(batch)
    return True
