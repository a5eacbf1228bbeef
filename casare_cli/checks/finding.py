"""A line of `doctor`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

from casare_cli.context import App
from casare_rpa.domain.json_values import Json


class State(StrEnum):
    PASS = "pass"  # noqa: S105 - the opposite of a failure
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """How the thing called `check` is; `mend` is what to do about it, empty when all is well."""

    check: str
    state: State
    message: str
    mend: str = ""

    def to_dict(self) -> Json:
        return asdict(self)


Check: TypeAlias = Callable[[App], Iterable[Finding]]


def passed(check: str, message: str) -> Finding:
    return Finding(check=check, state=State.PASS, message=message)


def warned(check: str, message: str, mend: str) -> Finding:
    return Finding(check=check, state=State.WARN, message=message, mend=mend)


def failed(check: str, message: str, mend: str) -> Finding:
    return Finding(check=check, state=State.FAIL, message=message, mend=mend)


def skipped(check: str, message: str) -> Finding:
    return Finding(check=check, state=State.SKIP, message=message)


def unwritable(folder: Path, there: Path, error: OSError) -> str:
    """That *folder* cannot be used, because of *there*, which is it or the nearest that exists."""
    if there == folder:
        return f"{folder} cannot be written: {error.strerror}"
    return f"{folder} cannot be made in {there}: {error.strerror}"


def room(size_bytes: int) -> str:
    """`77.3 GiB`; `512 MiB` below one."""
    gib = 1 << 30
    return f"{size_bytes / gib:.1f} GiB" if size_bytes >= gib else f"{size_bytes >> 20} MiB"
