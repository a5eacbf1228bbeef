"""Names for files, of what somebody else calls them."""

from __future__ import annotations

import unicodedata
from pathlib import Path

_MOST_NAME_BYTES = 180
_NOT_IN_NAMES = frozenset('<>:"|?*')
#: Names that Windows gives to devices, whatever follows a dot.
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(10)}
)


def safe_name(name: str, fallback: str) -> str:
    """A file's name of *name*: no folders, no hidden files, nothing that misleads.

    *fallback* is the name if nothing is left of it.
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(
        "_" if letter in _NOT_IN_NAMES else letter
        for letter in unicodedata.normalize("NFC", last)
        # Control letters, and those that turn the direction of what follows.
        if unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Zl", "Zp")
    ).strip(" .")
    if not shown:
        return fallback
    if shown.partition(".")[0].strip().lower() in _DEVICES:
        shown = f"_{shown}"
    stem, suffix = Path(shown).stem, Path(shown).suffix[:20]
    room = _MOST_NAME_BYTES - len(suffix.encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(" .") + suffix
