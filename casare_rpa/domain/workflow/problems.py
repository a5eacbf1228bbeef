"""What is wrong with a workflow document, said so that a person can mend it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypedDict, Unpack

_WITHIN_NODE = re.compile(r"^(/base_workflow)?/nodes/[^/]+")


class Severity(StrEnum):
    """An error keeps a workflow from running, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One finding.

    `pointer` is the JSON pointer of the place in the document; `line` and `column` count from 1
    (None for a document that did not come as text); `hint` says how to mend it.
    """

    code: str
    severity: Severity
    message: str
    pointer: str = ""
    line: int | None = None
    column: int | None = None
    node_id: str | None = None
    hint: str | None = None

    @property
    def field(self) -> str | None:
        """What of the node is meant, such as `config.url`; for other places the whole path."""
        found = _WITHIN_NODE.sub("", self.pointer).removeprefix("/")
        return found.replace("/", ".").replace("~1", "/").replace("~0", "~") or None

    def to_dict(self) -> dict[str, Any]:
        """The problem fit for JSON. `node_id` and `hint` are `node` and `mend` for old readers."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "node": self.node_id,
            "field": self.field,
            "line": self.line,
            "column": self.column,
            "message": self.message,
            "mend": self.hint,
            "pointer": self.pointer,
            "node_id": self.node_id,
            "hint": self.hint,
        }

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line is not None else ""
        return f"{place}{self.message} ({self.code})"


class _More(TypedDict, total=False):
    node_id: str | None
    hint: str | None
    line: int | None
    column: int | None


@dataclass(slots=True)
class Findings:
    """Problems in the order of being found."""

    problems: list[Problem] = field(default_factory=list)

    def error(self, code: str, message: str, pointer: str = "", **more: Unpack[_More]) -> None:
        """Note something that keeps the workflow from running."""
        self._add(Severity.ERROR, code, message, pointer, more)

    def warn(self, code: str, message: str, pointer: str = "", **more: Unpack[_More]) -> None:
        """Note something that a person should look at."""
        self._add(Severity.WARNING, code, message, pointer, more)

    def _add(self, severity: Severity, code: str, message: str, pointer: str, more: _More) -> None:
        self.problems.append(
            Problem(code=code, severity=severity, message=message, pointer=pointer, **more)
        )

    @property
    def has_errors(self) -> bool:
        """Whether anything keeps the workflow from running."""
        return any(p.severity is Severity.ERROR for p in self.problems)


def json_type(value: object) -> str:
    """What JSON calls a value of this type, for messages."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list() | tuple():
            return "a list"
        case dict():
            return "an object"
    return f"a Python {type(value).__name__}"
