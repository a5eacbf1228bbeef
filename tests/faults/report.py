"""What a run of the matrix found: lines and a table for people, JSON for programs."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass, field
from typing import Any

from tests.faults.rows import ROWS
from tests.faults.scenario import Scenario

Json = dict[str, Any]
INVARIANTS = tuple(f"V{number}" for number in range(1, 11))
#: What a scenario itself expects beyond the invariants.
EXPECTED = "expected"


@dataclass(kw_only=True)
class Result:
    """All runs of one scenario on one database."""

    scenario: Scenario
    database: str
    runs: int = 0
    strikes: int = 0
    seconds: float = 0.0
    figures: list[float] = field(default_factory=list)
    notes: Json = field(default_factory=dict)
    found: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    @property
    def violations(self) -> dict[str, int]:
        """How often each invariant was broken; those never broken are there with 0."""
        counted = dict.fromkeys((*INVARIANTS, EXPECTED), 0)
        for text in self.found:
            name = text.partition(":")[0]
            counted[name if name in counted else EXPECTED] += 1
        return counted

    def percentile(self, part: float) -> float | None:
        """The nearest-rank percentile of the figures."""
        if not self.figures:
            return None
        ordered = sorted(self.figures)
        return round(ordered[max(0, -(-len(ordered) * part // 100).__trunc__() - 1)], 3)

    def line(self) -> str:
        name = f"{'+'.join(self.scenario.rows):9} {self.scenario.name} ({self.database})"
        if self.skipped:
            return f"{name}: skipped: {'; '.join(self.skipped)}"
        shown = " ".join(f"p{part}={_text(self.percentile(part))}" for part in (50, 95, 99))
        return (
            f"{name}: {self.runs} runs, {self.strikes} strikes, {len(self.found)} violations, "
            f"{self.scenario.figure}: {shown}, {self.seconds:.1f} s"
        )

    def as_json(self) -> Json:
        return {
            "scenario": self.scenario.name,
            "title": self.scenario.title,
            "rows": list(self.scenario.rows),
            "database": self.database,
            "runs": self.runs,
            "strikes": self.strikes,
            "seconds": round(self.seconds, 1),
            "violations": self.violations,
            "found": self.found,
            "figure": self.scenario.figure,
            "count": len(self.figures),
            "p50": self.percentile(50),
            "p95": self.percentile(95),
            "p99": self.percentile(99),
            "notes": self.notes,
            "skipped": self.skipped or None,
        }


def _text(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"


def row_states(results: list[Result]) -> dict[str, str]:
    """Each row of the table in a few words: tried, covered elsewhere, skipped or why not."""
    states = {}
    for name, row in ROWS.items():
        mine = [result for result in results if name in result.scenario.rows]
        tried = [result for result in mine if result.runs]
        words = []
        if tried:
            bad = sum(len(result.found) for result in tried)
            words.append(f"{sum(result.runs for result in tried)} runs, {bad} violations")
        elif mine:
            words.append("skipped: " + "; ".join(sorted({w for r in mine for w in r.skipped})))
        if row.covered_by:
            words.append("covered by " + ", ".join(row.covered_by))
        if row.not_tried:
            words.append(f"not tried: {row.not_tried}")
        states[name] = " | ".join(words) or "not selected"
    return states


def table(results: list[Result]) -> str:
    """The rows of the matrix and the violations of each invariant."""
    states = row_states(results)
    lines = [f"{name:4} {row.fault:66} {states[name]}" for name, row in ROWS.items()]
    totals = {name: sum(r.violations[name] for r in results) for name in (*INVARIANTS, EXPECTED)}
    lines.append("violations: " + " ".join(f"{name}={count}" for name, count in totals.items()))
    return "\n".join(lines)


def as_json(results: list[Result], *, seed: int, form: str, seconds: float) -> Json:
    states = row_states(results)
    return {
        "seed": seed,
        "form": form,
        "seconds": round(seconds, 1),
        "python": platform.python_version(),
        "machine": f"{sys.platform} {platform.machine()}",
        "scenarios": [result.as_json() for result in results],
        "rows": {name: {"fault": row.fault, "state": states[name]} for name, row in ROWS.items()},
    }
