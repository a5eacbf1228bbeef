"""The agent's life: recover, claim and run jobs, and stop in good order.

Stopping is not cancelling. The first signal lets running jobs end, the second ends the waiting for
them, the third ends the process. The heartbeat is the last thing to stop.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from typing import assert_never

from agent import exit_codes
from agent.attempt import Stop
from agent.commands import (
    Command,
    Delivered,
    KeyRefused,
    Signalled,
    StopAsked,
    Superseded,
    ThreadDied,
)
from agent.job.launch import Launcher
from agent.jobs import Jobs
from agent.limits import Limits
from agent.machine.console import Console
from agent.machine.disk import Reserve
from agent.machine.folders import Folders
from agent.machine.timeline import Timeline
from agent.options import AgentOptions
from agent.recovery import left_over
from agent.roster import Roster
from agent.stopping import Stopping
from agent.upkeep import Upkeep
from agent.uplink.claims import Claims, Taken
from agent.uplink.heartbeat import Heartbeat, Reactions
from agent.uplink.identity import Identity
from agent.uplink.keys import RobotKey
from agent.uplink.push import Push
from casare_rpa.client import OrchestratorClient
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import CasareError
from casare_rpa.secrets import FindSecret
from casare_rpa.settings import Settings

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.5


class Robot:
    """One run of the agent, from the registration to the exit code."""

    def __init__(
        self,
        *,
        settings: Settings,
        options: AgentOptions,
        folders: Folders,
        identity: Identity,
        key: RobotKey,
        client: OrchestratorClient,
        heartbeat_client: OrchestratorClient,
        launcher: Launcher,
        environment: dict[str, str],
        find_secret: FindSecret,
        commands: queue.SimpleQueue[Command],
        console: Console,
        timeline: Timeline,
    ) -> None:
        self._settings = settings
        self._options = options
        self._folders = folders
        self._identity = identity
        self._key = key
        self._client = client
        self._commands = commands
        self._console = console
        self._timeline = timeline
        self._launcher = launcher
        self._environment = environment
        self._find_secret = find_secret
        self._draining = threading.Event()
        self._abandon = threading.Event()
        self._limits = Limits(options)
        self._reserve = Reserve(folders.journal / "reserve")
        self._roster = Roster(1 if options.once else settings.max_concurrent_jobs)
        self._heartbeat = self._make_heartbeat(heartbeat_client)
        self._jobs = self._make_jobs()
        self._claims = self._make_claims()
        self._upkeep = self._make_upkeep()
        hints = {"job_available": self._claims.wake} | {
            kind: self._heartbeat.wake for kind in ("job_cancel", "drain", "resume")
        }
        wake = self._heartbeat.wake
        self._push = Push(settings, hints, key=key, connected=wake, key_ended=wake)
        key.on_change(self._use_new_key)

    def _make_heartbeat(self, client: OrchestratorClient) -> Heartbeat:
        tell = self._commands.put
        return Heartbeat(
            client,
            identity=self._identity,
            settings=self._settings,
            folders=self._folders,
            roster=self._roster,
            reactions=Reactions(
                rest=self._rest,
                key_refused=lambda error: tell(KeyRefused(error, claims_only=False)),
                superseded=lambda error: tell(Superseded(error)),
                contact=self._note_contact,
                trust=self._key.trust,
            ),
            say=lambda: self._upkeep.said(),
        )

    def _make_jobs(self) -> Jobs:
        return Jobs(
            robot_id=self._identity.robot_id,
            client=self._client,
            settings=self._settings,
            environment=self._environment,
            folders=self._folders,
            launcher=self._launcher,
            reserve=self._reserve,
            find_secret=self._find_secret,
            roster=self._roster,
            abandon=self._abandon,
            tell=self._hear,
            renew_now=self._heartbeat.wake,
            timeline=self._timeline,
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
            most_jobs=self._options.most_jobs,
        )

    def _make_upkeep(self) -> Upkeep:
        return Upkeep(
            robot_id=self._identity.robot_id,
            key=self._key,
            console=self._console,
            roster=self._roster,
            claims=self._claims,
            heartbeat=self._heartbeat,
            tell=self._commands.put,
        )

    def run(self) -> int:
        """Work until told to stop; the exit code."""
        # First of all, as this machine may want no job to be taken.
        self._upkeep.tend()
        # Listed first: what the leftovers of this start add, their own uploaders tell.
        self._jobs.tell_untold()
        for attempt in left_over(
            self._folders,
            robot_id=self._identity.robot_id,
            fsync_seconds=self._settings.journal_fsync_seconds,
        ):
            self._jobs.deliver(attempt)
        # Its first process waits until the engine is loaded; this one goes on meanwhile.
        threading.Thread(target=self._launcher.prepare, name="standby", daemon=True).start()
        self._beating = self._start_loop("heartbeat", self._heartbeat.run)
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
        while True:
            self._upkeep.tend()
            command = self._next_command(_LOOK_SECONDS)
            if command is not None and (code := self._obey(command)) is not None:
                return code
            why = self._limits.reached(self._roster.running_count())
            if why is not None:
                log.info("stopping %s, as asked", why)
                self._timeline.note("agent.stopping", f"by itself, {why}")
                return self._drain(exit_codes.OK)

    def _next_command(self, timeout_seconds: float) -> Command | None:
        try:
            return self._commands.get(timeout=timeout_seconds)
        except queue.Empty:
            return None

    def _obey(self, command: Command) -> int | None:
        """The exit code when the command ends the run."""
        if not isinstance(command, Delivered):
            self._timeline.note("agent.stopping", str(command))
        match command:
            case Signalled(number):
                log.info("signal %d: no new jobs; running ones may end", number)
                return self._drain(exit_codes.OK)
            case StopAsked(seconds, note):
                log.info("asked to stop on this machine%s", f": {note}" if note else "")
                return self._drain(exit_codes.OK, seconds, note)
            case KeyRefused(error, claims_only):
                mend = f". {error.hint}" if error.hint else ""
                log.error("the orchestrator refuses this robot's key: %s%s", error, mend)
                if not claims_only:
                    self._stop_jobs(Stop.REFUSED)
                return self._drain(exit_codes.KEY_REFUSED)
            case Superseded(error):
                log.error("another start of robot %s took over: %s", self._identity.robot_id, error)
                self._stop_jobs(Stop.DRAIN)
                return self._drain(exit_codes.SUPERSEDED, superseded=True)
            case ThreadDied(name):
                log.critical("stopping, because the %s loop failed", name)
                self._stop_jobs(Stop.DRAIN)
                return self._drain(exit_codes.FAILED)
            case Delivered():
                return None  # it woke this thread: the limits are looked at next
            case _:
                assert_never(command)

    # stopping

    def _drain(
        self, code: int, seconds: float | None = None, note: str = "", *, superseded: bool = False
    ) -> int:
        self._draining.set()
        self._claims.stop()
        self._console.notify.stopping()
        self._upkeep.stopping = note or "stopping"
        allowed = self._settings.drain_timeout_seconds if seconds is None else seconds
        left = self._upkeep.drained_seconds()
        ended = Stopping(
            identity=self._identity,
            client=self._client,
            roster=self._roster,
            commands=self._commands,
            claiming=self._claiming,
            beating=self._beating,
            hush=self._heartbeat.stop,
            drain_seconds=allowed if left is None else min(allowed, left),
            cancel_grace_seconds=self._settings.cancel_grace_seconds,
            note=note,
            tend=self._upkeep.tend,
            superseded=superseded,
        ).run(code)
        return self._limits.exit_code(ended)

    def _stop_jobs(self, reason: Stop) -> None:
        for attempt in self._roster.running():
            attempt.ask_stop(reason)

    # what the loops bring

    def _hear(self, command: Command) -> None:
        """A word of a job's threads, also while nobody waits for it any more."""
        if isinstance(command, Delivered):
            self._limits.delivered(command.reported)
        self._commands.put(command)

    def _note_contact(self, error: CasareError | None, seconds: float) -> None:
        """In the heartbeat's thread."""
        held = len(self._roster.leased())
        if error is not None:
            text = f"no renewal succeeds any more: {error}"
            self._timeline.note("orchestrator.lost", text, leases=held)
        else:
            text = f"it answers again, after {seconds:.1f} s"
            self._timeline.note("orchestrator.back", text, leases=held, seconds=round(seconds, 3))

    def _use_new_key(self, text: str) -> None:
        """Make up for the time in which calls failed; the new key itself is nobody's business."""
        self._timeline.note("agent.key_replaced", "the key was rotated; going on with the new one")
        self._heartbeat.wake()
        self._claims.wake()
        self._push.hurry()

    def _take(self, grant: Json) -> Taken:
        unwanted = self._unwanted()
        if unwanted is None:
            return self._jobs.take(grant)
        self._roster.free_slot()
        self._jobs.give_back(grant, unwanted)
        return Taken.UNWANTED

    def _unwanted(self) -> str | None:
        """Why a job that was asked for before is no longer wanted, in one word."""
        if self._draining.is_set():
            return "agent_stop"
        return None if self._console.rest is None else "paused"

    def _rest(self, why: str | None, drain_by: float | None) -> None:
        """The orchestrator's word, in the heartbeat's thread."""
        if not self._draining.is_set():
            self._upkeep.drain_by = drain_by
            self._claims.rest("orchestrator", why)
