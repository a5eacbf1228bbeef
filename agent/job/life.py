"""The pipe between the agent and the keeper of one job's processes, and what keepers share.

The keeper is the job's guard, or where processes cannot fork a thread in the job's own process.
"""

from __future__ import annotations

import contextlib
import secrets
import struct
import sys
import tempfile
from pathlib import Path

import psutil

if sys.platform == "win32":
    from multiprocessing.connection import PipeConnection as Connection
else:
    from multiprocessing.connection import Connection

__all__ = [
    "DEADLINE",
    "LEASE_EXPIRED",
    "SURVIVORS_LEFT",
    "Connection",
    "kill_descendants",
    "scratch_folder",
]

#: Exit code of a tree that was ended because its lease had run out.
LEASE_EXPIRED = 86
#: Exit code of a keeper that could not end everything below it.
SURVIVORS_LEFT = 87
DEADLINE = struct.Struct("<d")


def scratch_folder() -> str:
    """Where to make a folder for what goes with the job, such as the profile of a browser.

    Few jobs need one, so it is made by those. Nobody else can guess its name.
    """
    return str(Path(tempfile.gettempdir(), f"casare-job-{secrets.token_hex(6)}"))


def kill_descendants() -> None:
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            process.kill()
