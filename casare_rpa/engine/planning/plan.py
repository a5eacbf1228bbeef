"""A compiled workflow: its steps, wired to each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from casare_rpa.domain.workflow import Workflow
from casare_rpa.engine.language.placeholders import Resolver
from casare_rpa.nodes.base import NodeType

#: Fills parameters that are not constant: (name, how to get its value).
Dynamic = tuple[tuple[str, Resolver], ...]


@dataclass(slots=True, eq=False, kw_only=True)
class Step:
    """One node of the plan. Written by the compiler, read by the walk.

    `constants` are parameters decided at compile time, `dynamic` the others. `ports` lists the
    steps wired to each execution output. `joins` steps are reached by several ways and run once a
    pass. `demands` are data sources to be evaluated before the step, in their order, `secrets` the
    stored secrets that its parameters name. The last four are the partners of a control node.
    """

    index: int
    id: str
    type: str
    cls: NodeType
    control: str
    disabled: bool
    goes_on_after_failure: bool
    config: Mapping[str, Any]
    constants: dict[str, Any] = field(default_factory=dict)
    dynamic: Dynamic = ()
    required: tuple[str, ...] = ()
    ports: dict[str, tuple[Step, ...]] = field(default_factory=dict)
    follow: tuple[Step, ...] = ()
    joins: bool = False
    guarded: bool = False
    demands: tuple[Step, ...] = ()
    secrets: tuple[str, ...] = ()
    passes_through: Callable[[Any], dict[str, Any]] | None = None

    start: Step | None = None
    ends: tuple[Step, ...] = ()
    catch: Step | None = None
    final: Step | None = None
    join: Step | None = None

    def __repr__(self) -> str:
        return f"<Step {self.id} ({self.type})>"


def exit_of(step: Step) -> str:
    """The port by which a step that did no work is left."""
    ports = step.cls.exec_outputs_for(step.config)
    usual = (p for p in ("exec_out", "completed", "success", "join") if p in ports)
    return next(usual, ports[0] if ports else "exec_out")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What `compile_workflow` makes. It holds no state of a run, so one plan serves many runs.

    `sources` give what the caller of a subflow gave, before all others, `sinks` gather at the end.
    `heads` are the steps to begin at, one chain after the other. `warnings` are (node id, text).
    """

    workflow: Workflow
    steps: tuple[Step, ...]
    heads: tuple[Step, ...]
    sources: tuple[Step, ...]
    sinks: tuple[Step, ...]
    output_aliases: Mapping[str, Mapping[str, str]]
    warnings: tuple[tuple[str, str], ...]

    @property
    def node_types(self) -> frozenset[str]:
        """The types in use."""
        return frozenset(step.type for step in self.steps)
