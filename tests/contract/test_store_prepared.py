"""A prepared statement is to its caller what SQLAlchemy's own is."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from casare_rpa.errors import Unavailable
from casare_rpa.store.prepared import Prepared
from casare_rpa.store.tables import jobs, robots
from casare_rpa.store.tx import Row, Tx
from tests.contract.world import World


def test_it_finds_what_sqlalchemy_finds(world: World) -> None:
    world.submit()

    def both(tx: Tx) -> tuple[list[Row], list[Row]]:
        plain = tx.rows(sa.select(jobs).where(jobs.c.priority == 10))
        prepared = Prepared(sa.select(jobs).where(jobs.c.priority == sa.bindparam("wanted")))
        return [dict(row) for row in plain], list(tx.rows(prepared, {"wanted": 10}))

    plain, prepared = world.store._read(both)  # type: ignore[attr-defined]
    assert plain == prepared and len(plain) == 1
    kinds = {name: type(value) for name, value in plain[0].items()}
    assert kinds == {name: type(value) for name, value in prepared[0].items()}
    assert bool in kinds.values() and float in kinds.values()


def test_an_update_sets_what_it_is_given(world: World) -> None:
    change = Prepared(sa.update(robots).where(robots.c.id == sa.bindparam("this")))

    def changed(tx: Tx) -> tuple[int, int, Row | None]:
        known = tx.run(change, {"this": "r1", "draining": True, "hostname": "h2"})
        unknown = tx.run(change, {"this": "nobody", "hostname": "h3"})
        return known, unknown, tx.row(sa.select(robots).where(robots.c.id == "r1"))

    known, unknown, row = world.store._write(changed)  # type: ignore[attr-defined]
    assert (known, unknown) == (1, 0)
    assert row is not None and (row["draining"], row["hostname"]) == (True, "h2")


def test_what_the_database_refuses_is_told_as_sqlalchemy_tells_it(world: World) -> None:
    def twice(tx: Tx) -> None:
        row = tx.row(sa.select(robots).where(robots.c.id == "r1"))
        assert row is not None
        with pytest.raises(sa.exc.IntegrityError) as told:
            tx.run(Prepared(sa.insert(robots)), dict(row))
        assert "INSERT INTO robots" in str(told.value)
        raise told.value

    with pytest.raises((sa.exc.IntegrityError, Unavailable)):
        world.store._write(twice)  # type: ignore[attr-defined]


def test_a_list_cannot_be_prepared(world: World) -> None:
    some = Prepared(sa.select(jobs.c.id).where(jobs.c.id.in_(["a", "b"])))
    with pytest.raises(TypeError, match="a list"):
        world.store._read(lambda tx: tx.rows(some))  # type: ignore[attr-defined]


def test_a_value_for_nothing_is_a_mistake(world: World) -> None:
    change = Prepared(sa.update(robots).where(robots.c.id == sa.bindparam("this")))
    values = {"this": "r1", "hostnam": "h2"}
    with pytest.raises(TypeError, match="hostnam"):
        world.store._write(lambda tx: tx.run(change, values))  # type: ignore[attr-defined]
