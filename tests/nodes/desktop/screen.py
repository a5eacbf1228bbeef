"""A real X server with a real window manager, and programs with windows on it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from Xlib.display import Display
from Xlib.error import XError

from casare_rpa.domain.events import EventBus, LogMessage
from casare_rpa.engine import RunResult
from casare_rpa.secrets import Secret
from tests.support.fleet import eventually
from tests.support.runs import chain, document, run_document

PROGRAM = Path(__file__).with_name("window_program.py")
SIZE = (1280, 800)


@contextmanager
def display_running(manager: str = "openbox", *server_arguments: str) -> Iterator[str]:
    """A new X server with that window manager (empty: none); the display's name."""
    with (
        server_running(*server_arguments) as (name, _),
        manager_running(manager, name) if manager else nullcontext(),
    ):
        yield name


@contextmanager
def server_running(*arguments: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A new X server, and the display's name."""
    read_end, write_end = os.pipe()
    server = subprocess.Popen(
        [
            *("Xvfb", "-displayfd", str(write_end), "-screen", "0", "1280x800x24"),
            *("-nolisten", "tcp", *arguments),
        ],
        pass_fds=[write_end],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(write_end)
    with os.fdopen(read_end) as told:
        name = f":{told.readline().strip()}"
    try:
        yield name, server
    finally:
        server.terminate()
        server.wait(10)


@contextmanager
def manager_running(program: str, name: str) -> Iterator[subprocess.Popen[bytes]]:
    """A window manager for the display, once it manages."""
    process = subprocess.Popen(
        [program],
        env={**os.environ, "DISPLAY": name},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with closing(Display(name)) as display:
            atom = display.intern_atom("_NET_SUPPORTING_WM_CHECK")
            eventually(lambda: display.screen().root.get_full_property(atom, 0) is not None)
        yield process
    finally:
        process.terminate()
        process.wait(10)


class Window:
    """A running window program, and what it has written down."""

    def __init__(self, process: subprocess.Popen[bytes], file: Path, title: str) -> None:
        self.process = process
        self.title = title
        self._file = file

    @property
    def seen(self) -> list[dict[str, Any]]:
        lines = self._file.read_text("utf-8").splitlines() if self._file.exists() else []
        return [json.loads(line) for line in lines]

    @property
    def keys(self) -> list[str]:
        return [line["key"] for line in self.seen if "key" in line]

    def has_got(self, check: Callable[[list[dict[str, Any]]], bool]) -> None:
        eventually(lambda: check(self.seen))

    def has_typed(self, *wanted: str) -> None:
        """Events reach a program a moment after they were sent."""
        eventually(lambda: len(self.keys) >= len(wanted))
        assert self.keys == list(wanted), self.keys


class Screen:
    """The display, with the programs that a test starts."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self._windows: list[Window] = []
        self.log: list[str] = []

    def open(self, title: str, *options: str) -> Window:
        """A window of that title, once it is in front."""
        window = self.start(title, *options)
        self.one("ActivateWindowNode", window_title=title, timeout=30)
        return window

    def start(self, title: str, *options: str) -> Window:
        """A program whose window will come."""
        file = self.folder / f"{title}.jsonl"
        process = subprocess.Popen([sys.executable, str(PROGRAM), str(file), title, *options])
        window = Window(process, file, title)
        self._windows.append(window)
        return window

    def run(
        self, _variables: dict[str, Any] | None = None, _secret: str = "", **nodes: Any
    ) -> RunResult:
        """Run (type, config) one after the other; a failure fails the test."""
        result = self.tried(_variables, _secret, **nodes)
        assert result.success, result.error
        return result

    def tried(
        self, _variables: dict[str, Any] | None = None, _secret: str = "", **nodes: Any
    ) -> RunResult:
        made = {
            name: {"node_type": node_type, "config": config}
            for name, (node_type, config) in nodes.items()
        }
        bus = EventBus()
        bus.subscribe(LogMessage, lambda event: self.log.append(event.message))
        raw = document(made, chain(*nodes))
        return run_document(
            raw,
            _variables,
            folder=self.folder,
            bus=bus,
            find_secret=lambda name: Secret.of_text(_secret),
        )

    def one(self, node_type: str, **config: Any) -> dict[str, Any]:
        """The outputs of one node."""
        return dict(self.run(n=(node_type, config)).outputs["n"])

    def failure(self, node_type: str, **config: Any) -> tuple[str, str]:
        """Code and message of a node that fails."""
        result = self.tried(n=(node_type, config))
        assert not result.success
        assert result.error is not None
        return result.error.code, result.error.message

    @contextmanager
    def stopped(self, process: subprocess.Popen[bytes]) -> Iterator[None]:
        """While the block runs the process answers nobody."""
        process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        for window in self._windows:
            window.process.kill()
            window.process.wait(10)
        with closing(Display(self.name)) as display:
            eventually(lambda: not _left_over(display))


def _left_over(display: Display) -> bool:
    """Whether windows are there still; what a failed test has left behind is killed."""
    list_of, pid_of = map(display.intern_atom, ("_NET_CLIENT_LIST", "_NET_WM_PID"))
    found = getattr(display.screen().root.get_full_property(list_of, 0), "value", ())
    for number in found:
        with suppress(XError, ProcessLookupError):
            told = display.create_resource_object("window", number).get_full_property(pid_of, 0)
            if told is not None and told.value[0] != os.getpid():
                os.kill(told.value[0], signal.SIGKILL)
    return bool(found)
