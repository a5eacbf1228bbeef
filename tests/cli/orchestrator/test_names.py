"""A database by its other names: links, and letters that mean something in an address."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.support import Cli
from tests.support.fleet import Orchestrator, start_orchestrator


@pytest.fixture
def link(tmp_path: Path) -> Path:
    """Leads to the database of the orchestrator that a test starts."""
    link = tmp_path / "link.db"
    link.symlink_to(tmp_path / "orchestrator" / "orchestrator.db")
    return link


def start(cli: Cli, database: Path) -> tuple[int, str]:
    done = cli("orchestrator", "start", "--port", "0", "--database", f"sqlite:///{database}")
    return done.returncode, done.stderr


def file_of(orchestrator: Orchestrator) -> Path:
    return orchestrator.state_dir / "orchestrator.db"


def test_behind_a_link_there_is_no_second_orchestrator(
    cli: Cli, tmp_path: Path, link: Path
) -> None:
    with start_orchestrator(tmp_path) as orchestrator:
        code, said = start(cli, link)
        assert code == 3
        assert f"another orchestrator is using {file_of(orchestrator)}" in said


def test_a_file_with_a_second_name_is_refused_by_both(cli: Cli, tmp_path: Path) -> None:
    with start_orchestrator(tmp_path) as orchestrator:
        file, second = file_of(orchestrator), tmp_path / "second.db"
        second.hardlink_to(file)
        for words in (("start", "--port", "0"), ("backup", str(tmp_path / "x")), ("db-status",)):
            for name in (file, second):
                done = cli("orchestrator", *words, "--database", f"sqlite:///{name}")
                assert done.returncode == 6, (words, done.stderr)
                assert "2 names" in done.stderr and "-samefile" in done.stderr
        second.unlink()
        assert cli("orchestrator", "db-status", "--database", f"sqlite:///{file}").returncode == 0


def test_a_restore_through_a_link_reaches_the_database(
    cli: Cli, tmp_path: Path, link: Path
) -> None:
    saved = tmp_path / "saved.db"
    words = (str(saved), "--database", f"sqlite:///{link}")
    with start_orchestrator(tmp_path) as orchestrator:
        assert cli("orchestrator", "backup", *words).returncode == 0
        running = cli("orchestrator", "restore", "--force", *words)
        assert running.returncode == 9
        assert "Stop it first" in running.stderr
        before = file_of(orchestrator).stat().st_ino
        orchestrator.program.stop()
        done = cli("orchestrator", "restore", "--force", *words)
        assert done.returncode == 0, done.stderr
        assert str(file_of(orchestrator)) in done.stderr
        assert file_of(orchestrator).stat().st_ino != before
    assert link.is_symlink()


@pytest.mark.parametrize("name", ["what?", "no#1", "50%25", "a b", "ünï", "x&y=z", "q?mode=ro"])
def test_a_state_folder_of_any_name_holds_its_database(cli: Cli, tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    words = ("--state-dir", str(folder), "-o", "json")
    made = cli("orchestrator", "init-db", *words)
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["database"] == str(folder / "orchestrator.db")
    found = json.loads(cli("orchestrator", "db-status", *words).stdout)
    assert (found["database"], found["keys"]) == (str(folder / "orchestrator.db"), 1)
    assert {"admin.key", "orchestrator.db"} <= {file.name for file in folder.iterdir()}
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]


def test_looking_changes_nothing(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    cli("orchestrator", "init-db", "--state-dir", str(folder))
    (folder / "orchestrator.db.lock").unlink()
    (folder / "notes.txt").write_text("no database")
    before = {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}
    assert cli("orchestrator", "db-status", "--state-dir", str(folder)).returncode == 0
    other = f"sqlite:///{folder / 'notes.txt'}"
    assert cli("orchestrator", "db-status", "--database", other).returncode == 6
    away = f"sqlite:///{tmp_path / 'nowhere' / 'x.db'}"
    assert cli("orchestrator", "db-status", "--database", away).returncode == 1
    assert {file.name: file.stat().st_mtime_ns for file in folder.iterdir()} == before
    assert not (tmp_path / "nowhere").exists()


def test_looking_reads_what_a_killed_server_left_in_its_log(cli: Cli, tmp_path: Path) -> None:
    with start_orchestrator(tmp_path) as orchestrator:
        orchestrator.admin.create_key({"role": "viewer"})
        orchestrator.kill()
        words = ("db-status", "--state-dir", str(orchestrator.state_dir), "-o", "json")
        found = json.loads(cli("orchestrator", *words).stdout)
        assert (found["keys"], found["in_use"]) == (2, False)


def test_only_the_owner_can_hold_the_lock(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "jobs.db"
    lock = Path(f"{file}.lock")
    lock.touch()
    lock.chmod(0o666)
    before = os.umask(0)
    try:
        done = cli("orchestrator", "init-db", "--database", f"sqlite:///{file}")
    finally:
        os.umask(before)
    assert done.returncode == 0, done.stderr
    assert lock.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM keys").fetchone() == (1,)
