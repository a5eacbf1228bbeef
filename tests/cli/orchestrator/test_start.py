from __future__ import annotations

import json
import signal
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.cli.support import Cli, eventually


def test_it_listens_keeps_its_state_in_one_folder_and_ends_on_sigterm(
    cli: Cli, tmp_path: Path
) -> None:
    state, database = tmp_path / "own", tmp_path / "jobs.db"
    words = ("--port", "0", "--database", f"sqlite:///{database}", "--state-dir", str(state))
    running = cli.start("orchestrator", "start", *words)
    about = state / "orchestrator.json"
    url = eventually(lambda: json.loads(about.read_text())["url"] if about.exists() else None)
    assert json.loads(cli("api", "GET", "/health", "--root", "--url", url).stdout)["status"]
    assert (state / "admin.key").stat().st_mode & 0o777 == 0o600
    running.send_signal(signal.SIGTERM)
    _, stderr = running.communicate(timeout=100)
    assert running.returncode == 0
    assert f"listening on {url}" in stderr
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT count(*) FROM jobs").fetchone() == (0,)


def test_the_log_can_be_json(cli: Cli, tmp_path: Path) -> None:
    running = cli.start("orchestrator", "start", "--port", "0", env={"CASARE_LOG_FORMAT": "json"})
    about = tmp_path / "state" / "orchestrator.json"
    eventually(about.exists)
    running.terminate()
    _, stderr = running.communicate(timeout=100)
    lines = [json.loads(line) for line in stderr.splitlines()]
    assert any("listening" in line["message"] for line in lines)


def test_a_port_in_use_is_one_line(cli: Cli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = cli("orchestrator", "start", "--port", str(taken.getsockname()[1]))
    assert done.returncode in (3, 6)
    assert done.stderr.startswith("casare-rpa: ")
    assert "Traceback" not in done.stderr


def test_it_does_not_listen_beyond_this_machine_without_being_told(cli: Cli) -> None:
    done = cli("orchestrator", "start", "--host", "0.0.0.0", "--port", "0")
    assert done.returncode == 6
    assert "plaintext" in done.stderr


def test_a_wrong_database_address_exits_6(cli: Cli) -> None:
    done = cli("orchestrator", "start", "--port", "0", "--database", "mongodb://x")
    assert done.returncode == 6
    assert done.stderr.startswith("casare-rpa: ")
