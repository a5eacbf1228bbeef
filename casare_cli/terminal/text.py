"""Values as text for people: safe on a terminal, short, one line where one line is wanted."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from casare_rpa.unsafe_text import escape

_UNSAFE_IN_JSON = re.compile(r"[\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def escape_json(text: str) -> str:
    """JSON text with the characters escaped that JSON allows and a terminal obeys."""
    # Inside JSON these can only stand in strings, where \uXXXX means the same.
    return _UNSAFE_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def is_safe_in_json(text: str) -> bool:
    """Whether JSON and YAML may show *text* as it is."""
    return not _UNSAFE_IN_JSON.search(text)


def one_line(text: str) -> str:
    """*text* as a cell of a table: line ends and tabs made visible, too."""
    return escape(text.replace("\\", "\\\\") if "\n" in text or "\t" in text else text).translate(
        {ord("\n"): "\\n", ord("\t"): "\\t"}
    )


def plain(value: Any) -> str:
    """A JSON value as a person reads it in a table."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case str():
            return value
        case list() if all(isinstance(part, str) for part in value):
            return ", ".join(value)
        case dict() | list():
            return json.dumps(value, ensure_ascii=False, default=str) if value else ""
        case _:
            return str(value)


def milliseconds(value: Any) -> str:
    """A duration in milliseconds as `12 ms`, `3.4 s`, `2 m 05 s`."""
    if value is None:
        return ""
    seconds = float(value) / 1000
    if seconds < 0.0005:
        return "<1 ms"
    if seconds < 1:
        return f"{float(value):.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} m" if hours else f"{minutes} m {rest:02} s"


def moment(value: Any) -> str:
    """An ISO time as `2026-11-23 10:05:07Z`; what is no time stays as it is."""
    text = plain(value)
    found = re.match(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?(Z|\+00:00)$", text)
    return f"{found[1]} {found[2]}Z" if found else text


def ago(value: Any, now_seconds: float) -> str:
    """An ISO time as a person says it at *now_seconds* since 1970: `5m ago`, `in 2d`, `now`."""
    from datetime import datetime

    text = plain(value)
    try:
        then = datetime.fromisoformat(text)
    except ValueError:
        return text
    if then.tzinfo is None:
        return text
    seconds = round(now_seconds - then.timestamp())
    if abs(seconds) < 1:
        return "now"
    unit, length = next((u, n) for u, n in _UNITS if abs(seconds) >= n)
    count = abs(seconds) // length
    return f"{count}{unit} ago" if seconds > 0 else f"in {count}{unit}"


_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def problem_line(problem: Mapping[str, Any]) -> str:
    """A workflow's problem on one line: where, how bad, what, and what to do."""
    where = f"line {problem['line']}: " if problem.get("line") else ""
    at = f" ({problem['pointer']})" if problem.get("pointer") else ""
    hint = f" - {problem['hint']}" if problem.get("hint") else ""
    severity = problem.get("severity", "error")
    return f"{where}{severity} {problem.get('code', '')}: {problem.get('message', '')}{at}{hint}"
