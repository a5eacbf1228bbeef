"""Takes grants and leftovers, and runs the two threads of each attempt."""

from __future__ import annotations

import errno
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.attempt import Attempt, Grant
from agent.commands import Command, Delivered, KeyRefused, ThreadDied
from agent.job import endings
from agent.job.launch import Launcher
from agent.job.supervisor import Supervisor
from agent.journal.file import Journal
from agent.machine.disk import Reserve
from agent.machine.folders import Folders
from agent.machine.timeline import Timeline
from agent.roster import Roster
from agent.uplink import lost
from agent.uplink.backoff import Backoff
from agent.uplink.claims import Taken
from agent.uplink.uploader import FEWEST_FORGOTTEN_BYTES, Uploader
from casare_rpa.client import OrchestratorClient
from casare_rpa.domain.jobs import FailureReason
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import CasareError, ConfigInvalid
from casare_rpa.secrets import FindSecret
from casare_rpa.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """Everything an attempt needs, and the ways to begin one."""

    robot_id: str
    client: OrchestratorClient
    settings: Settings
    environment: Mapping[str, str]
    folders: Folders
    launcher: Launcher
    reserve: Reserve
    find_secret: FindSecret
    roster: Roster
    #: Set when what is undelivered stays for the next start.
    abandon: threading.Event
    tell: Callable[[Command], None]
    renew_now: Callable[[], None]
    timeline: Timeline

    def take(self, raw: Json) -> Taken:
        """Run the job of a grant whose slot is taken."""
        grant = Grant.parse(raw)
        try:
            attempt = self._begin(grant)
        except FileExistsError:
            log.error("%s is here already; the second grant is ignored", grant)
            self.roster.free_slot()
            return Taken.UNWANTED
        except (OSError, ConfigInvalid) as error:
            log.error("%s is given back: it cannot be begun: %s", grant, error)
            self.give_back(raw, _why(error))
            self.roster.free_slot()
            return Taken.LACKING
        workflow = grant.workflow_name or grant.workflow_id
        log.info("%s: %s", grant, workflow)
        self._note("job.claimed", grant, workflow, workflow=workflow)
        self.roster.add(attempt)
        self._spawn(f"job-{grant.job_id[:8]}", lambda: self._supervise(attempt))
        self._spawn(f"upload-{grant.job_id[:8]}", lambda: self._deliver(attempt, news=True))
        self.renew_now()
        return Taken.BEGUN

    def _begin(self, grant: Grant) -> Attempt:
        """The attempt, its grant on disk. Raises OSError, and leaves nothing, when that fails."""
        path = self.folders.journal_of(grant.job_id, grant.attempt)
        if not path.parent.is_dir():
            log.error("%s was deleted and is made again", path.parent)
            self.folders.make()
        fsync_seconds = self.settings.journal_fsync_seconds
        head = grant.for_journal(self.robot_id)
        journal = Journal.create(path, head, fsync_seconds=fsync_seconds)
        try:
            return Attempt(grant, journal)
        except OSError:
            journal.remove()
            raise

    def deliver(self, attempt: Attempt) -> None:
        """Report an attempt that an earlier start left behind."""
        log.info("%s was left by an earlier start and is reported now", attempt.grant)
        self._note("job.left_over", attempt.grant, f"{_how(attempt)}, from an earlier start")
        self.roster.add(attempt)
        name = f"upload-{attempt.grant.job_id[:8]}"
        self._spawn(name, lambda: self._deliver(attempt, news=False))

    def tell_untold(self) -> None:
        """Send the side logs that earlier starts could not send."""
        try:
            paths = list(lost.untold(self.folders.lost))
        except OSError as error:
            log.error("%s cannot be read: %s", self.folders.lost, error)
            return
        if paths:
            self._spawn("side-logs", lambda: self._tell_side_logs(paths))

    def give_back(self, raw: Json, why: str) -> None:
        """Release a grant that was never begun; if that fails, its start deadline does it."""
        grant = Grant.parse(raw)
        self._note("job.returned", grant, f"given back: {why}")
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
            find_secret=self.find_secret,
            began=lambda: self._note("job.started", attempt.grant, "its lease was renewed"),
        )
        try:
            supervisor.run()
            self._note("job.ended", attempt.grant, _how(attempt))
        except Exception:
            if not attempt.ended.is_set():
                # Else its uploader would wait for an end, and its lease be renewed, for ever.
                attempt.end(endings.supervision_failed())
            raise
        finally:
            self.roster.free_slot()
        if self.launcher.intact:
            self.launcher.prepare()
        else:
            log.critical("the socket to the process that makes jobs was deleted")
            self.tell(ThreadDied("launcher"))

    def _deliver(self, attempt: Attempt, *, news: bool) -> None:
        if self._upload(attempt, news=news):
            self._note("job.delivered", attempt.grant, attempt.reported or "kept for later")
            self.roster.remove(attempt)
            if news:
                self.tell(Delivered(attempt.reported))

    def _upload(self, attempt: Attempt, *, news: bool) -> bool:
        """Whether its uploader came to an end; else what is left stays for the next start.

        After a failure that nobody foresaw the attempt stays in the roster: while its lease is
        renewed, a job that has finished is not run again. For an attempt of this start the agent
        ends, as a new process is the best that can be tried. One that an earlier start left must
        not end every start: it is tried again and again beside the others.
        """
        uploader, backoff = self._uploader(attempt), self._backoff()
        while True:
            try:
                uploader.run()
            except Exception:  # the fence: a mistake here must not lose the rest
                if backoff.failures == 0:
                    log.exception("%s: its delivery failed", attempt.grant)
                    if news:
                        self.tell(ThreadDied("delivery"))
            else:
                return True
            if not backoff.wait():
                return False

    def _uploader(self, attempt: Attempt) -> Uploader:
        return Uploader(
            attempt,
            self.client,
            self._backoff(),
            upload_every_seconds=self.settings.upload_every_seconds,
            forget_bytes=max(FEWEST_FORGOTTEN_BYTES, self.settings.journal_max_bytes // 16),
            key_refused=lambda error: self.tell(KeyRefused(error, claims_only=False)),
            lost=self._set_aside,
        )

    def _set_aside(self, attempt: Attempt, next_index: int) -> None:
        try:
            kept = lost.set_aside(attempt.journal.path, self.folders.lost)
        except OSError as error:
            log.error("%s: its journal cannot be kept apart: %s", attempt.grant, error)
            return
        self._tell_side_log(kept, next_index)

    def _tell_side_logs(self, paths: list[Path]) -> None:
        for path in paths:
            self._tell_side_log(path, 1)

    def _tell_side_log(self, path: Path, first_index: int) -> None:
        try:
            lost.tell(path, self.client, self._backoff(), first_index=first_index)
        except Exception:  # the fence: what an attempt said that is over keeps nobody from working
            log.exception("%s cannot be told and stays for the next start", path)

    def _backoff(self) -> Backoff:
        return Backoff(
            self.abandon.wait,
            first_seconds=self.settings.retry_delay_seconds,
            most_seconds=self.settings.retry_delay_max_seconds,
        )

    def _note(self, what: str, grant: Grant, text: str, **more: Any) -> None:
        self.timeline.note(what, text, job_id=grant.job_id, attempt=grant.attempt, **more)

    def _spawn(self, name: str, body: Callable[[], object]) -> None:
        threading.Thread(target=self._fenced, args=(name, body), name=name, daemon=True).start()

    def _fenced(self, name: str, body: Callable[[], object]) -> None:
        try:
            body()
        except Exception:
            log.exception("the %s loop failed", name)
            self.tell(ThreadDied(name))


def _how(attempt: Attempt) -> str:
    """How the attempt ended, in a few words: what was stopped says why."""
    ending = attempt.ending or {}
    finish = ending.get("finish") or {}
    status = str(finish.get("status") or f"given back: {ending.get('release')}")
    reason = finish.get("failure_reason") or attempt.stop
    return f"{status} ({reason})" if reason and reason != status else status


def _why(error: Exception) -> str:
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return str(FailureReason.DISK_FULL if full else FailureReason.PROCESS_START_FAILED)
