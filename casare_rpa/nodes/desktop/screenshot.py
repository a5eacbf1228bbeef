"""The node that takes a picture of the screen."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from casare_rpa import desktop_display
from casare_rpa.nodes._pictures import region_numbers, save_picture
from casare_rpa.nodes.base import Context, Json, Output, Outputs, param, prop
from casare_rpa.nodes.desktop._connection import Connection
from casare_rpa.nodes.desktop._display import Desktop
from casare_rpa.nodes.desktop._node import DesktopNode
from casare_rpa.nodes.desktop._screen import screen_picture, screen_size
from casare_rpa.nodes.file.disk import make_parent, path_of, plain_errors, replacing
from casare_rpa.nodes.values.reading import one_of

if TYPE_CHECKING:
    from PIL.Image import Image

_FORMATS: Final = ("PNG", "JPEG", "BMP")


class CaptureScreenshotNode(DesktopNode):
    """Take a picture of the screen or of a part of it.

    `region` is x, y, width and height in pixels (a list, text or an object with these keys, such as
    the properties of a window); empty: the whole screen, all monitors together. The picture is
    written to `file_path`, if that is given, as the `format` says; `image` is the picture itself,
    for CompareImagesNode and OCRExtractTextNode. The pointer is not on it.
    """

    example = {"file_path": "screen.png"}
    runs_on: ClassVar[str] = "desktop-session"
    needs: ClassVar[dict[str, str]] = {
        "Xlib": desktop_display.EXTRA,
        "PIL": desktop_display.EXTRA,
    }
    drives = False
    file_path: str = param(None, kind="file_path", port_kind="STRING", help="Where to write it.")
    region: Json = param(None, kind="any", help="The part of the screen; empty: all of it.")
    format: str = prop("PNG", kind="choice", choices=_FORMATS, help="What kind of file.")
    outputs = (
        Output("image", "ANY"),
        Output("file_path", "STRING"),
        Output("success", "BOOLEAN"),
    )

    async def act(self, ctx: Context, desk: Desktop) -> Outputs:
        format = one_of(self.format, "format", _FORMATS)
        path = path_of(ctx, self.file_path, "file_path") if self.file_path else None

        picture = await desk.use(lambda connection: self._picture(ctx, connection))
        if path is not None:
            await asyncio.to_thread(_write, path, picture, format)
        return {"image": picture, "file_path": str(path) if path else None, "success": True}

    def _picture(self, ctx: Context, connection: Connection) -> Image:
        size = screen_size(connection)
        region = region_numbers(ctx, self.region, size, "the screen")
        return screen_picture(connection, region or (0, 0, *size))


def _write(path: Path, picture: Image, format: str) -> None:
    with plain_errors():
        make_parent(path, wanted=True)
        with replacing(path) as stream:
            save_picture(picture, stream, format)
