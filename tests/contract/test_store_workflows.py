"""A workflow gets a version for each content it had."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from casare_rpa.errors import Conflict, NotFound
from tests.contract.world import DOCUMENT, World

OTHER = {"nodes": {"start": {"node_id": "start"}}}


def test_the_first_content_is_version_one(world: World) -> None:
    stored = world.store.put_workflow(name="new", document=OTHER, description="what it does")
    assert (stored.created, stored.workflow.version) == (True, 1)
    assert stored.workflow.content_hash.startswith("sha256:")
    workflow = world.store.workflow(stored.workflow.workflow_id)
    assert (workflow.workflow_json, workflow.description) == (OTHER, "what it does")
    assert world.store.workflow("new") == workflow


def test_the_same_content_makes_no_new_version(world: World) -> None:
    first = world.store.put_workflow(name="w", document={"nodes": {}, "a": 1})
    again = world.store.put_workflow(name="w", document={"a": 1, "nodes": {}})
    assert (again.created, again.workflow.version) == (False, 1)
    assert again.workflow.workflow_id == first.workflow.workflow_id


def test_the_same_content_from_many_at_once_makes_one_workflow(world: World) -> None:
    def put(_: int) -> str:
        return world.store.put_workflow(name="w", document=OTHER).workflow.workflow_id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(put, range(8)))) == 1
    assert world.store.workflow("w").version == 1


def test_a_new_content_is_the_next_version_and_the_old_one_can_be_read(world: World) -> None:
    world.store.put_workflow(name="invoices", document=OTHER)
    assert world.store.workflow("invoices").version == 2
    old = world.store.workflow("invoices", version=1)
    assert (old.version, old.workflow_json) == (1, DOCUMENT)
    back = world.store.put_workflow(name="invoices", document=DOCUMENT)
    assert (back.created, back.workflow.version) == (True, 3)
    with pytest.raises(NotFound):
        world.store.workflow("invoices", version=9)


def test_an_id_may_be_chosen_and_its_name_changed(world: World) -> None:
    world.store.put_workflow(name="old name", workflow_id="my-workflow", document=OTHER)
    world.store.put_workflow(name="new name", workflow_id="my-workflow", document=OTHER)
    assert world.store.workflow("my-workflow").workflow_name == "new name"
    assert world.store.workflow("my-workflow").version == 1
    with pytest.raises(NotFound):
        world.store.workflow("old name")


def test_an_id_goes_before_a_name(world: World) -> None:
    world.store.put_workflow(name="x", workflow_id="y", document=OTHER)
    world.store.put_workflow(name="y", workflow_id="z", document=DOCUMENT)
    assert world.store.workflow("y").workflow_name == "x"


def test_two_workflows_cannot_have_one_name(world: World) -> None:
    world.store.put_workflow(name="b", workflow_id="b", document=OTHER)
    with pytest.raises(Conflict):
        world.store.put_workflow(name="invoices", workflow_id="b", document=OTHER)
    with pytest.raises(Conflict):
        world.store.put_workflow(name="invoices", workflow_id="c", document=OTHER)


def test_workflows_are_listed_last_change_first(world: World) -> None:
    for name in ("a", "b"):
        world.clock.advance(1)
        world.store.put_workflow(name=name, document=OTHER)
    listed = world.store.workflows()
    assert [w.workflow_name for w in listed.workflows] == ["b", "a", "invoices"]
    assert world.store.workflows(limit=1, offset=1).workflows[0].workflow_name == "a"
    assert (world.store.workflows(limit=1).total, world.store.workflows(name="a").total) == (3, 1)


def test_a_deleted_workflow_takes_no_jobs_and_frees_its_name(world: World) -> None:
    deleted = world.store.delete_workflow("invoices")
    with pytest.raises(NotFound):
        world.store.workflow("invoices")
    with pytest.raises(NotFound):
        world.submit()
    with pytest.raises(NotFound):
        world.store.delete_workflow(deleted)
    assert world.store.workflows().total == 0
    other = world.store.put_workflow(name="invoices", document=DOCUMENT)
    assert other.workflow.workflow_id != deleted


def test_a_deleted_workflow_comes_back_with_its_next_version(world: World) -> None:
    world.store.put_workflow(name="w", workflow_id="w", document=OTHER)
    world.store.delete_workflow("w")
    back = world.store.put_workflow(name="w", workflow_id="w", document=DOCUMENT)
    assert (back.created, back.workflow.version) == (True, 2)


def test_changes_of_workflows_are_told(world: World) -> None:
    world.changes.clear()
    stored = world.store.put_workflow(name="w", document=OTHER)
    told = [(change.kind, change.workflow_id) for change in world.changes]
    assert told == [("workflow", stored.workflow.workflow_id)]
