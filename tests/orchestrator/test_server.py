"""The server as a process: how it starts, what it leaves, how it ends."""

from __future__ import annotations

import os
import pty
import resource
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
import psutil
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from casare_rpa import errors
from casare_rpa.client import OrchestratorClient
from casare_rpa.domain.keys import parse_key
from casare_rpa.orchestrator.access.first_key import make_first_key
from casare_rpa.orchestrator.server import Orchestrator, serve
from casare_rpa.settings import Settings
from casare_rpa.store import open_store
from casare_rpa.store.sqlite import SqliteStore
from tests.orchestrator.support import eventually, running, workflow_document

_SERVE = """
import sys
from casare_rpa.errors import CasareError
from casare_rpa.orchestrator.server import serve
from casare_rpa.settings import Settings
from casare_rpa.store.sqlite import SqliteStore
try:
    sys.exit(serve(Settings.load()))
except CasareError as error:
    sys.stderr.write(f"{error.message} | {error.hint}\\n")
    sys.exit(error.exit_code)
"""


_ON_ITS_OWN_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "casare_cli", "orchestrator", "start"])
"""


def _environment(state_dir: Path, **env: str) -> dict[str, str]:
    given = {"CASARE_STATE_DIR": str(state_dir), "CASARE_PORT": "0", **env}
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("CASARE_")}
    return inherited | given


def _start(
    state_dir: Path, *, stderr: Any = subprocess.PIPE, prefix: tuple[str, ...] = (), **env: str
) -> subprocess.Popen[str]:
    command = [*prefix, sys.executable, "-c", _SERVE]
    return subprocess.Popen(command, env=_environment(state_dir, **env), stderr=stderr, text=True)


def _url(state_dir: Path, process: subprocess.Popen[Any]) -> str:
    about = state_dir / "orchestrator.json"
    eventually(lambda: about.exists() or process.poll() is not None)
    return str(orjson.loads(about.read_bytes())["url"])


@contextmanager
def _process(
    state_dir: Path, *, prefix: tuple[str, ...] = (), **env: str
) -> Iterator[subprocess.Popen[str]]:
    process = _start(state_dir, prefix=prefix, **env)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_first_start_without_a_terminal_leaves_a_key_for_its_user_alone(
    tmp_path: Path,
) -> None:
    state = tmp_path / "state"
    with _process(state) as process:
        url = _url(state, process)
        key = (state / "admin.key").read_text().strip()
        assert parse_key(key) is not None
        assert _mode(state / "admin.key") == 0o600 and _mode(state) == 0o700
        about = orjson.loads((state / "orchestrator.json").read_bytes())
        assert about["pid"] == process.pid and about["url"] == url and about["version"]
        with OrchestratorClient(url, key) as client:
            assert client.me()["roles"] == ["admin"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
    assert not (state / "orchestrator.json").exists()
    assert sorted(path.name for path in state.glob("admin*")) == ["admin.key"]


def test_the_second_start_makes_no_key(tmp_path: Path) -> None:
    for _ in range(2):
        with _process(tmp_path) as process:
            _url(tmp_path, process)
            key = (tmp_path / "admin.key").read_text()
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=60) == 0
    assert (tmp_path / "admin.key").read_text() == key
    assert not (tmp_path / "admin.key.old").exists()


def test_a_new_database_keeps_the_key_of_the_old_one_beside(tmp_path: Path) -> None:
    (tmp_path / "admin.key").write_text("sk_live_older\n")
    with _process(tmp_path) as process:
        _url(tmp_path, process)
    assert (tmp_path / "admin.key.old").read_text() == "sk_live_older\n"
    assert parse_key((tmp_path / "admin.key").read_text().strip()) is not None


def test_on_a_terminal_the_first_key_is_shown_and_not_written(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    process = _start(tmp_path, stderr=theirs)
    try:
        url = _url(tmp_path, process)
        shown = os.read(ours, 65536).decode()
        key = next(word for word in shown.split() if word.startswith("sk_live_"))
        with OrchestratorClient(url, key) as client:
            assert client.me()["roles"] == ["admin"]
        assert not (tmp_path / "admin.key").exists()
    finally:
        process.kill()
        process.wait()
        os.close(ours)
        os.close(theirs)


def test_a_port_in_use_is_one_clear_line_and_nothing_is_written(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        process = _start(tmp_path / "state", CASARE_PORT=port)
        _, said = process.communicate(timeout=100)
    assert process.returncode == errors.ConfigInvalid.exit_code
    assert len(said.splitlines()) == 1 and port in said and "--port" in said
    assert not (tmp_path / "state").exists()


def test_listening_beyond_this_machine_has_to_be_meant(tmp_path: Path) -> None:
    settings = Settings(host="0.0.0.0", port=0, state_dir=str(tmp_path / "state"))
    with pytest.raises(errors.ConfigInvalid, match="plain text"):
        serve(settings)
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(("host", "port"), [("256.0.0.1", 0), ("127.0.0.1", 70000), ("", -1)])
def test_an_impossible_address_is_a_wrong_setting(tmp_path: Path, host: str, port: int) -> None:
    with pytest.raises(errors.ConfigInvalid):
        serve(Settings(host=host, port=port, state_dir=str(tmp_path), allow_plaintext=True))


def test_beyond_this_machine_addresses_are_good_hosts_and_names_are_not(tmp_path: Path) -> None:
    given = Settings(host="0.0.0.0", port=0, state_dir=str(tmp_path), allow_plaintext=True)
    orchestrator = Orchestrator(given, show=lambda line: None)
    thread = threading.Thread(target=orchestrator.run)
    thread.start()
    try:
        assert orchestrator.listening.wait(60)
        with httpx.Client(base_url=orchestrator.url, trust_env=False, timeout=60) as http:
            assert http.get("/health", headers={"Host": "192.0.2.7:8000"}).status_code == 200
            assert http.get("/health", headers={"Host": "evil.example"}).status_code == 421
    finally:
        orchestrator.stop()
        thread.join(timeout=60)


def test_the_name_it_listens_under_is_a_good_host(tmp_path: Path) -> None:
    with running(tmp_path, host="127.0.0.2") as server:
        assert server.url.startswith("http://127.0.0.2:")
        assert server.admin.health()["status"] == "healthy"


def test_one_file_has_one_orchestrator(tmp_path: Path) -> None:
    with _process(tmp_path) as first:
        _url(tmp_path, first)
        second = _start(tmp_path)
        _, said = second.communicate(timeout=100)
        assert second.returncode not in (0, None) and said.strip()
        assert first.poll() is None
        assert orjson.loads((tmp_path / "orchestrator.json").read_bytes())["pid"] == first.pid


def test_sigterm_lets_answers_finish_and_sends_watchers_away(tmp_path: Path) -> None:
    with _process(tmp_path) as process:
        url = _url(tmp_path, process)
        key = (tmp_path / "admin.key").read_text().strip()
        with OrchestratorClient(url, key) as client:
            client.push_workflow({"workflow_name": "w", "workflow_json": workflow_document("w")})
            job_id = client.submit({"workflow_id": "w"})["job_id"]
            robot_key = client.create_robot_key({"robot_id": "r1"})["api_key"]
            with OrchestratorClient(url, robot_key) as robot:
                first = robot.claim({})
                assert first is not None and first["job_id"] == job_id
            other_key = client.create_robot_key({"robot_id": "r2"})["api_key"]
            answers: list[Any] = []

            def poll() -> None:
                with OrchestratorClient(url, other_key) as robot:
                    answers.append(robot.claim({"wait_seconds": 30}))

            polling = threading.Thread(target=poll)
            polling.start()
            eventually(lambda: client.robots()["total"] == 2)
            with connect(
                f"ws{url.removeprefix('http')}/ws/jobs/{job_id}?after=2",
                additional_headers={"X-Api-Key": key},
                proxy=None,
            ) as watcher:
                watcher.send("ping")
                assert watcher.recv(timeout=60) == "pong"
                process.send_signal(signal.SIGTERM)
                with pytest.raises(ConnectionClosed):
                    watcher.recv(timeout=60)
                assert watcher.close_code == 1012
            polling.join(timeout=60)
            assert answers == [None]
            assert process.wait(timeout=60) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="limits of another process: Linux only")
def test_a_low_limit_of_open_files_is_raised_as_far_as_allowed(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, before[1]))
    try:
        process = _start(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    try:
        _url(tmp_path, process)
        soft, hard = psutil.Process(process.pid).rlimit(psutil.RLIMIT_NOFILE)
        assert soft == min(hard, 65_536)
    finally:
        process.kill()
        process.communicate()


@contextmanager
def _held_request(state_dir: Path, url: str) -> Iterator[socket.socket]:
    """A request whose body never comes: it keeps the server from ending in peace."""
    host, port = url.removeprefix("http://").split(":")
    key = (state_dir / "admin.key").read_text().strip()
    with socket.create_connection((host, int(port)), timeout=60) as held:
        held.sendall(
            b"POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n"
            b"Authorization: Bearer " + key.encode() + b"\r\n\r\n{"
        )
        with httpx.Client(base_url=url, trust_env=False, timeout=60) as http:
            assert http.get("/health").status_code == 200
        yield held


def test_a_request_that_outlasts_the_stop_is_told_so_without_a_traceback(tmp_path: Path) -> None:
    with _process(tmp_path) as process:
        with _held_request(tmp_path, _url(tmp_path, process)) as held:
            process.send_signal(signal.SIGTERM)
            assert held.recv(1 << 16).startswith(b"HTTP/1.1 503 ")
        assert process.wait(timeout=60) == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


def _listens(url: str) -> bool:
    host, port = url.removeprefix("http://").split(":")
    try:
        socket.create_connection((host, int(port)), timeout=60).close()
    except ConnectionError:
        return False
    return True


def test_a_second_signal_ends_at_once(tmp_path: Path) -> None:
    with _process(tmp_path) as process:
        url = _url(tmp_path, process)
        with _held_request(tmp_path, url):
            process.send_signal(signal.SIGTERM)
            eventually(lambda: not _listens(url))  # it has heard, and waits for the request
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=60) == 128 + signal.SIGTERM


def test_sighup_ends_in_peace_however_often_it_comes(tmp_path: Path) -> None:
    with _process(tmp_path) as process:
        url = _url(tmp_path, process)
        with _held_request(tmp_path, url) as held:
            for _ in range(3):  # a closed terminal sends one, and the shell another
                process.send_signal(signal.SIGHUP)
            assert held.recv(1 << 16).startswith(b"HTTP/1.1 503 ")
        assert process.wait(timeout=60) == 0
    left = {file.name for file in tmp_path.iterdir()}
    assert left == {"admin.key", "orchestrator.db", "orchestrator.db.lock"}


def test_sighup_that_was_ignored_at_the_start_stays_ignored(tmp_path: Path) -> None:
    with _process(tmp_path, prefix=("nohup",)) as process:
        url = _url(tmp_path, process)
        process.send_signal(signal.SIGHUP)
        with httpx.Client(base_url=url, trust_env=False, timeout=60) as http:
            assert http.get("/health").status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="how a terminal becomes one's own: Linux only")
def test_a_closed_terminal_ends_it_in_peace(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", _ON_ITS_OWN_TERMINAL],
        env=_environment(tmp_path),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        _url(tmp_path, process)
        os.close(ours)
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        process.wait()
    assert {file.name for file in tmp_path.iterdir()} == {"orchestrator.db", "orchestrator.db.lock"}


def test_a_killed_server_comes_back_with_its_jobs(tmp_path: Path) -> None:
    with _process(tmp_path) as process:
        url = _url(tmp_path, process)
        key = (tmp_path / "admin.key").read_text().strip()
        with OrchestratorClient(url, key) as client:
            client.push_workflow({"workflow_name": "w", "workflow_json": workflow_document("w")})
            job_id = client.submit({"workflow_id": "w"})["job_id"]
    (tmp_path / "orchestrator.json").unlink()
    with _process(tmp_path) as process, OrchestratorClient(_url(tmp_path, process), key) as client:
        assert client.job(job_id)["status"] == "pending"


def test_a_database_that_cannot_be_trusted_ends_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = Settings(port=0, state_dir=str(tmp_path), reap_every_seconds=0.1)
    orchestrator = Orchestrator(given, show=lambda line: None)
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(orchestrator.run()))
    thread.start()
    assert orchestrator.listening.wait(60)
    monkeypatch.setattr(SqliteStore, "broken", property(lambda store: "the disk lied"))
    thread.join(timeout=60)
    assert codes == [75]


def test_the_first_key_is_not_written_through_a_link(tmp_path: Path) -> None:
    """Somebody who may write into the folder put links where the key's draft will be."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("untouched")

    (tmp_path / f"admin.key.{os.getpid()}").symlink_to(elsewhere)
    store = open_store(f"sqlite:///{tmp_path / 'jobs.db'}", Settings())
    try:
        make_first_key(store, tmp_path, None)
    finally:
        store.close()
    assert elsewhere.read_text() == "untouched"
    assert not (tmp_path / "admin.key").is_symlink()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("where", ["2>/dev/full", "2>&-", "<&- >&- 2>&-"])
def test_a_log_with_nowhere_to_go_stops_nothing(tmp_path: Path, where: str) -> None:
    program = f'exec "{sys.executable}" -m casare_cli orchestrator start --port 0 {where}'
    environment = {**os.environ, "CASARE_STATE_DIR": str(tmp_path), "CASARE_LOG_LEVEL": "DEBUG"}
    server = subprocess.Popen(["sh", "-c", program], env=environment, stdin=subprocess.DEVNULL)
    try:
        about = tmp_path / "orchestrator.json"
        eventually(lambda: about.exists() or server.poll() is not None, within_seconds=60)
        assert server.poll() is None, "the server ended"
        key = (tmp_path / "admin.key").read_text(encoding="ascii").strip()
        with OrchestratorClient(orjson.loads(about.read_bytes())["url"], key) as admin:
            made = admin.create_key({"role": "viewer"})
            admin.revoke_key(made["key"]["id"])
            assert admin.health()["status"] == "healthy"
        server.terminate()
        assert server.wait(60) == 0
    finally:
        server.kill()
        server.wait()
