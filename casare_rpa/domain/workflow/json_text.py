"""Strict reading of JSON text: what a lenient parser lets pass is a problem here."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

from casare_rpa.domain.workflow.positions import line_of_depth, line_of_word, pointer
from casare_rpa.domain.workflow.problems import Findings, json_type

MAX_DEPTH = 64


class _RefusedError(ValueError):
    """A word that JSON does not have: NaN, Infinity, -Infinity."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


class JsonText:
    """The outcome of reading: `document` (None if it is no JSON) and whether keys repeat."""

    __slots__ = ("document", "has_duplicate_keys", "ok", "text")

    def __init__(self, raw: str | bytes, findings: Findings) -> None:
        self.document: Any = None
        self.has_duplicate_keys = False
        self.text = _decode(raw, findings)
        self.ok = self.text is not None and self._parse(self.text, findings)

    def _parse(self, text: str, findings: Findings) -> bool:
        if not text.strip():
            findings.error("INVALID_JSON", "the document is empty", line=1)
            return False
        try:
            self.document = json.loads(
                text, parse_constant=_refuse_constant, object_pairs_hook=self._object
            )
        except json.JSONDecodeError as error:
            said = f"not JSON: {error.msg} (column {error.colno})"
            findings.error("INVALID_JSON", said, line=error.lineno, column=error.colno)
        except RecursionError:
            _too_deep(findings, "", line_of_depth(text, MAX_DEPTH))
        except _RefusedError as error:
            line = line_of_word(text, error.word)
            findings.error("INVALID_JSON", f"{error.word} is no JSON number", line=line)
        except ValueError:
            # What else json raises is about integers of thousands of digits.
            findings.error("INVALID_JSON", "a number has too many digits")
        else:
            return True
        return False

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            self.has_duplicate_keys = True
        return found


def _decode(raw: str | bytes, findings: Findings) -> str | None:
    if isinstance(raw, str):
        return raw.removeprefix("\ufeff")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        findings.error("INVALID_JSON", f"not UTF-8: byte {error.start} on line {line}", line=line)
        return None


def _refuse_constant(name: str) -> Any:
    raise _RefusedError(name)


def _too_deep(findings: Findings, place: str, line: int | None = None) -> None:
    findings.error("INVALID_JSON", f"nested deeper than {MAX_DEPTH} levels", place, line=line)


def is_plain_json(document: Any, findings: Findings) -> bool:
    """Whether *document* holds JSON values alone, at most MAX_DEPTH deep; notes what does not."""
    if _looks_plain(document):
        return True
    found_before = len(findings.problems)
    _note_foreign_values(document, findings)
    return len(findings.problems) == found_before


# Both walks go level by level, each container once a level, so that neither deep nesting nor a
# list within itself can exhaust the stack or the time.
def _looks_plain(document: Any) -> bool:
    level: list[Any] = [[document]]
    for _ in range(MAX_DEPTH + 1):
        inner: dict[int, Any] = {}
        for container in level:
            if isinstance(container, dict):
                if not all(map(_is_unicode_text, container)):
                    return False
                container = container.values()
            for value in container:
                if isinstance(value, (dict, list, tuple)):
                    inner[id(value)] = value
                elif not _is_plain_scalar(value):
                    return False
        if not inner:
            return True
        level = list(inner.values())
    return False


def _note_foreign_values(document: Any, findings: Findings) -> None:
    level: list[tuple[str, Any]] = [("", document)]
    for _ in range(MAX_DEPTH + 1):
        inner: dict[int, tuple[str, Any]] = {}
        for place, value in level:
            if not isinstance(value, (dict, list, tuple)):
                _note_scalar(place, value, findings)
                continue
            for path, item in _children(place, value, findings):
                inner[id(item) if isinstance(item, (dict, list, tuple)) else -len(inner)] = (
                    path,
                    item,
                )
        if not inner:
            return
        level = list(inner.values())
    _too_deep(findings, level[0][0])


def _children(place: str, container: Any, findings: Findings) -> Iterable[tuple[str, Any]]:
    if not isinstance(container, dict):
        return ((f"{place}/{index}", item) for index, item in enumerate(container))
    for key in container:
        if not _is_unicode_text(key):
            findings.error("INVALID_TYPE", f"a key must be a text, not {key!r}", place)
    return ((pointer(place, key), item) for key, item in container.items())


def _is_plain_scalar(value: Any) -> bool:
    if isinstance(value, str):
        return _is_unicode_text(value)
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, int)


def _note_scalar(place: str, value: Any, findings: Findings) -> None:
    if _is_plain_scalar(value):
        return
    if isinstance(value, str):
        findings.error("INVALID_JSON", "the text holds half a surrogate pair", place)
    elif isinstance(value, float):
        findings.error("INVALID_JSON", "the number is not finite or too large", place)
    else:
        findings.error("INVALID_TYPE", f"{json_type(value)} is no JSON value", place)


def _is_unicode_text(text: object) -> bool:
    if not isinstance(text, str):
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
