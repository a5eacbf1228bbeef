"""The state of a run while it goes on, shared by its strands and the workflows it calls."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any
from uuid import uuid4

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.domain.enums import LogLevel
from casare_rpa.domain.events import EventBus, LogMessage, WorkflowProgress
from casare_rpa.domain.workflow import Workflow, load_workflow
from casare_rpa.engine.options import RunOptions
from casare_rpa.engine.paths import Paths
from casare_rpa.engine.planning.compile import compile_workflow
from casare_rpa.engine.planning.plan import Plan, Step
from casare_rpa.engine.scope import RunScope, is_public
from casare_rpa.engine.secrecy.masking import MASK, Secrets
from casare_rpa.engine.secrecy.stored import StoredSecrets
from casare_rpa.engine.start import starting_variables
from casare_rpa.engine.subflows import fill, with_outputs
from casare_rpa.engine.walking.failures import BranchFailed, Failure, Halted
from casare_rpa.engine.walking.frames import Root
from casare_rpa.engine.walking.resume import go_to
from casare_rpa.engine.walking.trail import Trail
from casare_rpa.engine.walking.walk import Strand
from casare_rpa.errors import CasareError
from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.file.reach import Reach
from casare_rpa.nodes.workflow import BACKGROUND, PAYLOAD

MAX_LOG_LINES = 10_000
MAX_DEPTH = 10


class Control:
    """What a run shares with the workflows it calls."""

    def __init__(self, options: RunOptions) -> None:
        self.halted: str | None = None
        self.reason = ""
        self.resources: dict[str, Any] = {
            "block_private_addresses": options.block_private_addresses,
            "templates_dir": options.templates_dir,
            "browser_headless": options.browser_headless,
            "scratch_dir": str(options.scratch_dir or ""),
            **{f"ai_{name}": value for name, value in asdict(options.ai).items()},
            BACKGROUND: [],
        }
        self._at_first = len(self.resources)
        self.closers: list[Callable[[], Any]] = []
        self.environment = _environment(options)
        self.reach = Reach(options.allowed_paths)
        self.paths = Paths(
            working_dir=options.working_dir, reach=self.reach, environment=self.environment
        )
        self.logs: deque[dict[str, Any]] = deque(maxlen=MAX_LOG_LINES)
        self.logs_written = 0
        self.plans: dict[tuple[str, int, int], Plan] = {}

    @property
    def may_hold(self) -> bool:
        """Whether it is worth asking what is `held`."""
        return len(self.resources) > self._at_first or bool(self.resources[BACKGROUND])

    def held(self) -> list[str]:
        """What nodes have opened that ends with this run, by its key: no other run can have it."""
        return [key for key, value in self.resources.items() if _is_held(key, value)]


class Run:
    """The state of one run, or of one call of a workflow inside it."""

    def __init__(
        self,
        plan: Plan,
        options: RunOptions,
        bus: EventBus,
        control: Control,
        *,
        caller: Run | None = None,
        prefix: str = "",
    ) -> None:
        workflow = plan.workflow
        self.plan = plan
        self.options = options
        self.control = control
        self.publish = bus.publish
        self.workflow_id = options.workflow_id or workflow.id or ""
        self.workflow_name = options.workflow_name or workflow.name
        self.ids = [prefix + step.id for step in plan.steps]
        self.done = bytearray(len(plan.steps))
        self.executed = 0
        self._completed = 0
        self._next_progress = 0
        self.skipped = 0
        self.names: set[str] = set()
        self.readonly = frozenset(v.name for v in workflow.variables if v.readonly)
        self.secrets: Secrets = caller.secrets if caller else Secrets()
        self.secrets.names |= {v.name for v in workflow.variables if v.sensitive}
        self.secrets.learn(options.ai.keys)
        self.stored: StoredSecrets = (
            caller.stored
            if caller
            else StoredSecrets(options.find_secret, self.secrets, self._warn)
        )
        self._bus = bus
        self._caller = caller
        self._depth: int = caller._depth + 1 if caller else 0
        self.first_failure: Failure | None = None
        #: Whether the walk came to its end.
        self.finished = False
        self._warned: set[str] = set()
        self.strand: Strand | None = None

    # -- the work, here and in called workflows --------------------------------------------------

    async def work(self) -> None:
        """Walk the plan; how it ended stands in the run afterwards."""
        plan = self.plan
        scope = RunScope(
            variables={},
            outputs={},
            output_aliases=plan.output_aliases,
            environment=self.control.environment,
            secret=self.stored.value,
            warn=self._warn,
        )
        self.strand = strand = Strand(self, scope)
        values, warnings = starting_variables(plan.workflow, self.options.variables)
        start = self.options.start
        scope.variables.update(values | dict(start.variables if start is not None else {}))
        values = scope.variables
        for name in self.secrets.names & values.keys():
            self.secrets.learn(values[name])
        for node_id, text in (*plan.warnings, *(("", w) for w in warnings)):
            self.log(text, "warning", self._full_id(node_id))
        root = Root(plan.heads, plan.sinks)
        if start is not None:
            go_to(start, strand, root)
        if self.options.tells_start_points:
            strand.trail = Trail(strand, root)
        try:
            await strand.walk_from(plan.sources)
            await strand.walk(root)
            if self._caller is None:
                # The list grows meanwhile by what they start themselves.
                for task in self.control.resources[BACKGROUND]:
                    await task
            self.finished = True
        except BranchFailed as error:
            self.first_failure = self.first_failure or error.failure
        except Halted:
            pass
        finally:
            if self._caller is None:
                await self._end_background()

    async def _end_background(self) -> None:
        tasks = self.control.resources[BACKGROUND]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def call(
        self, path: str, inputs: Mapping[str, Any], *, caller: str, declared_only: bool
    ) -> dict[str, Any]:
        """See `Context.call_workflow`."""
        if self._depth + 1 > MAX_DEPTH:
            raise NodeError(
                f"workflows call each other more than {MAX_DEPTH} deep",
                ErrorCode.RESOURCE_EXHAUSTED,
            )
        plan = self._plan_of(path)
        filled = fill(plan.workflow, inputs)
        if filled.workflow is not plan.workflow:
            plan = _compiled(filled.workflow)
        payload = {
            "params": dict(inputs),
            "caller_workflow_id": self.workflow_id,
            "caller_node_id": caller,
            "call_id": str(uuid4()),
        }
        options = _options_for_call(self.options, plan, {**filled.variables, PAYLOAD: payload})
        called = Run(plan, options, self._bus, self.control, caller=self, prefix=f"{caller}/")
        try:
            await called.work()
        finally:
            self.executed += called.executed
            self.skipped += called.skipped
        if self.control.halted:
            raise Halted
        if called.first_failure is not None:
            failure = called.first_failure
            raise NodeError(
                f"{called.workflow_name}: {failure.described}",
                failure.code,
                business=failure.business,
            )
        found = called.plain_variables()
        if declared_only and filled.outputs:
            return {name: found.get(name) for name in filled.outputs}
        return found

    def _plan_of(self, named: str) -> Plan:
        path = self.control.paths.path(named)
        try:
            about = path.stat()
            key = (str(path), about.st_mtime_ns, about.st_size)
            if key not in self.control.plans:
                self.control.plans[key] = _compiled(with_outputs(load_workflow(path)))
            return self.control.plans[key]
        except FileNotFoundError:
            raise NodeError(
                f"there is no workflow file {named}", ErrorCode.FILE_NOT_FOUND
            ) from None
        except OSError as error:
            why = error.strerror or type(error).__name__
            text = f"the workflow file {named} cannot be read: {why}"
            raise NodeError(text, ErrorCode.from_exception(error)) from error
        except NodeError:
            raise
        except CasareError as error:
            raise NodeError(error.message, ErrorCode.WORKFLOW_INVALID) from error

    # -- what strands and nodes report ------------------------------------------------------------

    def failure(self, step: Step, error: BaseException) -> Failure:
        """What *error* means for *step*, with secrets masked."""
        message = error.message if isinstance(error, CasareError) else str(error)
        hint = error.hint if isinstance(error, CasareError) else None
        return Failure(
            step=step,
            at=step,
            node_id=self.ids[step.index],
            code=ErrorCode.from_exception(error),
            message=self.secrets.text(message or type(error).__name__),
            error=error,
            hint=self.secrets.text(hint) if hint else None,
            business=isinstance(error, NodeError) and error.business,
        )

    def tolerated(self, failure: Failure) -> None:
        """A failure that ends its branch only, because the workflow does not stop on errors."""
        self.first_failure = self.first_failure or failure

    def progress(self, step: Step) -> None:
        """A node has done its work for the first time; what repeats later changes nothing.

        Only whole percents are published, so a workflow of a thousand nodes says it 90 times.
        """
        self.done[step.index] = 1
        if self._caller is not None:
            return
        self._completed += 1
        if self._completed < self._next_progress:
            return
        completed, total = self._completed, len(self.done)
        percentage = min(95, 5 + 90 * completed // total)
        # The least count that gives a higher percentage.
        self._next_progress = ((percentage - 4) * total + 89) // 90
        self.publish(
            WorkflowProgress(
                workflow_id=self.workflow_id,
                current_node_id=self.ids[step.index],
                completed_nodes=completed,
                total_nodes=total,
                percentage=float(percentage),
            )
        )

    def log(self, message: str, level: str, node_id: str | None, data: Any = None) -> None:
        """Write a line to the run's log, with secrets masked."""
        known = LogLevel.from_string(level)
        message = self.secrets.text(message)
        control = self.control
        control.logs.append({"node_id": node_id, "level": known.value, "message": message})
        control.logs_written += 1
        extra = None if data is None else {"data": self.secrets.value(data)}
        self.publish(
            LogMessage(
                level=known,
                message=message,
                source="node" if node_id else "engine",
                node_id=node_id,
                workflow_id=self.workflow_id,
                extra_data=extra,
            )
        )

    def limit_of(self, step: Step) -> float | None:
        """How many seconds a node may wait."""
        own = step.cls.timeout_seconds
        limit = self.options.node_timeout_seconds if own is None else own
        return limit or None

    def plain_variables(self) -> dict[str, Any]:
        """The public variables as they are."""
        if self.strand is None:
            return {}
        return {k: v for k, v in self.strand.scope.variables.items() if is_public(k)}

    def public_variables(self) -> dict[str, Any]:
        """The public variables as others may see them."""
        sensitive = self.secrets.names
        return {
            name: MASK if name in sensitive else self.secrets.value(value)
            for name, value in self.plain_variables().items()
        }

    def shown_outputs(self) -> dict[str, dict[str, Any]]:
        """The last outputs of each node as others may see them."""
        found = self.strand.scope.outputs if self.strand is not None else {}
        return {key: self.secrets.value(ports) for key, ports in found.items() if ports}

    @property
    def current_node_id(self) -> str | None:
        """The node that ran last."""
        return (self.strand.context.node_id or None) if self.strand is not None else None

    def _full_id(self, node_id: str) -> str | None:
        return self.ids[0][: -len(self.plan.steps[0].id)] + node_id if node_id else None

    def _warn(self, about: str, message: str, node_id: str | None) -> None:
        """Log a warning; the same *about* only once."""
        if about and about in self._warned:
            return
        self._warned.add(about)
        self.log(message, "warning", node_id)


def _compiled(workflow: Workflow) -> Plan:
    try:
        return compile_workflow(workflow)
    except CasareError as error:
        raise NodeError(error.message, ErrorCode.WORKFLOW_INVALID) from error


def _options_for_call(options: RunOptions, plan: Plan, inputs: Mapping[str, Any]) -> RunOptions:
    workflow = plan.workflow
    return replace(
        options,
        variables=dict(inputs),
        workflow_id=workflow.id or "",
        workflow_name=workflow.name,
        triggered_by="workflow_call",
        start=None,
        tells_start_points=False,
    )


def _is_held(key: str, value: Any) -> bool:
    if key == BACKGROUND:
        return not all(task.done() for task in value)
    if isinstance(value, list):
        return bool(value)
    return getattr(value, "lasts_for_the_run", not isinstance(value, (str, bool)))


def _environment(options: RunOptions) -> dict[str, str]:
    if options.environment is not None:
        return dict(options.environment)
    return {name: value for name, value in os.environ.items() if not _is_ours(name.upper())}


def _is_ours(name: str) -> bool:
    return name.startswith("CASARE_") or name in ("VAULT_TOKEN", "VAULT_SECRET_ID")
