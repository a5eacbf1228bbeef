"""A database that is another user's: root leaves it usable, others are told as whom to come."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.support import SECONDS, Cli, Done

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may be several users"),
    # Each command imports all there is before it changes the user.
    pytest.mark.timeout(600),
]
ROOT = Path(__file__).parents[3]
OWNER, STRANGER = 65534, 65533


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that everybody may enter, unlike those that pytest makes."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def database(cli: Cli, place: Path) -> Path:
    """The database of the user `OWNER`, in a folder of that user."""
    home = place / "casare"
    home.mkdir()
    os.chown(home, OWNER, OWNER)
    file = home / "jobs.db"
    done = run_as(OWNER, cli, "init-db", "--database", f"sqlite:///{file}", "--state-dir", home)
    assert done.returncode == 0, done.stderr
    return file


def run_as(user: int, cli: Cli, *words: str | Path) -> Done:
    return subprocess.run(
        [sys.executable, "-m", "tests.support.other_user", str(user), "orchestrator", *words],
        cwd=ROOT,
        env=cli.environment({"HOME": "/nonexistent"}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )


def owners(folder: Path) -> dict[str, tuple[int, int]]:
    return {file.name: (file.stat().st_uid, file.stat().st_gid) for file in folder.iterdir()}


def test_what_root_does_leaves_the_service_its_database(
    cli: Cli, place: Path, database: Path
) -> None:
    database.chmod(0o640)
    Path(f"{database}.lock").unlink()
    address = ("--database", f"sqlite:///{database}")
    saved = place / "saved.db"
    for words in (("db-status",), ("backup", saved), ("migrate",), ("restore", "--force", saved)):
        assert cli("orchestrator", *words, *address).returncode == 0, words
        assert set(owners(database.parent).values()) == {(OWNER, OWNER)}, words
    assert database.stat().st_mode & 0o777 == 0o640
    assert run_as(OWNER, cli, "migrate", *address).returncode == 0
    assert run_as(OWNER, cli, "db-status", *address).returncode == 0


def test_restored_where_none_was_it_is_the_folders_owners(
    cli: Cli, place: Path, database: Path
) -> None:
    saved = place / "saved.db"
    address = ("--database", f"sqlite:///{database}")
    assert cli("orchestrator", "backup", saved, *address).returncode == 0
    database.unlink()
    assert cli("orchestrator", "restore", saved, *address).returncode == 0
    assert set(owners(database.parent).values()) == {(OWNER, OWNER)}
    assert database.stat().st_mode & 0o777 == 0o600
    assert run_as(OWNER, cli, "migrate", *address).returncode == 0


@pytest.mark.parametrize("mode", [0o700, 0o755], ids=oct)
def test_another_user_is_told_as_whom_to_run_it(
    cli: Cli, place: Path, database: Path, mode: int
) -> None:
    address = ("--database", f"sqlite:///{database}")
    target = Path(tempfile.gettempdir()) / f"{place.name}.db"
    owner = pwd.getpwuid(OWNER).pw_name
    commands = (("db-status",), ("backup", target), ("migrate",), ("start", "--port", "0"))
    database.parent.chmod(mode)
    for words in commands:
        done = run_as(STRANGER, cli, *words, *address, *_state(words, place))
        assert done.returncode == 6, (words, done.stderr)
        assert f"belongs to {owner}" in done.stderr and f"sudo -u {owner}" in done.stderr
        assert "Errno" not in done.stderr and "sqlalche" not in done.stderr
    assert not target.exists()


def _state(words: tuple[str | Path, ...], place: Path) -> tuple[str, ...]:
    """A state folder for the commands that make one."""
    if words[0] != "start":
        return ()
    folder = place / "stranger"
    folder.mkdir(exist_ok=True)
    os.chown(folder, STRANGER, STRANGER)
    return ("--state-dir", str(folder))


def test_only_the_owner_or_root_restores(cli: Cli, place: Path, database: Path) -> None:
    saved = place / "saved.db"
    address = ("--database", f"sqlite:///{database}")
    assert cli("orchestrator", "backup", saved, *address).returncode == 0
    saved.chmod(0o644)
    database.parent.chmod(0o777)
    database.chmod(0o666)
    Path(f"{database}.lock").chmod(0o666)
    before = database.read_bytes()
    done = run_as(STRANGER, cli, "restore", "--force", saved, *address)
    assert done.returncode == 6, done.stderr
    assert f"belongs to {pwd.getpwuid(OWNER).pw_name}" in done.stderr
    assert database.read_bytes() == before
    assert (
        {"jobs.db", "jobs.db.lock"}
        <= set(owners(database.parent))
        <= {
            "jobs.db",
            "jobs.db.lock",
            "admin.key",
        }
    )


def test_a_backup_that_may_not_be_read_or_written_names_its_owner(
    cli: Cli, place: Path, database: Path
) -> None:
    saved = place / "saved.db"
    address = ("--database", f"sqlite:///{database}")
    denied = run_as(OWNER, cli, "backup", saved, *address)
    assert denied.returncode == 2
    assert f"{place} belongs to root" in denied.stderr
    assert cli("orchestrator", "backup", saved, *address).returncode == 0
    denied = run_as(OWNER, cli, "restore", "--force", saved, *address)
    assert denied.returncode == 2
    assert f"{saved} belongs to root" in denied.stderr
