"""Run the program as another user: `python -m tests.support.other_user UID WORD...` as root.

The interpreter may lie where that user may not read (a home of root's): what a command imports when
it gets there is imported before.
"""

from __future__ import annotations

import codecs
import contextlib
import importlib
import os
import pkgutil
import sys
import tempfile

from casare_rpa.settings import Settings
from casare_rpa.store import open_store


def main() -> int:
    user, words = int(sys.argv[1]), sys.argv[2:]
    for name in ("casare_rpa.store", "casare_rpa.orchestrator", "casare_cli"):
        _import_all(name)
    importlib.import_module("resource")
    for encoding in ("ascii", "idna", "latin-1"):
        codecs.lookup(encoding)
    with tempfile.TemporaryDirectory() as folder:
        # SQLAlchemy and Alembic import most of themselves at work.
        open_store(f"sqlite:///{folder}/warm.db", Settings()).close()
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
    os.chdir("/")
    from casare_cli.app import main as run

    return run(words)


def _import_all(name: str) -> None:
    package = importlib.import_module(name)
    for child in pkgutil.walk_packages(package.__path__, f"{name}."):
        if child.name.endswith(("__main__", ".env")):
            continue  # those run something
        with contextlib.suppress(ImportError):  # of an extra that is not installed
            importlib.import_module(child.name)


if __name__ == "__main__":
    sys.exit(main())
