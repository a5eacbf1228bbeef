"""The agent's life: recover, claim and run jobs, and stop in good order.

Stopping is not cancelling. The first signal lets running jobs end, the second cancels them, the
third ends the process. The heartbeat is the last thing to stop.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, assert_never

from agent import exit_codes
from agent.attempt import Stop
from agent.claims import Claims
from agent.commands import Command, Delivered, KeyRefused, Signalled, Superseded, ThreadDied
from agent.disk import Reserve
from agent.folders import Folders
from agent.heartbeat import Heartbeat, Reactions
from agent.identity import Identity
from agent.jobs import Jobs
from agent.launch import Launcher
from agent.options import AgentOptions
from agent.push import Push
from agent.recovery import left_over
from agent.roster import Roster
from casare_rpa.client import OrchestratorClient
from casare_rpa.errors import CasareError
from casare_rpa.settings import Settings

log = logging.getLogger(__name__)

Json = dict[str, Any]
_LOOK_SECONDS = 1.0
_POLL_END_SECONDS = 2.0
_DELIVERY_SECONDS = 10.0
_HURRIED_DELIVERY_SECONDS = 2.0


class Robot:
    """One run of the agent, from the registration to the exit code."""

    def __init__(
        self,
        *,
        settings: Settings,
        options: AgentOptions,
        folders: Folders,
        identity: Identity,
        client: OrchestratorClient,
        heartbeat_client: OrchestratorClient,
        launcher: Launcher,
        environment: dict[str, str],
        commands: queue.SimpleQueue[Command],
    ) -> None:
        self._settings = settings
        self._options = options
        self._folders = folders
        self._identity = identity
        self._client = client
        self._commands = commands
        self._launcher = launcher
        self._environment = environment
        self._draining = threading.Event()
        self._abandon = threading.Event()
        self._reserve = Reserve(folders.journal / "reserve")
        self._roster = Roster(1 if options.once else settings.max_concurrent_jobs)
        self._heartbeat = self._make_heartbeat(heartbeat_client)
        self._jobs = self._make_jobs()
        self._claims = self._make_claims()
        hints = {
            "job_available": self._claims.wake,
            "job_cancel": self._heartbeat.wake,
            "drain": self._heartbeat.wake,
        }
        self._push = Push(settings, hints, connected=self._heartbeat.wake)

    def _make_heartbeat(self, client: OrchestratorClient) -> Heartbeat:
        tell = self._commands.put
        return Heartbeat(
            client,
            identity=self._identity,
            settings=self._settings,
            folders=self._folders,
            roster=self._roster,
            reactions=Reactions(
                drain=self._drained_by_server,
                key_refused=lambda error: tell(KeyRefused(error, claims_only=False)),
                superseded=lambda error: tell(Superseded(error)),
            ),
        )

    def _make_jobs(self) -> Jobs:
        return Jobs(
            client=self._client,
            settings=self._settings,
            environment=self._environment,
            folders=self._folders,
            launcher=self._launcher,
            reserve=self._reserve,
            roster=self._roster,
            abandon=self._abandon,
            tell=self._commands.put,
            renew_now=self._heartbeat.wake,
        )

    def _make_claims(self) -> Claims:
        return Claims(
            self._client,
            settings=self._settings,
            folders=self._folders,
            roster=self._roster,
            reserve=self._reserve,
            take=self._take,
            key_refused=lambda error: self._commands.put(KeyRefused(error, claims_only=True)),
            once=self._options.once,
        )

    def run(self) -> int:
        """Work until told to stop; the exit code."""
        # Listed first: what the leftovers of this start add, their own uploaders tell.
        self._jobs.tell_untold()
        for attempt in left_over(self._folders, fsync_seconds=self._settings.journal_fsync_seconds):
            self._jobs.deliver(attempt)
        # Its first process waits until the engine is loaded; this one goes on meanwhile.
        threading.Thread(target=self._launcher.prepare, name="standby", daemon=True).start()
        self._start_loop("heartbeat", self._heartbeat.run)
        self._claiming = self._start_loop("claims", self._claims.run)
        self._start_loop("push", self._push.run)
        try:
            return self._work()
        finally:
            self._heartbeat.stop()
            self._push.stop()
            self._claims.stop()
            self._abandon.set()
            self._launcher.close()

    def _start_loop(self, name: str, body: Callable[[], None]) -> threading.Thread:
        def fenced() -> None:
            try:
                body()
            except Exception:
                log.exception("the %s loop failed", name)
                self._commands.put(ThreadDied(name))

        thread = threading.Thread(target=fenced, name=name, daemon=True)
        thread.start()
        return thread

    def _work(self) -> int:
        started = idle_since = time.monotonic()
        while True:
            command = self._next_command(_LOOK_SECONDS)
            if command is not None and (code := self._obey(command)) is not None:
                return code
            now = time.monotonic()
            if self._roster.running_count():
                idle_since = now
            if _is_over(self._options.max_uptime_seconds, started, now):
                log.info("stopping after %.0f s, as asked", now - started)
                return self._drain(exit_codes.OK)
            if _is_over(self._options.idle_timeout_seconds, idle_since, now):
                log.info("stopping after %.0f s without a job, as asked", now - idle_since)
                return self._drain(exit_codes.OK)

    def _next_command(self, timeout_seconds: float) -> Command | None:
        try:
            return self._commands.get(timeout=timeout_seconds)
        except queue.Empty:
            return None

    def _obey(self, command: Command) -> int | None:
        """The exit code when the command ends the run."""
        match command:
            case Signalled(number):
                log.info("signal %d: no new jobs; running ones may end", number)
                return self._drain(exit_codes.OK)
            case KeyRefused(error, claims_only):
                log.error("the orchestrator refuses this robot's key: %s", error)
                if not claims_only:
                    self._stop_jobs(Stop.REFUSED)
                return self._drain(exit_codes.KEY_REFUSED)
            case Superseded(error):
                log.error("another start of robot %s took over: %s", self._identity.robot_id, error)
                self._stop_jobs(Stop.DRAIN)
                return self._drain(exit_codes.SUPERSEDED)
            case ThreadDied(name):
                log.critical("stopping, because the %s loop failed", name)
                self._stop_jobs(Stop.DRAIN)
                return self._drain(exit_codes.FAILED)
            case Delivered(reported):
                if self._options.once:
                    return self._drain(exit_codes.of_outcome(reported))
                return None
            case _:
                assert_never(command)

    # stopping

    def _drain(self, code: int) -> int:
        self._draining.set()
        self._claims.stop()
        self._tell_status("busy" if self._roster.running_count() else "idle")
        # A draining robot's long poll is answered at once; what it may bring is given back.
        self._claiming.join(_POLL_END_SECONDS)
        interrupted = self._wait_for_jobs()
        if self._roster.running_count():
            self._stop_jobs(Stop.DRAIN)
            log.warning("%d running jobs are stopped and given back", self._roster.running_count())
            steps = 3 * self._settings.cancel_grace_seconds + _DELIVERY_SECONDS
            self._roster.wait_until_ended(steps)
        patience = _DELIVERY_SECONDS if interrupted is None else _HURRIED_DELIVERY_SECONDS
        if not self._roster.wait_until_empty(patience):
            log.warning("%d journals are kept for the next start", len(self._roster.all()))
        self._tell_status("offline")
        self._heartbeat.stop()
        return code if interrupted is None else exit_codes.of_signal(interrupted)

    def _wait_for_jobs(self) -> int | None:
        """Let running jobs end; the number of the signal that ended the waiting, if one did."""
        deadline = time.monotonic() + self._settings.drain_timeout_seconds
        while self._roster.running_count() and time.monotonic() < deadline:
            match self._next_command(0.1):
                case Signalled(number):
                    return number
                case KeyRefused(_, False):
                    self._stop_jobs(Stop.REFUSED)
        return None

    def _stop_jobs(self, reason: Stop) -> None:
        for attempt in self._roster.running():
            attempt.ask_stop(reason)

    def _tell_status(self, status: str) -> None:
        change: Json = {"status": status}
        if status != "offline":
            change["draining"] = True
        try:
            self._client.set_robot_status(self._identity.robot_id, change)
        except CasareError as error:
            log.warning("the orchestrator was not told that this robot is %s: %s", status, error)

    # what the loops bring

    def _take(self, grant: Json) -> None:
        if self._draining.is_set():
            self._roster.free_slot()
            self._jobs.give_back(grant, "agent_stop")
        else:
            self._jobs.take(grant)

    def _drained_by_server(self, drained: bool) -> None:
        if not self._draining.is_set():
            self._claims.pause(drained)


def _is_over(limit_seconds: float | None, since: float, now: float) -> bool:
    return limit_seconds is not None and now - since >= limit_seconds
