"""What an X server's errors mean to whoever wrote the workflow."""

from __future__ import annotations

from typing import NoReturn

from casare_rpa.desktop_display import NoDisplay
from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError

#: Trying again cannot help: the workflow, or the robot, has to be changed.
FINAL = frozenset(
    {
        *(ErrorCode.INVALID_INPUT, ErrorCode.TYPE_MISMATCH, ErrorCode.VALUE_OUT_OF_RANGE),
        *(ErrorCode.MISSING_REQUIRED_FIELD, ErrorCode.CONFIG_INVALID, ErrorCode.NOT_IMPLEMENTED),
        *(ErrorCode.PERMISSION_DENIED, ErrorCode.CANCELLED, ErrorCode.PARSE_ERROR),
    }
)
_GONE = ("BadWindow", "BadDrawable")


def is_answer(error: BaseException) -> bool:
    """Whether the connection works as before: somebody has said no."""
    from Xlib.error import XError  # noqa: PLC0415 - an extra

    return isinstance(error, (XError, NodeError))


def raise_as_node_error(error: BaseException, display: str) -> NoReturn:
    """Raise the failure of a node for what Xlib has raised; other errors as they are."""
    found = _node_error(error, display)
    if found is None:
        raise error
    raise found from error


def _node_error(error: BaseException, display: str) -> NodeError | None:
    from Xlib.error import ConnectionClosedError, XError  # noqa: PLC0415 - an extra

    if isinstance(error, NoDisplay):
        return NodeError(
            f"desktop nodes need {error.what}", ErrorCode.CONFIG_INVALID, hint=error.mend or None
        )
    if isinstance(error, (ConnectionClosedError, OSError)):
        return NodeError(
            f"the X server of {display} ended the connection", ErrorCode.DESKTOP_ACTION_FAILED
        )
    name = type(error).__name__
    if name in _GONE:
        return NodeError("the window is closed", ErrorCode.WINDOW_NOT_FOUND)
    if isinstance(error, XError):
        return NodeError(
            f"the X server of {display} refused a request: {name}",
            ErrorCode.DESKTOP_ACTION_FAILED,
        )
    return None
