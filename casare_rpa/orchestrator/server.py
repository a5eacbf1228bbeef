"""The life of an orchestrator process: check, bind, open, make the first key, serve, stop."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import orjson
import uvicorn
from fastapi import FastAPI

from casare_rpa import __version__, faults
from casare_rpa.errors import ServerFailed
from casare_rpa.orchestrator.access.first_key import make_first_key
from casare_rpa.orchestrator.app import create_app
from casare_rpa.orchestrator.memory.wakeups import Wakeups
from casare_rpa.orchestrator.places import database_of, make_private, state_dir_of
from casare_rpa.orchestrator.requests.listening import bind, check_exposure, url_of
from casare_rpa.orchestrator.requests.protocols import LiveSocketProtocol, RequestProtocol
from casare_rpa.settings import Settings
from casare_rpa.store import open_store

log = logging.getLogger(__name__)

_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)
)
_GRACE_SECONDS = 10
_SOCKET_MESSAGE_BYTES = 1 << 20
_EXIT_BROKEN = 75
_OPEN_FILES = 65_536


def serve(settings: Settings, *, show: Callable[[str], None] | None = None) -> int:
    """Run an orchestrator until a signal; the exit code.

    0 after the first SIGTERM or SIGINT and after SIGHUP, 128 + signal after a second SIGTERM or
    SIGINT, 75 when the database cannot be trusted any more. *show* gets lines that a person at a
    terminal must see, such as the first key; None writes them to stderr when that is a terminal.

    Raises ConfigInvalid, which says what to mend, before anything is written.
    """
    return Orchestrator(settings, show=show).run()


class Orchestrator:
    """One server. `run` blocks; `stop` may be called from any thread."""

    def __init__(self, settings: Settings, *, show: Callable[[str], None] | None = None) -> None:
        self.settings = settings
        self._show = show or _terminal()
        self._server: _Server | None = None
        self._stop_asked = False
        self.app: FastAPI | None = None
        #: Where it listens; set once it does.
        self.url = ""
        self.listening = threading.Event()

    def run(self) -> int:
        """Serve until stopped; the exit code."""
        faults.arm()
        check_exposure(self.settings)
        _allow_many_files()
        listener = bind(self.settings)
        with _hangup_asks(self.stop), listener:
            state_dir = state_dir_of(self.settings)
            make_private(state_dir)
            wakeups = Wakeups()
            store = open_store(
                database_of(self.settings),
                self.settings,
                on_change=wakeups.notify,
            )
            try:
                make_first_key(store, state_dir, self._show)
                self.app = create_app(store, self.settings, wakeups=wakeups, on_broken=self._broken)
                return self._serve(self.app, listener, wakeups, state_dir)
            finally:
                store.close()

    def stop(self) -> None:
        """Stop soon: answers under way are finished first."""
        self._stop_asked = True
        if self._server is not None:
            self._server.should_exit = True

    def _serve(
        self, app: FastAPI, listener: socket.socket, wakeups: Wakeups, state_dir: Path
    ) -> int:
        self.url = url_of(listener, self.settings)
        about = state_dir / "orchestrator.json"

        def on_listening() -> None:
            _write_about(about, self.url)
            log.info("listening on %s", self.url)
            self.listening.set()

        self._server = _Server(_uvicorn_config(app), wakeups, on_listening)
        if self._stop_asked:
            return 0
        try:
            self._server.run(sockets=[listener])
        except SystemExit as error:  # how uvicorn says that the application did not come up
            raise ServerFailed("the orchestrator could not start; its log says why") from error
        finally:
            _remove_about(about)
        return self._server.exit_code

    def _broken(self, reason: str) -> None:
        log.critical("the database cannot be trusted any more: %s; stopping", reason)
        if self._server is not None:
            self._server.exit_code = _EXIT_BROKEN
            self._server.should_exit = True


class _Server(uvicorn.Server):
    """uvicorn with our signals: the first ends in peace, the second at once."""

    def __init__(
        self, config: uvicorn.Config, wakeups: Wakeups, on_listening: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._wakeups = wakeups
        self._on_listening = on_listening
        self._signals = 0
        self.exit_code = 0

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._on_listening()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Long polls answer now, so that they do not hold up the end.
        self._wakeups.stop()
        await super().shutdown(sockets=sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._signals += 1
        if self._signals > 1:
            self.exit_code = 128 + sig
            self.force_exit = True
        self.should_exit = True


@contextmanager
def _hangup_asks(stop: Callable[[], None]) -> Iterator[None]:
    """SIGHUP asks for the end and never forces it: the kernel and the shell send one each.

    From the opening of the store to its close. Ignored by whoever started the server, as nohup
    does, it stays ignored.
    """
    number = getattr(signal, "SIGHUP", None)
    is_main = threading.current_thread() is threading.main_thread()
    if number is None or not is_main or signal.getsignal(number) is signal.SIG_IGN:
        yield
        return
    before = signal.signal(number, lambda _number, _frame: stop())
    try:
        yield
    finally:
        signal.signal(number, before)


def _uvicorn_config(app: FastAPI) -> uvicorn.Config:
    config = uvicorn.Config(
        app,
        http=RequestProtocol,
        ws=LiveSocketProtocol,
        ws_max_size=_SOCKET_MESSAGE_BYTES,
        ws_per_message_deflate=False,
        ws_ping_interval=20.0,
        ws_ping_timeout=10.0,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        log_config=None,
        lifespan="on",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    # It logs addresses of sockets at INFO; those of old clients carried keys once.
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    return config


def _allow_many_files() -> None:
    """A thousand robots hold two thousand connections; many systems begin with 1,024 files."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not on every system

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _write_about(path: Path, url: str) -> None:
    """Tell other programs of this user where the server is; never half a file."""
    about = {"url": url, "pid": os.getpid(), "version": __version__}
    new = path.with_name(f"{path.name}.{os.getpid()}")
    new.write_bytes(orjson.dumps(about) + b"\n")
    new.chmod(0o600)
    new.replace(path)


def _remove_about(path: Path) -> None:
    with suppress(OSError, ValueError, KeyError):
        # A server that was started meanwhile has written its own.
        if orjson.loads(path.read_bytes())["pid"] == os.getpid():
            path.unlink()


def _terminal() -> Callable[[str], None] | None:
    # None: the process was started with the stream closed.
    if sys.stderr is None or not sys.stderr.isatty():
        return None

    def write(line: str) -> None:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()

    return write
