"""Values as people type them: durations, `name=value`, `name:=json`, `@file`, `-`."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from casare_cli.terminal.times import zoned
from casare_rpa.errors import InvalidInput

_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)?")
_UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_LONGEST_SECONDS = 100 * 365 * 86400.0
_JSON_ASSIGNMENT = re.compile(r"^([^=]+?):=(.*)$", re.DOTALL)


def duration_seconds(text: str | None, option: str) -> float | None:
    """Seconds of `90`, `90s`, `1.5m` or `1h30m`; None for None."""
    if text is None:
        return None
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text.strip():
        raise InvalidInput(
            f"{option}: {text!r} is no duration", hint="Write it like 30s, 5m, 1h30m or 2d."
        )
    seconds = sum(float(number) * _UNIT_SECONDS[unit] for number, unit in parts)
    if seconds > _LONGEST_SECONDS:
        raise InvalidInput(f"{option}: {text!r} is longer than 100 years")
    return timedelta(seconds=seconds).total_seconds()


def positive_seconds(text: str | None, option: str) -> float | None:
    """As `duration_seconds`, but not nothing."""
    seconds = duration_seconds(text, option)
    if seconds == 0:
        raise InvalidInput(
            f"{option}: {text!r} is no time at all", hint="Write it like 30s, 10m or 2d."
        )
    return seconds


def time_or_ago(text: str | None, option: str) -> str | None:
    """ISO 8601 of `2h` (so long ago) or of a time with a zone; None for None."""
    if text is None:
        return None
    word = text.strip()
    if _PART.match(word) and "-" not in word:
        return _ago(duration_seconds(word, option) or 0.0).isoformat()
    return zoned(text, option, "2h or 2026-12-01T08:00Z").isoformat()


def _ago(seconds: float) -> datetime:
    return datetime.now(UTC) - timedelta(seconds=seconds)


def inputs(words: Iterable[str], option: str) -> dict[str, Any]:
    """One object out of `name=text`, `name:=json`, `@FILE` and `-` (stdin); later words win."""
    found: dict[str, Any] = {}
    for word in words:
        found |= _one_input(word, option)
    return found


def _one_input(word: str, option: str) -> dict[str, Any]:
    if word == "-":
        return _json_object(sys.stdin.read() if sys.stdin else "", f"{option} - (stdin)")
    if word.startswith("@"):
        return _json_object(read_text(Path(word[1:])), f"{option} {word}")
    if typed := _JSON_ASSIGNMENT.match(word):
        return {typed[1].strip(): parse_json(typed[2], f"{option} {typed[1]}")}
    name, separator, text = word.partition("=")
    if not separator or not name.strip():
        raise InvalidInput(
            f"{option}: {word!r} is no assignment",
            hint="Write name=text, name:=json, @FILE.json, or - for stdin.",
        )
    return {name.strip(): text}


def _json_object(text: str, origin: str) -> dict[str, Any]:
    value = parse_json(text, origin)
    if not isinstance(value, dict):
        raise InvalidInput(f"{origin}: a JSON object is wanted")
    return value


def parse_json(text: str, origin: str) -> Any:
    """Strict JSON: NaN and Infinity are refused."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{origin}: not valid JSON: {error}") from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def read_text(path: Path) -> str:
    """The file's text. Raises InvalidInput that names the file and the reason."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise InvalidInput(f"cannot read {path}: it is not UTF-8 text") from None
