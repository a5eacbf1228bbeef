"""Notifications: short words to whoever is there, who need not answer."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import ClassVar, Final

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Node, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.system._programs import ended, failed, first_of
from casare_rpa.nodes.values.reading import as_text, number_or_none

_PROGRAM = ("notify-send",)
_SECONDS = 10.0
_ICONS: Final[Mapping[str, str]] = {
    "info": "dialog-information",
    "success": "dialog-information",
    "warning": "dialog-warning",
    "error": "dialog-error",
}
_URGENCY: Final[Mapping[str, str]] = {"low": "low", "high": "critical"}
_KEPT = "Kept for files: the desktop, or the terminal, decides."


class NotificationNode(Node, abstract=True):
    """A node that shows a notification: with notify-send, else at the terminal of the run."""

    category: ClassVar[str] = "system"
    runs_on: ClassVar[str] = "desktop-session"
    requires: ClassVar[tuple[str, ...]] = ("desktop-session",)
    side_effect: ClassVar[bool] = True

    async def notify(
        self,
        ctx: Context,
        title: str,
        text: str,
        *,
        milliseconds: float,
        icon: str = "info",
        priority: str = "normal",
        sound: bool = True,
    ) -> None:
        """Show it. Raises NodeError where there is neither a desktop nor a terminal."""
        title, text = ctx.masked(title), ctx.masked(text)
        argv = [
            "--app-name=casare-rpa",
            f"--urgency={_URGENCY.get(priority, 'normal')}",
            f"--expire-time={milliseconds:.0f}",
            *([f"--icon={_ICONS[icon]}"] if icon in _ICONS else []),
            "--hint=string:sound-name:message-new-instant"
            if sound
            else "--hint=boolean:suppress-sound:true",
            "--",
            # Desktops read marks in the text, not in the title.
            title or " ",
            html.escape(text, quote=False),
        ]
        error = await _sent(ctx, argv)
        if error is None:
            return
        if ctx.person is None:
            raise error
        ctx.person.notify(title, text)


async def _sent(ctx: Context, argv: list[str]) -> NodeError | None:
    """None if the desktop has taken it, else why it has not."""
    program = first_of(_PROGRAM, ctx.environment)
    if program is None:
        return NodeError(
            "there is nobody to notify: no program is called notify-send, and the run has no"
            " terminal; install it (apt install libnotify-bin)",
            ErrorCode.APPLICATION_LAUNCH_FAILED,
        )
    try:
        done = await ended(ctx, [program, *argv], timeout_seconds=_SECONDS)
    except NodeError as error:
        return error
    return None if done.return_code == 0 else failed([program], done)


class SystemNotificationNode(NotificationNode):
    """Show a notification on the desktop, else at the terminal.

    The desktop is told with notify-send. Where that is not there or fails (over ssh), the terminal
    that the run was started from shows the line, gets it as a notification (OSC 9), and rings; how
    long it is shown is then the terminal's affair. `success` is true when one of them has it; who
    clicks is not known, so `click_action` stays false and `action_buttons` are not shown.
    """

    example = {"title": "Invoices", "message": "All are paid."}
    title: str = param("Notification", kind="string", help="The headline.")
    message: str = param("", kind="string", help="What to say.")
    duration: int = prop(5, kind="integer", minimum=1, maximum=30, help="Seconds to show it.")
    icon_type: str = prop(
        "info", kind="choice", choices=("info", "warning", "error"), help="Which picture."
    )
    action_buttons: str = prop("", kind="string", help="Kept for files: nothing is to be clicked.")
    play_sound: bool = prop(True, kind="boolean", help="With a sound.")
    priority: str = prop(
        "normal", kind="choice", choices=("low", "normal", "high"), help="How urgent it is."
    )
    outputs = (Output("success", "BOOLEAN"), Output("click_action", "BOOLEAN"))

    async def run(self, ctx: Context) -> Outputs:
        await self.notify(
            ctx,
            as_text(self.title),
            as_text(self.message),
            milliseconds=1000 * (number_or_none(self.duration) or 5),
            icon=as_text(self.icon_type),
            priority=as_text(self.priority),
            sound=bool(self.play_sound),
        )
        return {"success": True, "click_action": False}


class BalloonTipNode(NotificationNode):
    """Show a balloon tip: a notification, as SystemNotificationNode does.

    There is no place on the screen to point at, so `x` and `y` have no effect.
    """

    example = {"message": "All invoices are paid.", "title": "Invoices"}
    message: str = param("", kind="string", help="What to say.")
    title: str = prop("", kind="string", help="The headline.")
    x: int = prop(0, kind="integer", help=_KEPT)
    y: int = prop(0, kind="integer", help=_KEPT)
    duration: int = prop(
        5000, kind="integer", minimum=1000, maximum=30000, help="Milliseconds to show it."
    )
    icon_type: str = prop(
        "info", kind="choice", choices=("none", "info", "warning", "error"), help="Which picture."
    )
    outputs = (Output("success", "BOOLEAN"),)

    async def run(self, ctx: Context) -> Outputs:
        await self.notify(
            ctx,
            as_text(self.title) or "Note",
            as_text(self.message),
            milliseconds=number_or_none(self.duration) or 5000,
            icon=as_text(self.icon_type),
            sound=False,
        )
        return {"success": True}


class SnackbarNode(NotificationNode):
    """Show a short toast: a notification, as SystemNotificationNode does.

    Nothing is to be clicked, so `action_clicked` stays false.
    """

    example = {"message": "Saved."}
    message: str = param("", kind="string", help="What to say.")
    duration: int = prop(
        3000, kind="integer", minimum=1000, maximum=10000, help="Milliseconds to show it."
    )
    position: str = prop(
        "bottom_center",
        kind="choice",
        choices=("bottom_left", "bottom_center", "bottom_right"),
        help=_KEPT,
    )
    action_text: str = prop("", kind="string", help="Kept for files: nothing is to be clicked.")
    bg_color: str = prop("#323232", kind="string", help=_KEPT)
    outputs = (Output("action_clicked", "BOOLEAN"), Output("success", "BOOLEAN"))

    async def run(self, ctx: Context) -> Outputs:
        milliseconds = number_or_none(self.duration) or 3000
        await self.notify(
            ctx, "Note", as_text(self.message), milliseconds=milliseconds, sound=False
        )
        return {"action_clicked": False, "success": True}


class TooltipNode(NotificationNode):
    """Show a tooltip: a notification, as SystemNotificationNode does.

    How it looks and where it stands is the desktop's affair.
    """

    example = {"message": "Reading page 3"}
    message: str = param("", kind="string", help="What to say.")
    duration: int = prop(
        3000, kind="integer", minimum=500, maximum=30000, help="Milliseconds to show it."
    )
    bg_color: str = prop("#ffffff", kind="string", help=_KEPT)
    tooltip_text_color: str = prop("#000000", kind="string", help=_KEPT)
    position: str = prop(
        "cursor",
        kind="choice",
        choices=("cursor", "top_left", "top_right", "bottom_left", "bottom_right", "center"),
        help=_KEPT,
    )
    click_to_dismiss: bool = prop(False, kind="boolean", help=_KEPT)
    max_width: int = prop(400, kind="integer", minimum=100, maximum=1000, help=_KEPT)
    tooltip_icon: str = prop(
        "none",
        kind="choice",
        choices=("none", "info", "warning", "error", "success"),
        help="Which picture.",
    )
    fade_animation: bool = prop(True, kind="boolean", help=_KEPT)
    outputs = (Output("success", "BOOLEAN"),)

    async def run(self, ctx: Context) -> Outputs:
        await self.notify(
            ctx,
            "Note",
            as_text(self.message),
            milliseconds=number_or_none(self.duration) or 3000,
            icon=as_text(self.tooltip_icon),
            sound=False,
        )
        return {"success": True}
