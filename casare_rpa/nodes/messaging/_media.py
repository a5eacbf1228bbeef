"""Pictures and files to send: from the disk, from the web, or what the service has already."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.file.disk import existing_file, path_of, plain_errors
from casare_rpa.nodes.values.reading import as_text, refuse_unresolved


def media_of(ctx: Context, value: Any, name: str, is_id: Callable[[str], Any]) -> Path | str:
    """A file that is there, within the run's reach; else a URL or an id of the service.

    Raises NodeError for what is none of these.
    """
    text = as_text(value).strip()
    refuse_unresolved(text, name)
    if text.lower().startswith(("http://", "https://")):
        return text
    if text and is_id(text) and not _is_file(ctx, text):
        return text
    path = path_of(ctx, text, name)
    with plain_errors():
        return existing_file(path)


def check_size(path: Path, most_mib: int, name: str, mend: str) -> None:
    """Raise NodeError for a file that the service would refuse after all of it was sent."""
    with plain_errors():
        size = path.stat().st_size
    if size > most_mib << 20:
        raise NodeError(
            f"{name}: {path} is larger than {most_mib} MiB; {mend}", ErrorCode.VALUE_OUT_OF_RANGE
        )
    if size == 0:
        raise NodeError(f"{name}: {path} is empty", ErrorCode.INVALID_INPUT)


def _is_file(ctx: Context, text: str) -> bool:
    try:
        return path_of(ctx, text, "").is_file()
    except NodeError:
        return False
