"""One run at a time drives a display: two that type at once would type into each other's windows.

The run that drives owns a selection, which the server takes back when its connection ends, however
that happens.
"""

from __future__ import annotations

from typing import Final

from casare_rpa.nodes.desktop._connection import Connection

_SELECTION: Final = "_CASARE_RPA_DRIVES"


def taken_by_another(connection: Connection) -> bool:
    """Make this connection the display's driver; true if another one is."""
    from Xlib import X  # noqa: PLC0415 - an extra

    selection = connection.atom(_SELECTION)
    if owner := _owner(connection):
        return not _is_own(connection, owner)
    with connection.alone():
        if _owner(connection):
            return True
        mark = connection.root.create_window(-1, -1, 1, 1, 0, X.CopyFromParent)
        mark.set_selection_owner(selection, X.CurrentTime)
    return False


def free(connection: Connection) -> bool | None:
    """True once nobody drives the display."""
    return None if _owner(connection) else True


def _owner(connection: Connection) -> int:
    """The window that says who drives the display; 0 if nobody does."""
    found = connection.display.get_selection_owner(connection.atom(_SELECTION))
    return int(getattr(found, "id", found))


def _is_own(connection: Connection, window_id: int) -> bool:
    info = connection.display.display.info
    return bool(window_id & ~info.resource_id_mask == info.resource_id_base)
