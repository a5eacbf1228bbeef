"""What a swarm saw, as numbers for the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Figures:
    #: Milliseconds of each answer, by the kind of call.
    answers_ms: dict[str, list[float]] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    #: Calls that got no answer.
    cut: int = 0
    renewals: int = 0
    #: Renewals whose answer came when the lease could no longer be trusted.
    missed_renewals: int = 0
    #: Ids of the jobs of each acknowledged completion; one that appears twice was done twice.
    completed: list[str] = field(default_factory=list)

    def note(self, kind: str, status: int, seconds: float) -> None:
        self.answers_ms.setdefault(kind, []).append(seconds * 1000)
        self.statuses[status] += 1

    @property
    def failures(self) -> dict[int, int]:
        """Answers of the server's own fault, by status."""
        return {status: count for status, count in self.statuses.items() if status >= 500}

    def summary(self) -> dict[str, Any]:
        return {
            "answers_ms": {kind: percentiles(times) for kind, times in self.answers_ms.items()},
            "statuses": dict(sorted(self.statuses.items())),
            "cut": self.cut,
            "renewals": self.renewals,
            "missed_renewals": self.missed_renewals,
        }


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """p50, p95, p99 and the largest; nothing for no values."""
    ordered = sorted(values)
    if not ordered:
        return {}
    at = {name: ordered[min(len(ordered) - 1, int(len(ordered) * part))] for name, part in _PARTS}
    return {name: round(value, 2) for name, value in {**at, "max": ordered[-1]}.items()}


_PARTS = (("p50", 0.50), ("p95", 0.95), ("p99", 0.99))
