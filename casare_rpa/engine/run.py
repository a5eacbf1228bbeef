"""Running a plan: from its first event to its last."""

from __future__ import annotations

import asyncio
import inspect
import logging
import traceback
from contextvars import Context, copy_context
from time import perf_counter

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.domain.events import (
    EventBus,
    WorkflowCompleted,
    WorkflowFailed,
    WorkflowStarted,
    WorkflowStopped,
)
from casare_rpa.domain.json_values import json_safe
from casare_rpa.engine.left_files import told_left_in
from casare_rpa.engine.options import RunOptions
from casare_rpa.engine.planning.plan import Plan
from casare_rpa.engine.result import RunError, RunResult, Status, fit
from casare_rpa.engine.session import Control, Run
from casare_rpa.engine.stop import StopFlag
from casare_rpa.engine.walking.resume import check_start
from casare_rpa.nodes.file.reach import CURRENT

log = logging.getLogger(__name__)

_CLOSE_SECONDS = 30.0


async def run_plan(
    plan: Plan, options: RunOptions, bus: EventBus, stop: StopFlag | None = None
) -> RunResult:
    """Run *plan* once and say what it came to; a failing workflow is a result, not an exception.

    Every event goes to *bus*: WorkflowStarted first, the run's end last. *stop* ends the run
    between nodes and inside nodes that wait. Cancelling the task stops the run and closes what it
    opened, then raises CancelledError. Raises WorkflowInvalid when *options* start at a node that
    *plan* does not have.
    """
    if options.start is not None:
        check_start(plan, options.start)
    run = Run(plan, options, bus, Control(options))
    return await _Course(run, stop or StopFlag()).carry_out()


class _Course:
    """The outermost run, from start to end."""

    def __init__(self, run: Run, stop: StopFlag) -> None:
        self._run = run
        self._stop = stop
        self._internal_error: BaseException | None = None

    async def carry_out(self) -> RunResult:
        """Run to the end, whatever it is, and publish it."""
        began = perf_counter()
        run = self._run
        run.publish(
            WorkflowStarted(
                workflow_id=run.workflow_id,
                workflow_name=run.workflow_name,
                triggered_by=run.options.triggered_by,
                total_nodes=len(run.plan.steps),
            )
        )
        try:
            await self._under_limits()
        finally:
            await self._close()
        if run.options.tells_left_files and (told := told_left_in(run.options.working_dir)):
            run.log(told, "warning", None)
        result = self._result((perf_counter() - began) * 1000.0)
        self._publish_end(result)
        return result

    async def _under_limits(self) -> None:
        """Do the work in a task of its own, which a stop or the run's time limit cancels."""
        loop = asyncio.get_running_loop()
        work = asyncio.create_task(
            self._run.work(), name=f"run {self._run.workflow_name}", context=self._context()
        )
        forget = self._stop.listen(lambda: self._halt_soon(loop, work))
        seconds = self._run.options.timeout_seconds
        timer = None if seconds is None else loop.call_later(seconds, self._halt, work, "timeout")
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError:
            self._halt(work, "cancelled")
            await asyncio.wait([work])
            raise
        finally:
            forget()
            if timer is not None:
                timer.cancel()
        error = None if work.cancelled() else work.exception()
        if error is not None:
            # Not by `exc_info`: what the error says may hold a secret.
            trace = self._run.secrets.text("".join(traceback.format_exception(error)))
            log.error("the engine failed in %s\n%s", self._run.workflow_name, trace)
            self._internal_error = error

    def _context(self) -> Context:
        """Where functions of all families find what files this run may reach."""
        context = copy_context()
        context.run(CURRENT.set, self._run.control.reach)
        return context

    def _halt_soon(self, loop: asyncio.AbstractEventLoop, work: asyncio.Task[None]) -> None:
        # At once for nodes that never wait, and through the loop for those that do.
        self._mark("cancelled")
        if not loop.is_closed():
            loop.call_soon_threadsafe(work.cancel)

    def _halt(self, work: asyncio.Task[None], kind: str) -> None:
        self._mark(kind)
        work.cancel()

    def _mark(self, kind: str) -> None:
        control = self._run.control
        if control.halted is None:
            control.halted, control.reason = kind, self._stop.reason

    def _result(self, duration_ms: float) -> RunResult:
        run = self._run
        error = self._error()
        variables, outputs = fit(
            run.public_variables(), run.shown_outputs(), run.options.max_result_bytes
        )
        logs = list(run.control.logs)
        return RunResult(
            status=self._status(error),
            variables=variables,
            outputs=outputs,
            logs=logs,
            logs_dropped=run.control.logs_written - len(logs),
            nodes_executed=run.executed,
            nodes_skipped=run.skipped,
            duration_ms=round(duration_ms, 3),
            error=error,
        )

    def _status(self, error: RunError | None) -> Status:
        match self._halted:
            case "timeout":
                return "timeout"
            case None:
                return "completed" if error is None else "failed"
        return "cancelled"

    @property
    def _halted(self) -> str | None:
        # What was done before the stop took effect stays done.
        return None if self._run.finished else self._run.control.halted

    def _error(self) -> RunError | None:
        run = self._run
        match self._halted:
            case "timeout":
                text = f"the run timed out after {run.options.timeout_seconds:g}s"
                return RunError(code=ErrorCode.TIMEOUT.name, message=text)
            case "cancelled":
                text = f"the run was stopped: {run.control.reason or 'cancelled'}"
                return RunError(code=ErrorCode.CANCELLED.name, message=text)
        if self._internal_error is not None:
            text = f"the engine failed: {self._internal_error!r}"
            return RunError(code=ErrorCode.INTERNAL_ERROR.name, message=run.secrets.text(text))
        failure = run.first_failure
        if failure is None:
            return None
        return RunError(
            code=failure.code.name,
            message=json_safe(failure.described),
            node_id=failure.node_id,
            node_type=failure.step.type,
            business=failure.business,
        )

    def _publish_end(self, result: RunResult) -> None:
        run = self._run
        if result.status == "cancelled":
            run.publish(
                WorkflowStopped(
                    workflow_id=run.workflow_id,
                    stopped_at_node_id=run.current_node_id,
                    reason=run.control.reason or "cancelled",
                )
            )
        elif result.error is not None:
            run.publish(
                WorkflowFailed(
                    workflow_id=run.workflow_id,
                    workflow_name=run.workflow_name,
                    failed_node_id=result.error.node_id,
                    error_code=ErrorCode.from_name(result.error.code),
                    error_message=result.error.message,
                    execution_time_ms=result.duration_ms,
                )
            )
        else:
            run.publish(
                WorkflowCompleted(
                    workflow_id=run.workflow_id,
                    workflow_name=run.workflow_name,
                    execution_time_ms=result.duration_ms,
                    nodes_executed=result.nodes_executed,
                    nodes_skipped=result.nodes_skipped,
                )
            )

    async def _close(self) -> None:
        """Give back what nodes opened, last first; a closer that fails is no reason to stop."""
        closers = self._run.control.closers
        while closers:
            try:
                async with asyncio.timeout(_CLOSE_SECONDS):
                    waiting = closers.pop()()
                    if inspect.isawaitable(waiting):
                        await waiting
            except Exception as error:
                self._run.log(f"closing failed: {error}", "warning", None)
