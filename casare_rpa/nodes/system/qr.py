"""QR codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._pictures import format_of, on_white, picture_file, save_picture
from casare_rpa.nodes.base import Context, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.file.disk import FileNode, make_parent, replacing
from casare_rpa.nodes.values.reading import as_text, int_within, missing, one_of

if TYPE_CHECKING:
    from PIL.Image import Image

_ACTIONS = ("generate", "read")
#: The white margin that a reader needs around a code, in its modules.
_MARGIN = 4


class QRCodeNode(FileNode):
    """Write a text as a QR code, or read the QR code in a picture.

    `generate` writes a square picture of `size` pixels, in the format of the suffix of
    `output_path` (PNG, JPEG, WEBP, BMP, GIF, TIFF); `result` is its path. A text that needs a
    larger picture or is longer than a QR code holds (2,953 bytes) fails.

    `read` gives the text in `result`, of several codes that of the first found. That a picture
    holds no code is no failure: `success` is false and `result` empty.
    """

    category = "system"
    example = {"data": "https://example.org/7", "output_path": "out/code.png"}
    side_effect = True
    needs = {"PIL": "images", "segno": "images", "zxingcpp": "images"}
    action: str = prop("generate", kind="choice", choices=_ACTIONS, help="What to do.")
    data: Any = param("", kind="string", help="The text of a new code.")
    image_path: str = prop("", kind="file_path", help="The picture to read.")
    output_path: str = prop("", kind="file_path", help="Where a new code goes.")
    size: int = prop(
        200, kind="integer", minimum=50, maximum=1000, help="Width of a new code in pixels."
    )
    outputs = (Output("result", "STRING"), Output("success", "BOOLEAN"))

    def work(self, ctx: Context) -> Outputs:
        reading = one_of(self.action, "action", _ACTIONS) == "read"
        return self._read(ctx) if reading else self._generate(ctx)

    def _generate(self, ctx: Context) -> Outputs:
        path = self.file(ctx, self.output_path, "output_path")
        format = format_of(path)
        image = _drawn(as_text(self.data), int_within(self.size, "size", 50, 1000))
        make_parent(path, wanted=True)
        with replacing(path) as stream:
            save_picture(image, stream, format)
        return {"result": str(path), "success": True}

    def _read(self, ctx: Context) -> Outputs:
        import zxingcpp  # noqa: PLC0415 - an extra

        image = on_white(picture_file(self.file(ctx, self.image_path, "image_path")))
        codes = zxingcpp.read_barcodes(image, formats=zxingcpp.barcode_formats_from_str("QRCode"))
        return {"result": codes[0].text if codes else "", "success": bool(codes)}


def _drawn(text: str, size: int) -> Image:
    """A code that fills a white square as well as whole pixels for each module allow."""
    import segno  # noqa: PLC0415 - an extra
    from PIL import Image as pillow  # noqa: PLC0415 - heavy

    if not text:
        raise missing("data")
    try:
        code = segno.make_qr(text)
    except segno.DataOverflowError as error:
        raise NodeError(
            f"data is too long for a QR code: {len(text.encode())} bytes", ErrorCode.INVALID_INPUT
        ) from error
    modules = len(code.matrix)
    scale = size // (modules + 2 * _MARGIN)
    if scale == 0:
        raise NodeError(
            f"data needs a picture of at least {modules + 2 * _MARGIN} pixels, size is {size}",
            ErrorCode.VALUE_OUT_OF_RANGE,
        )
    drawn = pillow.frombytes(
        "L", (modules, modules), bytes(0 if dark else 255 for row in code.matrix for dark in row)
    ).resize((modules * scale, modules * scale), pillow.Resampling.NEAREST)
    square = pillow.new("L", (size, size), 255)
    square.paste(drawn, ((size - drawn.width) // 2, (size - drawn.height) // 2))
    return square
