"""Files that a person named for an answer."""

from __future__ import annotations

from pathlib import Path

from casare_rpa.errors import InvalidInput


def write_answer(path: Path, content: bytes) -> None:
    """Put *content* at *path*, whole and for this user alone. Raises InvalidInput naming *path*."""
    from casare_rpa.private_files import write_whole

    try:
        write_whole(path, content)
    except OSError as error:
        raise InvalidInput(f"cannot write {path}: {error.strerror or error}") from None
