"""What a run leaves in a working folder that goes with it."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

_MOST_NAMED = 5
#: Nobody is helped by an exact count beyond, and looking takes its time.
_MOST_COUNTED = 1000


def told_left_in(folder: Path) -> str:
    """A sentence on the files in *folder* and below; empty if there are none."""
    walk = os.walk(folder)
    names = list(
        islice((Path(top, name) for top, _, files in walk for name in files), _MOST_COUNTED)
    )
    if not names:
        return ""
    shown = sorted(_shown(name.relative_to(folder)) for name in names)
    more = len(names) - _MOST_NAMED
    at_least = "at least " if len(names) == _MOST_COUNTED else ""
    listed = ", ".join(shown[:_MOST_NAMED]) + (f" and {at_least}{more} more" if more > 0 else "")
    return f"the job's folder is deleted, and with it {listed}: absolute paths keep files"


def _shown(path: Path) -> str:
    """As text, also where the name is none."""
    return os.fsencode(path.as_posix()).decode("utf-8", "replace")
