"""Watches over one job's process from its start to the record of how it ended."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from multiprocessing.connection import wait
from pathlib import Path

import orjson

from agent.attempt import Attempt, Stop
from agent.job import endings, frames
from agent.job.answering import answer
from agent.job.ladder import Ladder
from agent.job.launch import JobProcess, Launcher
from agent.job.quota import Quota
from agent.journal.records import events_payload
from agent.machine.disk import Reserve
from casare_rpa.ai_services import AiServices
from casare_rpa.domain.json_values import Json
from casare_rpa.secrets import FindSecret
from casare_rpa.settings import Settings

log = logging.getLogger(__name__)

#: The longest pause between two looks at the lease: poll's clock may stand still in suspend.
_LOOK_SECONDS = 1.0
_KILL_SECONDS = 5.0
#: The guard's sweep takes ten seconds at most.
_EXIT_SECONDS = 12.0


class Supervisor:
    """`run` is the body of the job's thread in the agent."""

    def __init__(
        self,
        attempt: Attempt,
        *,
        launcher: Launcher,
        settings: Settings,
        environment: Mapping[str, str],
        work_dir: Path,
        reserve: Reserve,
        find_secret: FindSecret,
        began: Callable[[], None] = lambda: None,
    ) -> None:
        self.attempt = attempt
        self._launcher = launcher
        self._settings = settings
        self._environment = dict(environment)
        self._work_dir = work_dir
        self._reserve = reserve
        self._find_secret = find_secret
        self._began = began
        self._quota = Quota(settings)
        self._events = attempt.grant.next_index - 1
        self._outcome: Json | None = None
        self._ready = False
        self._gone = False
        self._deadline: float | None = None
        self._allowed_until: float | None = None
        self._ladder: Ladder | None = None
        self._urgent = False

    def run(self) -> None:
        """Never raises because of the job. Afterwards the journal says how it ended."""
        try:
            self._make_work_dir()
            self._process = self._launcher.start()
        except OSError as error:
            log.error("%s could not be started: %s", self.attempt.grant, error)
            ending = endings.start_failed(str(error))
        else:
            ending = self._supervise_safely()
        try:
            self._record(ending)
            shutil.rmtree(self._work_dir, ignore_errors=True)
        finally:
            # It is known, so it is told, whatever became of its record.
            self.attempt.end(ending)

    def _supervise_safely(self) -> Json:
        try:
            return self._supervise()
        except Exception:  # the fence around a running job: a mistake here must not stop the agent
            log.exception("%s: its supervision failed", self.attempt.grant)
            return endings.supervision_failed()

    def _supervise(self) -> Json:
        try:
            self._append({"kind": "process", **_identity(self._process)})
            self._process.send(frames.JOB, orjson.dumps(self._job()))
            while not self._gone:
                self._step()
            # Before it is discarded, so that the exit code is its own.
            self._process.wait(_EXIT_SECONDS)
        finally:
            code = self._launcher.discard(self._process)
        if self.attempt.stop is None and self.attempt.expired and self._outcome is None:
            self.attempt.ask_stop(Stop.EXPIRED)
        ending = endings.ending(
            self._outcome,
            self.attempt.stop,
            exit_code=code,
            ready=self._ready,
            starving=self._quota.starving,
        )
        return self._with_survivors(ending)

    def _with_survivors(self, ending: Json) -> Json:
        """Whoever reads the job's history must know that some of it may still be running."""
        left = self._process.survivors
        if not left:
            return ending
        text = f"{len(left)} processes could not be ended: {', '.join(left)}"
        log.error("%s: %s", self.attempt.grant, text)
        self._take_events(frames.pack_events([_log_event(text[:5000])]))
        return endings.naming_survivors(ending, text)

    def _step(self) -> None:
        """Wait for whatever comes next and deal with it."""
        sources = [self.attempt.wakeup]
        if self._backlog() <= self._settings.journal_max_bytes:
            sources.append(self._process.talk)
        ready = wait(sources, self._pause_seconds())
        if self.attempt.wakeup in ready:
            self.attempt.slept()
        if self._process.talk in ready:
            self._read_frame()
        self._sync_if_due()
        self._follow_lease()
        self._follow_quota()
        self._follow_stop()

    def _pause_seconds(self) -> float:
        pauses = [
            _LOOK_SECONDS,
            self.attempt.journal.sync_due_seconds(),
            self._quota.due_seconds(),
        ]
        if self._ladder is not None:
            pauses.append(self._ladder.due_seconds())
        elif self._deadline is not None:
            pauses.append(max(0.0, self._deadline - time.monotonic()))
        return min(pause for pause in pauses if pause is not None)

    def _backlog(self) -> int:
        """Bytes that the orchestrator has not acknowledged; beyond a limit the job has to wait."""
        return self.attempt.journal.size - self.attempt.acknowledged_bytes

    # what the process says

    def _read_frame(self) -> None:
        try:
            frame = self._process.talk.recv_bytes()
        except (EOFError, OSError):
            self._gone = True
            return
        match frame[:1]:
            case frames.READY:
                self._ready = True
            case frames.EVENTS | frames.ACTED:
                self._take_events(frame)
            case frames.WANT:
                # In a thread of its own: a key store may take its time, the lease does not.
                asked = threading.Thread(target=self._tell_secret, args=(frame[1:],), daemon=True)
                asked.start()
            case frames.OUTCOME:
                self._ready = True
                self._outcome = orjson.loads(frame[1:])

    def _tell_secret(self, asked: bytes) -> None:
        self._process.send(answer(self._find_secret, asked, str(self.attempt.grant)))

    def _take_events(self, frame: bytes) -> None:
        if self.attempt.stop is Stop.DISK_FULL:
            return  # there is a hole already; the history ends before it
        count, events = frames.unpack_events(frame)
        payload = events_payload(self._events + 1, count, events)
        try:
            # What was done outside must not be forgotten, even if the machine stops now.
            self.attempt.journal.append_bytes(payload, sync=frame[:1] == frames.ACTED)
        except OSError as error:
            self._disk_failed(error)
            return
        self._events += count
        self.attempt.tell_uploader()

    # what the process is told

    def _follow_lease(self) -> None:
        """The first renewal is the word to start; each one moves the guard's deadline."""
        safe_until = self.attempt.safe_until
        if safe_until is None or safe_until == self._allowed_until:
            return
        self._process.allow_until(safe_until)
        if self._allowed_until is None:
            self._process.send(frames.GO)
            self._began()
            self._deadline = time.monotonic() + self.attempt.grant.timeout_seconds
        self._allowed_until = safe_until

    def _follow_quota(self) -> None:
        if self._allowed_until is None:
            return  # it has not begun
        exceeded = self._quota.exceeded(self._process.pid)
        if exceeded is not None:
            self.attempt.ask_stop(exceeded)

    def _follow_stop(self) -> None:
        if self.attempt.expired:
            self.attempt.ask_stop(Stop.EXPIRED)
        elif self._deadline is not None and time.monotonic() >= self._deadline:
            self.attempt.ask_stop(Stop.TIMEOUT)
        stop = self.attempt.stop
        if stop is None:
            return
        if self._ladder is None or (stop.at_once and not self._urgent):
            log.info("%s is being stopped: %s", self.attempt.grant, stop)
            self._ladder = self._ladder_for(stop)
            self._urgent = stop.at_once
        self._ladder.climb()
        if self._ladder.exhausted:
            log.error("%s: its processes did not end", self.attempt.grant)
            self._gone = True

    def _ladder_for(self, stop: Stop) -> Ladder:
        last = (self._process.kill, self._process.kill_guard)
        if stop.at_once:
            return Ladder(last, _KILL_SECONDS)
        ask = lambda: self._process.send(frames.CANCEL, stop.encode())  # noqa: E731
        return Ladder((ask, self._process.terminate, *last), self._settings.cancel_grace_seconds)

    # the journal

    def _append(self, record: Json, *, sync: bool = False) -> None:
        try:
            self.attempt.journal.append(record, sync=sync)
        except OSError as error:
            self._disk_failed(error)

    def _sync_if_due(self) -> None:
        if self.attempt.journal.sync_due_seconds() == 0:
            try:
                self.attempt.journal.sync()
            except OSError as error:
                self._disk_failed(error)

    def _disk_failed(self, error: OSError) -> None:
        log.error("%s: the journal cannot be written: %s", self.attempt.grant, error)
        self.attempt.ask_stop(Stop.DISK_FULL)

    def _record(self, ending: Json) -> None:
        """Put the ending on disk; the reserve is given up for it if there is no other room."""
        try:
            self.attempt.journal.append(ending, sync=True)
        except OSError:
            self._reserve.release()
            self._record_again(ending)

    def _record_again(self, ending: Json) -> None:
        try:
            self.attempt.journal.append(ending, sync=True)
        except OSError as error:
            log.error(
                "%s: how it ended finds no room on the disk, and is lost if this agent ends before "
                "the orchestrator knows: %s",
                self.attempt.grant,
                error,
            )

    def _make_work_dir(self) -> None:
        shutil.rmtree(self._work_dir, ignore_errors=True)
        self._work_dir.parent.mkdir(mode=0o700, exist_ok=True)
        self._work_dir.mkdir(mode=0o700)

    def _job(self) -> Json:
        grant, settings = self.attempt.grant, self._settings
        return {
            "job_id": grant.job_id,
            "workflow_id": grant.workflow_id,
            "workflow_name": grant.workflow_name,
            "workflow_json": grant.workflow_json,
            "variables": grant.variables,
            "start": grant.start,
            "timeout_seconds": grant.timeout_seconds,
            "work_dir": str(self._work_dir),
            "environment": self._environment,
            "allowed_paths": settings.allowed_paths,
            "templates_dir": settings.templates_dir,
            "node_timeout_seconds": settings.node_timeout_seconds,
            "block_private_addresses": settings.block_private_addresses,
            "browser_path": settings.browser_path,
            "browser_headless": settings.browser_headless,
            "ai": asdict(AiServices.of(settings, Path(settings.state_dir))),
            "max_result_bytes": settings.max_result_bytes,
            "memory_bytes": settings.job_memory_bytes,
            "processes": settings.job_processes,
        }


def _log_event(message: str) -> bytes:
    return orjson.dumps(
        {
            "type": "log",
            "timestamp": datetime.now(UTC).isoformat(),
            "data": {"level": "ERROR", "message": message, "node_id": None},
        }
    )


def _identity(process: JobProcess) -> Json:
    return {"pid": process.pid, "started": process.started_at()}
