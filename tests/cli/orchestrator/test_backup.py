from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.agent.workflows import quick
from tests.cli.support import Cli, eventually
from tests.support.fleet import Orchestrator, start_orchestrator


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "orchestrator" / "orchestrator.db"


def url(file: Path) -> str:
    return f"sqlite:///{file}"


def fill(orchestrator: Orchestrator, count: int) -> list[str]:
    return [orchestrator.submit(quick(), priority=number % 20) for number in range(count)]


def jobs_in(file: Path) -> set[str]:
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        return {row[0] for row in connection.execute("SELECT id FROM jobs")}
    finally:
        connection.close()


def test_a_backup_while_the_server_writes_holds_all_that_was_acknowledged_before(
    cli: Cli, tmp_path: Path, file: Path
) -> None:
    copy = tmp_path / "copy.db"
    with start_orchestrator(tmp_path) as orchestrator:
        before = set(fill(orchestrator, 5))
        stop = threading.Event()
        after: list[str] = []

        def go_on() -> None:
            while not stop.is_set():
                after.append(orchestrator.submit(quick()))

        writer = threading.Thread(target=go_on)
        writer.start()
        eventually(lambda: after)
        done = cli("orchestrator", "backup", str(copy), "--database", url(file))
        stop.set()
        writer.join()
        assert done.returncode == 0, done.stderr
        assert str(copy) in done.stderr
    assert copy.stat().st_mode & 0o777 == 0o600
    assert before <= jobs_in(copy) <= before | set(after)
    assert [each.name for each in tmp_path.glob("copy.db*")] == ["copy.db"]


def test_a_backup_never_replaces_a_file_by_itself(cli: Cli, tmp_path: Path, file: Path) -> None:
    with start_orchestrator(tmp_path):
        copy = tmp_path / "copy.db"
        copy.write_text("mine")
        done = cli("orchestrator", "backup", str(copy), "--database", url(file))
        assert done.returncode == 9
        assert copy.read_text() == "mine"
        done = cli("orchestrator", "backup", str(copy), "--force", "--database", url(file))
        assert done.returncode == 0, done.stderr
        assert copy.read_bytes().startswith(b"SQLite format 3")


def test_a_backup_of_nothing_or_of_postgresql_says_so(cli: Cli, tmp_path: Path) -> None:
    copy = str(tmp_path / "copy.db")
    none = cli("orchestrator", "backup", copy, "--database", url(tmp_path / "none.db"))
    assert none.returncode == 4
    assert "there is no database" in none.stderr
    other = cli("orchestrator", "backup", copy, "--database", "postgresql://db/casare")
    assert other.returncode == 2
    assert "pg_dump" in other.stderr
    assert not Path(copy).exists()


def test_a_restored_database_is_what_it_was_and_the_old_one_is_kept(
    cli: Cli, tmp_path: Path, file: Path
) -> None:
    copy = tmp_path / "copy.db"
    words = (str(copy), "--database", url(file))
    with start_orchestrator(tmp_path) as orchestrator:
        early = orchestrator.submit(quick())
        assert cli("orchestrator", "backup", *words).returncode == 0
        late = orchestrator.submit(quick())
        running = cli("orchestrator", "restore", *words, "--force")
        assert running.returncode == 9
        assert "another orchestrator" in running.stderr
        assert "Stop it first" in running.stderr
        migrating = cli("orchestrator", "migrate", "--database", url(file))
        assert migrating.returncode == 9
        assert "Stop it first" in migrating.stderr
        orchestrator.program.stop()
        assert cli("orchestrator", "restore", *words).returncode == 9
        done = cli("orchestrator", "restore", *words, "--force", "-o", "json")
        assert done.returncode == 0, done.stderr
        kept = Path(json.loads(done.stdout)["kept"])
        orchestrator.start()
        assert orchestrator.job(early)["status"] == "pending"
        assert jobs_in(file) == {early}
    assert jobs_in(kept) == {early, late}
    epochs = [_status(cli, path)["epoch"] for path in (copy, file)]
    assert epochs[0] is None
    assert epochs[1]


def test_a_restore_that_dies_half_way_leaves_the_database_where_it_was(
    cli: Cli, tmp_path: Path, file: Path
) -> None:
    copy = tmp_path / "copy.db"
    words = (str(copy), "--database", url(file))
    with start_orchestrator(tmp_path) as orchestrator:
        early = orchestrator.submit(quick())
        assert cli("orchestrator", "backup", *words).returncode == 0
        late = orchestrator.submit(quick())
        orchestrator.program.signal(signal.SIGKILL)  # its log is not empty
        orchestrator.program.wait()
    code = "import sys; from pathlib import Path; from casare_rpa import faults; faults.arm()"
    code += "; from casare_rpa.store.sqlite.backup import restore"
    code += "; restore(Path(sys.argv[1]), Path(sys.argv[2]), force=True)"
    died = subprocess.run(
        [sys.executable, "-c", code, str(copy), str(file)],
        env={**os.environ, "CASARE_FAULT": "restore.kept:kill"},
        check=False,
    )
    assert died.returncode == -signal.SIGKILL
    assert jobs_in(file) == {early, late}
    (kept,) = file.parent.glob("*.before-*")
    refused = cli("orchestrator", "restore", *words, "--force")
    assert refused.returncode != 0
    assert "2 names" in refused.stderr
    kept.unlink()
    assert cli("orchestrator", "restore", *words, "--force").returncode == 0
    assert jobs_in(file) == {early}


def _status(cli: Cli, file: Path) -> dict[str, object]:
    done = cli("orchestrator", "db-status", "--database", url(file), "-o", "json")
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_a_harmed_backup_is_refused_and_nothing_is_touched(
    cli: Cli, tmp_path: Path, file: Path
) -> None:
    copy = tmp_path / "copy.db"
    with start_orchestrator(tmp_path) as orchestrator:
        fill(orchestrator, 3)
        assert cli("orchestrator", "backup", str(copy), "--database", url(file)).returncode == 0
        orchestrator.program.stop()
    before, raw = file.read_bytes(), copy.read_bytes()
    for harm in ("cut", "flipped", "text", "other"):
        _harm(copy, raw, harm)
        done = cli("orchestrator", "restore", "--force", str(copy), "--database", url(file))
        assert done.returncode == 2, (harm, done.stderr)
        assert "Traceback" not in done.stderr
        assert file.read_bytes() == before, harm
        assert not list(file.parent.glob("*.part*")), harm


def _harm(copy: Path, raw: bytes, harm: str) -> None:
    """Leave at *copy* what is no backup, or one no more."""
    match harm:
        case "cut":
            copy.write_bytes(raw[: len(raw) // 2])
        case "flipped":
            copy.write_bytes(raw[:4096] + bytes(16384) + raw[20480:])
        case "text":
            copy.write_text("no database at all, only some words that somebody wrote")
        case "other":
            copy.unlink()
            connection = sqlite3.connect(copy)
            connection.execute("CREATE TABLE notes (text)")
            connection.close()
