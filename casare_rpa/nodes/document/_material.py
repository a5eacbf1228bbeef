"""A document as a model reads it: its text, or pictures of its pages."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.document._kinds import KNOWN, MAIL, PDF, PICTURES, WORD, check_kind
from casare_rpa.nodes.document._written import mail_text, word_text
from casare_rpa.nodes.file.disk import existing_file, plain_errors
from casare_rpa.nodes.file.reach import opened as file_opened
from casare_rpa.nodes.llm._looking import jpeg_of, picture_of
from casare_rpa.nodes.llm._talk import Picture

_LONGEST_PATH = 1024
_MAX_FILE_BYTES = 32 << 20
#: A page with fewer letters is a scan.
_LEAST_LETTERS = 20
_MOST_PICTURES = 20
_DPI = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """`text` is empty where there are only pictures."""

    text: str
    pictures: Sequence[Picture] = ()


async def material_of(ctx: Context, document: Any) -> Material:
    """What a parameter `document` gives: a text, the path of a file, or the bytes of a picture.

    One line that is a file, or ends like the name of one, is a path: of a PDF, a picture, a Word
    document, a message, or of text. Of a PDF without text the first 20 pages are rendered. Raises
    NodeError for a file that is not there, is of another kind, holds nothing or cannot be read.
    """
    if isinstance(document, bytes | bytearray):
        return Material(text="", pictures=(picture_of(ctx, bytes(document), "document"),))
    if not isinstance(document, str) or not document.strip():
        raise NodeError("document is empty", ErrorCode.MISSING_REQUIRED_FIELD)
    path = _path(ctx, document.strip())
    if path is None:
        return Material(text=document)
    return await asyncio.to_thread(_of_file, ctx, path)


def _path(ctx: Context, text: str) -> Path | None:
    if len(text) > _LONGEST_PATH or not text.isprintable():
        return None
    if Path(text).suffix.lower() in KNOWN:
        return ctx.path(text)
    try:
        path = ctx.path(text)
        return path if path.is_file() else None
    except (NodeError, OSError):  # such as a name that no file can have
        return None


def _of_file(ctx: Context, path: Path) -> Material:
    with plain_errors():
        check_kind(existing_file(path))
        found = _read(ctx, path)
    if not found.text.strip() and not found.pictures:
        raise NodeError(f"{path} holds no text", ErrorCode.INVALID_INPUT)
    return found


def _read(ctx: Context, path: Path) -> Material:
    suffix = path.suffix.lower()
    if suffix == PDF:
        return _of_pdf(path)
    if path.stat().st_size > _MAX_FILE_BYTES:
        raise NodeError(
            f"{path} is larger than {_MAX_FILE_BYTES} bytes", ErrorCode.RESOURCE_EXHAUSTED
        )
    if suffix in WORD:
        return Material(text=word_text(path))
    with file_opened(path) as stream:
        raw = stream.read()
    if suffix in PICTURES:
        return Material(text="", pictures=(picture_of(ctx, raw, str(path)),))
    if suffix == MAIL:
        return Material(text=mail_text(raw))
    if b"\0" in raw:
        raise NodeError(f"{path} is no text", ErrorCode.INVALID_FORMAT)
    return Material(text=raw.decode("utf-8-sig"))


def _of_pdf(path: Path) -> Material:
    from casare_rpa.nodes.document import _pdfs  # noqa: PLC0415 - an extra

    try:
        reader, _ = _pdfs.opened(path)
        with _pdfs.damage_told(path):
            pages = [page.extract_text(extraction_mode="layout") for page in reader.pages]
        if sum(len("".join(page.split())) for page in pages) >= _LEAST_LETTERS * len(pages) > 0:
            return Material(text="\n\n".join(pages))
        with _pdfs.rendering(path) as document:
            count = min(len(document), _MOST_PICTURES)
            found = tuple(jpeg_of(_pdfs.rendered(document, n, _DPI)) for n in range(count))
    except ImportError as error:
        raise NodeError(
            f"{path}: to read a PDF needs the extra 'documents'",
            ErrorCode.CONFIG_MISSING_KEY,
            hint="pip install 'casare-rpa[documents]'",
        ) from error
    if not found:
        raise NodeError(f"{path} has no pages", ErrorCode.INVALID_INPUT)
    return Material(text="\n\n".join(page for page in pages if page.strip()), pictures=found)
