"""Changes one value in a TOML file and leaves every other line as it is, comments included."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from casare_rpa.errors import ConfigInvalid
from casare_rpa.private_files import mend_writing, write_whole

Name = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """A header or an assignment: the whole dotted name, and its lines, counted from 0."""

    name: Name
    is_header: bool
    first: int
    behind: int


def statements(text: str) -> Iterator[Statement]:
    """The headers and assignments of a TOML document that is right."""
    lines = text.split("\n")
    table: Name = ()
    at = 0
    while at < len(lines):
        line = lines[at].strip()
        if not line or line.startswith("#"):
            at += 1
        elif line.startswith("["):
            table = _only_path(tomllib.loads(line))
            yield Statement(table, True, at, at + 1)
            at += 1
        else:
            behind, found = _assignment(lines, at)
            yield Statement((*table, *_only_path(found)), False, at, behind)
            at = behind


def _assignment(lines: Sequence[str], first: int) -> tuple[int, dict[str, Any]]:
    """Where the assignment ends that begins at *first*: as soon as it can be read."""
    for behind in range(first + 1, len(lines) + 1):
        try:
            return behind, tomllib.loads("\n".join(lines[first:behind]))
        except tomllib.TOMLDecodeError:
            continue
    return len(lines), {}


def _only_path(found: Any) -> Name:
    """The keys down to the only value; an inline table is a value."""
    path: Name = ()
    while isinstance(found, list) and found:
        found = found[0]
    while isinstance(found, dict) and len(found) == 1:
        (key, found), *_ = found.items()
        path = (*path, key)
        if isinstance(found, list):
            break
    return path


def line_of(path: Path, name: Name) -> int | None:
    """The line (from 1) on which *path* assigns *name*."""
    text = _text(path).replace("\r\n", "\n")
    found = (item for item in statements(text) if not item.is_header and item.name == name)
    return next((item.first + 1 for item in found), None)


def set_values(path: Path, changes: dict[Name, Any]) -> None:
    """Assign all of *changes* at once; the file is made if there is none.

    Raises ConfigInvalid, and changes nothing, when the file cannot be read or written, or is laid
    out in a way that only a person should change.
    """
    written, text, wanted = parsed(path)
    for name, value in changes.items():
        text = _with(text, name, value)
        try:
            _assign(wanted, name, value)
        except (AttributeError, TypeError):
            raise too_unusual(path) from None
    if not reads_as(text, wanted):
        raise too_unusual(path)
    store(path, written, text)


def parsed(path: Path) -> tuple[str, str, dict[str, Any]]:
    """The file as it is, with plain line ends, and what it says. Raises ConfigInvalid."""
    written = _text(path)
    text = written.replace("\r\n", "\n")
    try:
        return written, text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigInvalid(f"cannot read {path}: {error}") from error


def store(path: Path, before: str, text: str) -> None:
    """Put *text* where *before* was, with its line ends. Raises ConfigInvalid."""
    line_end = "\r\n" if "\r\n" in before else "\n"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A link to a file elsewhere stays a link.
        write_whole(path.resolve(), text.replace("\n", line_end).encode())
    except OSError as error:
        raise ConfigInvalid(
            f"cannot write {path}: {error.strerror}", hint=mend_writing(path)
        ) from error


def _with(text: str, name: Name, value: Any) -> str:
    """*text* with the assignment replaced, or put behind the last one of its table."""
    lines = text.rstrip("\n").split("\n") if text.strip() else []
    found = list(statements(text))
    for item in found:
        if not item.is_header and item.name == name:
            comment = _comment(lines[item.first : item.behind])
            lines[item.first : item.behind] = [
                f"{_indent(lines[item.first])}{_line(name, value)}{comment}"
            ]
            return _joined(lines)
    return _joined(_inserted(lines, found, name, value))


def _inserted(lines: list[str], found: list[Statement], name: Name, value: Any) -> list[str]:
    table = name[:-1]
    inside = [item for item in found if item.name[: len(table)] == table and _is_in(item, table)]
    if table and not inside:
        gap = [""] if lines and lines[-1].strip() else []
        header = ".".join(_key(part) for part in table)
        return [*lines, *gap, f"[{header}]", _line(name, value)]
    if inside:
        at = inside[-1].behind
        return [*lines[:at], _line(name, value), *lines[at:]]
    headers = [item.first for item in found if item.is_header]
    at = headers[0] if headers else len(lines)
    gap = [""] if headers else []
    return [*lines[:at], _line(name, value), *gap, *lines[at:]]


def _is_in(item: Statement, table: Name) -> bool:
    """Whether the statement opens the table or assigns directly in it."""
    return item.name == table if item.is_header else item.name[:-1] == table


def _comment(lines: Sequence[str]) -> str:
    """The comment behind a value on one line, with the space before it."""
    if len(lines) != 1:
        return ""
    line = lines[0]
    whole = tomllib.loads(line)
    for at, character in enumerate(line):
        if character == "#" and reads_as(line[:at], whole):
            bare = line[:at].rstrip()
            return line[len(bare) :]
    return ""


def reads_as(text: str, wanted: dict[str, Any]) -> bool:
    """Whether *text* says what is *wanted*."""
    try:
        return tomllib.loads(text) == wanted
    except tomllib.TOMLDecodeError:
        return False


def _line(name: Name, value: Any) -> str:
    return f"{_key(name[-1])} = {_literal(value)}"


def _key(word: str) -> str:
    bare = word.isascii() and word.replace("-", "").replace("_", "").isalnum()
    return word if bare else _literal(word)


def _literal(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_literal(part) for part in value)}]"
    if isinstance(value, str):
        # JSON's escapes are TOML's, but that TOML wants DEL escaped.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _joined(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"


def _assign(found: dict[str, Any], name: Name, value: Any) -> None:
    for part in name[:-1]:
        found = found.setdefault(part, {})
    found[name[-1]] = list(value) if isinstance(value, tuple) else value


def too_unusual(path: Path) -> ConfigInvalid:
    return ConfigInvalid(
        f"{path} is laid out in a way that only a person should change",
        hint="Change it with an editor; casare-rpa config list --show-origin checks it.",
    )


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigInvalid(f"cannot read {path}: {reason}") from error
