"""Delivers what an agent left behind, without becoming one: nothing is claimed, nothing is run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agent.attempt import Attempt
from agent.machine.folders import Folders
from agent.recovery import left_over
from agent.uplink import lost
from agent.uplink.backoff import Backoff
from agent.uplink.identity import Identity
from agent.uplink.uploader import Uploader
from casare_rpa.client import OrchestratorClient
from casare_rpa.errors import CasareError
from casare_rpa.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Flushed:
    """`result`: delivered, refused (the attempt was lost; kept apart), or kept for another time."""

    job_id: str
    attempt: int
    result: str
    reported: str | None


class Flush:
    """Tries for *patience_seconds* at most; the caller holds the state folder."""

    def __init__(
        self,
        folders: Folders,
        client: OrchestratorClient,
        settings: Settings,
        *,
        patience_seconds: float,
    ) -> None:
        self._folders = folders
        self._client = client
        self._settings = settings
        self._deadline = time.monotonic() + patience_seconds

    def run(self) -> Iterator[Flushed]:
        """What became of each journal, one by one.

        Raises the error of a refused key, and Unreachable when nobody could say whose key it is.
        """
        robot_id = self._robot_id()
        untold = list(lost.untold(self._folders.lost))
        fsync_seconds = self._settings.journal_fsync_seconds
        for attempt in left_over(self._folders, robot_id=robot_id, fsync_seconds=fsync_seconds):
            yield self._deliver(attempt)
        for path in untold:
            self._tell(path, 1)

    def _robot_id(self) -> str:
        backoff = self._backoff()
        while True:
            try:
                return Identity.of_key(self._client, self._settings).robot_id
            except CasareError as error:
                if not error.retryable or not backoff.wait(error):
                    raise

    def _deliver(self, attempt: Attempt) -> Flushed:
        refused: list[CasareError] = []
        Uploader(
            attempt,
            self._client,
            self._backoff(),
            upload_every_seconds=0,
            forget_bytes=self._settings.journal_max_bytes,
            key_refused=refused.append,
            lost=self._set_aside,
        ).run()
        if refused:
            raise refused[0]
        return Flushed(
            job_id=attempt.grant.job_id,
            attempt=attempt.grant.attempt,
            result=_result(attempt.reported),
            reported=attempt.reported,
        )

    def _set_aside(self, attempt: Attempt, next_index: int) -> None:
        self._tell(lost.set_aside(attempt.journal.path, self._folders.lost), next_index)

    def _tell(self, path: Path, first_index: int) -> None:
        lost.tell(path, self._client, self._backoff(), first_index=first_index)

    def _backoff(self) -> Backoff:
        return Backoff(
            self._pause,
            first_seconds=self._settings.retry_delay_seconds,
            most_seconds=self._settings.retry_delay_max_seconds,
        )

    def _pause(self, seconds: float) -> bool:
        left = self._deadline - time.monotonic()
        time.sleep(max(0.0, min(seconds, left)))
        return seconds >= left


def _result(reported: str | None) -> str:
    match reported:
        case None:
            return "kept"
        case "lost":
            return "refused"
    return "delivered"
