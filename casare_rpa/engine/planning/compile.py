"""From a workflow to a plan: everything that can be decided before the first node runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from casare_rpa.domain.booleans import text_as_boolean
from casare_rpa.domain.workflow import Connection, NodeSpec, Workflow
from casare_rpa.engine.language.placeholders import secrets_in
from casare_rpa.engine.planning.classes import classes_of, refuse_what_runs
from casare_rpa.engine.planning.pairing import may_run, pair_steps, pick_heads, reachable
from casare_rpa.engine.planning.parameters import Parameters, Sources
from casare_rpa.engine.planning.plan import Plan, Step
from casare_rpa.engine.planning.wiring import (
    carries_control,
    settle_only_exit,
    settle_ports,
    unused_exits,
)
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
    classes, unavailable = classes_of(workflow, runs_here=runs_here)
    plan = _Compiler(workflow, classes).plan()
    if unavailable:
        refuse_what_runs(plan, unavailable)
    return plan


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
            step.demands = self._demands((step, *_read_with(step)), sources)
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
            self.warnings += [(step.id, text) for text in unused_exits(step)]

    def _data_sources(self) -> dict[str, Step]:
        """Nodes that feed others and that no execution comes to: evaluated when needed."""
        wired = {t for ports in self.wires.values() for ts in ports.values() for t in ts}
        wired.update(self.wires)
        wired.difference_update(self._beside_the_way())
        feeding = {s for ports in self.links.values() for ss in ports.values() for s, _ in ss}
        return {
            key: step
            for key, step in self.steps.items()
            if key not in wired
            and key in feeding
            and step.control not in ("start", "subflow_input", "subflow_output")
        }

    def _beside_the_way(self) -> Iterator[str]:
        """Nodes that the StartNode does not lead to and that only compute, wired or not."""
        steps = tuple(self.steps.values())
        start = next((step for step in steps if step.control == "start"), None)
        if start is None:
            return
        run = set(may_run([start], steps))
        for step in steps:
            if step not in run and not step.control and not step.cls.side_effect:
                yield step.id

    def _demands(self, needy: Sequence[Step], sources: Mapping[str, Step]) -> tuple[Step, ...]:
        """The data sources that *needy* need, those that others need first; cycles are cut."""
        found: dict[str, Step] = {}
        opened: set[str] = {step.id for step in needy}
        needed = [key for step in needy for key in self._feeders(step.id, sources)]
        stack = [(key, False) for key in reversed(needed)]
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


def _read_with(step: Step) -> tuple[Step, ...]:
    """The partners whose parameters count from the beginning: of a try, of a fork with a join."""
    if step.control == "try" and step.catch is not None:
        return (step.catch,)
    if step.control == "fork" and step.join is not None and step.join.control == "join":
        return (step.join,)
    return ()


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
