"""What is wrong with a workflow document, said so that a person can mend it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """An error keeps a workflow from running, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One finding.

    `pointer` is the JSON pointer of the place in the document, `line` its line counted from 1
    (None for a document that did not come as text), `hint` what to do about it.
    """

    code: str
    severity: Severity
    message: str
    pointer: str = ""
    line: int | None = None
    node_id: str | None = None
    hint: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The problem fit for JSON."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "message": self.message,
            "pointer": self.pointer,
            "line": self.line,
            "node_id": self.node_id,
            "hint": self.hint,
        }

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line is not None else ""
        return f"{place}{self.message} ({self.code})"


@dataclass(slots=True)
class Findings:
    """Problems in the order of being found."""

    problems: list[Problem] = field(default_factory=list)

    def error(
        self,
        code: str,
        message: str,
        pointer: str = "",
        *,
        node_id: str | None = None,
        hint: str | None = None,
        line: int | None = None,
    ) -> None:
        """Note something that keeps the workflow from running."""
        self.problems.append(
            Problem(
                code=code,
                severity=Severity.ERROR,
                message=message,
                pointer=pointer,
                line=line,
                node_id=node_id,
                hint=hint,
            )
        )

    def warn(
        self,
        code: str,
        message: str,
        pointer: str = "",
        *,
        node_id: str | None = None,
        hint: str | None = None,
    ) -> None:
        """Note something that a person should look at."""
        self.problems.append(
            Problem(
                code=code,
                severity=Severity.WARNING,
                message=message,
                pointer=pointer,
                node_id=node_id,
                hint=hint,
            )
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
