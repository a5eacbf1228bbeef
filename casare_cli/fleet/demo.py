"""The processes of `casare-rpa demo`: an orchestrator, a robot and a small web server.

Everything lies in one folder: the input, the workflow, the report, and `state/` with the database,
the keys (0600), the logs and `fleet.json`, by which a fleet left running is stopped later.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import IO, Any, TypeVar

from casare_rpa.client import OrchestratorClient
from casare_rpa.errors import CasareError, Conflict

EXAMPLES = ("invoices.csv", "invoices.json")
ROBOT = "demo-robot"
_NO_MODELS = (
    "CASARE_OPENAI_BASE_URL",
    "CASARE_OPENAI_API_KEY",
    "CASARE_ANTHROPIC_BASE_URL",
    "CASARE_ANTHROPIC_API_KEY",
)
_START_SECONDS = 30.0
_STOP_SECONDS = 15.0
T = TypeVar("T")


@dataclass
class DemoFleet:
    """Start it with start(), end it with stop(); or keep() it and stop_kept() it later."""

    folder: Path
    url: str = ""
    rates_url: str = ""
    api_key: str = ""
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def key_file(self) -> Path:
        return self.state / "operator.key"

    @property
    def report(self) -> Path:
        return self.folder / "report.json"

    def prepare(self) -> None:
        """Make the folder and lay the example into it. Raises Conflict when a fleet runs there."""
        if _record(self.folder).exists():
            raise Conflict(
                f"a demo is already running in {self.folder}",
                hint=f"Stop it with: casare-rpa demo --stop --folder {self.folder}",
            )
        self.state.mkdir(parents=True, exist_ok=True)
        self.state.chmod(0o700)
        for name in EXAMPLES:
            with files("casare_cli.examples").joinpath(name).open("rb") as source:
                (self.folder / name).write_bytes(source.read())
        (self.state / "web").mkdir(exist_ok=True)
        rates = files("casare_cli.examples").joinpath("rates.json").read_bytes()
        (self.state / "web" / "rates.json").write_bytes(rates)

    def start_orchestrator(self) -> None:
        home = self.state / "orchestrator"
        self._start("orchestrator", ["orchestrator", "start", "--port", "0"], home)
        started = self._wait("orchestrator", lambda: _read_json(home / "orchestrator.json"))
        self.url = str(started["url"])
        admin_key = (home / "admin.key").read_text(encoding="utf-8").strip()
        with OrchestratorClient(self.url, admin_key) as admin:
            made = admin.create_key({"role": "developer", "name": "demo"})
            self.api_key = made["api_key"]
            robot = admin.create_robot_key({"robot_id": ROBOT, "name": "demo"})
        _write_secret(self.key_file, self.api_key)
        _write_secret(self.state / "robot.key", robot["api_key"])

    def start_rates(self) -> None:
        """A web server with the exchange rates that the workflow asks for."""
        command = ["-u", "-m", "http.server", "0", "--bind", "127.0.0.1"]
        command += ["--directory", str(self.state / "web")]
        self._spawn("rates", command, dict(os.environ))
        port = self._wait("rates", lambda: _port_in(self._log("rates")))
        self.rates_url = f"http://127.0.0.1:{port}/rates.json"

    def start_robot(self) -> None:
        more = {
            "CASARE_ORCHESTRATOR_URL": self.url,
            "CASARE_API_KEY_FILE": str(self.state / "robot.key"),
        }
        self._start("robot", ["agent"], self.state / "robot", more)
        with OrchestratorClient(self.url, self.api_key) as client:
            self._wait("robot", lambda: client.robots()["total"] or None)

    def stop(self) -> None:
        """End the processes, the robot first, and remove what nobody needs afterwards."""
        with _signals_wait():
            for process in reversed(self._processes.values()):
                _end(process)
            self._processes.clear()
            shutil.rmtree(self.state, ignore_errors=True)

    def keep(self) -> None:
        """Leave everything running and write down how to find it again."""
        pids = [process.pid for process in self._processes.values()]
        about = {"url": self.url, "processes": [_fingerprint(pid) for pid in pids]}
        _record(self.folder).write_text(json.dumps(about), encoding="utf-8")

    def _start(
        self, name: str, arguments: list[str], home: Path, more: Mapping[str, str] | None = None
    ) -> None:
        own = _own_environment() | {"CASARE_STATE_DIR": str(home), **(more or {})}
        self._spawn(name, ["-m", "casare_cli", *arguments], own)

    def _spawn(self, name: str, arguments: list[str], environment: dict[str, str]) -> None:
        # A signal between the start of a process and its entry here would leave it behind.
        with self._log(name).open("wb") as log, _signals_wait():
            self._processes[name] = _popen([sys.executable, *arguments], environment, log)

    def _log(self, name: str) -> Path:
        return self.state / f"{name}.log"

    def _wait(self, name: str, ready: Callable[[], T | None]) -> T:
        """What *ready* answers as soon as it answers. Raises when the process ends before."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if (answer := ready()) is not None:
                return answer
            if self._processes[name].poll() is not None:
                break
            time.sleep(0.02)
        tail = self._log(name).read_text(encoding="utf-8", errors="replace").strip()
        last = tail.splitlines()[-1] if tail else "it said nothing"
        raise CasareError(f"the demo's {name} did not start: {last}")


def _own_environment() -> dict[str, str]:
    """The environment without what would set a setting, such as DATABASE_URL or OPENAI_API_KEY.

    The demo has settings of its own, not the user's, and no way to a language model, for which a
    settings file of the user's does not count either.
    """
    from casare_rpa.settings import FIELDS, environment_names

    known = {variable for name in FIELDS for variable in environment_names(name)}
    known |= {f"{variable}_FILE" for variable in known}
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in known and not name.startswith("CASARE_")
    }
    return kept | dict.fromkeys(_NO_MODELS, "")


@contextlib.contextmanager
def _signals_wait() -> Iterator[None]:
    """SIGINT and SIGTERM that come in the block are raised after it."""
    came: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda n, _: came.append(n)) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for came_number in came:
            signal.raise_signal(came_number)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def stop_kept(folder: Path) -> int:
    """End a fleet that keep() left running; how many processes it ended."""
    import psutil

    record = _record(folder)
    about = _read_json(record) or {"processes": []}
    ended = []
    for pid, started in reversed(about["processes"]):
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            if abs(process.create_time() - started) < 1:
                process.terminate()
                process.wait(_STOP_SECONDS)
                ended.append(pid)
    shutil.rmtree(folder / "state", ignore_errors=True)
    return len(ended)


def _record(folder: Path) -> Path:
    return folder / "state" / "fleet.json"


def _fingerprint(pid: int) -> tuple[int, float]:
    """A pid with its start time: a pid alone may belong to somebody else later."""
    import psutil

    return pid, psutil.Process(pid).create_time()


def _popen(
    command: list[str], environment: dict[str, str], log: IO[bytes]
) -> subprocess.Popen[bytes]:
    # Ctrl-C at the terminal is for the demo, which then stops them in order.
    apart: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        **apart,
    )


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found


def _port_in(log: Path) -> int | None:
    """The port in "Serving HTTP on 127.0.0.1 port 8000 (...)"."""
    words = log.read_text(encoding="utf-8", errors="replace").split()
    after = [word for before, word in itertools.pairwise(words) if before == "port"]
    return int(after[0]) if after else None


def _write_secret(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as target:
        target.write(text + "\n")
