"""Pictures as models take them."""

from __future__ import annotations

import base64
import io
from typing import Any, Final

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.llm._talk import Picture

#: What services take as it is, by its first bytes.
_KNOWN: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_LARGEST_BYTES = 4 << 20
_LONGEST_SIDE_PIXELS = 2000


def picture_of(ctx: Context, raw: bytes, name: str) -> Picture:
    """A picture for a model: as it is if services take it, else scaled and as JPEG.

    Raises NodeError for what is no picture.
    """
    for beginning, media_type in _KNOWN:
        if raw.startswith(beginning) and len(raw) <= _LARGEST_BYTES:
            return _packed(media_type, raw)
    from casare_rpa.nodes._pictures import picture  # noqa: PLC0415 - an extra

    try:
        return jpeg_of(picture(ctx, raw, None, name))
    except ImportError as error:
        raise NodeError(
            f"{name}: a picture of this kind or size needs the extra 'images'",
            ErrorCode.CONFIG_MISSING_KEY,
            hint="pip install 'casare-rpa[images]'",
        ) from error


def jpeg_of(image: Any) -> Picture:
    """A Pillow image as a model takes it."""
    from casare_rpa.nodes._pictures import save_picture  # noqa: PLC0415 - an extra

    image = image.copy()
    image.thumbnail((_LONGEST_SIDE_PIXELS, _LONGEST_SIDE_PIXELS))
    stream = io.BytesIO()
    save_picture(image, stream, "JPEG")
    return _packed("image/jpeg", stream.getvalue())


def _packed(media_type: str, raw: bytes) -> Picture:
    return Picture(media_type=media_type, base64=base64.b64encode(raw).decode("ascii"))
