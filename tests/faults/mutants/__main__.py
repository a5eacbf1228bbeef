"""Removes the guards one by one and sees whether a test notices: `make faults-mutants`."""

from __future__ import annotations

import argparse
import json
import os
import queue
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.faults.mutants.catalogue import MUTANTS
from tests.faults.mutants.mutant import Mutant
from tests.faults.mutants.table import table
from tests.faults.mutants.workshop import Verdict, Workshop


def main() -> int:
    given = _arguments()
    if given.table:
        sys.stdout.write(table(MUTANTS))
        return 0
    chosen = [m for m in MUTANTS if not given.only or m.name in given.only or m.rule in given.only]
    if not chosen:
        sys.stderr.write("no mutant has that name or rule\n")
        return 2
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        workshops = [Workshop(Path(folder) / str(number)) for number in range(given.jobs)]
        if not given.trust and not _are_green(workshops[0], chosen, given.jobs):
            return 1
        verdicts = _try_all(workshops, chosen)
        for workshop in workshops:
            workshop.close()
    caught = sum(verdict.outcome == "caught" for verdict in verdicts)
    skipped = sum(verdict.outcome == "skipped" for verdict in verdicts)
    seconds = time.monotonic() - began
    _print(f"caught {caught} / {len(verdicts) - skipped}, skipped {skipped}, {seconds:.0f} s")
    if given.report:
        about: dict[str, Any] = {
            "caught": caught,
            "skipped": skipped,
            "total": len(verdicts),
            "seconds": seconds,
        }
        about |= {"mutants": [asdict(verdict) for verdict in verdicts]}
        given.report.write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    return 0 if caught + skipped == len(verdicts) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.mutants", description=__doc__)
    parser.add_argument("--only", action="append", metavar="NAME", help="a mutant or a rule")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write what was found as JSON")
    parser.add_argument("--trust", action="store_true", help="do not run the tests unchanged first")
    parser.add_argument("--table", action="store_true", help="print the table of rules and tests")
    return parser.parse_args()


def _are_green(workshop: Workshop, mutants: list[Mutant], jobs: int) -> bool:
    """Whether the tests pass while every guard is in its place."""
    for postgres in (False, True):
        wanted = [m for m in mutants if (m.needs == "postgres") == postgres]
        tests = sorted({test for m in wanted for test in m.node_ids})
        if not tests or (postgres and not _has_postgres()):
            continue
        began = time.monotonic()
        code, by, why = workshop.run(tests, jobs=jobs, postgres=postgres, first=False)
        if code:
            _print(f"not green without any mutant: {by}\n{why}")
            return False
        _print(f"green without mutants: {len(tests)} tests, {time.monotonic() - began:.0f} s")
    return True


def _has_postgres() -> bool:
    return bool(os.environ.get("CASARE_TEST_POSTGRES"))


def _try_all(workshops: list[Workshop], mutants: list[Mutant]) -> list[Verdict]:
    free: queue.SimpleQueue[Workshop] = queue.SimpleQueue()
    for workshop in workshops:
        free.put(workshop)

    def try_out(mutant: Mutant) -> Verdict:
        workshop = free.get()
        try:
            verdict = workshop.try_out(mutant)
        finally:
            free.put(workshop)
        _say(verdict)
        return verdict

    with ThreadPoolExecutor(len(workshops)) as pool:
        return list(pool.map(try_out, mutants))


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _say(verdict: Verdict) -> None:
    line = f"{verdict.outcome:9}{verdict.seconds:6.1f} s  {verdict.rule:9}{verdict.name}"
    detail = verdict.by if verdict.outcome == "caught" else verdict.why
    # A wait that never ends is noticed too, but so is a machine that is far too busy.
    detail += ", out of time" if "Timeout" in verdict.why else ""
    _print(f"{line}  ({' '.join(detail.split())})" if detail else line)


if __name__ == "__main__":
    sys.exit(main())
