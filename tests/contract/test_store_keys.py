"""What the store keeps of keys, and never more."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from casare_rpa.domain.jobs import JobStatus
from casare_rpa.errors import Conflict, NotFound
from casare_rpa.store.tx import sha256
from tests.contract.world import World, new_key


def _at(world: World, seconds: float) -> datetime:
    return datetime.fromtimestamp(world.clock.now + seconds, UTC)


def _robot_key(world: World, id: str = "robotkey") -> None:
    world.store.create_key(new_key(id, kind="robot", role=None, robot_id="r1"))


def test_a_key_is_found_by_its_id_with_its_hash(world: World) -> None:
    created = world.store.create_key(new_key("k1", description="mine"))
    world.restart()
    found = world.store.key("k1")
    assert found == created
    assert (found.secret_hash, found.role, found.status) == (sha256("k1"), "admin", "active")
    assert found.principal == "k1"
    assert world.store.key("k2") is None


def test_two_keys_cannot_have_one_id(world: World) -> None:
    world.store.create_key(new_key("k1"))
    with pytest.raises(Conflict):
        world.store.create_key(new_key("k1", name="other"))


def test_a_robots_key_names_its_robot(world: World) -> None:
    _robot_key(world)
    key = world.store.key("robotkey")
    assert key is not None
    assert (key.kind, key.robot_id, key.robot_name) == ("robot", "r1", "Robot r1")


def test_a_key_expires_by_the_servers_clock(world: World) -> None:
    world.store.create_key(new_key("k1", expires_at=_at(world, 10)))
    assert world.store.has_admin_key()
    world.clock.advance(11)
    key = world.store.key("k1")
    assert key is not None and key.status == "expired"
    assert not world.store.has_admin_key()


def test_an_expired_key_does_not_end_leases_already_granted(world: World) -> None:
    world.store.create_key(
        new_key("k", kind="robot", role=None, robot_id="r1", expires_at=_at(world, 10))
    )
    grant = world.running()
    world.clock.advance(11)
    world.renew(grant)
    assert world.finish(grant).status is JobStatus.COMPLETED


def test_a_revoked_robot_key_takes_its_jobs_back(world: World) -> None:
    _robot_key(world)
    grant = world.running()
    world.changes.clear()
    assert world.store.revoke_key("robotkey", reason="stolen").status == "revoked"
    assert world.status(grant) is JobStatus.PENDING
    kinds = {change.kind for change in world.changes}
    assert {"key", "lease", "queue", "events"} <= kinds
    assert world.store.revoke_key("robotkey").status == "revoked"


def test_a_rotated_key_keeps_principal_role_and_leases(world: World) -> None:
    _robot_key(world)
    grant = world.running()
    successor = world.store.rotate_key("robotkey", new_id="new1", secret_hash="h1")
    assert (successor.principal, successor.robot_id) == ("robotkey", "r1")
    assert successor.name == "key robotkey (rotated)"
    old = world.store.key("robotkey")
    assert old is not None and (old.status, old.rotated) == ("revoked", True)
    assert world.status(grant) is JobStatus.RUNNING
    again = world.store.rotate_key("new1", new_id="new2", secret_hash="h2")
    assert (again.principal, again.name) == ("robotkey", "key robotkey (rotated)")
    with pytest.raises(Conflict):
        world.store.rotate_key("new1", new_id="new3", secret_hash="h3")


def test_a_key_counts_as_rotated_only_while_its_successor_is_good(world: World) -> None:
    def rotated(name: str) -> bool:
        key = world.store.key(name)
        assert key is not None
        return key.rotated

    _robot_key(world)
    assert not rotated("robotkey")
    world.store.rotate_key("robotkey", new_id="new1", secret_hash="h1")
    world.store.rotate_key("new1", new_id="new2", secret_hash="h2")
    assert [rotated(name) for name in ("robotkey", "new1", "new2")] == [True, True, False]
    # Whatever reason a person gives: what is revoked has no successor.
    world.store.revoke_key("new2", reason="rotated")
    assert [rotated(name) for name in ("robotkey", "new1", "new2")] == [False, False, False]


def test_keys_are_listed_and_filtered(world: World) -> None:
    world.store.create_key(new_key("old", role="viewer", expires_at=_at(world, 5)))
    world.clock.advance(10)
    _robot_key(world)
    world.clock.advance(1)
    world.store.create_key(new_key("gone"))
    world.store.revoke_key("gone")

    def ids(**filters: Any) -> list[str]:
        return [key.id for key in world.store.keys(**filters).keys]

    assert ids() == ["gone", "robotkey", "old"]
    assert (ids(status="active"), ids(status="revoked"), ids(status="expired")) == (
        ["robotkey"],
        ["gone"],
        ["old"],
    )
    assert (ids(kind="robot"), ids(robot_id="r1"), ids(robot_id="r2")) == (
        ["robotkey"],
        ["robotkey"],
        [],
    )
    page = world.store.keys(limit=1, offset=2)
    assert ([key.id for key in page.keys], page.total) == (["old"], 3)


def test_the_last_use_is_shown_at_once_and_kept(world: World) -> None:
    world.store.create_key(new_key("k1"))
    for number in range(3):
        world.clock.advance(1)
        world.store.touch_key("k1", ip=f"10.0.0.{number}")
        key = world.store.key("k1")
        assert key is not None and key.last_used_ip == f"10.0.0.{number}"
        assert key.last_used_at == _at(world, 0)
    world.restart()
    assert world.store.key("k1") == key


def test_a_use_is_not_a_write_each(world: World) -> None:
    world.store.create_key(new_key("k1"))
    world.store.touch_key("k1", ip="first")
    world.store.touch_key("k1", ip="second")
    other = world.open(world.settings) if world.store.health().database == "postgresql" else None
    if other is None:
        pytest.skip("a second look from outside needs a second store")
    key = other.key("k1")
    other.close()
    assert key is not None and key.last_used_ip == "first"


def test_of_two_first_starts_one_makes_the_admin_key(world: World) -> None:
    def start(number: int) -> object:
        return world.store.create_first_admin_key(new_key(f"k{number}"))

    with ThreadPoolExecutor(8) as pool:
        made = [key for key in pool.map(start, range(8)) if key is not None]
    assert len(made) == 1
    assert world.store.keys().total == 1
    assert world.store.has_admin_key()


def test_a_revoked_admin_key_does_not_count(world: World) -> None:
    world.store.create_key(new_key("k1"))
    world.store.revoke_key("k1")
    assert not world.store.has_admin_key()
    assert world.store.create_first_admin_key(new_key("k2")) is not None


def test_an_unknown_key_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        world.store.revoke_key("nothing")
    with pytest.raises(NotFound):
        world.store.rotate_key("nothing", new_id="a", secret_hash="b")


def test_a_ticket_is_good_once_at_any_server(world: World) -> None:
    world.store.put_ticket("hash", "k1", seconds=30)
    assert world.store.take_ticket("other") is None
    assert world.store.take_ticket("hash") == "k1"
    assert world.store.take_ticket("hash") is None


def test_a_ticket_past_its_time_is_good_for_nothing(world: World) -> None:
    world.store.put_ticket("hash", "k1", seconds=30)
    world.store.put_ticket("later", "k1", seconds=60)
    world.clock.advance(31)
    assert world.store.take_ticket("hash") is None
    assert world.store.take_ticket("later") == "k1"


def test_an_expired_admin_key_does_not_count(world: World) -> None:
    world.store.create_key(new_key("k1", expires_at=_at(world, 10)))
    assert world.store.has_admin_key()
    world.clock.advance(10)
    assert not world.store.has_admin_key()


def test_the_keys_that_were_revoked_lately_are_named(world: World) -> None:
    for name in ("k1", "k2", "k3"):
        world.store.create_key(new_key(name))
    world.store.revoke_key("k1")
    world.clock.advance(100)
    world.store.revoke_key("k2")
    assert world.store.revoked_keys(within_seconds=50) == {"k2"}
    assert world.store.revoked_keys(within_seconds=100) == {"k1", "k2"}
