"""Which window is meant: one that another node gave, a handle, or a title."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.desktop import _windows as windows
from casare_rpa.nodes.desktop._connection import Connection
from casare_rpa.nodes.values.reading import shown

_HANDLE = re.compile(r"(?:window )?(0x[0-9a-f]{1,8})(?: .*)?", re.IGNORECASE | re.DOTALL)
_MOST_NAMED: Final = 8


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """A window as nodes hand it to each other. Its text, as in results, means it as well."""

    window_id: int
    title: str

    def __str__(self) -> str:
        return f"window {windows.handle(self.window_id)} {self.title}".rstrip()

    __repr__ = __str__


def window_of(ctx: Context, connection: Connection, value: Any) -> int:
    """The window that the parameter `window` names. Raises NodeError.

    A window of another node or an item of a list of windows, a handle (`0x1c00007`), the name of a
    variable that holds one of them, or a title: the whole of it, or a part that one window has.
    """
    if isinstance(value, str) and not _HANDLE.fullmatch(value.strip()):
        held = ctx.get_variable(value.strip(), None)
        value = held if isinstance(held, (OpenWindow, Mapping)) else value
    window_id = _by_handle(value)
    if window_id is not None:
        if not windows.exists(connection, window_id):
            raise NodeError(f"{_named(value)} is closed", ErrorCode.WINDOW_NOT_FOUND)
        return window_id
    if not isinstance(value, str) or not value.strip():
        raise NodeError(
            f"window is no window but {shown(value)}; give that of another node, or a title",
            ErrorCode.TYPE_MISMATCH,
        )
    return the_one(connection, titled(connection, value.strip()), value.strip())


def opened(connection: Connection, window_id: int) -> OpenWindow:
    return OpenWindow(window_id, windows.title(connection, window_id))


def titled(connection: Connection, text: str, *, part: bool = True) -> list[int]:
    """The windows with that title, letter case aside; else, with *part*, those that have it in it.

    The front one comes first.
    """
    titles = [(each, windows.title(connection, each)) for each in windows.all_windows(connection)]
    wanted = text.casefold()
    exact = [each for each, title in titles if title.casefold() == wanted]
    if exact or not part:
        return exact
    return [each for each, title in titles if wanted in title.casefold()]


def the_one(connection: Connection, found: list[int], text: str) -> int:
    """The only one of *found*. Raises NodeError if there is none, or more than one."""
    if not found:
        raise not_found(connection, text)
    if len(found) > 1:
        raise NodeError(
            f"{len(found)} windows have {text!r} in their title: {_listed(connection, found)}; give"
            " the whole title, or the window of another node",
            ErrorCode.INVALID_INPUT,
        )
    return found[0]


def not_found(connection: Connection, text: str) -> NodeError:
    there = _listed(connection, windows.all_windows(connection))
    return NodeError(
        f"no window is titled {text!r}; there are: {there or 'none'}", ErrorCode.WINDOW_NOT_FOUND
    )


def _listed(connection: Connection, found: Iterable[int]) -> str:
    titles = [windows.title(connection, each) or "(no title)" for each in found]
    more = f" and {len(titles) - _MOST_NAMED} more" if len(titles) > _MOST_NAMED else ""
    return ", ".join(repr(title[:80]) for title in titles[:_MOST_NAMED]) + more


def _by_handle(value: Any) -> int | None:
    if isinstance(value, OpenWindow):
        return value.window_id
    if isinstance(value, Mapping):
        value = value.get("handle", "")
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 0xFFFFFFFF:
        return value
    found = _HANDLE.fullmatch(value.strip()) if isinstance(value, str) else None
    return int(found[1], 16) if found else None


def _named(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"the window {str(value.get('title') or value.get('handle'))!r:.80}"
    return f"the {value}" if isinstance(value, OpenWindow) else f"the window {shown(value)}"
