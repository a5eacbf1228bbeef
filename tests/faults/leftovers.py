"""V7 and V9 once every program of a scenario was stopped: is anything left that should not be?"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil

from tests.faults.database import Database
from tests.support.fleet import Program

_END_SECONDS = 15.0
#: Between a start and the end of all jobs a program may keep so many descriptors more: each of the
#: 32 callers of a SQLite store has two files of its own, and needs them when all read at once.
SPARE_DESCRIPTORS = 80
_CHUNK = 1 << 20


def check_processes(folder: Path) -> None:
    """V7: no process is left that was started for *folder*."""
    deadline = time.monotonic() + _END_SECONDS
    while (left := list(_processes_of(folder))) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left, f"V7: processes are left: {left}"


def _processes_of(folder: Path) -> Iterator[str]:
    """Those that name *folder* in their command line, environment or working folder."""
    mark = str(folder)
    mine = {os.getpid(), os.getppid()}
    for process in psutil.process_iter():
        try:
            if process.pid in mine or process.status() == psutil.STATUS_ZOMBIE:
                continue
            words = [*process.cmdline(), process.environ().get("CASARE_STATE_DIR", "")]
            if any(mark in word for word in (*words, process.cwd())):
                yield f"{process.pid} {' '.join(process.cmdline())[:120]}"
        except psutil.Error:
            continue


def check_temporary_files(folder: Path) -> None:
    """V7: nothing is left where the programs make their temporary files."""
    left = sorted(path.name for path in folder.iterdir())
    assert not left, f"V7: temporary files are left: {left}"


def check_descriptors(program: Program, fresh: int) -> None:
    """V7: after the work a program holds about as many descriptors as after its start."""
    count = psutil.Process(program.pid).num_fds()
    assert count <= fresh + SPARE_DESCRIPTORS, f"V7: {program.name}: {fresh} -> {count} descriptors"


def check_secrets_in_files(secrets: Iterable[str], folder: Path) -> None:
    """V9: no key stands in a log, a journal, a database's file."""
    wanted = [secret.encode() for secret in secrets]
    for path in _files(folder):
        for secret in _found_in(path, wanted):
            raise AssertionError(f"V9: the key {secret[:12].decode()}... stands in {path.name}")


def check_secrets_in_commands(secrets: Iterable[str]) -> None:
    """V9: no key stands in a process list."""
    for process in psutil.process_iter(["cmdline"]):
        line = " ".join(process.info["cmdline"] or ())
        found = [secret[:12] for secret in secrets if secret in line]
        assert not found, f"V9: the key {found[0]}... stands in the command of {process.pid}"


def check_secrets_in_database(secrets: Iterable[str], database: Database) -> None:
    """V9: no key stands in a table."""
    for secret in secrets:
        tables = database.tables_with(secret)
        assert not tables, f"V9: the key {secret[:12]}... stands in the tables {tables}"


def _files(folder: Path) -> Iterator[Path]:
    """All but the one file that is there to hold the first key."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.name != "admin.key":
            yield path


def _found_in(path: Path, wanted: list[bytes]) -> Iterator[bytes]:
    longest = max(map(len, wanted), default=0)
    before = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            text = before + chunk
            yield from (secret for secret in wanted if secret in text)
            before = text[-longest:]
