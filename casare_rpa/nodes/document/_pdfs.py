"""Opening PDFs, and naming their pages."""

from __future__ import annotations

import io
import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._pictures import check_pixels
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.file import reach
from casare_rpa.nodes.file.disk import existing_file
from casare_rpa.nodes.values.reading import as_int, as_list, as_text, optional_int, shown

if TYPE_CHECKING:
    from PIL.Image import Image
    from pypdf import PageObject, PdfReader
    from pypdfium2 import PdfDocument

MAX_FILE_BYTES: Final = 512 << 20
MAX_PAGES: Final = 10_000
_POINTS_PER_INCH: Final = 72
#: PDFium works for one thread at a time.
_pdfium_turn: Final = threading.Lock()

_RANGE = re.compile(r"(-?\d+)(?:\s*(-)\s*(-?\d+)?)?")
_BEGINS_WITH_PAGE = re.compile(r"\s*-?\d")


class LockedPdf(NodeError):
    """A PDF does not open without its password."""


def opened(path: Path, password: Any = "") -> tuple[PdfReader, bool]:
    """The PDF in a file, without protection, and whether it was encrypted.

    Raises LockedPdf for a missing or wrong password, and NodeError for what is no PDF, is damaged
    or larger than the limits above. Use it inside `damage_told`.
    """
    from pypdf import PdfReader  # noqa: PLC0415 - an extra

    # It would write its remarks on damage that it mends to the terminal.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    raw = _content(path)
    with damage_told(path):
        reader = PdfReader(io.BytesIO(raw))
        encrypted = reader.is_encrypted
        if encrypted:
            reader = PdfReader(io.BytesIO(_unlocked(raw, path, as_text(password))))
        count = len(reader.pages)
    _check_count(count, path)
    return reader, encrypted


def pages_of(path: Path, password: Any = "") -> list[PageObject]:
    """All pages of the PDF in a file, as `opened` opens it."""
    return list(opened(path, password)[0].pages)


@contextmanager
def rendering(path: Path, password: Any = "") -> Iterator[PdfDocument]:
    """The PDF in a file, to render its pages inside the block; raises what `opened` does."""
    with _in_pdfium(_content(path), path, as_text(password)) as document:
        _check_count(len(document), path)
        yield document


def rendered(document: PdfDocument, number: int, dpi: int) -> Image:
    """The page *number* (from 0) as a picture. Raises NodeError for one that is too large."""
    page = document[number]
    try:
        scale = dpi / _POINTS_PER_INCH
        width, height = page.get_size()
        check_pixels(width * scale, height * scale, f"page {number + 1}", "choose a smaller `dpi`")
        image: Image = page.render(scale=scale).to_pil()
        return image.convert("RGB")  # A copy: the page's own memory goes away with it.
    finally:
        page.close()


@contextmanager
def damage_told(path: Path) -> Iterator[None]:
    """Turn what pypdf raises over a damaged or hostile file into a NodeError that names it."""
    from pypdf.errors import LimitReachedError  # noqa: PLC0415 - an extra

    try:
        yield
    except (NodeError, OSError, MemoryError):
        raise
    except LimitReachedError as error:
        raise NodeError(
            f"{path} unpacks to more than is allowed: {error}", ErrorCode.RESOURCE_EXHAUSTED
        ) from error
    except Exception as error:
        # A damaged file trips pypdf anywhere: bytes turned at random led even to assertions.
        why = str(error) or type(error).__name__
        raise NodeError(f"{path} is no PDF, or damaged: {why}", ErrorCode.INVALID_FORMAT) from error


def span(first: Any, last: Any, count: int) -> range:
    """The pages from *first* to *last* of *count*, counted from 0.

    They are given counted from 1, or from the end if negative (-1 is the last). An end beyond the
    last page means the last; a start beyond it fails.
    """
    start = _index(1 if first in (None, "") else as_int(first, "start_page"), count, "start_page")
    end = optional_int(last, "end_page")
    stop = count - 1 if end is None else _index(min(end, count), count, "end_page")
    if stop < start:
        raise NodeError(
            f"end_page {end} comes before start_page {first}", ErrorCode.VALUE_OUT_OF_RANGE
        )
    return range(start, stop + 1)


def chosen(ctx: Context, value: Any, count: int) -> list[int]:
    """The pages that *value* names, in its order, counted from 0.

    A list of numbers and ranges, or text such as `1-3,5`; `4-` goes on to the end, `3-1` goes
    backwards, and negative numbers count from the end. Raises NodeError for a page that is not
    there.
    """
    if isinstance(value, str) and _BEGINS_WITH_PAGE.match(value):
        value = value.split(",")
    found: list[int] = []
    for item in as_list(ctx, value, "pages"):
        found += _range(as_text(item).strip(), count)
    if not found or len(found) > MAX_PAGES:
        raise NodeError(
            f"pages must name from 1 to {MAX_PAGES:,} pages, not {len(found)}",
            ErrorCode.VALUE_OUT_OF_RANGE,
        )
    return found


def _range(text: str, count: int) -> list[int]:
    found = _RANGE.fullmatch(text)
    if not found:
        raise NodeError(
            f"pages: {shown(text)} is no page; write them like 1-3, 5 or -1",
            ErrorCode.INVALID_INPUT,
        )
    first = _index(int(found[1]), count, "pages")
    if not found[2]:
        return [first]
    last = _index(int(found[3] or -1), count, "pages")
    step = 1 if first <= last else -1
    return list(range(first, last + step, step))


def _index(number: int, count: int, name: str) -> int:
    index = number - 1 if number > 0 else count + number
    if number == 0 or not 0 <= index < count:
        raise NodeError(
            f"{name}: there is no page {number}; the PDF has the pages 1 to {count}",
            ErrorCode.VALUE_OUT_OF_RANGE,
        )
    return index


def _check_count(count: int, path: Path) -> None:
    if count > MAX_PAGES:
        raise NodeError(
            f"{path} has {count:,} pages, more than the {MAX_PAGES:,} allowed",
            ErrorCode.RESOURCE_EXHAUSTED,
        )


def _content(path: Path) -> bytes:
    size = existing_file(path).stat().st_size
    if size > MAX_FILE_BYTES:
        raise NodeError(
            f"{path} is larger than a PDF may be ({size} of {MAX_FILE_BYTES} bytes)",
            ErrorCode.RESOURCE_EXHAUSTED,
        )
    with reach.opened(path) as stream:
        return stream.read()


def _unlocked(raw: bytes, path: Path, password: str) -> bytes:
    """The PDF without encryption; PDFium knows every kind, pypdf some with more libraries."""
    from pypdfium2.raw import FPDF_REMOVE_SECURITY  # noqa: PLC0415 - an extra

    plain = io.BytesIO()
    with _in_pdfium(raw, path, password) as document:
        document.save(plain, flags=FPDF_REMOVE_SECURITY)
    return plain.getvalue()


@contextmanager
def _in_pdfium(raw: bytes, path: Path, password: str) -> Iterator[PdfDocument]:
    import pypdfium2 as pdfium  # noqa: PLC0415 - an extra
    from pypdfium2.raw import FPDF_ERR_PASSWORD  # noqa: PLC0415 - an extra

    with _pdfium_turn:
        try:
            with pdfium.PdfDocument(raw, password=password or None) as document:
                yield document
        except pdfium.PdfiumError as error:
            if getattr(error, "err_code", None) == FPDF_ERR_PASSWORD:
                raise _locked(path, password) from error
            raise NodeError(
                f"{path} is no PDF, or damaged: {error}", ErrorCode.INVALID_FORMAT
            ) from error


def _locked(path: Path, password: str) -> LockedPdf:
    why = "the password is wrong" if password else "no password is given"
    return LockedPdf(
        f"{path} is encrypted, and {why}", ErrorCode.PERMISSION_DENIED, hint="set `password`"
    )
