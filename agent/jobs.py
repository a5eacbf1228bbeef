"""Takes grants and leftovers, and runs the two threads of each attempt."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent import lost
from agent.attempt import Attempt, Grant
from agent.backoff import Backoff
from agent.commands import Command, Delivered, KeyRefused
from agent.disk import Reserve
from agent.folders import Folders
from agent.journal import Journal
from agent.launch import Launcher
from agent.roster import Roster
from agent.supervisor import Supervisor
from agent.uploader import Uploader
from casare_rpa.client import OrchestratorClient
from casare_rpa.errors import CasareError
from casare_rpa.settings import Settings

log = logging.getLogger(__name__)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """Everything an attempt needs, and the ways to begin one."""

    client: OrchestratorClient
    settings: Settings
    environment: Mapping[str, str]
    folders: Folders
    launcher: Launcher
    reserve: Reserve
    roster: Roster
    #: Set when what is undelivered stays for the next start.
    abandon: threading.Event
    tell: Callable[[Command], None]
    renew_now: Callable[[], None]

    def take(self, raw: Json) -> None:
        """Run the job of a grant whose slot is taken."""
        grant = Grant.parse(raw)
        path = self.folders.journal_of(grant.job_id, grant.attempt)
        fsync_seconds = self.settings.journal_fsync_seconds
        try:
            journal = Journal.create(path, grant.for_journal(), fsync_seconds=fsync_seconds)
        except FileExistsError:
            log.error("%s is here already; the second grant is ignored", grant)
            self.roster.free_slot()
            return
        except OSError as error:
            log.error("%s is given back: its journal cannot be written: %s", grant, error)
            path.unlink(missing_ok=True)
            self.roster.free_slot()
            self.give_back(raw, "disk_full")
            return
        log.info("%s: %s", grant, grant.workflow_name or grant.workflow_id)
        attempt = Attempt(grant, journal)
        self.roster.add(attempt)
        self._spawn(f"job-{grant.job_id[:8]}", lambda: self._supervise(attempt))
        self._spawn(f"upload-{grant.job_id[:8]}", lambda: self._deliver(attempt, news=True))
        self.renew_now()

    def deliver(self, attempt: Attempt) -> None:
        """Report an attempt that an earlier start left behind."""
        log.info("%s was left by an earlier start and is reported now", attempt.grant)
        self.roster.add(attempt)
        name = f"upload-{attempt.grant.job_id[:8]}"
        self._spawn(name, lambda: self._deliver(attempt, news=False))

    def tell_untold(self) -> None:
        """Send the side logs that earlier starts could not send."""
        paths = list(lost.untold(self.folders.lost))
        if paths:
            self._spawn("side-logs", lambda: self._tell_side_logs(paths))

    def give_back(self, raw: Json, why: str) -> None:
        """Release a grant that was never begun; if that fails, its start deadline does it."""
        grant = Grant.parse(raw)
        try:
            self.client.release(grant.job_id, {**grant.proof, "reason": why})
        except CasareError as error:
            log.warning("%s could not be given back: %s", grant, error)

    def _supervise(self, attempt: Attempt) -> None:
        supervisor = Supervisor(
            attempt,
            launcher=self.launcher,
            settings=self.settings,
            environment=self.environment,
            work_dir=self.folders.work_of(attempt.grant.job_id, attempt.grant.attempt),
            reserve=self.reserve,
        )
        try:
            supervisor.run()
        finally:
            self.roster.free_slot()
            self.roster.changed()
        self.launcher.prepare()

    def _deliver(self, attempt: Attempt, *, news: bool) -> None:
        uploader = Uploader(
            attempt,
            self.client,
            self._backoff(),
            upload_every_seconds=self.settings.upload_every_seconds,
            key_refused=lambda error: self.tell(KeyRefused(error, claims_only=False)),
            lost=self._set_aside,
        )
        try:
            uploader.run()
        finally:
            self.roster.remove(attempt)
            if news:
                self.tell(Delivered(attempt.reported))

    def _set_aside(self, attempt: Attempt, next_index: int) -> None:
        kept = lost.set_aside(attempt.journal.path, self.folders.lost)
        self._tell_side_log(kept, next_index)

    def _tell_side_logs(self, paths: list[Path]) -> None:
        for path in paths:
            self._tell_side_log(path, 1)

    def _tell_side_log(self, path: Path, first_index: int) -> None:
        lost.tell(path, self.client, self._backoff(), first_index=first_index)

    def _backoff(self) -> Backoff:
        return Backoff(
            self.abandon.wait,
            first_seconds=self.settings.retry_delay_seconds,
            most_seconds=self.settings.retry_delay_max_seconds,
        )

    def _spawn(self, name: str, body: Callable[[], object]) -> None:
        threading.Thread(target=body, name=name, daemon=True).start()
