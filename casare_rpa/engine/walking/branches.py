"""Branches that run beside each other: fork and join, and the parallel for-each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.engine.planning.plan import Step
from casare_rpa.engine.walking.exits import follow_completed, follow_joined
from casare_rpa.engine.walking.failures import BranchFailed, Break, Continue, Failure, Signal
from casare_rpa.engine.walking.filling import filled
from casare_rpa.engine.walking.loops import LoopFrame
from casare_rpa.nodes.base import NodeError

if TYPE_CHECKING:
    from casare_rpa.engine.walking.walk import Strand


async def run_fork(strand: Strand, step: Step, node: Any) -> None:
    """Run the branches on copies of the variables, merge what they changed, go on at the join."""
    ports = _branches(step, node)
    finished: list[int] = []
    strategy = _strategy(strand, step.join)
    children = [strand.branch(step, stops_at=step.join) for _ in ports]

    async def run_branch(index: int) -> None:
        await children[index].walk_from(step.ports.get(ports[index], ()))
        finished.append(index)

    failures = await _side_by_side(run_branch, len(ports), len(ports), node.fail_fast)
    _all_failed(failures, len(ports))
    chosen = _chosen(strategy, finished)
    results: dict[str, Any] = {}
    for index, port in enumerate(ports):
        strand.scope.outputs |= children[index].scope.given()
        if index in failures:
            results[port] = _error(strand, failures[index])
        elif index in chosen:
            results[port] = children[index].scope.changed()
    _merge(strand, results)
    _go_on(strand, step, {"results": results, "branch_count": len(ports)})


def _branches(step: Step, node: Any) -> list[str]:
    """The ports of a fork: as many as it says, else as are wired."""
    all_ports = [f"branch_{n}" for n in range(1, 11)]
    wired = [n for n, port in enumerate(all_ports, 1) if step.ports.get(port)]
    says = step.config.get("branch_count") is not None or "branch_count" in dict(step.dynamic)
    return all_ports[: node.branch_count if says else max([2, *wired])]


def _go_on(strand: Strand, step: Step, outputs: dict[str, Any]) -> None:
    join = step.join
    if join is not None and join.control == "join":
        strand.context.step = join
        strand.emit(join, outputs)
    follow_joined(strand, step)


def _strategy(strand: Strand, join: Step | None) -> str:
    """Whose results are taken, as the join says before the branches begin."""
    if join is None or join.control != "join":
        return "all"
    return str(filled(join, strand.scope).merge_strategy)


def _chosen(strategy: str, finished: Sequence[int]) -> Sequence[int]:
    if strategy == "first":
        return finished[:1]
    return finished[-1:] if strategy == "last" else finished


def _merge(strand: Strand, results: dict[str, Any]) -> None:
    for branch, changed in results.items():
        for name, value in changed.items():
            if name != "_error":
                strand.context.set_variable(f"{branch}_{name}", value)


class ItemFrame(LoopFrame):
    """The body for one item. Continue ends the item, break also those that have not begun."""

    __slots__ = ("broke",)

    def __init__(self, step: Step) -> None:
        super().__init__(step)
        self.broke = False

    def ended(self, strand: Strand) -> None:
        strand.frames.pop()

    def takes(self, signal: Signal, strand: Strand) -> bool:
        if isinstance(signal, (Break, Continue)) and signal.loop is self.step:
            self.broke = isinstance(signal, Break)
            self.begin(())
            return True
        return False


async def run_each(strand: Strand, step: Step, node: Any) -> None:
    """Run the body for each item, several at once; the results stand in the order of the items."""
    items: list[Any] = node.listed(strand.context)
    results: list[Any] = [None] * len(items)
    broke = False

    async def run_item(index: int) -> None:
        nonlocal broke
        if broke:
            return
        child = strand.branch(step)
        _set_item(child, step, items[index], index)
        frame = ItemFrame(step)
        await _within(child.walk(frame), node.timeout_per_item, step, strand)
        broke = broke or frame.broke
        child.scope.written -= {"item", "index"}
        results[index] = child.scope.changed()

    failures = await _side_by_side(run_item, len(items), node.batch_size, node.fail_fast)
    _all_failed(failures, len(items))
    for index, failure in failures.items():
        results[index] = _error(strand, failure)
    strand.context.step = step
    strand.scope.outputs[step.id] = {"results": results}
    follow_completed(strand, step)


def _set_item(child: Strand, step: Step, item: Any, index: int) -> None:
    child.context.step = step
    child.context.set_variable("item", item)
    child.context.set_variable("index", index)
    child.scope.outputs[step.id] = {"current_item": item, "current_index": index}


async def _within(work: Awaitable[None], seconds: float, step: Step, strand: Strand) -> None:
    try:
        async with asyncio.timeout(seconds) as timer:
            await work
    except TimeoutError:
        if not timer.expired():
            raise
        text = f"an item took longer than {seconds:g}s"
        raise BranchFailed(strand.run.failure(step, NodeError(text, ErrorCode.TIMEOUT))) from None


async def _side_by_side(
    run_one: Callable[[int], Awaitable[None]], count: int, at_once: int, fail_fast: bool
) -> dict[int, Failure]:
    """Run *run_one* for 0 to *count* - 1, *at_once* at a time; the failures by index.

    With *fail_fast* the first failure cancels the others and is raised as BranchFailed.
    """
    failures: dict[int, Failure] = {}
    waiting = iter(range(count))

    async def work() -> None:
        for index in waiting:
            try:
                await run_one(index)
            except BranchFailed as error:
                if fail_fast:
                    raise
                failures[index] = error.failure

    tasks = [asyncio.create_task(work()) for _ in range(min(count, max(1, at_once)))]
    try:
        if tasks:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            _raise_first(done)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return failures


def _raise_first(done: Iterable[asyncio.Task[None]]) -> None:
    for task in done:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            raise error


def _all_failed(failures: dict[int, Failure], count: int) -> None:
    """If nothing succeeded there is nothing to go on with."""
    if count and len(failures) == count:
        raise BranchFailed(failures[min(failures)])


def _error(strand: Strand, failure: Failure) -> dict[str, str]:
    strand.context.log(f"goes on without a failed branch: {failure.described}", "warning")
    return {"_error": failure.message}
