"""What systemd is told, heard on a real socket."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent.machine.notify import Notifier
from tests.agent import workflows
from tests.support.fleet import Orchestrator, eventually, start_agent, start_orchestrator

pytestmark = pytest.mark.skipif(os.name != "posix", reason="systemd speaks over Unix sockets")


@dataclass
class Ear:
    """Everything that was said to *address* until now, in order."""

    address: str
    source: socket.socket
    heard: list[str] = field(default_factory=list)

    def listen(self) -> list[str]:
        with_nothing_left = False
        while not with_nothing_left:
            try:
                self.heard.append(self.source.recv(4096).decode())
            except BlockingIOError:
                with_nothing_left = True
        return self.heard

    def hears(self, text: str) -> bool:
        return any(text in message for message in self.listen())

    def hears_anew(self, text: str) -> bool:
        """Whether it is said from now on."""
        self.listen()
        self.heard.clear()
        return bool(eventually(lambda: self.hears(text), what=text))


@contextmanager
def ear(address: str) -> Iterator[Ear]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as source:
        source.setblocking(False)
        source.bind("\0" + address[1:] if address.startswith("@") else address)
        yield Ear(address, source)


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Ear]:
    with ear(str(tmp_path / "notify")) as found:
        yield found


@pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets are Linux's")
def test_an_abstract_socket_is_found() -> None:
    with ear(f"@casare-{os.getpid()}") as listening:
        Notifier({"NOTIFY_SOCKET": listening.address}).ready()
        assert listening.listen() == ["READY=1"]


def test_a_status_is_one_line_however_it_is_written(listening: Ear) -> None:
    Notifier({"NOTIFY_SOCKET": listening.address}).status("one\ntwo\n\nREADY=1")
    assert listening.listen() == ["STATUS=one two READY=1"]


def test_where_nobody_listens_nothing_happens(tmp_path: Path) -> None:
    for address in ("", str(tmp_path / "nobody"), "x" * 300):
        Notifier({"NOTIFY_SOCKET": address}).ready()


@pytest.mark.parametrize(
    ("env", "seconds"),
    [
        ({"WATCHDOG_USEC": "2500000"}, 2.5),
        ({"WATCHDOG_USEC": "2500000", "WATCHDOG_PID": str(os.getpid())}, 2.5),
        ({"WATCHDOG_USEC": "2500000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "often"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_is_fed_only_where_it_is_ours(
    env: dict[str, str], seconds: float | None
) -> None:
    assert Notifier(env).watchdog_seconds == seconds


def test_systemd_hears_of_the_start_of_the_work_and_of_the_end(
    orchestrator: Orchestrator, tmp_path: Path, listening: Ear
) -> None:
    environment = {"NOTIFY_SOCKET": listening.address}
    with start_agent(orchestrator, tmp_path, robot_id="told", environment=environment) as agent:
        eventually(lambda: listening.hears("READY=1"))
        eventually(lambda: listening.hears("STATUS=working"))
        job_id = orchestrator.submit(workflows.gated(tmp_path), robot_id="told")
        eventually(lambda: workflows.ledger(tmp_path))
        agent.program.signal(signal.SIGTERM)
        eventually(lambda: listening.hears("STOPPING=1"))
        assert listening.hears_anew("EXTEND_TIMEOUT_USEC=")
        (tmp_path / "gate").touch()
        assert agent.program.wait() == 0
        assert orchestrator.wait_for(job_id)["status"] == "completed"
        assert not listening.hears("WATCHDOG=1"), "nobody asked for it"


def test_an_agent_that_waits_for_its_orchestrator_is_not_ready_and_asks_for_patience(
    orchestrator: Orchestrator, tmp_path: Path, listening: Ear
) -> None:
    with start_agent(
        orchestrator,
        tmp_path,
        robot_id="patient",
        wait=False,
        environment={"NOTIFY_SOCKET": listening.address},
        orchestrator_url="http://127.0.0.1:9",
    ):
        assert listening.hears_anew("EXTEND_TIMEOUT_USEC=")
        assert not listening.hears("READY=1")


def test_the_watchdog_is_fed_only_while_renewals_succeed(tmp_path: Path, listening: Ear) -> None:
    """With a watch of 2 s it must be fed each second."""
    environment = {"NOTIFY_SOCKET": listening.address, "WATCHDOG_USEC": "2000000"}
    with (
        start_orchestrator(tmp_path, lease_seconds=2) as own_orchestrator,
        start_agent(own_orchestrator, tmp_path, environment=environment) as agent,
    ):
        for _ in range(3):
            assert listening.hears_anew("WATCHDOG=1")
        own_orchestrator.program.signal(signal.SIGSTOP)
        began = time.monotonic()
        # A lease time later it starves ...
        eventually(lambda: _silent_for(listening, 3), 40)
        assert time.monotonic() - began > 3
        assert agent.program.alive()
        own_orchestrator.program.signal(signal.SIGCONT)
        # ... and eats again when the orchestrator is back.
        assert listening.hears_anew("WATCHDOG=1")


def _silent_for(listening: Ear, seconds: float) -> bool:
    listening.listen()
    listening.heard.clear()
    until = time.monotonic() + seconds
    eventually(lambda: time.monotonic() > until, seconds + 5)
    return not listening.hears("WATCHDOG=1")
