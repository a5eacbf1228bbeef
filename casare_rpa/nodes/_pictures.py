"""How nodes open and save pictures. Everything here imports Pillow when it is first called."""

from __future__ import annotations

import base64
import binascii
import io
import logging
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.file.disk import existing_file
from casare_rpa.nodes.file.reach import opened
from casare_rpa.nodes.values.reading import as_int, as_list, parse_json, shown

if TYPE_CHECKING:
    from PIL.Image import Image

#: What a picture file may hold; no format whose reader starts another program.
READABLE: Final = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "ICO")
SUFFIXES: Final = {
    **{".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".bmp": "BMP"},
    **{".gif": "GIF", ".tif": "TIFF", ".tiff": "TIFF", ".ppm": "PPM", ".ico": "ICO"},
}
WRITABLE: Final = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
#: A picture this large takes 400 MB in memory; larger ones are bombs, or need other tools.
MAX_PIXELS: Final = 100_000_000
MAX_FILE_BYTES: Final = 256 << 20
_WHITE = (255, 255, 255)


def picture_file(path: Path) -> Image:
    """The picture in a file, upright; of an animation the first.

    Raises NodeError for what is no picture, is damaged or is larger than the limits above.
    """
    size = existing_file(path).stat().st_size
    if size > MAX_FILE_BYTES:
        raise NodeError(
            f"{path} is larger than a picture may be ({size} of {MAX_FILE_BYTES} bytes)",
            ErrorCode.RESOURCE_EXHAUSTED,
        )
    with opened(path) as stream:
        return _picture(stream, str(path))


def picture(ctx: Context, value: Any, path: Path | None, name: str) -> Image:
    """The picture that a parameter called *name* gives, else the one in the file *path*.

    A value is a Pillow image, the bytes of a picture file, a `data:` address or a path.
    """
    from PIL.Image import Image  # noqa: PLC0415 - heavy

    if isinstance(value, Image):
        return _upright(value, name)
    if isinstance(value, bytes | bytearray):
        return _picture(io.BytesIO(value), name)
    if isinstance(value, str) and value.strip():
        if value.startswith("data:"):
            return _picture(io.BytesIO(_from_data_address(value, name)), name)
        return picture_file(ctx.path(value))
    if value not in (None, ""):
        raise NodeError(
            f"{name} is no picture but {shown(value)}; give bytes, a data: address or a path",
            ErrorCode.TYPE_MISMATCH,
        )
    if path is None:
        raise NodeError(f"{name} or {name}_path is missing", ErrorCode.MISSING_REQUIRED_FIELD)
    return picture_file(path)


def check_pixels(width: float, height: float, what: str, hint: str | None = None) -> None:
    """Raise NodeError if a picture of that size is larger than MAX_PIXELS."""
    if width * height > MAX_PIXELS:
        raise NodeError(
            f"{what} is too large: {width:.0f} x {height:.0f} pixels are more than the"
            f" {MAX_PIXELS:,} allowed",
            ErrorCode.RESOURCE_EXHAUSTED,
            hint=hint,
        )


def on_white(image: Image) -> Image:
    """*image* as RGB, with white where it is transparent."""
    from PIL import Image as pillow  # noqa: PLC0415 - heavy

    if not image.has_transparency_data:
        return image.convert("RGB")
    image = image.convert("RGBA")
    below = pillow.new("RGBA", image.size, (*_WHITE, 255))
    return pillow.alpha_composite(below, image).convert("RGB")


def save_picture(image: Image, stream: IO[bytes], format: str, quality: int = 85) -> None:
    """Write *image* in one of the WRITABLE formats, with its colour profile.

    Transparency becomes white in JPEG and BMP. Other metadata is left out.
    """
    if format in ("JPEG", "BMP"):
        image = on_white(image)
    elif image.mode not in ("1", "L", "LA", "P", "RGB", "RGBA"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    about: dict[str, Any] = {"quality": quality} if format in ("JPEG", "WEBP") else {}
    if format in ("JPEG", "PNG", "WEBP", "TIFF"):
        about["icc_profile"] = image.info.get("icc_profile")
    image.save(stream, format, **about)


def format_of(path: Path) -> str:
    """The format that a file to be written has by its name; NodeError if it is none of ours."""
    format = SUFFIXES.get(path.suffix.lower(), "")
    if format not in WRITABLE:
        known = ", ".join(s for s, f in SUFFIXES.items() if f in WRITABLE)
        raise NodeError(
            f"{path.name} is no name for a picture: it ends in none of {known}",
            ErrorCode.INVALID_FORMAT,
        )
    return format


def region_of(ctx: Context, value: Any, image: Image) -> Image:
    """The part of *image* that *value* names, or all of it: see `region_numbers`."""
    numbers = region_numbers(ctx, value, image.size, "the picture")
    if numbers is None:
        return image
    x, y, width, height = numbers
    return image.crop((x, y, x + width, y + height))


def region_numbers(
    ctx: Context, value: Any, size: tuple[int, int], what: str
) -> tuple[int, int, int, int] | None:
    """x, y, width and height of a part; None for all. NodeError if *what*, of *size*, lacks it.

    [x, y, width, height], the same in text, or a map with these keys; pixels from the top left.
    """
    if value in (None, "", [], {}):
        return None
    if isinstance(value, str) and value.lstrip().startswith("{"):
        value = parse_json(value, "region")
    if isinstance(value, Mapping):
        value = [value.get(key) for key in ("x", "y", "width", "height")]
    numbers = [as_int(part, "region") for part in as_list(ctx, value, "region")]
    if len(numbers) != 4:
        raise NodeError(
            f"region must be x, y, width and height, not {shown(value)}", ErrorCode.INVALID_INPUT
        )
    x, y, width, height = numbers
    if not (0 <= x < x + width <= size[0] and 0 <= y < y + height <= size[1]):
        raise NodeError(
            f"region {x}, {y}, {width}, {height} is not inside {what}, which is"
            f" {size[0]} x {size[1]} pixels",
            ErrorCode.VALUE_OUT_OF_RANGE,
        )
    return x, y, width, height


def _picture(stream: IO[bytes], name: str) -> Image:
    from PIL import Image as pillow  # noqa: PLC0415 - heavy
    from PIL import UnidentifiedImageError  # noqa: PLC0415

    # Pillow would warn at its own limit; ours follows before a pixel is read.
    pillow.MAX_IMAGE_PIXELS = None
    # Its remarks on what it can still read would go to the terminal.
    logging.getLogger("PIL").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", module=r"PIL\.")
    try:
        image = pillow.open(stream, formats=READABLE)
        check_pixels(*image.size, name)
        image.load()
        return _upright(image, name)
    except UnidentifiedImageError:
        raise NodeError(
            f"{name} is no picture of the formats {', '.join(READABLE)}", ErrorCode.INVALID_FORMAT
        ) from None
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        # Pillow tells damage by all of these; errors of the disk have a number.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise NodeError(f"{name} is damaged: {error}", ErrorCode.INVALID_FORMAT) from error


def _upright(image: Image, name: str) -> Image:
    """Turned as the camera was held, which its EXIF data says."""
    from PIL import ImageOps  # noqa: PLC0415 - heavy

    check_pixels(*image.size, name)
    return ImageOps.exif_transpose(image)


def _from_data_address(text: str, name: str) -> bytes:
    head, _, body = text.partition(",")
    try:
        if not head.endswith(";base64"):
            raise ValueError("it is not base64")
        return base64.b64decode(body, validate=True)
    except (ValueError, binascii.Error) as error:
        raise NodeError(
            f"{name} is no data: address of a picture: {error}", ErrorCode.PARSE_ERROR
        ) from error
