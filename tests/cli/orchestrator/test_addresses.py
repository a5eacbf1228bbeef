"""--database is judged in one place: each command says the same of the same address."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.support import Cli, error_of
from tests.support.fleet import start_orchestrator

COMMANDS = (
    ("db-status",),
    ("init-db",),
    ("migrate",),
    ("backup", "x.db"),
    ("restore", "saved.db"),
    ("start", "--port", "0"),
)
EACH = pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])


def refused(cli: Cli, words: tuple[str, ...], address: str) -> str:
    """What the command says of a wrong setting: on one line of JSON, in our own words."""
    (cli.folder / "saved.db").touch()
    done = cli("orchestrator", *words, "--database", address, "-o", "json")
    if words[0] == "start":  # a service: it has no answer, and tells its errors as lines
        done = cli("orchestrator", *words, "--database", address)
        assert done.returncode == 6, done.stderr
        assert len(done.stderr.splitlines()) <= 2
        assert "Traceback" not in done.stderr
        said = done.stderr
    else:
        error = error_of(done)
        assert error["exit_code"] == 6, error
        said = f"{error['message']} {error['hint']}"
    for foreign in ("sqlalche.me", "[SQL", "ArgumentError", "Errno"):
        assert foreign not in said
    return said


@EACH
def test_another_kind_of_database(cli: Cli, words: tuple[str, ...]) -> None:
    said = refused(cli, words, "mysql://root:secret-word@db/jobs")
    assert "'mysql'" in said and "sqlite:///PATH" in said
    assert "secret-word" not in said


@EACH
def test_a_path_instead_of_an_address(cli: Cli, tmp_path: Path, words: tuple[str, ...]) -> None:
    said = refused(cli, words, f"{tmp_path}/a b?.db")
    assert f"Write sqlite:///{tmp_path}/a b%3F.db" in said


@EACH
def test_an_address_that_cannot_be_read_is_not_printed(cli: Cli, words: tuple[str, ...]) -> None:
    said = refused(cli, words, "casare:secret-word@db/jobs")
    assert "secret-word" not in said


def _folder(path: Path) -> None:
    path.mkdir()


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _text(path: Path) -> None:
    path.write_text("no database at all, only some words" * 100)


@EACH
@pytest.mark.parametrize(
    ("make", "said"),
    [(_folder, "is a folder"), (_fifo, "is no regular file"), (_text, "is no SQLite database")],
)
def test_what_is_no_database(
    cli: Cli, tmp_path: Path, words: tuple[str, ...], make: Callable[[Path], None], said: str
) -> None:
    if make is _text and words[0] in ("backup", "restore"):
        pytest.skip("a backup tells it as a damaged file, a restore that there is something")
    file = tmp_path / "jobs.db"
    make(file)
    before = file.lstat()
    assert f"{file} {said}" in refused(cli, words, f"sqlite:///{file}")
    assert (file.lstat().st_ino, file.lstat().st_size) == (before.st_ino, before.st_size)


@pytest.mark.parametrize(
    "words", [("db-status",), ("init-db",), ("migrate",), ("start", "--port", "0")]
)
def test_the_database_of_another_program_stays_as_it_is(
    cli: Cli, tmp_path: Path, words: tuple[str, ...]
) -> None:
    file = tmp_path / "places.sqlite"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE bookmarks (title)")
    before = file.read_bytes()
    said = refused(cli, words, f"sqlite:///{file}")
    assert f"{file} is another program's database" in said and "bookmarks" in said
    assert file.read_bytes() == before


@pytest.mark.parametrize("words", [("db-status",), ("migrate",), ("start", "--port", "0")])
def test_a_damaged_database_is_no_matter_of_trying_again(
    cli: Cli, tmp_path: Path, words: tuple[str, ...]
) -> None:
    file = tmp_path / "jobs.db"
    cli("orchestrator", "init-db", "--database", f"sqlite:///{file}")
    raw = file.read_bytes()
    file.write_bytes(raw[:100] + bytes(len(raw) - 100))
    said = refused(cli, words, f"sqlite:///{file}")
    assert f"the database {file} is damaged" in said
    assert "orchestrator restore --force" in said


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc")
def test_where_no_file_can_be_made_no_other_orchestrator_is_blamed(cli: Cli) -> None:
    said = refused(cli, ("start", "--port", "0"), "sqlite:////proc/x.db")
    assert "the database /proc/x.db cannot be opened" in said
    assert "another orchestrator" not in said


def test_a_move_wants_the_server_stopped_and_makes_no_folder(cli: Cli, tmp_path: Path) -> None:
    target = ("--database", "postgresql://nobody@127.0.0.1:1/nothing")
    with start_orchestrator(tmp_path) as orchestrator:
        source = f"sqlite:///{orchestrator.state_dir / 'orchestrator.db'}"
        done = cli("orchestrator", "migrate-from", source, *target)
        assert done.returncode == 9, done.stderr
        assert "Stop it first" in done.stderr
    away = cli("orchestrator", "migrate-from", f"sqlite:///{tmp_path / 'no' / 'x.db'}", *target)
    assert away.returncode == 4
    assert not (tmp_path / "no").exists()
