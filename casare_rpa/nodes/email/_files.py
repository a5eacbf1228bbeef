"""The files of messages: which ones to send, and where those that came are kept."""

from __future__ import annotations

import itertools
import mimetypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from casare_rpa.nodes.base import Context
from casare_rpa.nodes.email._parts import Attachment
from casare_rpa.nodes.file._names import safe_name
from casare_rpa.nodes.file.disk import make_parent, replacing
from casare_rpa.nodes.values.reading import as_list, comma_separated


def file_names(ctx: Context, value: Any, name: str = "attachments") -> list[Any]:
    """The paths in a list, in JSON of one, in a variable, or in a text with commas."""
    if isinstance(value, str) and not value.lstrip().startswith("["):
        found = ctx.get_variable(value.strip())
        value = found if isinstance(found, list) else comma_separated(value)
    return as_list(ctx, value, name) if value else []


def saved(folder: Path, file: Attachment, fallback: str) -> Path:
    """Where *file* was written: in *folder*, under a safe name, over nothing that is there.

    *fallback* is its name, without a suffix, if the sender gave none. Raises NodeError and OSError.
    """
    suffix = mimetypes.guess_extension(file.kind) or ".bin"
    for path in _names(folder / safe_name(file.name, f"{fallback}{suffix}")):
        if path.exists() or path.is_symlink():
            continue
        make_parent(path, wanted=True)
        with replacing(path, overwrite=False) as stream:
            stream.write(file.content)
        return path
    raise AssertionError("there is always a further name")


def _names(path: Path) -> Iterator[Path]:
    yield path
    for number in itertools.count(2):
        yield path.with_name(f"{path.stem} ({number}){path.suffix}")
