"""What nodes share that drive a display."""

from __future__ import annotations

from typing import Any, ClassVar

from casare_rpa import desktop_display
from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._attempts import MAY_HAVE_ACTED, tried
from casare_rpa.nodes.base import Context, Json, Node, NodeError, Outputs, param, prop, unlisted
from casare_rpa.nodes.desktop._display import Desktop, desktop
from casare_rpa.nodes.desktop._errors import FINAL
from casare_rpa.nodes.desktop._finding import window_of
from casare_rpa.nodes.values.reading import as_number

#: A month; more is a mistake in the unit.
_LONGEST_SECONDS = 2_678_400


class DesktopNode(Node, abstract=True):
    """A node that needs a display. Waits have limits of their own."""

    category: ClassVar[str] = "desktop"
    runs_on: ClassVar[str] = "windows"
    requires: ClassVar[tuple[str, ...]] = ("desktop",)
    needs: ClassVar[dict[str, str]] = {"Xlib": desktop_display.EXTRA}
    timeout_seconds: ClassVar[float | None] = 0
    #: Changes something, so that no other run may do so at the same time.
    drives: ClassVar[bool] = True

    retry_count: int = unlisted(None, kind="integer", minimum=0, help="Further attempts.")
    retry_interval: float = unlisted(None, kind="float", help="Seconds between them; 1 unless set.")

    @classmethod
    def lacking(cls) -> tuple[str, str] | None:
        return desktop_display.lacking()

    async def act(self, ctx: Context, desk: Desktop) -> Outputs:
        """Do the work once. Raises NodeError."""
        raise NotImplementedError

    async def run(self, ctx: Context) -> Outputs:
        desk = desktop(ctx)
        if self.drives:
            await desk.drive()
        return await tried(
            ctx,
            lambda left: self.act(ctx, desk),
            more=int(as_number(self.retry_count or 0, "retry_count")),
            pause_seconds=self._pause_seconds,
            is_final=lambda error: bool(
                error.error_code in FINAL or error.details.get(MAY_HAVE_ACTED)
            ),
        )

    def _pause_seconds(self) -> float:
        return (
            1.0 if self.retry_interval is None else seconds(self.retry_interval, "retry_interval")
        )


class WindowNode(DesktopNode, abstract=True):
    """A node that does something with the window it is given."""

    window: Json = param(
        None,
        kind="any",
        required=True,
        help="The window of another node, an item of a list of windows, a handle or a title.",
    )

    async def window_id(self, ctx: Context, desk: Desktop) -> int:
        return await desk.use(lambda connection: window_of(ctx, connection, self.window))


class ArrangingNode(WindowNode, abstract=True):
    """A node that changes how a window lies on the screen."""

    side_effect: ClassVar[bool] = False
    retry_count: int = prop(0, kind="integer", minimum=0, help="Further attempts.")
    retry_interval: float = prop(1.0, kind="float", minimum=0.1, help="Seconds between them.")


def seconds(value: Any, name: str) -> float:
    """A time in seconds. Raises NodeError for what is none."""
    found = float(as_number(value, name))
    if not 0 <= found <= _LONGEST_SECONDS:
        raise NodeError(
            f"{name} must be from 0 to {_LONGEST_SECONDS} seconds, not {found:g}",
            ErrorCode.VALUE_OUT_OF_RANGE,
        )
    return found
