"""python -m tests.faults.page REPORT.json...: reports as a page of the documentation.

A scenario that stands in several of them is shown as the last one found it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.faults.rows import ROWS

Json = dict[str, Any]
_HEAD = """\
# Faults it survives

What was done to real processes, and what it cost. After each scenario ten promises are checked
from outside: in the database, in the robots' journals, in what watchers were sent, in files that
the jobs wrote themselves. [What is guaranteed](guarantees.md) says what they mean for an operator.

`make faults` runs all of it and writes a report as JSON; this page is made from such reports. A
row without figures is held by tests that run with all others, or it says what keeps it from being
tried.
"""


def markdown(reports: Sequence[Json]) -> str:
    return "\n".join(_lines(reports)) + "\n"


def _lines(reports: Sequence[Json]) -> Iterator[str]:
    yield _HEAD
    latest = {
        (each["scenario"], each["database"]): {**each, "form": report["form"]}
        for report in reports
        for each in report["scenarios"]
        if each["runs"]
    }
    ran = list(latest.values())
    violations = sum(sum(each["violations"].values()) for each in ran)
    minutes = sum(each["seconds"] for each in ran) / 60
    about = reports[-1]
    seeds = ", ".join(sorted({str(report["seed"]) for report in reports}))
    long = sum(each["form"] == "long" for each in ran)
    yield (
        f"Seed {seeds}, {minutes:.0f} minutes, Python {about['python']} on {about['machine']}: "
        f"{len(ran)} runs of scenarios ({long} in their long form), "
        f"{sum(each['strikes'] for each in ran)} strikes, **{violations} violations**."
    )
    yield "\n| | fault | how it is tried | figure | p50 | p95 | p99 |"
    yield "|---|---|---|---|---|---|---|"
    for name, row in ROWS.items():
        yield from _rows(name, row.fault, [each for each in ran if name in each["rows"]])


def _rows(name: str, fault: str, scenarios: list[Json]) -> Iterator[str]:
    if not scenarios:
        yield f"| {name} | {fault} | {_elsewhere(name)} | | | | |"
    for each in scenarios:
        times = "once" if each["strikes"] == 1 else f"{each['strikes']} times"
        form = "" if each["form"] == "long" else f", {each['form']} form"
        how = f"{each['title']} {each['database']}, {times}{form}"
        found = sum(each["violations"].values())
        if found:
            how += f", **{found} violations**"
        figures = [_text(each[part]) for part in ("p50", "p95", "p99")]
        yield f"| {name} | {fault} | {how} | {each['figure']} | {' | '.join(figures)} |"


def _elsewhere(name: str) -> str:
    row = ROWS[name]
    count = len(row.covered_by)
    tests = f"{count} tests" if count > 1 else "1 test"
    return row.not_tried or (f"{tests} in the suite" if count else "not in this run")


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}" if value < 100 else f"{value:.0f}"


if __name__ == "__main__":
    given = [json.loads(Path(name).read_text(encoding="utf-8")) for name in sys.argv[1:]]
    sys.stdout.write(markdown(given))
