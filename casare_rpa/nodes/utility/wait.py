"""Wait for a while."""

from __future__ import annotations

import asyncio
import math
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Node, NodeError, Outputs, param, unlisted
from casare_rpa.nodes.values.reading import as_number


class WaitNode(Node):
    """Wait for a number of seconds; fractions are allowed."""

    category = "browser"
    aliases = ("BrowserWaitNode",)
    example = {"duration": 0.01}
    #: The wait is what was asked for, so the limit of other nodes does not end it.
    timeout_seconds = 0
    duration: Any = param(1.0, kind="float", aliases=("seconds",), help="Seconds to wait.")
    duration_ms: Any = unlisted(None, kind="float", help="Milliseconds, instead of duration.")
    timeout: Any = unlisted(None, kind="float", help="Milliseconds, instead of duration.")

    async def run(self, ctx: Context) -> Outputs:
        seconds = self._seconds()
        if seconds < 0 or not math.isfinite(seconds):
            raise NodeError(
                f"duration must be 0 or more, not {seconds:g}", ErrorCode.VALUE_OUT_OF_RANGE
            )
        await asyncio.sleep(seconds)
        return {}

    def _seconds(self) -> float:
        for name in ("duration_ms", "timeout"):
            # `duration` is what the format declares, so it wins when it was set.
            if getattr(self, name) is not None and self.duration == self.params["duration"].default:
                return as_number(getattr(self, name), name) / 1000
        return as_number(self.duration, "duration")
