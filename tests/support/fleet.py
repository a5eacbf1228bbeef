"""A fleet of real processes for tests: an orchestrator, agents, and a client for each role.

with start_orchestrator(tmp_path) as orchestrator:
    with start_agent(orchestrator, tmp_path) as agent:
        job_id = orchestrator.submit(workflow_document)
        job = orchestrator.wait_for(job_id)

Times are short, but for leases (10 s): those outlast what a loaded machine makes of a renewal.
Where the end of one is the matter, give a shorter one; any setting may be given as a keyword.
Everything that was started is ended when the blocks are left, whatever the test did to it, and
when the test run itself is killed.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar

import psutil

from casare_rpa.client import OrchestratorClient
from casare_rpa.errors import CasareError
from tests.support import outlived

Json = dict[str, Any]
T = TypeVar("T")

START_SECONDS = 60.0
FINISHED = frozenset({"completed", "failed", "cancelled", "timeout"})
_SERVE = (
    "import sys; from casare_rpa.settings import Settings; "
    "from casare_rpa.orchestrator.server import serve; sys.exit(serve(Settings.load()))"
)
_SERVER_DEFAULTS = {
    "lease_seconds": 10.0,
    "reap_every_seconds": 0.2,
    "lost_backoff_seconds": 0.1,
    "start_deadline_seconds": 10.0,
    "key_check_every_seconds": 0.5,
}
_AGENT_DEFAULTS = {
    "retry_delay_seconds": 0.1,
    "retry_delay_max_seconds": 0.5,
    "cancel_grace_seconds": 0.5,
    "drain_timeout_seconds": 10.0,
    "connect_timeout_seconds": 2.0,
}


def eventually(condition: Callable[[], T | None], seconds: float = 40.0, what: str = "it") -> T:
    """What *condition* answers as soon as that is true; fails the test after *seconds*."""
    deadline = time.monotonic() + seconds
    pause = 0.01  # asking takes time from what is waited for: seldom, when it takes long
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() >= deadline:
            raise AssertionError(f"{what} did not happen within {seconds} s")
        time.sleep(pause)
        pause = min(1.2 * pause, 0.1)


@dataclass
class Program:
    """A process with its own settings and its log in a file."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    #: How long the log was when it was started last.
    _log_before: int = 0

    def start(self) -> None:
        self._forget()
        self._log_before = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as target:
            self.process = subprocess.Popen(
                self.command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=target,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        outlived.started(self.process.pid)

    def _forget(self) -> None:
        if self.process is not None:
            outlived.ended(self.process.pid)

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        """kill -9, and nothing else."""
        self.signal(signal.SIGKILL)
        self.wait()

    def wait(self, seconds: float = 60.0) -> int:
        """The exit code."""
        assert self.process is not None
        return self.process.wait(seconds)

    def says(self, text: str) -> bool:
        """Whether its log has *text*."""
        return self.log.exists() and text in self.log.read_text(errors="replace")

    def said_since_start(self) -> str:
        """What its last start has written to its log."""
        return self.log.read_bytes()[self._log_before :].decode(errors="replace")

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        if self.alive():
            self.signal(signal.SIGTERM)
        return self.wait()

    def end(self) -> None:
        """Make sure that nothing is left, for the end of a test."""
        if self.alive():
            self._end_tree()
        self._forget()

    def _end_tree(self) -> None:
        with contextlib.suppress(psutil.Error):
            tree = psutil.Process(self.pid).children(recursive=True)
            self.kill()
            for process in tree:
                with contextlib.suppress(psutil.Error):
                    process.kill()

    def tail(self, lines: int = 30) -> str:
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


@dataclass
class Orchestrator:
    """A running orchestrator; `admin` may do everything."""

    program: Program
    state_dir: Path
    url: str = ""
    _clients: list[OrchestratorClient] = field(default_factory=list)

    @property
    def admin_key(self) -> str:
        return (self.state_dir / "admin.key").read_text(encoding="utf-8").strip()

    @property
    def admin(self) -> OrchestratorClient:
        if not self._clients:
            self._clients.append(OrchestratorClient(self.url, self.admin_key))
        return self._clients[0]

    def start(self) -> None:
        """Start it, the second time at the same address; returns when it listens."""
        about = self.state_dir / "orchestrator.json"
        about.unlink(missing_ok=True)
        self.program.start()
        self.url = str(eventually(lambda: self._address(about), START_SECONDS, "listening"))
        port = self.url.rpartition(":")[2]
        self.program.environment["CASARE_PORT"] = port

    def kill(self) -> None:
        self.program.kill()

    def _address(self, about: Path) -> str | None:
        if not self.program.alive():
            raise AssertionError(f"the orchestrator ended:\n{self.program.tail()}")
        with contextlib.suppress(OSError, ValueError):
            return str(json.loads(about.read_text(encoding="utf-8"))["url"])
        return None

    def robot_key(self, robot_id: str) -> str:
        made = self.admin.create_robot_key({"robot_id": robot_id, "name": "test"})
        return str(made["api_key"])

    def submit(self, document: Mapping[str, Any], **more: Any) -> str:
        """Push *document* and submit a job of it; the job's id. `more` are members of the job."""
        pushed = self.admin.push_workflow(
            {"workflow_name": more.pop("workflow_name", "test"), "workflow_json": dict(document)}
        )
        job = self.admin.submit({"workflow_id": pushed["workflow_id"], **more})
        return str(job["job_id"])

    def job(self, job_id: str) -> Json:
        return self.admin.job(job_id)

    def wait_for(self, job_id: str, *statuses: str, seconds: float = 60.0) -> Json:
        """The job once it has one of *statuses* (none given: a final one)."""
        wanted = frozenset(statuses) or FINISHED

        def reached() -> Json | None:
            try:
                job = self.admin.job(job_id)
            except CasareError as error:
                if error.retryable:
                    return None
                raise
            return job if job["status"] in wanted else None

        return eventually(reached, seconds, f"job {job_id} being {' or '.join(sorted(wanted))}")

    def history(self, job_id: str) -> list[Json]:
        """All events of the job."""
        events: list[Json] = []
        while page := self.admin.events(job_id, after=len(events))["events"]:
            events += page
        return events

    def close(self) -> None:
        for client in self._clients:
            client.close()
        self._clients.clear()
        self.program.end()


@dataclass
class Agent:
    """An agent's process; `state_dir` and the key stay the same when it is started again."""

    program: Program
    robot_id: str
    state_dir: Path

    @property
    def pid(self) -> int:
        return self.program.pid

    def start(self) -> Self:
        self.program.start()
        return self

    def announcements(self) -> int:
        """How often a start of this agent has said that it is at work."""
        return self.program.tail(10_000).count(f"robot {self.robot_id} (key")

    def announced(self) -> bool:
        """Whether the last start of this agent has said so."""
        return f"robot {self.robot_id} (key" in self.program.said_since_start()

    def kill(self) -> None:
        self.program.kill()

    def stop(self) -> int:
        return self.program.stop()

    def journals(self) -> list[Path]:
        return sorted((self.state_dir / "journal").glob("*.journal"))

    def job_folders(self) -> list[Path]:
        """The working folders of running jobs."""
        work = self.state_dir / "work"
        return sorted(work.iterdir()) if work.exists() else []


@contextlib.contextmanager
def start_orchestrator(
    tmp_path: Path,
    *,
    name: str = "orchestrator",
    prefix: tuple[str, ...] = (),
    environment: Mapping[str, str] | None = None,
    **settings: Any,
) -> Iterator[Orchestrator]:
    """An orchestrator on a free port of 127.0.0.1; on SQLite unless a `database` is given.

    *name* names its state folder and its log; *prefix* comes before its command.
    """
    state_dir = tmp_path / name
    own = _environment(state_dir, {**_SERVER_DEFAULTS, "port": 0, **settings})
    program = Program(
        name,
        [*prefix, sys.executable, "-c", _SERVE],
        own | dict(environment or {}),
        tmp_path / f"{name}.log",
    )
    orchestrator = Orchestrator(program, state_dir)
    try:
        orchestrator.start()
        yield orchestrator
    finally:
        orchestrator.close()


@contextlib.contextmanager
def start_agent(
    orchestrator: Orchestrator,
    tmp_path: Path,
    *,
    robot_id: str = "robot-1",
    arguments: tuple[str, ...] = (),
    prefix: tuple[str, ...] = (),
    environment: Mapping[str, str] | None = None,
    wait: bool = True,
    **settings: Any,
) -> Iterator[Agent]:
    """An agent with a key of its own, unless an `api_key_file` is given.

    With *wait* it has registered when the block begins.
    """
    state_dir = tmp_path / robot_id
    own = {"orchestrator_url": orchestrator.url, **_AGENT_DEFAULTS, **settings}
    if "api_key_file" not in settings:
        own.setdefault("api_key", orchestrator.robot_key(robot_id))
    program = Program(
        robot_id,
        [*prefix, sys.executable, "-m", "agent", *arguments],
        _environment(state_dir, own) | dict(environment or {}),
        tmp_path / f"{robot_id}.log",
    )
    agent = Agent(program, robot_id, state_dir)
    try:
        agent.start()
        if wait:
            wait_until_online(agent)
        yield agent
    finally:
        program.end()


def wait_until_online(agent: Agent) -> None:
    """Returns when this start of the agent has registered and obeys signals."""

    def registered() -> bool:
        if not agent.program.alive():
            raise AssertionError(f"the agent ended:\n{agent.program.tail()}")
        return agent.announced()

    eventually(registered, START_SECONDS, f"{agent.robot_id} being online")


def _environment(state_dir: Path, settings: Mapping[str, Any]) -> dict[str, str]:
    """This process's environment without its own settings, and with *settings*."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("CASARE_")}
    mine = {f"CASARE_{name.upper()}": _text(value) for name, value in settings.items()}
    return {**inherited, "CASARE_STATE_DIR": str(state_dir), **mine}


def _text(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
