"""Running a job again from a node of it: a new job that carries the state to begin with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import Any

import sqlalchemy as sa

from casare_rpa.domain.jobs import FailureReason, JobStatus
from casare_rpa.domain.reruns import Ahead, changed_nodes
from casare_rpa.domain.start_points import Lost, Mark, StartState, state_at
from casare_rpa.domain.workflow import Workflow, parse_workflow
from casare_rpa.errors import Conflict, InvalidInput, InvalidTransition, NotFound
from casare_rpa.store.operations import retention, start_marks, workflows
from casare_rpa.store.operations.lineage import lineage
from casare_rpa.store.operations.side_effects import acts
from casare_rpa.store.tables import jobs
from casare_rpa.store.tx import Row, Tx, Values, load, moment
from casare_rpa.wire import NodeAhead, NodeReused, Rerun, RerunRequest, SideEffect

_MOST_EARLIER = 20
_LOST = frozenset({FailureReason.AGENT_LOST, FailureReason.LEASE_LOST, FailureReason.CRASH_LIMIT})
_LOST_WORDS = "its robot was lost: what it did last may not stand here"
_UNKNOWN_WORDS = "whose history is not at hand any more: what was done there does not stand here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`shown` is for people; `values` are the columns of the new job that differ from the old."""

    shown: Rerun
    values: Values


def plan(tx: Tx, job_id: str, request: RerunRequest) -> Plan:
    """Raises NotFound, InvalidTransition, InvalidInput, and Conflict when it cannot begin there."""
    row = tx.row(sa.select(jobs).where(jobs.c.id == job_id))
    if row is None:
        raise retention.missing(tx, job_id)
    if not JobStatus(row["status"]).finished:
        raise InvalidTransition(
            f"job {job_id} is {row['status']}: only one that has ended is run again"
        )
    check_not_settled(row)
    return _Planner(tx, row, request).plan()


def check_not_settled(row: Row) -> None:
    """Raises InvalidTransition when a person has said that the job did succeed."""
    resolution = load(row["resolution"]) or {}
    if resolution.get("outcome") == "succeeded":
        raise InvalidTransition(
            f"job {row['id']} was resolved as succeeded by {resolution['resolved_by']},"
            " it is not run again"
        )


def check_accepted(plan: Plan, request: RerunRequest) -> None:
    """Raises Conflict when side effects would happen again that *request* does not accept."""
    again = [act.node_id for act in plan.shown.side_effects if act.again]
    if again and not request.accept_side_effects:
        raise Conflict(
            f"these nodes of job {plan.shown.job_id}, or of a job that it repeats, had begun to act"
            f" on the outside world and would do so again: {', '.join(again)}",
            hint="Look there first; then accept it with accept_side_effects (--yes).",
            details={"side_effects": again},
        )


class _Planner:
    def __init__(self, tx: Tx, row: Row, request: RerunRequest) -> None:
        self._tx = tx
        self._row = row
        self._request = request
        self._job_id = str(row["id"])
        self._lineage = lineage(tx, row)
        self._old = _document(tx, row["workflow_id"], row["workflow_version"])
        self._version = _version(tx, row) if request.latest else int(row["workflow_version"])
        self._new = _document(tx, row["workflow_id"], self._version)

    def plan(self) -> Plan:
        state = None
        if self._request.start == "all":
            self._check_names(None)
        else:
            state = self._state()
        values: Values = {
            "workflow_version": self._version,
            "rerun_of": self._job_id,
            "from_node": None if state is None else state.node_id,
            "start_state": None if state is None else state.to_json(),
            "input_data": load(self._row["input_data"]) | self._request.variables,
        }
        return Plan(shown=self._shown(state, Ahead(self._new, state)), values=values)

    def _shown(self, state: StartState | None, ahead: Ahead) -> Rerun:
        at = f"at {state.node_id}" if state is not None else "at its first node"
        types = {spec.node_id: spec.node_type for spec in self._new.nodes}
        reused = [] if state is None else state.reused.values()
        return Rerun(
            job_id=self._job_id,
            workflow_id=self._row["workflow_id"],
            workflow_version=self._version,
            from_node=None if state is None else state.node_id,
            side_effects=self._side_effects(ahead),
            reused=[
                NodeReused(
                    node_id=each.node_id,
                    node_type=types.get(each.node_id, ""),
                    finished_at=moment(each.at),
                )
                for each in reused
                if each.node_id not in ahead.ids
            ],
            runs=[NodeAhead(node_id=s.node_id, node_type=s.node_type) for s in ahead.nodes],
            variables=sorted(self._request.variables),
            earlier_reruns=_reruns_of(self._tx, self._job_id),
            warning=self._warning(),
            message=f"job {self._job_id} can be run again {at}",
        )

    def _side_effects(self, ahead: Ahead) -> list[SideEffect]:
        return [
            SideEffect(
                node_id=act.node_id,
                node_type=act.node_type,
                times=act.times,
                began_at=moment(act.at),
                again=act.node_id.partition("/")[0] in ahead.ids,
            )
            for act in acts(self._tx, self._lineage.job_ids)
        ]

    def _warning(self) -> str | None:
        words = [_LOST_WORDS] if self._row["failure_reason"] in _LOST else []
        if unknown := self._lineage.unknown:
            words.append(f"it repeats {', '.join(unknown)}, {_UNKNOWN_WORDS}")
        return "; ".join(words) or None

    # where it begins, and with what

    def _state(self) -> StartState:
        marks = start_marks.marks(self._tx, self._row)
        starts = [mark for mark in marks if mark.is_start]
        if not starts:
            raise self._without_starts()
        start = self._start(starts)
        base = load(self._row["start_state"])
        state = state_at(base, marks, start)
        self._check_names(state)
        state.give(self._request.variables)
        if self._request.latest:
            self._check_unchanged(state)
        lost = Ahead(self._new, state).lacks(state.lost.values())
        if lost:
            makers = [_latest(each.node_id, starts) or start for each in lost]
            earlier = [each for each in starts if each.seq <= min(m.seq for m in makers)]
            raise self._impossible(start, lost, self._last_good(base, marks, earlier))
        return state

    def _without_starts(self) -> Conflict:
        why = (
            "no node of it had begun"
            if self._row["started_at"] is None
            else "its robot told of no place where it could be taken up again"
        )
        return Conflict(
            f"job {self._job_id} can only be run again as a whole: {why}",
            hint=f"casare-rpa jobs rerun {self._job_id} --all",
        )

    def _start(self, starts: Sequence[Mark]) -> Mark:
        if self._request.start == "node":
            return self._named(str(self._request.from_node), starts)
        if JobStatus(self._row["status"]) is JobStatus.COMPLETED:
            raise InvalidTransition(
                f"job {self._job_id} is completed: no node of it failed",
                hint=f"casare-rpa jobs rerun {self._job_id} --from-node NODE, or --all",
            )
        failed = self._row["failed_node_id"]
        found = None if failed is None else self._around(str(failed), starts)
        return found or starts[-1]

    def _named(self, node_id: str, starts: Sequence[Mark]) -> Mark:
        """The start at that very node; otherwise the nearest around it is offered."""
        found = _latest(node_id, starts)
        if found is not None:
            return found
        if self._old.node(node_id.partition("/")[0]) is None:
            raise NotFound(
                f"job {self._job_id} has no node {node_id!r}",
                hint=_nearest(node_id, [spec.node_id for spec in self._old.nodes]),
            )
        around = self._around(node_id, starts)
        if around is not None:
            raise InvalidInput(
                f"a run cannot begin at {node_id!r}: it is part of {around.node_id!r}"
                f" ({around.node_type}), which is run as a whole",
                field="from_node",
                hint=f"casare-rpa jobs rerun {self._job_id} --from-node {around.node_id}",
            )
        origin, base = self._row["rerun_of"], load(self._row["start_state"]) or {}
        if node_id in base.get("reused", ()):
            raise InvalidInput(
                f"node {node_id!r} did not run in job {self._job_id}: it was reused of {origin}",
                field="from_node",
                hint=f"casare-rpa jobs rerun {origin} --from-node {node_id}",
            )
        raise InvalidInput(
            f"node {node_id!r} did not run in job {self._job_id}",
            field="from_node",
            hint=f"It can begin at: {', '.join(dict.fromkeys(s.node_id for s in starts))}",
        )

    def _around(self, node_id: str, starts: Sequence[Mark]) -> Mark | None:
        """The start in whose course the node last began; None if it did not."""
        exact = _latest(node_id, starts) or _latest(node_id.partition("/")[0], starts)
        if exact is not None:
            return exact
        seq = start_marks.last_begun(self._tx, self._row, node_id)
        before = [start for start in starts if seq is not None and start.seq < seq]
        return before[-1] if before else None

    def _last_good(self, base: Any, marks: Sequence[Mark], earlier: Sequence[Mark]) -> Mark | None:
        """The latest of *earlier* that lacks nothing."""
        for each in reversed(earlier):
            state = state_at(base, marks, each)
            state.give(self._request.variables)
            if not Ahead(self._new, state).lacks(state.lost.values()):
                return each
        return None

    def _impossible(self, start: Mark, lost: Sequence[Lost], good: Mark | None) -> Conflict:
        where = f"--from-node {good.node_id}" if good is not None else "--all"
        hint = f"casare-rpa jobs rerun {self._job_id} {where}"
        if all(each.kind == "variables" for each in lost):
            hint += f", or give it: --set {lost[0].name}=VALUE"
        return Conflict(
            f"job {self._job_id} cannot be taken up at {start.node_id!r}:"
            f" {'; '.join(map(str, lost))}",
            hint=hint,
            details={
                "lost": [asdict(each) for each in lost],
                "from_node": good.node_id if good is not None else None,
            },
        )

    def _check_unchanged(self, state: StartState) -> None:
        if self._version == self._row["workflow_version"]:
            return
        changed = changed_nodes(self._old, self._new, state)
        if changed:
            raise Conflict(
                f"workflow {self._row['workflow_name']} has changed where job {self._job_id} had"
                f" been: {', '.join(changed)}",
                hint="Leave --latest out, or run all of it: --all --latest",
                details={"changed": changed},
            )

    def _check_names(self, state: StartState | None) -> None:
        known = {variable.name for variable in self._new.variables}
        known |= load(self._row["input_data"]).keys()
        if state is not None:
            known |= state.variables.keys() | {e.name for e in state.lost.values()}
        for name in self._request.variables:
            if name not in known:
                raise InvalidInput(
                    f"there is no variable {name!r} to set",
                    field="variables",
                    hint=_nearest(name, sorted(n for n in known if not n.startswith("_"))),
                )


def _nearest(word: str, known: Sequence[str]) -> str | None:
    near = get_close_matches(word, known, n=1)
    if near:
        return f"did you mean {near[0]}?"
    return f"There are: {', '.join(known[:20])}" if known else None


def _version(tx: Tx, row: Row) -> int:
    return int(workflows.find(tx, row["workflow_id"])["version"])


def _document(tx: Tx, workflow_id: str, version: int) -> Workflow:
    return parse_workflow(load(workflows.document_of(tx, workflow_id, version)))


def _latest(node_id: str, starts: Sequence[Mark]) -> Mark | None:
    return next((start for start in reversed(starts) if start.node_id == node_id), None)


def _reruns_of(tx: Tx, job_id: str) -> list[str]:
    query = sa.select(jobs.c.id).where(jobs.c.rerun_of == job_id)
    rows = tx.rows(query.order_by(jobs.c.created_at.desc()).limit(_MOST_EARLIER))
    return [row["id"] for row in rows]
