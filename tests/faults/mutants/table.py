"""The table of rules and the tests that hold them, for the documentation."""

from __future__ import annotations

from collections.abc import Sequence

from tests.faults.mutants.mutant import Mutant
from tests.faults.mutants.rules import RULES


def table(mutants: Sequence[Mutant]) -> str:
    """Markdown: a row for each rule, with how many of its guards can be removed."""
    rows = ["| rule | what it says | guards | tests that fail without them |", "|---|---|---|---|"]
    for rule, sentence in RULES.items():
        mine = [mutant for mutant in mutants if mutant.rule == rule]
        tests = sorted({test for mutant in mine for test in mutant.tests})
        named = "<br>".join(f"`{test}`" for test in tests)
        rows.append(f"| {rule} | {sentence} | {len(mine)} | {named} |")
    return "\n".join(rows) + "\n"
