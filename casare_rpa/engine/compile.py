"""From a workflow to a plan: everything that can be decided before the first node runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from casare_rpa.domain.booleans import text_as_boolean
from casare_rpa.domain.workflow import Connection, NodeSpec, Problem, Severity, Workflow
from casare_rpa.engine.pairing import pair_steps, pick_heads, reachable
from casare_rpa.engine.parameters import Parameters, Sources
from casare_rpa.engine.placeholders import secrets_in
from casare_rpa.engine.plan import Plan, Step
from casare_rpa.engine.wiring import carries_control, settle_only_exit, settle_ports
from casare_rpa.errors import WorkflowInvalid
from casare_rpa.nodes.base import NodeType

_GUARDED = frozenset(
    {"for", "while", "each", "fork", "join", "try", "catch", "finally", "on_error", "retry"}
)


def compile_workflow(workflow: Workflow, *, runs_here: bool = True) -> Plan:
    """The plan of *workflow*.

    Raises WorkflowInvalid that names every node type that is unknown or not available, and a
    workflow without nodes. A plan that is only to be looked at may have nodes for which this
    machine lacks a library or a program: *runs_here* is then false.
    """
    if not workflow.nodes:
        raise WorkflowInvalid("the workflow has no nodes")
    return _Compiler(workflow, _classes(workflow, runs_here=runs_here)).plan()


def _classes(workflow: Workflow, *, runs_here: bool) -> dict[str, NodeType]:
    # Reading the catalogue takes time that only those who compile should spend.
    from casare_rpa.nodes.catalogue import node_class, runnable_class  # noqa: PLC0415

    find = runnable_class if runs_here else node_class
    found: dict[str, NodeType] = {}
    problems: list[Problem] = []
    for spec in workflow.nodes:
        try:
            found[spec.node_id] = find(spec.node_type)
        except WorkflowInvalid as error:
            problems.append(_unavailable(spec, error))
    if problems:
        messages = dict.fromkeys(p.message for p in problems)
        raise WorkflowInvalid("; ".join(messages), problems, hint=problems[0].hint)
    return found


def _unavailable(spec: NodeSpec, error: WorkflowInvalid) -> Problem:
    return Problem(
        code=error.code,
        severity=Severity.ERROR,
        message=error.message,
        pointer=f"/nodes/{spec.node_id}/node_type",
        node_id=spec.node_id,
        hint=error.hint,
    )


class _Compiler:
    def __init__(self, workflow: Workflow, classes: Mapping[str, NodeType]) -> None:
        self.workflow = workflow
        self.classes = classes
        self.specs = {spec.node_id: spec for spec in workflow.nodes}
        self.warnings: list[tuple[str, str]] = []
        self.links: dict[str, dict[str, list[tuple[str, str]]]] = defaultdict(dict)
        self.wires: dict[str, dict[str, list[str]]] = defaultdict(dict)
        for connection in workflow.connections:
            self._sort(connection)

    def plan(self) -> Plan:
        self.steps = {
            spec.node_id: self._step(index, spec) for index, spec in enumerate(self.workflow.nodes)
        }
        steps = tuple(self.steps.values())
        self._wire()
        pair_steps(steps)
        sources = self._data_sources()
        heads = pick_heads(steps, sources)
        met = {step.join for step in steps if step.join is not None}
        for step in steps:
            step.demands = self._demands(step, sources)
            step.guarded = _is_guarded(step) or step in met
        self._mark_joins(heads)
        return Plan(
            workflow=self.workflow,
            steps=steps,
            heads=heads,
            sources=_of_control(steps, "subflow_input"),
            sinks=_of_control(steps, "subflow_output"),
            output_aliases=_output_aliases(self.classes),
            warnings=tuple(self.warnings),
        )

    def _sort(self, connection: Connection) -> None:
        source, target = connection.source_node, connection.target_node
        port = connection.source_port
        if self._is_exec(connection):
            self.wires[source].setdefault(port, []).append(target)
        else:
            port = _declared_output(self.classes[source], port)
            self.links[target].setdefault(connection.target_port, []).append((source, port))

    def _is_exec(self, connection: Connection) -> bool:
        source, target = connection.source_node, connection.target_node
        return carries_control(
            connection, self.classes[source], self.classes[target], self.specs[source].config
        )

    def _step(self, index: int, spec: NodeSpec) -> Step:
        cls = self.classes[spec.node_id]
        links: Mapping[str, Sources] = self.links.get(spec.node_id, {})
        parameters = Parameters(cls, spec.config, links)
        self.warnings += [(spec.node_id, text) for text in parameters.warnings]
        return Step(
            index=index,
            id=spec.node_id,
            type=spec.node_type,
            cls=cls,
            control=cls.control,
            disabled=spec.disabled,
            goes_on_after_failure=_is_on(spec.config.get("continue_on_error")),
            config=spec.config,
            constants=parameters.constants,
            dynamic=tuple(parameters.dynamic),
            required=parameters.required,
            secrets=tuple(dict.fromkeys(secrets_in(spec.config))),
        )

    def _wire(self) -> None:
        for source, ports in self.wires.items():
            step = self.steps[source]
            step.ports = {
                port: tuple(self.steps[t] for t in dict.fromkeys(targets))
                for port, targets in ports.items()
            }
            step.follow = step.ports.get("exec_out", ())
            settle_ports(step)
            self.warnings += [(step.id, text) for text in settle_only_exit(step)]

    def _data_sources(self) -> dict[str, Step]:
        """Nodes without execution wiring that feed others: evaluated when they are needed."""
        wired = {t for ports in self.wires.values() for ts in ports.values() for t in ts}
        wired.update(self.wires)
        feeding = {s for ports in self.links.values() for ss in ports.values() for s, _ in ss}
        return {
            key: step
            for key, step in self.steps.items()
            if key not in wired
            and key in feeding
            and step.control not in ("start", "subflow_input", "subflow_output")
        }

    def _demands(self, step: Step, sources: Mapping[str, Step]) -> tuple[Step, ...]:
        """The data sources *step* needs, those that others need first; cycles are cut."""
        found: dict[str, Step] = {}
        opened: set[str] = {step.id}
        stack = [(key, False) for key in reversed(self._feeders(step.id, sources))]
        while stack:
            key, done = stack.pop()
            if done:
                found[key] = sources[key]
            elif key not in opened:
                opened.add(key)
                stack.append((key, True))
                stack += [(k, False) for k in reversed(self._feeders(key, sources))]
        return tuple(found.values())

    def _feeders(self, node_id: str, sources: Mapping[str, Step]) -> list[str]:
        ports = self.links.get(node_id, {})
        return [s for links in ports.values() for s, _ in links if s in sources]

    def _mark_joins(self, heads: tuple[Step, ...]) -> None:
        ways: dict[str, int] = defaultdict(int)
        for step in self.steps.values():
            for targets in step.ports.values():
                for target in targets:
                    ways[target.id] += 1
        for head in heads:
            ways[head.id] += 1
        for step in reachable(heads):
            step.joins = ways[step.id] > 1


def _of_control(steps: tuple[Step, ...], control: str) -> tuple[Step, ...]:
    return tuple(step for step in steps if step.control == control)


def _is_guarded(step: Step) -> bool:
    """Whether there is something to look at or to do before the step begins."""
    needs = bool(step.demands or step.secrets)
    return step.disabled or needs or step.control in _GUARDED


def _declared_output(cls: NodeType, port: str) -> str:
    return next((o.name for o in cls.outputs if port in o.aliases), port)


def _output_aliases(classes: Mapping[str, NodeType]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for node_id, cls in classes.items():
        names = {alias: o.name for o in cls.outputs for alias in o.aliases}
        if names:
            found[node_id] = names
    return found


def _is_on(value: Any) -> bool:
    return text_as_boolean(value) is True if isinstance(value, str) else value is True
