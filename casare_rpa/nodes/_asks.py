"""What a type asks of a robot, where that is not what the format says of where it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Categories whose types of `external-account` sign in as the workflow says or the robot has stored
#: (mail, FTP, bots, OAuth, Google): the login is all they need, so any robot can run them.
_BRING_THEIR_LOGIN = frozenset({"email", "file", "google", "http", "messaging"})
_ANY: tuple[str, ...] = ()

_ASKS: Mapping[str, tuple[str, ...]] = {
    # They drive Excel and Word in the original, and change the files themselves here.
    **dict.fromkeys(
        (
            *("ExcelOpenNode", "ExcelCloseNode"),
            *("ExcelReadCellNode", "ExcelWriteCellNode", "ExcelGetRangeNode"),
            *("WordOpenNode", "WordCloseNode", "WordGetTextNode", "WordReplaceTextNode"),
        ),
        _ANY,
    ),
    # Dialogs ask somebody; a screen that nobody looks at does not help.
    **dict.fromkeys(
        (
            *("ColorPickerDialogNode", "ConfirmDialogNode", "CredentialDialogNode"),
            *("DateTimePickerDialogNode", "FilePickerDialogNode", "FolderPickerDialogNode"),
            *("FormDialogNode", "InputDialogNode", "ListPickerDialogNode", "MessageBoxNode"),
            *("MultilineInputDialogNode", "TableDialogNode", "WizardDialogNode"),
        ),
        ("person",),
    ),
    "ProgressDialogNode": _ANY,
    # Programs that other systems have as well: a node says itself if they are not there.
    **dict.fromkeys(
        (
            *("GetServiceStatusNode", "ListServicesNode", "RestartServiceNode"),
            *("StartServiceNode", "StopServiceNode", "RunPowerShellNode"),
        ),
        _ANY,
    ),
    "VolumeControlNode": ("desktop-session",),
    # They drive an X display, whatever system they were first made for.
    **dict.fromkeys(
        (
            *("ActivateWindowNode", "CaptureScreenshotNode", "CloseApplicationNode"),
            *("DragMouseNode", "GetMousePositionNode", "GetWindowListNode"),
            *("GetWindowPropertiesNode", "LaunchApplicationNode", "MaximizeWindowNode"),
            *("MinimizeWindowNode", "MouseClickNode", "MoveMouseNode", "MoveWindowNode"),
            *("ResizeWindowNode", "RestoreWindowNode", "SendHotKeyNode", "SendKeysNode"),
            *("SetWindowStateNode", "WaitForWindowNode", "WindowManagementSuperNode"),
        ),
        ("desktop",),
    ),
}
#: Dialogs that close by themselves, and so can do without anybody: the parameter that says when.
_CLOSE_BY_THEMSELVES = {"MessageBoxNode": "auto_close_timeout"}


def asked_by(node_type: str, category: str, runs_on: str) -> tuple[str, ...]:
    """The capabilities that a robot must announce for a type of the format.

    A trigger needs none: when it runs, what it waits for has happened elsewhere.
    """
    if runs_on == "any" or category == "triggers":
        return _ANY
    if runs_on == "external-account" and category in _BRING_THEIR_LOGIN:
        return _ANY
    return _ASKS.get(node_type, (runs_on,))


def needs_nobody(node_type: str, config: Mapping[str, Any]) -> bool:
    """Whether a dialog with this *config* closes without an answer."""
    seconds = config.get(_CLOSE_BY_THEMSELVES.get(node_type, ""))
    return isinstance(seconds, (int, float)) and seconds > 0
