"""The list of guards is whole and fits the code; `make faults-mutants` removes them."""

from __future__ import annotations

import ast
from functools import cache

import pytest

from tests.faults.mutants.catalogue import MUTANTS
from tests.faults.mutants.mutant import ROOT, Mutant
from tests.faults.mutants.rules import RULES
from tests.faults.mutants.table import table


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_guard_stands_once_in_the_code_and_its_mutant_can_be_read(mutant: Mutant) -> None:
    for file, text in mutant.files(ROOT).items():
        compile(text, file, "exec")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_tests_of_a_guard_exist(mutant: Mutant) -> None:
    assert mutant.tests
    for node_id in mutant.node_ids:
        file, _, name = node_id.partition("::")
        assert not name or name.partition("[")[0] in _tests_in(file), node_id


@cache
def _tests_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in tree.body if isinstance(node, functions))


def test_every_rule_has_a_guard_that_can_be_removed() -> None:
    assert {mutant.rule for mutant in MUTANTS} == {*RULES, "proof"}
    names = [mutant.name for mutant in MUTANTS]
    assert len(set(names)) == len(names)


def test_the_page_of_rules_shows_the_guards_as_they_are() -> None:
    """Written by `python -m tests.faults.mutants --table`."""
    page = (ROOT / "docs/guide/job-protocol.md").read_text(encoding="utf-8")
    assert table(MUTANTS) in page
