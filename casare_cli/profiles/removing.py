"""Takes a setting or a whole table out of a TOML file and leaves every other line as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from casare_cli.profiles.toml_files import Name, parsed, reads_as, statements, store, too_unusual


def remove(path: Path, names: Iterable[Name]) -> None:
    """Take the assignments or tables called *names*, which are there, out of the file.

    Raises ConfigInvalid, and changes nothing, when the file cannot be read or written, or is laid
    out in a way that only a person should change.
    """
    written, text, wanted = parsed(path)
    for name in names:
        text = _without(text, name)
        _drop(wanted, name)
    if not reads_as(text, wanted) and not reads_as(text, _without_empty(wanted)):
        raise too_unusual(path)
    store(path, written, text)


def _without(text: str, name: Name) -> str:
    lines = text.split("\n")
    for first, behind, is_table in reversed(list(_stretches(text, name))):
        while is_table and first and not lines[first - 1].strip():
            first -= 1  # the gap before the table goes with it
        del lines[first:behind]
    rest = "\n".join(lines)
    return rest.lstrip("\n") if text[:1] != "\n" else rest


def _stretches(text: str, name: Name) -> Iterator[tuple[int, int, bool]]:
    """The lines from the first to behind the last of the statements about *name* that follow each
    other, with the comments between; and whether they are a table."""
    for is_meant, found in groupby(statements(text), lambda item: item.name[: len(name)] == name):
        if is_meant:
            items = list(found)
            yield items[0].first, items[-1].behind, items[0].is_header


def _drop(found: dict[str, Any], name: Name) -> None:
    for part in name[:-1]:
        found = found[part]
    del found[name[-1]]


def _without_empty(found: dict[str, Any]) -> dict[str, Any]:
    """The same where no line stands for a table of tables any more."""
    return {key: value for key, value in found.items() if value != {}}
