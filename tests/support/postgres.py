"""A place of its own in the PostgreSQL that CASARE_TEST_POSTGRES names."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path

import sqlalchemy as sa

from casare_rpa.store.tables import metadata

_NAMES = ("CASARE_TEST_POSTGRES", "CASARE_TEST_POSTGRES_URL")


def server_address() -> str | None:
    """The server that tests may use; None when there is none."""
    return next((os.environ[name] for name in _NAMES if os.environ.get(name)), None)


@contextmanager
def own_schema(server: str) -> Iterator[str]:
    """The address of an empty schema in the database *server*, dropped after the block."""
    address = sa.make_url(server)
    engine = sa.create_engine(
        address.set(drivername="postgresql+psycopg"), poolclass=sa.pool.NullPool
    )
    schema = f"casare_test_{uuid.uuid4().hex[:12]}"
    try:
        with engine.begin() as connection:
            connection.execute(sa.schema.CreateSchema(schema))
        own = address.update_query_dict({"options": f"-csearch_path={schema}"})
        yield own.render_as_string(hide_password=False)
    finally:
        with engine.begin() as connection:
            connection.execute(sa.schema.DropSchema(schema, cascade=True))
        _tidy(engine)
        engine.dispose()


#: Where tables that were dropped leave rows behind. A server whose autovacuum is off gets slower
#: with each of them, for all who follow.
_CATALOGUES = ("attribute", "attrdef", "class", "constraint", "depend", "index", "type")
_TIDY_EVERY = 20
_dropped = count(1)


def _tidy(engine: sa.Engine) -> None:
    if next(_dropped) % _TIDY_EVERY:
        return
    with engine.connect() as connection, suppress(sa.exc.DBAPIError):  # not everybody may
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(sa.text("SET client_min_messages = error"))
        for name in _CATALOGUES:
            connection.execute(sa.text(f"VACUUM pg_catalog.pg_{name}"))


def empty(url: str) -> None:
    """Delete every row of the store at *url*, which nobody uses."""
    address = sa.make_url(url).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(address, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    engine.dispose()


@dataclass
class PrivateServer:
    """A PostgreSQL of the test's own, which it may kill."""

    programs: Path
    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def create(self) -> None:
        self._run("initdb", "-D", str(self._data), "-U", "postgres", "-A", "trust", "-E", "UTF8")

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
        log = str(self.folder / "log")
        for tries_left in reversed(range(50)):
            try:
                self._control("start", "-w", "-t", "120", "-l", log, "-o", options)
                return
            except subprocess.CalledProcessError:
                if not tries_left:
                    raise
                time.sleep(0.2)  # processes of a killed server still hold its memory

    def stop(self, mode: str = "fast") -> None:
        self._control("stop", "-w", "-t", "120", "-m", mode)

    def crash(self) -> None:
        """Everything of it ends at once, as in a power cut, and it has to recover at the start."""
        self.stop("immediate")
        self.start()

    def kill(self) -> None:
        """kill -9 of the first process; the others notice."""
        pid = int((self._data / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGKILL)

    def _control(self, *arguments: str) -> None:
        self._run("pg_ctl", "-D", str(self._data), *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), *arguments]
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            command = ["runuser", "-u", "postgres", "--", *command]
        with (self.folder / "commands").open("ab") as said:
            subprocess.run(command, check=True, stdout=said, stderr=said, cwd=self.folder)


@cache
def private_server_lacks() -> str | None:
    """What this machine lacks for a `PrivateServer`."""
    if _programs() is None:
        return "initdb and pg_ctl of PostgreSQL are not installed"
    if os.geteuid() == 0:
        if shutil.which("runuser") is None:
            return "runuser is not installed, and PostgreSQL refuses to run as root"
        try:
            pwd.getpwnam("postgres")
        except KeyError:
            return "there is no user postgres, and PostgreSQL refuses to run as root"
    return None


def _programs() -> Path | None:
    found = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    if on_path := shutil.which("initdb"):
        found.insert(0, Path(on_path).parent)
    return next((each for each in found if (each / "initdb").exists()), None)


@contextmanager
def private_server() -> Iterator[PrivateServer]:
    """A PostgreSQL on a free port of 127.0.0.1, gone after the block."""
    programs = _programs()
    assert programs is not None
    folder = Path(tempfile.mkdtemp(prefix="casare-postgres-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = PrivateServer(programs, folder, port)
    try:
        server.create()
        server.start()
        yield server
    finally:
        with suppress(subprocess.CalledProcessError):  # it is not running
            server.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)
