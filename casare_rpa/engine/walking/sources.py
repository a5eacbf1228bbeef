"""Data sources: nodes without execution wires, run for a consumer each time before it is."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING

from casare_rpa.engine.planning.plan import Step
from casare_rpa.engine.walking.failures import Failure
from casare_rpa.engine.walking.filling import passed_through
from casare_rpa.nodes.base import Leave

if TYPE_CHECKING:
    from casare_rpa.engine.walking.walk import Strand


async def supply(strand: Strand, step: Step) -> Failure | None:
    """Pull the data sources of *step* and fetch its secrets; what keeps it from running, if any.

    The failure is published, and yet to be settled at *step*.
    """
    for source in step.demands:
        failure = await _pull(strand, source)
        if failure is not None:
            return replace(failure, at=step)
    if step.secrets:
        await strand.run.stored.fetch(step.secrets)
    return None


async def _pull(strand: Strand, source: Step) -> Failure | None:
    if source.disabled:
        strand.skipped(source, "disabled")
        strand.scope.outputs[source.id] = passed_through(source, strand.scope)
        return None
    if source.secrets:
        await strand.run.stored.fetch(source.secrets)
    node_id = strand.started(source)
    began = perf_counter()
    try:
        result = await strand.bounded(source, strand.make(source).run(strand.context))
    except (Exception, SystemExit) as error:
        return _failed(strand, source, error)
    outputs = result.outputs if isinstance(result, Leave) else result or {}
    strand.completed(source, node_id, outputs, (perf_counter() - began) * 1000.0)
    return None


def _failed(strand: Strand, source: Step, error: BaseException) -> Failure | None:
    failure = strand.failure(source, error)
    # What it gave for an earlier pass is no value for this one.
    strand.scope.outputs[source.id] = {}
    if not source.goes_on_after_failure:
        return failure
    strand.context.log(f"goes on after a failure: {failure.told}", "warning")
    return None
