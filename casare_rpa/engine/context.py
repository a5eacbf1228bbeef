"""What a running node may touch: the engine's side of `casare_rpa.nodes.base.Context`."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.domain.events import DomainEvent, VariableSet
from casare_rpa.engine.language.expressions import parse_expression, said_by
from casare_rpa.engine.language.placeholders import MISSING, compile_value, find_path
from casare_rpa.engine.planning.plan import Step
from casare_rpa.engine.scope import RunScope
from casare_rpa.engine.secrecy.masking import MASK
from casare_rpa.nodes.base import NodeError

if TYPE_CHECKING:
    from casare_rpa.engine.session import Run
    from casare_rpa.nodes.person import Person

_MAX_NAME_LENGTH = 256
_NOT_IN_NAMES = frozenset("{}$%\"'\n\r\t\0")


class RunContext:
    """One for each strand; `step` is the node that runs at the moment."""

    __slots__ = ("_known_names", "_run", "_scope", "step")

    def __init__(self, run: Run, scope: RunScope) -> None:
        self._run = run
        self._scope = scope
        self._known_names = run.names
        self.step: Step | None = None

    @property
    def node_id(self) -> str:
        return self._run.ids[self.step.index] if self.step is not None else ""

    @property
    def node_type(self) -> str:
        return self.step.type if self.step is not None else ""

    @property
    def variables(self) -> Mapping[str, Any]:
        return self._scope.variables

    @property
    def environment(self) -> Mapping[str, str]:
        return self._scope.environment

    @property
    def cancelled(self) -> bool:
        return self._run.control.halted is not None

    @property
    def resources(self) -> dict[str, Any]:
        return self._run.control.resources

    @property
    def person(self) -> Person | None:
        return self._run.options.person

    def get_variable(self, name: str, default: Any = None) -> Any:
        found = self._scope.variables.get(name, MISSING)
        if found is MISSING:
            found = find_path(self._scope, name)
        return default if found is MISSING else found

    def set_variable(self, name: str, value: Any) -> None:
        run, scope = self._run, self._scope
        if name not in self._known_names:
            _check_name(name)
            self._known_names.add(name)
        if name in run.readonly:
            raise NodeError(f"the variable '{name}' is read-only", ErrorCode.PERMISSION_DENIED)
        scope.variables[name] = value
        scope.written.add(name)
        secrets = run.secrets
        if name in secrets.names:
            secrets.learn(value)
            shown = MASK
        else:
            shown = secrets.value(value) if secrets.any else value
        if name[0] != "_":
            run.publish(
                VariableSet(
                    variable_name=name,
                    variable_value=shown,
                    workflow_id=run.workflow_id,
                    source_node_id=None if self.step is None else run.ids[self.step.index],
                )
            )

    def set_environment(self, name: str, value: str) -> None:
        self._run.control.environment[name] = value

    def log(self, message: str, level: str = "info", data: Any = None) -> None:
        self._run.log(str(message), level, self.node_id or None, data)

    def publish(self, event: DomainEvent) -> None:
        self._run.publish(event)

    def evaluate(
        self, expression: str, names: Mapping[str, Any] | None = None, *, full: bool = False
    ) -> Any:
        parsed = parse_expression(expression, full=full)
        value = parsed.evaluate(self._scope, names)
        if full and parsed.is_placeholder and isinstance(value, str):
            return said_by(value, self._scope, names, full=full)
        return value

    def resolve(self, value: Any) -> Any:
        resolver = compile_value(value)
        return value if resolver is None else resolver(self._scope)

    async def secret(self, name: str) -> Mapping[str, Any]:
        return await self._run.stored.parts(name)

    def masked(self, text: str) -> str:
        return self._run.secrets.text(text)

    def conceal(self, value: Any) -> None:
        self._run.secrets.learn(value)

    def path(self, text: str, *, dangerous: bool = False) -> Path:
        return self._run.control.paths.path(text, dangerous=dangerous)

    def on_close(self, close: Callable[[], Any]) -> None:
        self._run.control.closers.append(close)

    def call_workflow(
        self, path: str, inputs: Mapping[str, Any], *, declared_only: bool = False
    ) -> Coroutine[Any, Any, Mapping[str, Any]]:
        # Who calls is settled now: the coroutine may be awaited when another node runs.
        return self._run.call(path, inputs, caller=self.node_id, declared_only=declared_only)


def _check_name(name: Any) -> None:
    if name is not None and not isinstance(name, str):
        raise NodeError(f"{name!r:.80} is no name for a variable", ErrorCode.INVALID_INPUT)
    if not name or not name.strip():
        raise NodeError("a variable name is missing", ErrorCode.MISSING_REQUIRED_FIELD)
    if name != name.strip() or len(name) > _MAX_NAME_LENGTH or not _NOT_IN_NAMES.isdisjoint(name):
        raise NodeError(f"{name[:80]!r} is no name for a variable", ErrorCode.INVALID_INPUT)
