"""All guards that can be removed."""

from __future__ import annotations

from tests.faults.mutants import (
    agents,
    history,
    journals,
    keys,
    leases,
    proof,
    storage,
    watchers,
)
from tests.faults.mutants.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = (
    *proof.MUTANTS,
    *leases.MUTANTS,
    *history.MUTANTS,
    *storage.MUTANTS,
    *watchers.MUTANTS,
    *keys.MUTANTS,
    *agents.MUTANTS,
    *journals.MUTANTS,
)
