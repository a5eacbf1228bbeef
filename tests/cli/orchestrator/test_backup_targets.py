"""orchestrator backup: what it may not write to."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.agent.workflows import quick
from tests.cli.support import Cli, Done
from tests.support.fleet import start_orchestrator

Backup = Callable[[Path | str], Done]


@pytest.fixture
def database(cli: Cli, tmp_path: Path) -> Path:
    """A database that no server uses."""
    file = tmp_path / "own" / "jobs.db"
    assert cli("orchestrator", "init-db", "--database", f"sqlite:///{file}").returncode == 0
    return file


@pytest.fixture
def backup(cli: Cli, database: Path) -> Backup:
    def run(target: Path | str) -> Done:
        words = ("--force", str(target), "--database", f"sqlite:///{database}")
        return cli("orchestrator", "backup", *words)

    return run


def test_a_running_database_is_never_replaced_by_its_own_backup(cli: Cli, tmp_path: Path) -> None:
    with start_orchestrator(tmp_path) as orchestrator:
        file = orchestrator.state_dir / "orchestrator.db"
        (tmp_path / "other").symlink_to(orchestrator.state_dir)
        orchestrator.submit(quick())
        spellings = [Path(f"{file}{ending}") for ending in ("", "-wal", "-shm", ".lock")]
        spellings += [tmp_path / "other" / file.name, file.parent / ".." / "other" / file.name]
        for target in spellings:
            before = target.stat().st_ino
            words = ("--force", str(target), "--database", f"sqlite:///{file}")
            done = cli("orchestrator", "backup", *words)
            assert done.returncode == 2, (target, done.stderr)
            assert str(target) in done.stderr and "another file" in done.stderr
            assert target.stat().st_ino == before
        job_id = orchestrator.submit(quick())
        assert orchestrator.job(job_id)["status"] == "pending"


@pytest.mark.parametrize("ending", ["-wal", "-shm", "-journal", ".lock"])
def test_no_backup_takes_a_name_that_the_database_will_use(
    backup: Backup, database: Path, ending: str
) -> None:
    target = Path(f"{database}{ending}")
    target.unlink(missing_ok=True)
    assert backup(target).returncode == 2
    assert not target.exists()


def test_no_backup_takes_the_place_of_another_servers_database(
    backup: Backup, tmp_path: Path
) -> None:
    with start_orchestrator(tmp_path) as orchestrator:
        file = orchestrator.state_dir / "orchestrator.db"
        before = file.stat().st_ino
        done = backup(file)
        assert done.returncode == 9
        assert "another orchestrator is using" in done.stderr
        assert file.stat().st_ino == before


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    # Bound by a short name: an address has room for about a hundred letters.
    before = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path.name)
    finally:
        os.chdir(before)


def _link(path: Path) -> None:
    (path.parent / "elsewhere").write_text("mine")
    path.symlink_to(path.parent / "elsewhere")


def _dangling_link(path: Path) -> None:
    path.symlink_to(path.parent / "nowhere")


def _device(path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may make a device")
    try:
        os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("no devices can be made here")


@pytest.mark.parametrize("make", [_fifo, _socket, _link, _dangling_link, _device, Path.mkdir])
def test_what_is_no_regular_file_stays_what_it_is(
    backup: Backup, tmp_path: Path, make: Callable[[Path], object]
) -> None:
    target = tmp_path / "target"
    make(target)
    before = target.lstat()
    done = backup(target)
    assert done.returncode == 2, done.stderr
    assert str(target) in done.stderr and "Errno" not in done.stderr
    assert (target.lstat().st_ino, target.lstat().st_mode) == (before.st_ino, before.st_mode)
    assert not (tmp_path / "nowhere").exists()
    assert not list(tmp_path.glob("*.part"))


def test_a_missing_folder_is_not_made_for_it_may_be_a_disk_that_is_away(
    backup: Backup, tmp_path: Path
) -> None:
    done = backup(tmp_path / "mnt" / "backups" / "casare.db")
    assert done.returncode == 2
    assert f"there is no folder {tmp_path / 'mnt' / 'backups'}" in done.stderr
    assert "mount" in done.stderr
    assert not (tmp_path / "mnt").exists()


def test_a_dash_is_no_file_name(backup: Backup, tmp_path: Path) -> None:
    done = backup("-")
    assert done.returncode == 2
    assert done.stdout == ""
    assert not (tmp_path / "-").exists()


def test_a_database_is_not_restored_from_itself(cli: Cli, database: Path) -> None:
    before = database.read_bytes()
    words = ("--force", str(database), "--database", f"sqlite:///{database}")
    done = cli("orchestrator", "restore", *words)
    assert done.returncode == 2
    assert "is the database itself" in done.stderr
    assert database.read_bytes() == before
    assert not list(database.parent.glob("*.before-*"))
