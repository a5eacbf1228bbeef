"""Starts a job's process and holds on to it."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import shutil
import sys
import threading
import time
from multiprocessing.connection import wait
from multiprocessing.context import BaseContext
from pathlib import Path

import psutil

from agent.job.life import DEADLINE, SURVIVORS_LEFT, Connection

if sys.platform == "win32":
    from agent.job.unguarded import main as run_job
else:
    from agent.job import fork_server
    from agent.job.guard import main as run_job

# multiprocessing looks after all its children whenever one starts; two threads that read the same
# child's exit code at once get different answers.
_PROCESSES = threading.Lock()

log = logging.getLogger(__name__)

_DEATH_SECONDS = 2.0
_SWEEP_SECONDS = 5.0
#: The guard's sweep takes ten seconds at most.
_EXIT_SECONDS = 12.0


class Launcher:
    """Makes job processes, each a fork of one process that has the engine loaded."""

    def __init__(self) -> None:
        #: Processes of this agent that belong to no job's tree: what forks, and the guards.
        self._ours: set[int] = set()
        self._ready: JobProcess | None = None
        self._closed = False
        self._run: Path | None = None
        self._temporary: list[Path] = []
        self._choosing = threading.Lock()
        self._context: BaseContext
        if sys.platform == "win32":
            self._context = multiprocessing.get_context("spawn")
        else:
            self._context = multiprocessing.get_context("forkserver")
            # "__main__" is loaded there once, else every job would load it again.
            self._context.set_forkserver_preload(["__main__", "agent.job.preload"])

    def warm_up(self, run: Path) -> None:
        """Start the forking process; it loads the engine while this one goes on.

        It inherits this process's environment, which must hold no key any more. Its socket lies in
        *run*, which is emptied first: an agent that was killed could not clear up.
        """
        if sys.platform != "win32":
            shutil.rmtree(run, ignore_errors=True)
            run.mkdir(mode=0o700)
            fork_server.start(run)
            self._run = run if self._sockets_in(run) else None
            self._temporary = list(run.glob("pymp-*"))

    @property
    def intact(self) -> bool:
        """False once somebody has deleted the socket of the forking process."""
        return self._run is None or self._sockets_in(self._run)

    def _sockets_in(self, run: Path) -> bool:
        return any(run.glob("*/listener-*"))

    def start(self) -> JobProcess:
        """A process that waits for its job. Raises OSError when the system refuses."""
        with self._choosing:
            ready, self._ready = self._ready, None
        if ready is not None:
            if ready.alive():
                return ready
            self.discard(ready)
        return self._make()

    def prepare(self) -> None:
        """Have a process ready for the next job, so that the job need not wait for it."""
        with self._choosing:
            if self._ready is None and not self._closed:
                try:
                    self._ready = self._make()
                except OSError as error:
                    log.warning("no process could be made ready: %s", error)

    def close(self) -> None:
        """End the process that waits for a job; make none ready any more."""
        with self._choosing:
            ready, self._ready, self._closed = self._ready, None, True
        if ready is not None:
            self.discard(ready)
        for folder in self._temporary:
            # multiprocessing deletes it at exit, and complains if a job was faster.
            with contextlib.suppress(OSError):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def discard(self, process: JobProcess) -> int | None:
        """End what is left of *process*; its exit code.

        Sweeps up what its guard left, because it was killed or could not end it either. What even
        that leaves is named in `process.survivors`.
        """
        process.close()
        code = process.wait(_EXIT_SECONDS)
        with _PROCESSES:
            self._ours.discard(process.pid)
        if code is None or code < 0 or code == SURVIVORS_LEFT:
            process.survivors = self._sweep_orphans()
        return code

    def _make(self) -> JobProcess:
        talk, their_talk = self._context.Pipe(duplex=True)
        their_life, life = self._context.Pipe(duplex=False)
        process = self._context.Process(  # type: ignore[attr-defined]
            target=run_job, args=(their_talk, their_life)
        )
        try:
            with _PROCESSES:
                process.start()
                self._remember(process.pid)
        except (OSError, EOFError) as error:
            talk.close()
            life.close()
            # EOFError: the forking process could not even load the engine; stderr says why.
            raise OSError(f"no process could be made: {error or 'see the log'}") from error
        finally:
            their_talk.close()
            their_life.close()
        return JobProcess(process, talk, life)

    def _remember(self, guard_pid: int) -> None:
        self._ours.add(guard_pid)
        with contextlib.suppress(psutil.Error):
            self._ours.add(psutil.Process(guard_pid).ppid())

    def _sweep_orphans(self) -> list[str]:
        """Kill what a job left without a guard: it became this process's own children.

        Returns who is left all the same. They are given up: no other job's end waits for them.
        """
        deadline = time.monotonic() + _SWEEP_SECONDS
        with _PROCESSES:
            # Each death may bring the dead process's own children, until a look finds none.
            while (orphans := self._orphans()) and time.monotonic() < deadline:
                for orphan in orphans:
                    _kill_with_descendants(orphan)
            self._ours |= {orphan.pid for orphan in orphans}
        return [_described(orphan) for orphan in orphans]

    def _orphans(self) -> list[psutil.Process]:
        return [
            child
            for child in psutil.Process().children()
            if child.pid not in self._ours and not _is_tracker(child)
        ]


def _is_tracker(process: psutil.Process) -> bool:
    """Whether it is the process that multiprocessing keeps for itself."""
    with contextlib.suppress(psutil.Error):
        return any("resource_tracker" in word for word in process.cmdline())
    # A dead orphan counts: its children may have become ours after the list was made.
    return False


def _described(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return f"{process.pid} ({process.name()}, {process.status()}, of {process.username()})"
    return str(process.pid)


def _kill_with_descendants(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.Error):
        for each in (*process.children(recursive=True), process):
            each.kill()
        process.wait(_DEATH_SECONDS)


class JobProcess:
    """A running job: `talk` carries frames both ways; the tree below it dies with `life`."""

    def __init__(
        self, process: multiprocessing.Process, talk: Connection, life: Connection
    ) -> None:
        self._process = process
        self.talk = talk
        self._life = life
        #: Answers to a job are sent by threads of their own.
        self._sending = threading.Lock()
        self.pid: int = process.pid or 0
        #: Processes of the tree that nothing could end, for people.
        self.survivors: list[str] = []

    def send(self, kind: bytes, payload: bytes = b"") -> None:
        """Silent when the process is gone: its end is read from `talk`."""
        with contextlib.suppress(OSError), self._sending:
            self.talk.send_bytes(kind + payload)

    def allow_until(self, deadline: float) -> None:
        """The tree ends itself at *deadline* (boot time) unless a later one arrives."""
        with contextlib.suppress(OSError):
            self._life.send_bytes(DEADLINE.pack(deadline))

    def started_at(self) -> float:
        """With the pid it names the process for ever; 0 when it is gone."""
        try:
            return float(psutil.Process(self.pid).create_time())
        except psutil.Error:
            return 0.0

    def terminate(self) -> None:
        """SIGTERM to every process of the tree."""
        for process in self._tree():
            with contextlib.suppress(psutil.Error):
                process.terminate()

    def kill(self) -> None:
        """SIGKILL to every process of the tree; the guard sweeps until nothing is left."""
        tree = self._tree()
        with contextlib.suppress(OSError):
            self._life.close()
        for process in tree:
            with contextlib.suppress(psutil.Error):
                process.kill()

    def kill_guard(self) -> None:
        """The last resort, when the sweep itself does not end."""
        self.kill()
        with contextlib.suppress(psutil.Error):
            psutil.Process(self.pid).kill()

    def alive(self) -> bool:
        return self.wait(0) is None

    def wait(self, timeout_seconds: float) -> int | None:
        """The exit code; None if the process has not ended in time."""
        wait([self._process.sentinel], timeout_seconds)
        with _PROCESSES:
            self._process.join(0)
            return self._process.exitcode

    def close(self) -> None:
        self.talk.close()
        with contextlib.suppress(OSError):
            self._life.close()

    def _tree(self) -> list[psutil.Process]:
        try:
            return psutil.Process(self.pid).children(recursive=True)
        except (psutil.Error, OSError):
            return []
