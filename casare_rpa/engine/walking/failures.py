"""How things go wrong in a run, and the signals that travel up through its regions."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.engine.planning.plan import Step
from casare_rpa.nodes._attempts import MAY_HAVE_ACTED
from casare_rpa.nodes.base import NodeError, Outputs

if TYPE_CHECKING:
    from casare_rpa.engine.walking.frames import Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A node that failed. `node_id` is its full id, with those of the calling nodes before it.

    `at` is the step of the chain that could not do its work for it, and whose ways are taken: the
    node itself, the consumer of a data source, the fork of a branch (`of_branch`). `region` is a
    loop that was to begin another pass.
    """

    step: Step
    at: Step
    of_branch: bool = False
    region: Frame | None = None
    node_id: str
    code: ErrorCode
    message: str
    error: BaseException
    #: The way out, if the node knows one.
    hint: str | None = None
    business: bool = False

    @property
    def told(self) -> str:
        """The message and the way out, for people; ports and comparisons have the message alone."""
        return f"{self.message} - {self.hint}" if self.hint else self.message

    @property
    def described(self) -> str:
        """What is told, with the node's name before it."""
        return f"node {self.node_id} ({self.step.type}): {self.told}"

    @property
    def is_retryable(self) -> bool:
        """Whether another try may come to something else, and does nothing twice."""
        if self.business or not self.code.is_retryable:
            return False
        return not (isinstance(self.error, NodeError) and self.error.details.get(MAY_HAVE_ACTED))

    @property
    def outputs(self) -> Outputs:
        """What the node itself says that its ports hold after this."""
        if self.step is self.at and isinstance(self.error, NodeError):
            return self.error.outputs
        return {}

    @property
    def stack_trace(self) -> str:
        return "".join(traceback.format_exception(self.error))

    def is_called(self, name: str) -> bool:
        """Whether *name* is the error's code, or an exception's class that it is or stands for.

        `FileNotFoundError` is also what a node calls FILE_NOT_FOUND; `*` is everything.
        """
        wanted = _folded(name)
        if wanted in _EVERYTHING or wanted == _folded(self.code.name):
            return True
        kinds = (*map(type, _with_causes(self.error)), *_EXCEPTIONS.get(self.code, ()))
        return any(wanted == _folded(cls.__name__) for kind in kinds for cls in kind.__mro__[:-1])


_EVERYTHING = frozenset({"*", "all", "any", "error"})
#: The exceptions that Python raises for what a code says.
_EXCEPTIONS: Mapping[ErrorCode, tuple[type[BaseException], ...]] = {
    ErrorCode.TIMEOUT: (TimeoutError,),
    ErrorCode.PERMISSION_DENIED: (PermissionError,),
    ErrorCode.INVALID_INPUT: (ValueError,),
    ErrorCode.PARSE_ERROR: (ValueError,),
    ErrorCode.INVALID_FORMAT: (ValueError,),
    ErrorCode.TYPE_MISMATCH: (TypeError, ValueError),
    ErrorCode.VALUE_OUT_OF_RANGE: (ValueError, IndexError),
    ErrorCode.VALIDATION_FAILED: (AssertionError, ValueError),
    ErrorCode.MISSING_REQUIRED_FIELD: (ValueError, KeyError),
    ErrorCode.NETWORK_ERROR: (ConnectionError,),
    ErrorCode.CONNECTION_REFUSED: (ConnectionRefusedError,),
    ErrorCode.CONNECTION_TIMEOUT: (TimeoutError, ConnectionError),
    ErrorCode.FILE_NOT_FOUND: (FileNotFoundError,),
    ErrorCode.FILE_ACCESS_DENIED: (PermissionError,),
}


def _folded(name: str) -> str:
    return name.strip().replace("_", "").lower()


def _with_causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


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
