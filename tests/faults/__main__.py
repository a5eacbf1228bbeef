"""python -m tests.faults: run the matrix of faults, and say what it found.

The seed is printed first; with the same seed the faults strike at the same instants. Exit code 1
when any promise was broken.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.faults import report
from tests.faults.report import Result
from tests.faults.scenario import POSTGRESQL, SQLITE, Scenario, all_scenarios
from tests.faults.trial import run


def main() -> int:
    given = _arguments()
    seed = given.seed if given.seed is not None else secrets.randbelow(2**32)
    sys.stdout.write(f"seed {seed} (repeat with --seed {seed})\n")
    # A shell starts its background jobs with SIGINT ignored, and children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    began = time.monotonic()
    results = []
    for scenario, database in _chosen(given):
        result = _run(scenario, database, seed, given)
        results.append(result)
        sys.stdout.write(result.line() + "\n")
        for text in result.found:
            sys.stdout.write("    " + text.replace("\n", "\n    ") + "\n")
        sys.stdout.flush()
    sys.stdout.write(f"\n{report.table(results)}\n")
    form = "quick" if given.quick else "long"
    found = report.as_json(results, seed=seed, form=form, seconds=time.monotonic() - began)
    if given.report:
        given.report.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 1 if any(result.found for result in results) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--only", default="", help="rows or names: F7,F21,agent_paused...")
    parser.add_argument("--seed", type=int, default=os.environ.get("CASARE_FAULT_SEED"))
    parser.add_argument("--quick", action="store_true", help="the short forms")
    parser.add_argument("--soak", type=_seconds, metavar="10m", help="how long the soak takes")
    parser.add_argument("--repeat", type=int, default=1, help="runs of each scenario")
    parser.add_argument("--database", choices=[SQLITE, POSTGRESQL, "both"], default=SQLITE)
    parser.add_argument("--report", type=Path, help="where the JSON report goes")
    parser.add_argument("--keep", type=Path, help="keep the folders of the runs in this one")
    return parser.parse_args()


def _seconds(text: str) -> float:
    """ "90", "90s", "10m" or "24h"."""
    factor = {"s": 1, "m": 60, "h": 3600}.get(text[-1:], 0)
    return float(text[:-1]) * factor if factor else float(text)


def _chosen(given: argparse.Namespace) -> Iterator[tuple[Scenario, str]]:
    wanted = {word.strip() for word in given.only.split(",") if word.strip()}
    databases = (SQLITE, POSTGRESQL) if given.database == "both" else (given.database,)
    scenarios = all_scenarios()
    known = {name for each in scenarios for name in (each.name, *each.rows)}
    if unknown := wanted - known:
        raise SystemExit(f"no scenario is called {', '.join(sorted(unknown))}")
    for each in scenarios:
        if not wanted or wanted & {each.name, *each.rows}:
            # A scenario that exists on one database only is run there, whatever was asked for.
            fit = [database for database in databases if database in each.databases]
            yield from ((each, database) for database in fit or each.databases[:1])


def _run(scenario: Scenario, database: str, seed: int, given: argparse.Namespace) -> Result:
    result = Result(scenario=scenario, database=database, skipped=scenario.lacking(database))
    if result.skipped:
        return result
    began = time.monotonic()
    for repeat in range(given.repeat):
        _run_once(result, seed, repeat, given)
    result.seconds = time.monotonic() - began
    return result


def _more(scenario: Scenario, given: argparse.Namespace) -> dict[str, Any]:
    return {"seconds": given.soak} if given.soak and scenario.name == "soak" else {}


def _run_once(result: Result, seed: int, repeat: int, given: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="faults-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        if given.keep:
            folder = given.keep / f"{result.scenario.name}-{result.database}-{repeat}"
            folder.mkdir(parents=True)
        result.runs += 1
        trial = run(
            result.scenario,
            folder,
            seed=seed,
            database=result.database,
            quick=given.quick,
            repeat=repeat,
            more=_more(result.scenario, given),
        )
    result.strikes += trial.strikes
    result.figures += trial.figures
    result.notes |= trial.notes
    result.found += trial.found
    if not trial.strikes:
        result.found.append("the fault never struck")


if __name__ == "__main__":
    sys.exit(main())
