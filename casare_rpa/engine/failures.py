"""How things go wrong in a run, and the signals that travel up through its regions."""

from __future__ import annotations

import traceback
from dataclasses import dataclass

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.engine.plan import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A node that failed. `node_id` is its full id, with those of the calling nodes before it."""

    step: Step
    node_id: str
    code: ErrorCode
    message: str
    error: BaseException
    business: bool = False

    @property
    def described(self) -> str:
        """The message with the node's name before it."""
        return f"node {self.node_id} ({self.step.type}): {self.message}"

    @property
    def stack_trace(self) -> str:
        return "".join(traceback.format_exception(self.error))

    def is_called(self, name: str) -> bool:
        """Whether *name* is the error's code or the name of its exception's class."""
        wanted = name.strip().lower()
        classes = (cls.__name__.lower() for cls in type(self.error).__mro__[:-1])
        return wanted == self.code.name.lower() or wanted in classes


class BranchFailed(Exception):
    """A branch ended by a failure that nothing in it handled; its event is already published."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Halted(Exception):
    """The run is to stop: somebody asked for it, or its time is over."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A node failed: the nearest region that handles failures takes it."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Break:
    """Leave the loop of *loop*."""

    loop: Step


@dataclass(frozen=True, slots=True)
class Continue:
    """Begin the next pass of the loop of *loop*."""

    loop: Step


@dataclass(frozen=True, slots=True)
class AttemptEnded:
    """An attempt of the nearest retry is decided: None is success."""

    failure: Failure | None


Signal = Failed | Break | Continue | AttemptEnded
