"""Which formulas a change reaches."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from casare_rpa.nodes.office import _formulas
from casare_rpa.nodes.office._formulas import Dependents
from casare_rpa.nodes.office._places import Cell, parse_cell, split_sheet


def at(text: str) -> Cell:
    sheet, cell = split_sheet(text)
    place = parse_cell(cell)
    assert place is not None
    return Cell((sheet or "S").casefold(), *place)


def reached(formulas: Mapping[str, str], *changed: str) -> set[str]:
    known = {at(cell): f"={formula}" for cell, formula in formulas.items()}
    found = Dependents(known, lambda _cell, _name: None).of(map(at, changed))
    return {cell for cell in formulas if at(cell) in found}


@pytest.mark.parametrize(
    ("formula", "is_reached"),
    [
        ("A1+1", True),
        ("$A$1*2", True),
        ("s!A1", True),
        ("'S'!A1", True),
        ("A2", False),
        ("T!A1", False),
        ('"A1"', False),
        ("SUM(A1:A9)", True),
        ("SUM(A2:A9)", False),
        ("SUM(A:A)", True),
        ("SUM(B:XFD)", False),
        ("SUM(1:1)", True),
        ("SUM(A1:Z100)", True),
        ("SUM(B2:Z100)", False),
        ("VLOOKUP(B1,$A:$C,2,0)", True),
        ("IF(TRUE,1,2)", False),
        ("PI()*2", False),
        ("[1]S!A1", False),
        ("'[1]S'!A1", False),
        ("OFFSET(B1,1,1)", True),
        ('INDIRECT("B"&2)', True),
        ("Unknown+1", True),
        ("SUM(S:T!B5)", True),
        ('"B1', True),
    ],
)
def test_what_a_formula_reads(formula: str, is_reached: bool) -> None:
    assert bool(reached({"Z1": formula}, "A1")) is is_reached


def test_a_change_goes_on_from_formula_to_formula_and_ends_in_circles() -> None:
    formulas = {
        **{"B1": "A1", "C1": "SUM(B1:B100)", "D1": "T!A1", "T!A1": "S!C1"},
        **{"E1": "F1", "F1": "E1+A1", "G1": "H1"},
    }
    assert reached(formulas, "A1") == formulas.keys() - {"G1"}
    assert reached(formulas, "A2") == set()
    assert reached(formulas, "B50") == {"C1", "D1", "T!A1"}


def test_where_looking_would_take_too_long_all_of_them_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    formulas = {f"B{row}": f"SUM(A1:A{row + 100})" for row in range(1, 50)} | {"C1": "D1"}
    assert "C1" not in reached(formulas, "A1")
    monkeypatch.setattr(_formulas, "_MOST_LOOKS", 100)
    assert reached(formulas, "A1") == formulas.keys()
    monkeypatch.setattr(_formulas, "MAX_FORMULAS", 10)
    assert reached(formulas, "Z9") == formulas.keys()
