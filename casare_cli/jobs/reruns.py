"""What `jobs rerun` shows, and asks, before it does anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TextIO

from casare_cli.terminal.answering import done_already
from casare_cli.terminal.output import Format, Output
from casare_cli.terminal.prompts import confirm, is_somebody_there
from casare_cli.terminal.text import moment
from casare_rpa.domain.json_values import Json

#: So many nodes are named; the others are counted.
_MOST_NAMED = 20


def show_plan(out: Output, plan: Json, stream: TextIO) -> None:
    """The side effects first, then what is reused and what may run."""
    for line in _lines(plan):
        out.line(line, stream=stream)


def acts_again(plan: Json) -> list[str]:
    """The nodes whose side effects would happen once more."""
    return [act["node_id"] for act in plan["side_effects"] if act["again"]]


def ask(plan: Json) -> None:
    """Ask at a terminal; elsewhere only refuse what would act again. Raises InvalidInput."""
    again = acts_again(plan)
    if again or is_somebody_there():
        also = f", so that {', '.join(again)} acts again" if again else ""
        confirm(f"Run job {plan['job_id']} again{also}?", "The same command with --yes.")


def _lines(plan: Json) -> Iterator[str]:
    start = plan["from_node"]
    where = f"at {start}" if start is not None else "at its first node"
    yield f"job {plan['job_id']} runs again {where}, with version {plan['workflow_version']}"
    if plan["warning"]:
        yield f"careful: {plan['warning']}"
    acts = plan["side_effects"]
    yield from _section("side effects that happen AGAIN:", [_act(a) for a in acts if a["again"]])
    yield from _section("side effects that stay:", [_act(a) for a in acts if not a["again"]])
    yield from _section("reused:", [_finished(node) for node in plan["reused"]])
    yield from _section("may run:", [_node(node) for node in plan["runs"]])
    yield from _section("other values:", plan["variables"])
    yield from _section("was run again before, as:", plan["earlier_reruns"])


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield title
    yield from (f"  {line}" for line in lines[:_MOST_NAMED])
    if len(lines) > _MOST_NAMED:
        yield f"  and {len(lines) - _MOST_NAMED} more"


def _node(node: Json) -> str:
    return f"{node['node_id']}  {node['node_type']}".rstrip()


def _finished(node: Json) -> str:
    return f"{_node(node)}  finished {moment(node['finished_at'])}"


def _act(act: Json) -> str:
    times = f", {act['times']} times" if act["times"] > 1 else ""
    return f"{_node(act)}  began {moment(act['began_at'])}{times}"


def print_made(out: Output, done: Json, *, waits: bool) -> None:
    """The new job's id, or all that was answered; nothing where the end of the job is printed."""
    if out.format is Format.NONE or (out.wants_json and waits):
        return
    new_id = str(done["new_job_id"])
    with done_already(f"job {new_id} was submitted", f"casare-rpa jobs watch {new_id}"):
        if out.wants_json:
            out.json(done)
        elif not out.quiet or out.format is Format.NAME:
            out.line(new_id)
