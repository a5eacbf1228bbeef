"""A scenario: a fault, how often it strikes in the quick and in the long form, and what it costs.

    @scenario("F1", figure="recovery s", quick={"kills": 5}, long={"kills": 200})
    def killed_agents(trial: Trial, kills: int) -> None:
        \"\"\"The agent is killed at any instant.\"\"\"

The function sets up its fleet through the trial, strikes, and asserts what the row of the table
expects. The invariants are checked afterwards, whatever it asserted itself: see `trial.py`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.faults import needs as probes
from tests.faults.needs import Need

SQLITE, POSTGRESQL = "sqlite", "postgresql"
REGISTRY: dict[str, Scenario] = {}


@dataclass(frozen=True, kw_only=True)
class Scenario:
    name: str
    rows: tuple[str, ...]
    title: str
    body: Callable[..., None]
    #: What one figure of it measures, with its unit.
    figure: str
    quick: Mapping[str, Any]
    long: Mapping[str, Any]
    needs: tuple[Need, ...]
    databases: tuple[str, ...]
    #: What differs from *quick* where `pytest` runs it, which takes less than ten seconds then;
    #: None: it does not.
    in_pytest: Mapping[str, Any] | None = None
    #: On which databases pytest runs it.
    pytest_databases: tuple[str, ...] = field(default=(SQLITE,))

    def parameters(self, *, quick: bool) -> Mapping[str, Any]:
        return self.quick if quick else {**self.quick, **self.long}

    def lacking(self, database: str) -> list[str]:
        """What this machine lacks for it."""
        more = (probes.postgres,) if database == POSTGRESQL else ()
        return probes.lacking(self.needs + more)


def scenario(
    *rows: str,
    figure: str = "seconds",
    quick: Mapping[str, Any] | None = None,
    long: Mapping[str, Any] | None = None,
    needs: tuple[Need, ...] = (),
    databases: tuple[str, ...] = (SQLITE, POSTGRESQL),
    in_pytest: Mapping[str, Any] | None = None,
    pytest_databases: tuple[str, ...] = (SQLITE,),
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register the function. *long* and *in_pytest* hold what differs from *quick* there."""

    def register(body: Callable[..., None]) -> Callable[..., None]:
        name = body.__name__
        assert name not in REGISTRY, f"two scenarios are called {name}"
        REGISTRY[name] = Scenario(
            name=name,
            rows=rows,
            title=(body.__doc__ or name).strip().partition("\n")[0],
            body=body,
            figure=figure,
            quick=quick or {},
            long=long or {},
            needs=needs,
            databases=databases,
            in_pytest=in_pytest,
            pytest_databases=pytest_databases,
        )
        return body

    return register


def all_scenarios() -> list[Scenario]:
    """Every scenario, those of the first row first."""
    package = importlib.import_module("tests.faults.scenarios")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return sorted(REGISTRY.values(), key=lambda each: (row_number(each.rows[0]), each.name))


def row_number(row: str) -> int:
    return int(row.removeprefix("F"))
