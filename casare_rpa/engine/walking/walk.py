"""Walking a plan: one strand runs its steps one after the other.

A region is a first-in-first-out queue of steps that is run until it is empty. A strand keeps its
open regions on a stack of its own, so that nesting costs no recursion: the body of a loop, a try or
a retry is a region whose frame decides what follows when the queue runs empty, or when a signal
(a failure, break, continue) travels up through it.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.domain.events import NodeCompleted, NodeFailed, NodeSkipped, NodeStarted
from casare_rpa.engine.context import RunContext
from casare_rpa.engine.planning.plan import Step
from casare_rpa.engine.scope import RunScope
from casare_rpa.engine.walking.control import CONTROLS, GATES
from casare_rpa.engine.walking.exits import go_on_behind, pass_over
from casare_rpa.engine.walking.failures import BranchFailed, Failed, Failure, Halted, Signal
from casare_rpa.engine.walking.filling import check_required, filled, hands_on, passed_through
from casare_rpa.engine.walking.frames import Frame, Root
from casare_rpa.engine.walking.recovery import Recovery
from casare_rpa.engine.walking.sources import supply
from casare_rpa.nodes.base import Leave, NodeError

if TYPE_CHECKING:
    from casare_rpa.engine.session import Run
    from casare_rpa.engine.walking.trail import Trail

#: The longest a strand keeps the event loop to itself.
_TURN_SECONDS = 0.005
#: What `run` returns when there is nothing to wait for.
_AT_ONCE = frozenset({dict, Leave, type(None)})


class Strand:
    """One line of execution, with its own regions and, beside others, its own variables.

    It ends without being run further when it comes to `stops_at`; `enclosing` are the control
    nodes that are open around it.
    """

    def __init__(
        self,
        run: Run,
        scope: RunScope,
        *,
        stops_at: Step | None = None,
        enclosing: frozenset[Step] = frozenset(),
    ) -> None:
        self.run = run
        self.scope = scope
        self.frames: list[Frame] = []
        self.pause_seconds = 0.0
        self.stops_at = stops_at
        self.enclosing = enclosing
        self.recovery = Recovery()
        #: What tells others where they may start; only the outermost strand has it.
        self.trail: Trail | None = None
        self.context = context = RunContext(run, scope)
        scope.current = lambda: context.node_id
        self._turn_ends = 0.0

    # -- the loop ---------------------------------------------------------------------------

    async def walk(self, root: Frame) -> None:
        """Run *root* until nothing is left. Raises BranchFailed and Halted."""
        self.frames = frames = [root]
        while frames:
            if perf_counter() > self._turn_ends or self.pause_seconds:
                await self._give_way()
            frame = frames[-1]
            if frame.queue:
                await self._drain(frame)
            elif (waiting := frame.ended(self)) is not None:
                await waiting

    async def walk_from(self, steps: Iterable[Step]) -> None:
        """Run *steps* and what follows them as one region."""
        await self.walk(Frame(steps))

    def branch(self, step: Step, stops_at: Step | None = None) -> Strand:
        """A strand of its own for a branch that *step* opens, with copies of the variables."""
        around = {frame.step for frame in self.frames if frame.step is not None}
        child = Strand(
            self.run,
            self.scope.branch(),
            stops_at=stops_at,
            enclosing=self.enclosing | around | {step},
        )
        child.recovery = self.recovery.branch()
        return child

    async def _drain(self, frame: Frame) -> None:  # noqa: C901 - the hot loop: calls cost here
        """Run the steps of *frame* until its queue is empty or the stack has changed."""
        queue, seen = frame.queue, frame.seen
        run, scope, ctx = self.run, self.scope, self.context
        publish, ids, workflow_id, control = run.publish, run.ids, run.workflow_id, run.control
        trail = self.trail if self.trail is not None and frame is self.trail.root else None
        while queue:
            step = queue.popleft()
            if step.joins:
                if step in seen:
                    continue
                seen.add(step)
            if control.halted:
                raise Halted
            if step.guarded and not await self._admit(step):
                return
            node_id, node_type = ids[step.index], step.type
            ctx.step = step
            state = None if trail is None else trail.starting()
            publish(
                NodeStarted(
                    node_id=node_id, node_type=node_type, workflow_id=workflow_id, state=state
                )
            )
            if step.guarded and not await self._supplied(step):
                return
            began = perf_counter()
            try:
                node = step.cls.__new__(step.cls)
                values = node.__dict__
                values.update(step.constants)
                for name, resolve in step.dynamic:
                    values[name] = resolve(scope)
                if step.required:
                    check_required(step, node)
                result = node.run(ctx)
                if type(result) not in _AT_ONCE:
                    result = await self.bounded(step, result)
            except (Exception, SystemExit) as error:
                self.failed(step, error)
                return
            now = perf_counter()
            port = None
            if isinstance(result, dict):
                outputs = result
            elif isinstance(result, Leave):
                port, outputs = result.port, result.outputs
            else:
                outputs = {}
            self.completed(step, node_id, outputs, (now - began) * 1000.0, trail)
            if step.control and step.control in CONTROLS:
                waiting = CONTROLS[step.control](self, step, node, port)
                if waiting is not None:
                    await self._branch(step, waiting)
                return
            queue.extend((port is not None and step.ports.get(port)) or step.follow)
            if now > self._turn_ends:
                await self._give_way()

    async def _give_way(self) -> None:
        """Let others use the event loop; after a failed attempt, for the time of its pause."""
        if self.run.control.halted:
            raise Halted
        pause, self.pause_seconds = self.pause_seconds, 0.0
        await asyncio.sleep(pause)
        self._turn_ends = perf_counter() + _TURN_SECONDS

    async def bounded(self, step: Step, result: Any) -> Any:
        """What a node returned; one that waits is waited for, no longer than it may."""
        if type(result) in _AT_ONCE:
            return result
        if not inspect.isawaitable(result):
            if isinstance(result, Mapping):
                return dict(result)
            raise TypeError(f"the node returned {type(result).__name__}, not its outputs")
        limit = self.run.limit_of(step)
        try:
            if limit is None:
                return await result
            async with asyncio.timeout(limit) as timer:
                return await result
        except TimeoutError:
            if limit is None or not timer.expired():
                raise
            text = f"Node {self.run.ids[step.index]} timed out after {limit:g}s"
            raise NodeError(text, ErrorCode.TIMEOUT) from None
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise NodeError("the node cancelled itself", ErrorCode.CANCELLED) from None

    async def _branch(self, step: Step, waiting: Awaitable[None]) -> None:
        """Wait for the branches that *step* opened; what fails them, fails it."""
        try:
            await waiting
        except BranchFailed as error:
            inside = error.failure.step is not step
            self.settle(replace(error.failure, at=step, of_branch=inside))

    async def _admit(self, step: Step) -> bool:
        """Whether *step* is to be run now."""
        if step is self.stops_at:
            return False
        if step.disabled:
            await self._skip(step)
            return False
        gate = GATES.get(step.control)
        return gate is None or gate(self, step)

    async def _supplied(self, step: Step) -> bool:
        """Get what *step*, which has begun, needs; False if it cannot be had."""
        failure = await supply(self, step)
        if failure is not None:
            self.starved(failure)
        self.context.step = step
        return failure is None

    # -- what frames and controls use ---------------------------------------------------------

    def make(self, step: Step) -> Any:
        """A fresh node of *step* with its parameters filled."""
        self.context.step = step
        return filled(step, self.scope)

    def started(self, step: Step) -> str:
        """Publish that *step* begins; its full id."""
        run = self.run
        self.context.step = step
        node_id = run.ids[step.index]
        run.publish(NodeStarted(node_id=node_id, node_type=step.type, workflow_id=run.workflow_id))
        return node_id

    def completed(
        self,
        step: Step,
        node_id: str,
        outputs: dict[str, Any],
        execution_time_ms: float,
        trail: Trail | None = None,
    ) -> None:
        """Keep and publish the outputs of *step*; those that are None are not there."""
        run = self.run
        if outputs and None in outputs.values():
            outputs = {port: value for port, value in outputs.items() if value is not None}
        self.scope.outputs[step.id] = outputs
        run.executed += 1
        run.publish(
            NodeCompleted(
                node_id=node_id,
                node_type=step.type,
                workflow_id=run.workflow_id,
                execution_time_ms=execution_time_ms,
                output_data=run.secrets.value(outputs) if run.secrets.any else outputs,
                state=None if trail is None else trail.completed(step, outputs),
            )
        )
        if not run.done[step.index]:
            run.progress(step)

    def emit(self, step: Step, outputs: dict[str, Any]) -> None:
        """Run a step that does nothing but show *outputs*."""
        self.completed(step, self.started(step), outputs, 0.0)

    def follow(self, step: Step, port: str) -> None:
        """Queue what is wired to *port*, in the region on top."""
        if self.frames:
            self.frames[-1].queue.extend(step.ports.get(port, ()))

    def opened(self, step: Step) -> Frame | None:
        """The open region of a control node."""
        return next((f for f in reversed(self.frames) if f.step is step), None)

    def failed(self, step: Step, error: BaseException) -> None:
        """Publish that *step* failed with *error* and go where the workflow says."""
        self.settle(self.failure(step, error))

    def failure(self, step: Step, error: BaseException) -> Failure:
        """Publish that *step* failed with *error*; it is yet to be settled."""
        failure = self.run.failure(step, error)
        self._publish_failed(failure, step, failure.told)
        return failure

    def starved(self, failure: Failure) -> None:
        """Publish that the consumer of a data source fails with it; go where the workflow says."""
        text = f"its data source failed: {failure.described}"
        self._publish_failed(failure, failure.at, text)
        self.settle(failure)

    def _publish_failed(self, failure: Failure, step: Step, message: str) -> None:
        self.run.executed += 1
        self.run.publish(
            NodeFailed(
                node_id=self.run.ids[step.index],
                node_type=step.type,
                workflow_id=self.run.workflow_id,
                error_code=failure.code,
                error_message=message,
                is_retryable=failure.is_retryable,
            )
        )

    def settle(self, failure: Failure) -> None:
        """Go where the workflow says after *failure*, a published one."""
        step = failure.at
        error_port = "error" if step.control == "call" else "exec_error"
        # What it gave in an earlier pass is no value for this one.
        outputs = {"success": False, "error": failure.message, **failure.outputs}
        self.scope.outputs[step.id] = outputs
        if step.ports.get(error_port):
            self.follow(step, error_port)
        elif step.goes_on_after_failure:
            self.context.log(f"goes on after a failure: {failure.told}", "warning")
            go_on_behind(self, step)
        else:
            self.raise_signal(Failed(failure))

    def raise_signal(self, signal: Signal) -> None:
        """Let *signal* travel up until a frame takes it. Raises BranchFailed if none does."""
        if isinstance(signal, Failed) and not any(f.handles(signal.failure) for f in self.frames):
            if self.recovery.apply(self, signal.failure):
                return
            if not self.run.plan.workflow.stop_on_error:
                self.run.tolerated(signal.failure)
                return
        while self.frames:
            if self.frames[-1].takes(signal, self):
                return
            self.frames.pop()
        if isinstance(signal, Failed):
            raise BranchFailed(signal.failure)

    def restart(self) -> bool:
        """Begin again at the run's first step; variables stay as they are. Branches cannot."""
        root = self.frames[0]
        if not isinstance(root, Root):
            return False
        del self.frames[1:]
        root.restart()
        return True

    def skipped(self, step: Step, reason: str) -> None:
        """Publish that *step* is passed over."""
        self.run.skipped += 1
        self.run.publish(
            NodeSkipped(
                node_id=self.run.ids[step.index],
                node_type=step.type,
                workflow_id=self.run.workflow_id,
                reason=reason,
            )
        )

    async def _skip(self, step: Step) -> None:
        failure = await supply(self, step) if hands_on(step) else None
        if failure is not None:
            self.settle(failure)
            return
        self.skipped(step, "disabled")
        self.scope.outputs[step.id] = passed_through(step, self.scope)
        pass_over(self, step)
