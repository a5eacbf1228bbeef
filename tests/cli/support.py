"""The program as a process, and a robot that is played by hand over REST."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, TypeVar
from uuid import uuid4

import jsonschema_rs

from casare_rpa.client import OrchestratorClient

T = TypeVar("T")
PROGRAM = [sys.executable, "-m", "casare_cli"]
SECONDS = 60.0
Done = subprocess.CompletedProcess[str]


def eventually(ready: Callable[[], T | None], seconds: float = 60.0) -> T:
    """What *ready* answers as soon as it is neither None nor False."""
    deadline = time.monotonic() + seconds
    pause = 0.01  # asking takes time from what is waited for: seldom, when it takes long
    while time.monotonic() < deadline:
        answer = ready()
        if answer is not None and answer is not False:
            return answer
        time.sleep(pause)
        pause = min(1.2 * pause, 0.1)
    raise AssertionError("it did not happen in time")


@dataclass
class Cli:
    """Runs `casare-rpa` in a folder of its own, with an environment of its own."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def end(self) -> None:
        """End what a failed test left running."""
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.wait()
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        drop = ("CASARE_", "NO_COLOR", "CLICOLOR_FORCE", "DBUS_", "CREDENTIALS_", "XDG_")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(drop)}
        own = {"HOME": str(self.folder), "COLUMNS": "100", "TERM": "xterm"}
        own["CASARE_STATE_DIR"] = str(self.folder / "state")
        return {**kept, **own, **self.env, **(more or {})}

    def __call__(
        self, *words: str | Path, stdin: str | None = None, env: Mapping[str, str] | None = None
    ) -> Done:
        """Run to the end, off a terminal; without *stdin* it reads from /dev/null."""
        source: dict[str, Any] = (
            {"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}
        )
        return subprocess.run(
            [*PROGRAM, *map(str, words)],
            cwd=self.folder,
            env=self.environment(env),
            capture_output=True,
            encoding="utf-8",
            timeout=SECONDS,
            check=False,
            **source,
        )

    def start(self, *words: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*PROGRAM, *words],
            cwd=self.folder,
            env=self.environment(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        self.started.append(process)
        return process

    def without_reader(self, *words: str) -> tuple[int, str]:
        """Exit code and stderr when nobody reads stdout any more."""
        read_end, write_end = os.pipe()
        os.close(read_end)
        done = subprocess.run(
            [*PROGRAM, *words],
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=write_end,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            timeout=SECONDS,
            check=False,
        )
        os.close(write_end)
        return done.returncode, done.stderr

    def on_terminal(
        self, *words: str | Path, env: Mapping[str, str] | None = None, typed: str = ""
    ) -> Shown:
        """Run with a pseudo-terminal as stdin, stdout and stderr; *typed* waits to be read."""
        ours, theirs = pty.openpty()
        os.write(ours, typed.encode())
        process = subprocess.Popen(
            [*PROGRAM, *map(str, words)],
            cwd=self.folder,
            env=self.environment(env),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        text = _read_terminal(ours)
        return Shown(code=process.wait(SECONDS), text=text)

    def asked(self, question: str, answer: str | signal.Signals, *words: str | Path) -> Shown:
        """As `on_terminal`; what is typed, or the signal, comes when *question* is shown."""
        process, ours = self._at_terminal(*words)
        text = _read_until(ours, question)
        if isinstance(answer, signal.Signals):
            process.send_signal(answer)
            answer = "\n"  # where the signal came just before reading began, it is seen then
        os.write(ours, answer.encode())
        text += _read_terminal(ours)
        return Shown(code=process.wait(SECONDS), text=text)

    def stopped_at(self, question: str, answer: str, *words: str | Path) -> Shown:
        """As `asked`, but stopped at the question (Ctrl-Z) and started again (fg) by a shell,
        which lets the terminal show what is typed meanwhile; *answer* comes when it asks again."""
        process, ours = self._at_terminal(*words)
        text = _read_until(ours, question)
        deadline = time.monotonic() + SECONDS
        # A signal between the question and the reading is looked at when the next one comes.
        while time.monotonic() < deadline:
            process.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, process.pid, os.WSTOPPED)
            modes = termios.tcgetattr(ours)
            modes[3] |= termios.ECHO
            termios.tcsetattr(ours, termios.TCSANOW, modes)
            process.send_signal(signal.SIGCONT)
            if select.select([ours], [], [], 1.0)[0]:
                break
        text += _read_until(ours, question)
        os.write(ours, answer.encode())
        text += _read_terminal(ours)
        return Shown(code=process.wait(SECONDS), text=text)

    def _at_terminal(self, *words: str | Path) -> tuple[subprocess.Popen[bytes], int]:
        """The command at a pseudo-terminal of its own, and that terminal's other side."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [*PROGRAM, *map(str, words)],
            cwd=self.folder,
            env=self.environment(),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,  # no /dev/tty: what hides its input reads stdin
        )
        os.close(theirs)
        return process, ours


@dataclass(frozen=True)
class Shown:
    """What a terminal got, escape sequences included."""

    code: int
    text: str


def _read_until(descriptor: int, wanted: str) -> str:
    text = ""
    while wanted not in text:
        assert select.select([descriptor], [], [], SECONDS)[0], f"{wanted!r} is not in {text!r}"
        text += os.read(descriptor, 65536).decode("utf-8", "replace")
    return text


def _read_terminal(descriptor: int) -> str:
    deadline, chunks = time.monotonic() + SECONDS, []
    with os.fdopen(descriptor, "rb", buffering=0) as source:
        while time.monotonic() < deadline:
            if not select.select([source], [], [], 0.5)[0]:
                continue
            try:
                chunk = source.read(65536)
            except OSError:  # the other side is closed
                break
            if not chunk:
                break
            chunks.append(chunk)
    return b"".join(chunks).decode("utf-8", "replace")


def error_of(done: Done) -> dict[str, Any]:
    """The one JSON object that stderr must be."""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    found: dict[str, Any] = json.loads(lines[0])["error"]
    assert done.stdout == ""
    assert found["exit_code"] == done.returncode
    return found


@dataclass
class Server:
    """An orchestrator process and the keys to it."""

    process: subprocess.Popen[bytes]
    url: str
    state_dir: Path
    admin_key: str
    developer_key: str = ""
    log: IO[bytes] | None = None

    def client(self, key: str | None = None) -> OrchestratorClient:
        return OrchestratorClient(self.url, self.developer_key if key is None else key)

    def env(self, key: str | None = None) -> dict[str, str]:
        chosen = self.developer_key if key is None else key
        return {"CASARE_ORCHESTRATOR_URL": self.url, "CASARE_API_KEY": chosen}

    def stop(self) -> None:
        """SIGTERM, and nothing if it has ended already."""
        self.process.terminate()
        self._ended()

    def kill(self) -> None:
        self.process.kill()
        self._ended()

    def _ended(self) -> None:
        self.process.wait(60)
        if self.log is not None:
            self.log.close()


def start_server(state_dir: Path, port: int = 0, env: Mapping[str, str] | None = None) -> Server:
    """Start an orchestrator; on a *port* of a stopped one it goes on with that one's state."""
    state_dir.mkdir(parents=True, exist_ok=True)
    kept = {k: v for k, v in os.environ.items() if not k.startswith("CASARE_")}
    log = (state_dir / "log").open("ab")
    process = subprocess.Popen(
        [*PROGRAM, "orchestrator", "start", "--port", str(port)],
        env={**kept, "CASARE_STATE_DIR": str(state_dir), "HOME": str(state_dir), **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    )
    about = state_dir / "orchestrator.json"

    def url() -> str | None:
        assert process.poll() is None, (state_dir / "log").read_text()
        try:
            found = json.loads(about.read_text())
        except (OSError, ValueError):
            return None
        return str(found["url"]) if found.get("pid") == process.pid else None

    try:
        found = eventually(url)
        admin = (state_dir / "admin.key").read_text().strip()
    except BaseException:
        process.kill()
        process.wait()
        log.close()
        raise
    return Server(process, found, state_dir, admin, log=log)


class Robot:
    """A robot played by a test: claims, reports and finishes when told to."""

    def __init__(self, server: Server, robot_id: str) -> None:
        with server.client(server.admin_key) as admin:
            made = admin.create_robot_key({"robot_id": robot_id, "name": "test"})
        self.robot_id = robot_id
        self.client = OrchestratorClient(server.url, made["api_key"])
        self.client.register({"robot_id": robot_id, "name": robot_id, "hostname": "test"})
        self.grant: dict[str, Any] = {}
        self.index = 0

    def claim(self) -> str:
        request = {"claim_id": uuid4().hex, "wait_seconds": 5}
        self.grant = eventually(lambda: self.client.claim(request))
        self.index = 0
        return str(self.grant["job_id"])

    @property
    def proof(self) -> dict[str, Any]:
        return {name: self.grant[name] for name in ("attempt", "lease_token")}

    def report(self, *events: tuple[str, dict[str, Any]]) -> None:
        now = datetime.now(UTC).isoformat()
        batch = [{"type": kind, "timestamp": now, "data": data} for kind, data in events]
        first = {"first_index": self.index + 1, "events": batch}
        self.client.append_events(self.grant["job_id"], {**self.proof, **first})
        self.index += len(batch)

    def finish(self, status: str = "completed", **more: Any) -> None:
        outcome = {"status": status, "event_count": self.index, **more}
        self.client.finish(self.grant["job_id"], {**self.proof, **outcome})
        self.grant = {}

    def run(
        self, *events: tuple[str, dict[str, Any]], status: str = "completed", **more: Any
    ) -> str:
        """Claim a job, report *events* and finish it."""
        job_id = self.claim()
        if events:
            self.report(*events)
        self.finish(status, **more)
        return job_id


def check(document: Any, schema: dict[str, Any]) -> None:
    """That *document* is what a published schema says."""
    found = [str(error) for error in jsonschema_rs.validator_for(schema).iter_errors(document)]
    assert not found, "\n".join(found)


def steps(*names: str) -> list[tuple[str, dict[str, Any]]]:
    """The events of nodes that start and complete one after the other."""
    found: list[tuple[str, dict[str, Any]]] = []
    for name in names:
        data = {"node_id": name, "node_type": "LogNode"}
        found.append(("node.started", data))
        found.append(("node.completed", {**data, "execution_time_ms": 1.5, "output_data": {}}))
    return found


def log_event(message: str, level: str = "INFO", node_id: str = "n") -> tuple[str, dict[str, Any]]:
    return ("log", {"level": level, "message": message, "node_id": node_id})
