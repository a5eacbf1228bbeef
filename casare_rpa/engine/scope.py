"""What nodes see by name: variables, and the outputs of nodes that have run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from casare_rpa.engine.language.placeholders import MISSING

#: Internal variables of control nodes, hidden from results like all that begin with `_`.
_INTERNAL_ENDINGS = ("_loop_state", "_try_state", "_retry_state")


def is_public(name: str) -> bool:
    """Whether a variable belongs into a run's result."""
    return not name.startswith("_") and not name.endswith(_INTERNAL_ENDINGS)


class RunScope:
    """The names of a run, or of one branch that has its own copies.

    `written` collects the names that were set here.
    """

    __slots__ = (
        "_before",
        "_warn",
        "current",
        "environment",
        "output_aliases",
        "outputs",
        "secret",
        "variables",
        "written",
    )

    def __init__(
        self,
        *,
        variables: dict[str, Any],
        outputs: dict[str, dict[str, Any]],
        output_aliases: Mapping[str, Mapping[str, str]],
        environment: Mapping[str, str],
        warn: Callable[[str, str, str | None], None],
        secret: Callable[[str], Any] = lambda _name: MISSING,
    ) -> None:
        self.variables = variables
        self.outputs = outputs
        self.output_aliases = output_aliases
        self.environment = environment
        #: The value of a stored secret, or MISSING in a run without any. Raises NodeError.
        self.secret = secret
        self.written: set[str] = set()
        self._before = dict(outputs)
        #: Who reads here at the moment, for warnings: set by the strand that owns the scope.
        self.current: Callable[[], str] | None = None
        self._warn = warn

    def unresolved(self, written: str) -> None:
        """Warn of a placeholder that stays as it is, once a name."""
        self._warn(written, f"{written} is unknown and stays as it is written", self._reader())

    def failed_condition(self, message: str) -> None:
        """Warn of a condition that counts as false because it failed."""
        self._warn("", f"the condition counts as false: {message}", self._reader())

    def _reader(self) -> str | None:
        return (self.current() or None) if self.current is not None else None

    def branch(self) -> RunScope:
        """A scope with copies of the variables, for a branch that runs beside others."""
        return RunScope(
            variables={name: _copied(value) for name, value in self.variables.items()},
            outputs=dict(self.outputs),
            output_aliases=self.output_aliases,
            environment=self.environment,
            secret=self.secret,
            warn=self._warn,
        )

    def given(self) -> dict[str, dict[str, Any]]:
        """The outputs of the nodes that ran here."""
        before = self._before
        return {key: found for key, found in self.outputs.items() if before.get(key) is not found}

    def changed(self) -> dict[str, Any]:
        """The public variables that were set here."""
        variables = self.variables
        names = sorted(name for name in self.written if is_public(name))
        return {name: variables[name] for name in names if name in variables}


def _copied(value: Any, depth: int = 64) -> Any:
    if type(value) is dict and depth:
        return {key: _copied(item, depth - 1) for key, item in value.items()}
    if type(value) is list and depth:
        return [_copied(item, depth - 1) for item in value]
    return value
