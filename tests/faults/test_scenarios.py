"""The most telling scenarios, in short; `make faults` runs all of them, and longer."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.faults.rows import ROWS
from tests.faults.scenario import POSTGRESQL, Scenario, all_scenarios, row_number
from tests.faults.trial import run


def _cases() -> list[Any]:
    return [
        pytest.param(
            each,
            database,
            id=f"{each.name}-{database}",
            marks=[pytest.mark.postgres] if database == POSTGRESQL else [],
        )
        for each in all_scenarios()
        if each.in_pytest is not None
        for database in each.pytest_databases
    ]


@pytest.mark.parametrize(("scenario", "database"), _cases())
def test_it_survives(scenario: Scenario, database: str, seed: int) -> None:
    if lacking := scenario.lacking(database):
        pytest.skip("; ".join(lacking))
    # Not `tmp_path`: below so long a path an agent's sockets are elsewhere, and outlive a kill -9.
    with tempfile.TemporaryDirectory(prefix="fault-") as folder:
        where, more = Path(folder), scenario.in_pytest
        trial = run(scenario, where, seed=seed, database=database, quick=True, more=more)
    assert not trial.found, "\n".join(trial.found)
    assert trial.strikes, "the fault never struck"


def test_every_row_is_tried_or_says_why_not() -> None:
    tried = {row for each in all_scenarios() for row in each.rows}
    assert tried <= set(ROWS)
    for name, row in ROWS.items():
        ways = [name in tried, bool(row.covered_by), row.not_tried is not None]
        assert any(ways), f"{name} ({row.fault}) is tried nowhere"
        assert not (name in tried and row.not_tried), f"{name} is tried, and says that it is not"


def test_the_tests_that_cover_a_row_exist() -> None:
    missing = {name: row.missing_tests() for name, row in ROWS.items() if row.missing_tests()}
    assert not missing


def test_rows_are_in_order() -> None:
    assert list(ROWS) == sorted(ROWS, key=row_number)
