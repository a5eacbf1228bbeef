"""What is wrong: with a call, with a workflow, with an installation."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from casare_rpa.wire import Wire


class ErrorAnswer(Wire):
    """What stands on stderr when a command fails with JSON or YAML output."""

    error: ErrorFacts


class ErrorFacts(Wire):
    code: str
    message: str
    hint: str | None
    request_id: str | None
    retryable: bool
    exit_code: int
    #: What is wrong with a workflow, where that was the reason.
    problems: list[Problem] = Field(default_factory=list)
    #: What a person should know beside the error.
    notes: list[str] = Field(default_factory=list)


class Problem(Wire):
    """`node_id` and `hint` are `node` and `mend` by their older names."""

    code: str
    severity: Literal["error", "warning"]
    node: str | None
    field: str | None
    line: int | None
    column: int | None
    message: str
    mend: str | None
    pointer: str
    node_id: str | None
    hint: str | None


class FileProblem(Problem):
    file: str


class Finding(Wire):
    """What a check of `doctor` found; `mend` is empty when there is nothing to do."""

    check: str
    state: Literal["pass", "warn", "fail", "skip"]
    message: str
    mend: str
