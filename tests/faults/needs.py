"""What a scenario needs of the machine. Each probe answers None, or what is lacking."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

from tests.support.postgres import private_server_lacks, server_address

Need = Callable[[], str | None]
_PROBE_SECONDS = 20


@cache
def linux() -> str | None:
    return None if sys.platform == "linux" else "this is not Linux"


@cache
def postgres() -> str | None:
    return None if server_address() else "CASARE_TEST_POSTGRES names no PostgreSQL"


def private_postgres() -> str | None:
    """A PostgreSQL that may be killed."""
    return private_server_lacks()


@cache
def mount_namespace() -> str | None:
    """A small disk of its own: `unshare -Urm` and a tmpfs."""
    return _probe(
        "no mount namespace can be made",
        *("unshare", "-Urm", "sh", "-c", "mount -t tmpfs -o size=1m none /mnt"),
    )


@cache
def network_namespace() -> str | None:
    """Two ends of a cable of its own."""
    script = "ip link add a0 type veth peer name a1 && ip link set a0 up"
    return _probe("no network namespace can be made", "unshare", "-Urn", "sh", "-c", script)


@cache
def strace() -> str | None:
    """It must be allowed to follow a process and to spoil its system calls."""
    inject = ("-f", "-qq", "-o", "/dev/null", "-e", "inject=fsync:error=EIO")
    return _probe("strace cannot spoil system calls here", "strace", *inject, "true")


@cache
def faketime() -> str | None:
    return None if faketime_library() else "libfaketime is not installed"


@cache
def faketime_library() -> Path | None:
    found = [*Path("/usr/lib").glob("**/faketime/libfaketimeMT.so.1")]
    return found[0] if found else None


@cache
def openssl() -> str | None:
    return None if shutil.which("openssl") else "openssl is not installed"


def lacking(needs: tuple[Need, ...]) -> list[str]:
    return [why for need in needs if (why := need())]


def _probe(why: str, *command: str) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, timeout=_PROBE_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{why}: {error}"
    said = done.stderr.decode(errors="replace").strip().partition("\n")[0]
    return None if done.returncode == 0 else f"{why}: {said or done.returncode}"


def as_root() -> str | None:
    return None if os.name == "posix" and os.geteuid() == 0 else "only root may do this"
