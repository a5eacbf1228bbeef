"""`casare-rpa demo` as a newcomer types it: real processes, real sockets."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest

from casare_rpa.client import OrchestratorClient

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(300)]


def demo(folder: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "casare_cli", "demo", "--folder", str(folder), *words]


def environment(tmp_path: Path) -> dict[str, str]:
    own = {k: v for k, v in os.environ.items() if not k.startswith("CASARE_")}
    return own | {"HOME": str(tmp_path), "TMPDIR": str(tmp_path)}


def of_this_demo(folder: Path) -> list[psutil.Process]:
    """Processes that name the demo's folder in their command line or environment."""
    found = []
    for process in psutil.process_iter():
        try:
            words = [*process.cmdline(), *process.environ().values()]
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
        if process.pid != os.getpid() and any(str(folder / "state") in word for word in words):
            found.append(process)
    return found


def run(
    folder: Path, tmp_path: Path, *words: str, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        demo(folder, *words),
        capture_output=True,
        text=True,
        env=environment(tmp_path) | dict(env or {}),
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        timeout=100,
    )


def test_the_demo_completes_writes_its_report_and_leaves_nothing_running(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    done = run(folder, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((folder / "report.json").read_text())
    assert report["invoices"] == 12
    assert report["unknown_currency"] == ["2026-0418"]
    # Summed by hand from the CSV with the rates that the demo's web server gives.
    assert report["total_euros"] == pytest.approx(10883.85)
    assert [row["number"] for row in report["to_review"]] == [
        "2026-0411",
        "2026-0413",
        "2026-0419",
        "2026-0421",
    ]
    assert str(folder / "report.json") in done.stdout
    assert done.stderr.count("casare-rpa ") >= 3  # the next commands
    assert "Traceback" not in done.stdout + done.stderr
    assert not (folder / "state").exists()
    assert of_this_demo(folder) == []


def test_keep_leaves_it_running_until_stop(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    kept = run(folder, tmp_path, "--keep")
    try:
        assert kept.returncode == 0, kept.stdout + kept.stderr
        url = re.search(r"CASARE_ORCHESTRATOR_URL=(\S+)", kept.stderr)
        assert url is not None
        health = json.loads(urllib.request.urlopen(f"{url[1]}/health").read())
        assert health["robots_online"] == 1
        assert "casare-rpa demo --stop" in kept.stderr
        again = run(folder, tmp_path)
        assert (again.returncode, "already running" in again.stderr) == (9, True)
    finally:
        stopped = run(folder, tmp_path, "--stop")
    assert stopped.returncode == 0
    assert "stopped 3 processes" in stopped.stderr
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{url[1]}/health")
    assert of_this_demo(folder) == []


def test_the_user_s_own_services_are_none_of_the_demo(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    key = "sk-of-the-user-0123456789"
    config = tmp_path / "config" / "casare-rpa" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f'anthropic_api_key = "{key}"\n')
    config.chmod(0o600)
    env = {
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "OPENAI_API_KEY": key,
        "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
        "ANTHROPIC_API_KEY_FILE": str(config),
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
    }
    kept = run(folder, tmp_path, "--keep", env=env)
    try:
        assert kept.returncode == 0, kept.stdout + kept.stderr
        url = re.search(r"CASARE_ORCHESTRATOR_URL=(\S+)", kept.stderr)
        assert url is not None
        operator_key = (folder / "state" / "operator.key").read_text().strip()
        with OrchestratorClient(url[1], operator_key) as client:
            (robot,) = client.robots()["robots"]
        assert "ai-service" not in robot["capabilities"]
        own = [p for p in of_this_demo(folder) if "casare_cli" in p.cmdline()]
        assert len(own) >= 2
        for process in own:
            assert key not in process.environ().values()
    finally:
        run(folder, tmp_path, "--stop")


def test_ctrl_c_in_the_middle_stops_everything(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    process = subprocess.Popen(
        demo(folder),
        env=environment(tmp_path),
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "it answers at" in line:
            process.send_signal(signal.SIGINT)
            break
    rest = process.stdout.read()
    process.stdout.close()
    assert process.wait(60) == 130
    assert "Traceback" not in rest
    deadline = time.monotonic() + 60
    while of_this_demo(folder) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert of_this_demo(folder) == []
