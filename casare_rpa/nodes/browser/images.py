"""Clicking what looks like a picture."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError, Output, Outputs, prop
from casare_rpa.nodes.browser._page import PageNode
from casare_rpa.nodes.browser._scripts import in_page
from casare_rpa.nodes.browser._values import OpenPage
from casare_rpa.nodes.file.disk import existing_file, plain_errors
from casare_rpa.nodes.file.reach import opened
from casare_rpa.nodes.values.reading import as_int, as_number, as_text, one_of

_BUTTONS = ("left", "right", "middle")
_MOST_BYTES = 16 << 20
_LOOK_AGAIN_SECONDS = 0.5


class ImageClickNode(PageNode):
    """Click where the page looks like a picture.

    `image_template` is the path of a PNG, JPEG or WebP, or a `data:` address. It is looked for in
    what a window would show, in its own size, until `timeout`. The click goes to its middle, moved
    by the offsets. 1 is the same picture; what is below `similarity_threshold` does not count.
    """

    example = {"image_template": "button.png", "similarity_threshold": 0.9}
    side_effect = True
    opens_dialogs = True
    verb = "clicking a picture"
    failure = ErrorCode.CLICK_FAILED
    image_template: str = prop("", kind="string", help="The picture.")
    similarity_threshold: float = prop(
        0.8, kind="float", minimum=0.5, maximum=1.0, help="How alike it must be."
    )
    button: str = prop("left", kind="choice", choices=_BUTTONS, help="Of the mouse.")
    click_count: int = prop(1, kind="integer", minimum=1, help="2 is a double click.")
    click_offset_x: int = prop(0, kind="integer", help="Pixels to the right.")
    click_offset_y: int = prop(0, kind="integer", help="Pixels down.")
    outputs = (Output("page", "PAGE"),)

    async def act(self, ctx: Context, tab: OpenPage) -> Outputs:
        template = await asyncio.to_thread(_template, ctx, as_text(self.image_template))
        wanted = float(as_number(self.similarity_threshold, "similarity_threshold"))
        found = await self._found(tab, template, wanted)
        await tab.page.mouse.click(
            found["x"] + found["width"] / 2 + as_int(self.click_offset_x or 0, "click_offset_x"),
            found["y"] + found["height"] / 2 + as_int(self.click_offset_y or 0, "click_offset_y"),
            button=one_of(self.button, "button", _BUTTONS),  # type: ignore[arg-type]
            click_count=as_int(self.click_count, "click_count"),
        )
        return {"page": tab}

    async def _found(self, tab: OpenPage, template: str, wanted: float) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        end = loop.time() + self.timeout_ms / 1000 if self.timeout_ms else float("inf")
        desk = await tab.browser.context.new_page()
        best = -1.0
        try:
            while True:
                shot = await tab.page.screenshot(scale="css", timeout=self.timeout_ms)
                whole = f"data:image/png;base64,{base64.b64encode(shot).decode()}"
                found: dict[str, Any] = await desk.evaluate(in_page("match"), [whole, template])
                best = max(best, found["score"])
                if found["score"] >= wanted - 1e-6:
                    return found
                if loop.time() + _LOOK_AGAIN_SECONDS >= end:
                    break
                await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        finally:
            await desk.close()
        raise NodeError(
            f"the picture is not on {tab.shown}: the best match within {self.timeout_ms:g} ms is"
            f" {max(best, 0):.2f}, and {wanted:g} is wanted",
            ErrorCode.ELEMENT_NOT_FOUND,
            hint="take the picture from a ScreenshotNode of the same viewport, or lower "
            "similarity_threshold",
        )


def _template(ctx: Context, value: str) -> str:
    """The picture as a data: address."""
    if not value.strip():
        raise NodeError("image_template is empty", ErrorCode.MISSING_REQUIRED_FIELD)
    if value.startswith("data:image/"):
        return value
    with plain_errors():
        path = existing_file(ctx.path(value))
        if path.stat().st_size > _MOST_BYTES:
            raise NodeError(
                f"{path} is larger than {_MOST_BYTES >> 20} MiB", ErrorCode.RESOURCE_EXHAUSTED
            )
        with opened(path) as stream:
            return f"data:image/png;base64,{base64.b64encode(stream.read()).decode()}"
