"""Which formulas a change reaches."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest

from casare_rpa.nodes.office import _formulas
from casare_rpa.nodes.office._areas import Areas
from casare_rpa.nodes.office._formulas import Dependents
from casare_rpa.nodes.office._places import Area, Cell, column_letters, parse_cell, split_sheet


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
    columns = [column_letters(number) for number in range(1, 150)]
    formulas = {f"{c}9": f"SUM(A10:{c}99)" for c in columns} | {"C1": "D1"}
    assert reached(formulas, "A10") == formulas.keys() - {"C1"}
    monkeypatch.setattr(_formulas, "_MOST_LOOKS", 100)
    assert reached(formulas, "A10") == formulas.keys()
    monkeypatch.setattr(_formulas, "MAX_FORMULAS", 10)
    assert reached(formulas, "Z9") == formulas.keys()


def test_changes_one_after_the_other_reach_what_they_reach_together() -> None:
    formulas = {"B1": "A1", "C1": "B1", "D1": "SUM(A1:A99)", "E1": "SUM(D1:D99)+A5", "F1": "A6"}
    known = {at(cell): f"={formula}" for cell, formula in formulas.items()}
    dependents = Dependents(known, lambda _cell, _name: None)
    assert dependents.of([at("A70")]) == {at("D1"), at("E1")}
    assert dependents.of([at("A1")]) == set(map(at, ("B1", "C1", "D1", "E1")))
    assert dependents.of([at("A1"), at("A5")]) == set(map(at, ("B1", "C1", "D1", "E1")))
    assert dependents.of([at("A6")]) == known.keys()


def test_many_running_sums_are_no_reason_to_give_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each change looks into one span of columns, however many areas it has."""
    monkeypatch.setattr(_formulas, "_MOST_LOOKS", 6_000)
    sums = {Cell("s", row, 4): f"=SUM($C$2:C{row})" for row in range(2, 5_002)}
    dependents = Dependents(sums | {at("Z1"): "=Y1"}, lambda _cell, _name: None)
    for row in range(5_001, 1, -1):
        assert len(dependents.of([Cell("s", row, 3)])) == 5_002 - row
    assert dependents.of([Cell("s", 2, 3)]) == sums.keys()


def test_an_area_is_found_by_each_of_its_cells_and_only_once() -> None:
    chance = random.Random(7)
    areas = {}
    for number in range(400):
        rows = sorted(chance.choices(range(1, 60), k=2))
        columns = sorted(chance.choices(range(1, 5), k=2))
        areas[Cell("s", number, 1)] = Area(rows[0], columns[0], rows[1], columns[1])
    index = Areas()
    for reader, area in areas.items():
        index.add(area, reader)
    for _ in range(200):
        row, column = chance.randrange(1, 62), chance.randrange(1, 6)
        held = {reader for reader, area in areas.items() if area.holds(row, column)}
        assert sorted(index.take(row, column)) == sorted(held)
        for reader in held:
            del areas[reader]
