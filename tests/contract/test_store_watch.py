"""Leases grow older only while a server looks after them (P9)."""

from __future__ import annotations

from tests.contract.world import World


def look_for(world: World, seconds: float) -> list[str]:
    """The reaper looks every second for some time; the jobs it took back."""
    requeued: list[str] = []
    for _ in range(round(seconds)):
        world.clock.advance(1)
        requeued += world.store.requeue_expired().requeued
    return requeued


def test_an_outage_counts_for_no_lease(world: World) -> None:
    grant = world.running()
    assert look_for(world, 20) == []
    world.clock.advance(600)
    world.restart()
    world.store.extend_live_leases()
    assert look_for(world, world.settings.lease_seconds - 21) == []
    assert look_for(world, 3) == [grant.job_id]


def test_restarts_do_not_keep_a_dead_robots_lease_alive(world: World) -> None:
    grant = world.running()
    lost: list[str] = []
    restarts = 0
    while not lost:
        lost = look_for(world, 10)
        world.clock.advance(1)
        world.restart()
        world.store.extend_live_leases()
        restarts += 1
        assert restarts < 20
    assert lost == [grant.job_id]
    assert restarts >= world.settings.lease_seconds / 10


def test_a_lease_is_never_extended_beyond_one_renewed_now(world: World) -> None:
    grant = world.running()
    world.store.requeue_expired()
    world.clock.advance(1000)
    world.renew(grant)
    world.store.extend_live_leases()
    assert look_for(world, world.settings.lease_seconds - 1) == []
    assert look_for(world, 3) == [grant.job_id]


def test_a_claimed_job_has_time_to_start_after_an_outage(world: World) -> None:
    world.submit()
    grant = world.claim()
    world.store.requeue_expired()
    world.clock.advance(10 * world.settings.start_deadline_seconds)
    world.restart()
    world.store.extend_live_leases()
    assert look_for(world, 1) == []
    world.renew(grant)


def test_a_store_alone_with_its_database_leads(world: World) -> None:
    assert world.store.lead()
    assert world.store.lead()
