"""A job that has ended is taken up where it stood: by a new job that carries the state."""

from __future__ import annotations

from typing import Any, Literal

import orjson
import pytest

from casare_rpa.domain.jobs import STARTS_ANYWHERE
from casare_rpa.engine.walking.resume import StartPoint
from casare_rpa.errors import Conflict, InvalidInput, InvalidTransition, NotFound
from casare_rpa.store.operations import lineage
from casare_rpa.wire import (
    EventBatch,
    EventEnvelope,
    Grant,
    Job,
    Rerun,
    RerunRequest,
    Resolve,
    SideLog,
)
from tests.contract.world import World
from tests.support.runs import chain, document, node
from tests.support.told import told

Json = dict[str, Any]


def put(name: str, value: Any) -> Json:
    return node("SetVariableNode", variable_name=name, value=value)


def log(text: str) -> Json:
    return node("LogNode", message=text, level="info")


def act(text: str = "x") -> Json:
    return node("RunCommandNode", command=f"echo {text}", shell=True, allow_dangerous=True)


def broken(**more: Any) -> Json:
    """Acts, loops, and fails at "bad", which `fail` decides."""
    nodes = {
        "set": put("x", "{{seed}}"),
        "act": act(),
        "loop": node("ForLoopStartNode", mode="range", start=0, end=2),
        "in": put("y", "{{x}}"),
        "end": node("ForLoopEndNode"),
        "bad": node("AssertNode", condition="{{fail}} == 0", message="no"),
        "last": log("{{x}} {{y}}"),
        **more,
    }
    links = [chain("set", "act", "loop.body", "in", "end"), chain("loop.completed", "bad", "last")]
    return document(nodes, *links, variables={"seed": 7, "fail": 1})


def played(world: World, raw: Json, *, end: str | None = None, **input_data: Any) -> Job:
    """A job of *raw* that a robot has run; it ended as the run did, or as *end*."""
    world.store.put_workflow(name="played", document=raw)
    world.robot("r1", capabilities=[STARTS_ANYWHERE])
    job = world.submit(workflow_id="played", input_data=input_data)
    grant = world.claim()
    assert grant.job_id == job.job_id
    return carry_out(world, grant, end=end)


def carry_out(world: World, grant: Grant, *, end: str | None = None) -> Job:
    start = None if grant.start is None else StartPoint.parse(grant.start)
    events, result = told(orjson.loads(grant.workflow_json), grant.variables, start=start)
    _send(world, grant, events)
    failed = result.error.node_id if result.error is not None else None
    more: Json = {"failed_node_id": failed, "event_count": len(events)}
    world.finish(grant, end or result.status, **more)
    return world.store.job(grant.job_id)


def _send(world: World, grant: Grant, events: list[Json]) -> None:
    batch = EventBatch(
        attempt=grant.attempt,
        lease_token=grant.lease_token,
        first_index=1,
        events=[EventEnvelope(**event) for event in events],
    )
    world.store.append_events("r1", grant.job_id, batch)


def rerun(
    world: World, job: Job, start: Literal["failed", "node", "all"] = "failed", **more: Any
) -> Rerun:
    request = RerunRequest(start=start, **more)
    return world.store.rerun(job.job_id, request, principal="ann")


def nodes_of(world: World, job: Job, kind: str) -> list[str]:
    return [e.data["node_id"] for e in world.history(job) if e.type == f"node.{kind}"]


def test_a_failed_job_goes_on_at_the_node_that_failed(world: World) -> None:
    job = played(world, broken(), seed=3)
    made = rerun(world, job, variables={"fail": 0})
    assert (made.from_node, [n.node_id for n in made.runs]) == ("bad", ["bad", "last"])
    assert [n.node_id for n in made.reused] == ["set", "act", "loop", "in", "end"]
    assert [(a.node_id, a.times, a.again) for a in made.side_effects] == [("act", 1, False)]
    grant = world.claim()
    assert grant.job_id == made.new_job_id
    done = carry_out(world, grant)
    assert (done.status, done.rerun_of, done.from_node) == ("completed", job.job_id, "bad")
    assert nodes_of(world, done, "started") == ["bad", "last"]
    assert "3 3" in [e.data["message"] for e in world.history(done) if e.type == "log"]
    queued = world.history(done)[0].data
    assert (queued["rerun_of"], queued["from_node"]) == (job.job_id, "bad")


def test_a_robot_that_can_only_begin_at_the_first_node_is_not_asked(world: World) -> None:
    job = played(world, broken())
    world.robot("old")
    made = rerun(world, job)
    assert world.store.claim("old", claim_id="claim-0001") is None
    assert world.claim("r1").job_id == made.new_job_id
    rerun(world, job, "all", accept_side_effects=True)
    assert world.claim("old").start is None


def test_a_dry_run_makes_no_job(world: World) -> None:
    job = played(world, broken())
    assert rerun(world, job, dry_run=True).new_job_id is None
    assert world.store.jobs().total == 1


def test_side_effects_that_would_happen_again_must_be_accepted(world: World) -> None:
    job = played(world, broken())
    starts: list[Json] = [{"start": "all"}, {"start": "node", "from_node": "act"}]
    for start in starts:
        with pytest.raises(Conflict, match="act on the outside world") as refused:
            rerun(world, job, **start)
        assert refused.value.details == {"side_effects": ["act"]}
        assert rerun(world, job, **start, accept_side_effects=True).new_job_id is not None
    assert len(rerun(world, job, dry_run=True).earlier_reruns) == 2


def test_side_effects_of_every_attempt_are_told(world: World) -> None:
    world.store.put_workflow(name="played", document=broken())
    world.submit(workflow_id="played", max_retries=1)
    carry_out(world, world.claim())
    job = carry_out(world, world.claim_after_backoff())
    (acted,) = rerun(world, job, dry_run=True).side_effects
    assert (acted.node_id, acted.times) == ("act", 2)


def rerun_of_a_rerun(world: World, *, seconds_apart: float = 0) -> tuple[Job, Job]:
    """A job that acted and failed, and the completed rerun of a rerun that only reused that."""
    job = played(world, broken())
    world.clock.advance(seconds_apart)
    rerun(world, job)
    second = carry_out(world, world.claim())
    rerun(world, second, variables={"fail": 0})
    third = carry_out(world, world.claim())
    assert (second.status, third.status, third.rerun_of) == ("failed", "completed", second.job_id)
    assert nodes_of(world, third, "started") == ["bad", "last"]
    return job, third


def test_side_effects_of_the_jobs_that_it_repeats_must_be_accepted_too(world: World) -> None:
    _, third = rerun_of_a_rerun(world)
    with pytest.raises(Conflict, match="act on the outside world") as refused:
        rerun(world, third, "all")
    assert refused.value.details == {"side_effects": ["act"]}
    shown = rerun(world, third, "all", dry_run=True)
    assert [(a.node_id, a.times, a.again) for a in shown.side_effects] == [("act", 1, True)]
    assert shown.warning is None
    rerun(world, third, "all", accept_side_effects=True)
    fourth = carry_out(world, world.claim())
    (acted,) = rerun(world, fourth, "all", dry_run=True).side_effects
    assert (acted.node_id, acted.times) == ("act", 2)


def test_side_effects_of_the_job_that_it_retries_count_too(world: World) -> None:
    job = played(world, broken())
    retried = world.store.retry(job.job_id, principal="ann")
    world.store.cancel(retried.job_id)
    with pytest.raises(Conflict, match="act on the outside world"):
        rerun(world, retried, "all")


def test_a_repeated_job_that_is_no_longer_kept_is_named(world: World) -> None:
    job, third = rerun_of_a_rerun(world, seconds_apart=10)
    assert world.store.prune(older_than_seconds=5) == 1
    shown = rerun(world, third, "all", dry_run=True)
    assert job.job_id in str(shown.warning)


def test_a_line_of_reruns_is_followed_so_far_and_no_farther(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, third = rerun_of_a_rerun(world)
    monkeypatch.setattr(lineage, "_MOST_JOBS", 2)
    shown = rerun(world, third, "all", dry_run=True)
    assert (shown.side_effects, job.job_id in str(shown.warning)) == ([], True)


def test_all_of_it_runs_again_with_another_input(world: World) -> None:
    job = played(world, broken(), seed=3)
    rerun(world, job, "all", variables={"fail": 0}, accept_side_effects=True)
    grant = world.claim()
    assert (grant.start, grant.variables) == (None, {"seed": 3, "fail": 0})
    assert carry_out(world, grant).from_node is None


def test_a_node_inside_a_loop_offers_the_loop(world: World) -> None:
    job = played(world, broken())
    with pytest.raises(InvalidInput, match="part of 'loop'") as refused:
        rerun(world, job, "node", from_node="in")
    assert str(refused.value.hint).endswith(f"{job.job_id} --from-node loop")
    assert rerun(world, job, "node", from_node="loop").from_node == "loop"


def test_a_failure_inside_a_region_goes_on_at_what_opens_it(world: World) -> None:
    inner = {"in": node("AssertNode", condition="{{fail}} == 0", message="no")}
    assert rerun(world, played(world, broken(**inner))).from_node == "loop"


def test_unknown_nodes_and_variables_are_refused_with_what_is_near(world: World) -> None:
    job = played(world, broken())
    with pytest.raises(NotFound) as refused:
        rerun(world, job, "node", from_node="lopp")
    assert refused.value.hint == "did you mean loop?"
    with pytest.raises(InvalidInput, match="did not run"):
        rerun(world, job, "node", from_node="last")
    for start in ("failed", "all"):
        with pytest.raises(InvalidInput, match="no variable 'sead'") as refused_name:
            rerun(world, job, start, variables={"sead": 1})
        assert refused_name.value.hint == "did you mean seed?"


def test_only_a_job_that_has_ended_is_run_again(world: World) -> None:
    with pytest.raises(NotFound):
        world.store.rerun("nope", RerunRequest(start="all"), principal="ann")
    world.store.put_workflow(name="played", document=broken())
    job = world.submit(workflow_id="played")
    with pytest.raises(InvalidTransition, match="is pending"):
        rerun(world, job, "all")
    world.store.cancel(job.job_id)
    with pytest.raises(Conflict, match="no node of it had begun"):
        rerun(world, job)
    assert rerun(world, job, "all").new_job_id is not None


def test_a_job_that_a_person_settled_is_not_planned_again_either(world: World) -> None:
    job = played(world, broken())
    word = Resolve(outcome="succeeded", reason="seen it")
    world.store.resolve(job.job_id, word, principal="ann")
    for dry_run in (True, False):
        with pytest.raises(InvalidTransition, match="it is not run again"):
            rerun(world, job, dry_run=dry_run)


def test_a_completed_job_has_no_failed_node_but_others_to_begin_at(world: World) -> None:
    job = played(world, broken(), fail=0)
    with pytest.raises(InvalidTransition, match="no node of it failed"):
        rerun(world, job)
    assert rerun(world, job, "node", from_node="last").new_job_id is not None


def test_a_job_whose_robot_was_lost_goes_on_at_the_node_that_had_begun(world: World) -> None:
    job = played(world, broken(), fail=0, end="cancelled")
    assert rerun(world, job).from_node == "last"


def test_what_a_lost_robot_brought_too_late_counts_among_the_side_effects(world: World) -> None:
    raw = broken()
    raw["settings"] = {"on_lost": "fail"}
    world.store.put_workflow(name="played", document=raw)
    world.submit(workflow_id="played")
    grant = world.claim()
    world.renew(grant)
    events, _ = told(raw, grant.variables)
    before = next(n for n, event in enumerate(events) if event["data"].get("node_id") == "act")
    _send(world, grant, events[:before])
    world.lose(grant)
    job = world.store.job(grant.job_id)
    late: Json = {
        "first_index": before + 1,
        "events": [EventEnvelope(**e) for e in events[before:]],
    }
    proof: Json = {"attempt": grant.attempt, "lease_token": grant.lease_token}
    world.store.side_log("r1", grant.job_id, SideLog(**proof, **late))
    shown = rerun(world, job, dry_run=True)
    assert shown.from_node == "set"
    assert [(act.node_id, act.again) for act in shown.side_effects] == [("act", True)]
    assert "robot was lost" in str(shown.warning)


def test_a_robot_that_told_nothing_leaves_only_the_whole(world: World) -> None:
    world.store.put_workflow(name="played", document=broken())
    grant = world.running(workflow_id="played")
    world.append(grant, 1, "node.started")
    world.finish(grant, "failed", event_count=1)
    with pytest.raises(Conflict, match="told of no place"):
        rerun(world, world.store.job(grant.job_id))


def test_a_secret_that_is_needed_is_named_with_the_node_that_works(world: World) -> None:
    login = {"set": put("x", "token {{pin}}"), "last": log("{{x}} {{set.value}}")}
    raw = broken(**login)
    raw["variables"]["pin"] = {"name": "pin", "default_value": "hunter22", "sensitive": True}
    job = played(world, raw)
    with pytest.raises(Conflict, match="holds a secret") as refused:
        rerun(world, job)
    assert refused.value.details["from_node"] == "set"
    assert {(e["kind"], e["name"]) for e in refused.value.details["lost"]} == {
        ("variables", "x"),
        ("outputs", "set"),
    }
    assert str(refused.value.hint).endswith("--from-node set")


def test_a_secret_that_nothing_reads_any_more_is_no_hindrance(world: World) -> None:
    raw = broken(set=put("x", "token {{pin}}"), last=log("done"), **{"in": put("y", 1)})
    raw["variables"]["pin"] = {"name": "pin", "default_value": "hunter22", "sensitive": True}
    made = rerun(world, played(world, raw), variables={"fail": 0})
    assert made.from_node == "bad"
    grant = world.claim()
    assert "x" not in (grant.start or {})["variables"]
    assert carry_out(world, grant).status == "completed"


def test_a_lost_variable_may_be_given(world: World) -> None:
    raw = broken(set=put("x", "token {{pin}}"), **{"in": put("y", 1)})
    raw["variables"]["pin"] = {"name": "pin", "default_value": "hunter22", "sensitive": True}
    job = played(world, raw)
    with pytest.raises(Conflict) as refused:
        rerun(world, job, variables={"fail": 0})
    assert "--set x=VALUE" in str(refused.value.hint)
    rerun(world, job, variables={"fail": "0", "x": "mine"})
    grant = world.claim()
    assert (grant.variables, "x" in (grant.start or {})["variables"]) == (
        {"fail": "0", "x": "mine"},
        False,
    )
    assert carry_out(world, grant).status == "completed"


def test_the_latest_version_is_taken_when_what_is_finished_is_the_same(world: World) -> None:
    job = played(world, broken())
    mended = broken(bad=log("mended"))
    world.store.put_workflow(name="played", document=mended)
    assert rerun(world, job, dry_run=True).workflow_version == 1
    made = rerun(world, job, latest=True)
    assert (made.workflow_version, made.from_node) == (2, "bad")
    assert carry_out(world, world.claim()).status == "completed"


def test_a_finished_node_that_has_changed_is_named(world: World) -> None:
    job = played(world, broken())
    world.store.put_workflow(name="played", document=broken(act=act("y")))
    with pytest.raises(Conflict, match="has changed") as refused:
        rerun(world, job, latest=True)
    assert refused.value.details == {"changed": ["act"]}
    assert rerun(world, job, "all", latest=True, accept_side_effects=True).workflow_version == 2


def test_a_rerun_that_failed_is_taken_up_in_its_turn(world: World) -> None:
    nodes = {
        "a": put("x", 1),
        "one": node("AssertNode", condition="{{first}} == 0", message="no"),
        "two": node("AssertNode", condition="{{second}} == 0", message="no"),
        "say": log("{{x}} {{a.value}}"),
    }
    raw = document(nodes, chain("a", "one", "two", "say"), variables={"first": 1, "second": 1})
    job = played(world, raw)
    rerun(world, job, variables={"first": 0})
    second = carry_out(world, world.claim())
    assert (second.status, second.failed_node_id) == ("failed", "two")
    made = rerun(world, second, variables={"second": 0})
    assert [n.node_id for n in made.reused] == ["a", "one"]
    with pytest.raises(InvalidInput, match=f"reused of {job.job_id}"):
        rerun(world, second, "node", from_node="a")
    third = carry_out(world, world.claim())
    assert (third.status, nodes_of(world, third, "started")) == ("completed", ["two", "say"])
    assert "1 1" in [e.data["message"] for e in world.history(third) if e.type == "log"]


def test_a_lost_rerun_and_a_retried_one_begin_at_the_same_node(world: World) -> None:
    job = played(world, broken())
    rerun(world, job)
    grant = world.claim(claim_id="claim-0001")
    assert world.claim(claim_id="claim-0001").start == grant.start
    world.renew(grant)
    world.lose(grant)
    again = world.claim_after_backoff()
    assert again.start == grant.start is not None
    world.finish(again, "failed", failure_reason="workflow_error")
    retried = world.store.retry(again.job_id, principal="ann")
    assert (retried.rerun_of, retried.from_node) == (job.job_id, "bad")
    assert world.claim().start == grant.start


def test_the_dead_letter_of_the_job_is_dealt_with(world: World) -> None:
    job = played(world, broken())
    made = rerun(world, job)
    assert world.store.dead_letter(job.job_id).new_job_id == made.new_job_id
