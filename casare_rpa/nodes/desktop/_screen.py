"""What the screen shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.desktop._connection import Connection

if TYPE_CHECKING:
    from PIL.Image import Image

#: The library copies what it has of an answer with each part that comes: answers are kept small.
_STRIP_BYTES: Final = 256 << 10
_BIG_ENDIAN: Final = 1


def screen_size(connection: Connection) -> tuple[int, int]:
    """Width and height of the screen in pixels, all monitors together."""
    size = connection.root.get_geometry()
    return int(size.width), int(size.height)


def screen_picture(connection: Connection, region: tuple[int, int, int, int]) -> Image:
    """The part of the screen at x, y, width, height, all of it as of one moment."""
    from PIL import Image as pillow  # noqa: PLC0415 - an extra

    x, y, width, height = region
    mode = _raw_mode(connection)
    copy = _copied(connection, x, y, width, height)
    strips = []
    rows = max(_STRIP_BYTES // (width * 4), 1)
    for top in range(0, height, rows):
        strips.append(_pixels(copy, top, width, min(rows, height - top)))
    copy.free()
    return pillow.frombytes("RGB", (width, height), b"".join(strips), "raw", mode)


def _copied(connection: Connection, x: int, y: int, width: int, height: int) -> Any:
    """A copy on the server, which windows that change meanwhile do not change."""
    from Xlib import X  # noqa: PLC0415 - an extra

    copy: Any = connection.root.create_pixmap(width, height, connection.screen.root_depth)
    pencil = connection.root.create_gc(subwindow_mode=X.IncludeInferiors, graphics_exposures=False)
    copy.copy_area(pencil, connection.root, x, y, width, height, 0, 0)
    pencil.free()
    return copy


def _pixels(copy: Any, top: int, width: int, height: int) -> bytes:
    from Xlib import X  # noqa: PLC0415 - an extra

    data = copy.get_image(0, top, width, height, X.ZPixmap, 0xFFFFFFFF).data
    return data if isinstance(data, bytes) else str(data).encode("latin-1")


def _raw_mode(connection: Connection) -> str:
    """How pixels lie in memory, in Pillow's words. Raises NodeError for screens of few colours."""
    info = connection.display.display.info
    depth = connection.screen.root_depth
    bits = next((f.bits_per_pixel for f in info.pixmap_formats if f.depth == depth), 0)
    if bits != 32 or depth not in (24, 32):
        raise NodeError(
            f"the screen has {depth} bits a pixel, and only 24 can be read",
            ErrorCode.NOT_IMPLEMENTED,
            hint="start the display with 24 bits: Xvfb :99 -screen 0 1280x800x24",
        )
    return "XRGB" if info.image_byte_order == _BIG_ENDIAN else "BGRX"
