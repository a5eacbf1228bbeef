"""Reading PDFs, and making new ones of their pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Json, NodeError, Output, Outputs, param, prop, unlisted
from casare_rpa.nodes.document._pdfs import LockedPdf, chosen, damage_told, opened, pages_of, span
from casare_rpa.nodes.file.disk import Drafts, FileNode, make_parent, replacing
from casare_rpa.nodes.values.reading import as_list, as_text

if TYPE_CHECKING:
    from pypdf import DocumentInformation, PageObject, PdfReader

_DONE = Output("success", "BOOLEAN")
_MADE = (
    Output("output_path", "STRING"),
    Output("attachment_file", "LIST"),
    Output("page_count", "INTEGER"),
    _DONE,
)
_OPENS = "Opens an encrypted PDF; the result is not encrypted."
_NUMBER = re.compile(r"\{n(?::0?(\d{1,2})d?)?\}")


class PdfNode(FileNode, abstract=True):
    """A node that reads PDFs; each may be encrypted."""

    category = "document"
    needs = {"pypdf": "documents", "pypdfium2": "documents"}


class ReadPDFTextNode(PdfNode):
    """Take the text out of a PDF, page by page.

    Pages are counted from 1; a negative number counts from the end, and an `end_page` beyond the
    last page means the last. `page_count` is that of the whole PDF, `pages` the text of each page
    that was read. Scanned pages hold no text: render them with PDFToImagesNode and read them with
    OCRExtractTextNode.

    `preserve_layout` keeps the places of the words on the page with spaces; `extract_tables` does
    the same, so that the columns of tables stay apart. Larger PDFs than 512 MiB or 10,000 pages
    are refused.
    """

    example = {"file_path": "report.pdf", "start_page": 1, "end_page": 2}
    file_path: str = param(None, kind="file_path", required=True, help="The PDF.")
    start_page: Any = param(1, kind="integer", minimum=1, help="The first page to read.")
    end_page: Any = param(None, kind="integer", help="The last page to read; empty: the last.")
    page_separator: str = prop("\n\n", kind="string", help="What stands between pages in `text`.")
    password: str = param("", kind="string", help="Opens an encrypted PDF.")
    extract_tables: bool = prop(False, kind="boolean", help="Keep the columns of tables apart.")
    preserve_layout: bool = prop(False, kind="boolean", help="Keep the places of the words.")
    outputs = (
        Output("text", "STRING"),
        Output("page_count", "INTEGER"),
        Output("pages", "LIST"),
        Output("is_encrypted", "BOOLEAN"),
        _DONE,
    )

    def work(self, ctx: Context) -> Outputs:
        path = self.file(ctx, self.file_path)
        reader, encrypted = opened(path, self.password)
        count = len(reader.pages)
        wanted = span(self.start_page, self.end_page, count) if count else range(0)
        with damage_told(path):
            pages = list(self._texts(ctx, reader, wanted))
        return {
            "text": as_text(self.page_separator).join(pages),
            "page_count": count,
            "pages": pages,
            "is_encrypted": encrypted,
            "success": True,
        }

    def _texts(self, ctx: Context, reader: PdfReader, wanted: range) -> Iterator[str]:
        in_place = self.preserve_layout or self.extract_tables
        mode: Literal["layout", "plain"] = "layout" if in_place else "plain"
        for number in wanted:
            self.check_wanted(ctx)
            yield reader.pages[number].extract_text(extraction_mode=mode)


class GetPDFInfoNode(PdfNode):
    """Tell how many pages a PDF has, and what it says of itself.

    Times are in ISO 8601. What the PDF does not say is empty. Of a PDF that does not open without
    a password only `is_encrypted` is told: `success` is then false and `page_count` 0.
    """

    example = {"file_path": "report.pdf"}
    file_path: str = param(None, kind="file_path", required=True, help="The PDF.")
    password: str = unlisted("", kind="string", help="Opens an encrypted PDF.")
    outputs = (
        Output("page_count", "INTEGER"),
        Output("title", "STRING"),
        Output("author", "STRING"),
        Output("subject", "STRING"),
        Output("creator", "STRING"),
        Output("producer", "STRING"),
        Output("creation_date", "STRING"),
        Output("modification_date", "STRING"),
        Output("is_encrypted", "BOOLEAN"),
        _DONE,
    )

    def work(self, ctx: Context) -> Outputs:
        path = self.file(ctx, self.file_path)
        try:
            reader, encrypted = opened(path, self.password)
        except LockedPdf:
            if self.password:
                raise
            return {**_about(None), "page_count": 0, "is_encrypted": True, "success": False}
        with damage_told(path):
            about = _about(reader.metadata)
        return {
            **about,
            "page_count": len(reader.pages),
            "is_encrypted": encrypted,
            "success": True,
        }


class ExtractPDFPagesNode(PdfNode):
    """Copy chosen pages of a PDF into a new one, in the order given.

    `pages` is a list of numbers and ranges, or text such as `1-3,5`: `4-` goes on to the end,
    `3-1` goes backwards, -1 is the last page. A page that is not there fails.
    """

    example = {"input_file": "report.pdf", "output_path": "out/part.pdf", "pages": "1-2,-1"}
    side_effect = True
    input_file: str = param(None, kind="file_path", required=True, help="The PDF.")
    output_path: str = param(None, kind="file_path", required=True, help="The new PDF.")
    pages: Json = param(None, kind="list", required=True, help="Which pages, counted from 1.")
    password: str = unlisted("", kind="string", help=_OPENS)
    outputs = _MADE

    def work(self, ctx: Context) -> Outputs:
        path = self.file(ctx, self.input_file, "input_file")
        output = self.file(ctx, self.output_path, "output_path")
        pages = pages_of(path, self.password)
        wanted = [pages[index] for index in chosen(ctx, self.pages, len(pages))]
        make_parent(output, wanted=True)
        with replacing(output) as stream, damage_told(path):
            _write(wanted, stream)
        return _made(output, len(wanted))


class MergePDFsNode(PdfNode):
    """Join PDFs into one, in the order given, bookmarks included.

    `password` opens those that are encrypted; the result is not encrypted.
    """

    example = {"input_files": ["report.pdf", "report.pdf"], "output_path": "out/all.pdf"}
    side_effect = True
    input_files: Json = param(None, kind="list", required=True, help="The PDFs.")
    output_path: str = param(None, kind="file_path", required=True, help="The new PDF.")
    password: str = unlisted("", kind="string", help=_OPENS)
    outputs = _MADE

    def work(self, ctx: Context) -> Outputs:
        from pypdf import PdfWriter  # noqa: PLC0415 - an extra

        output = self.file(ctx, self.output_path, "output_path")
        paths = [self.file(ctx, item, "input_files") for item in _paths(ctx, self.input_files)]
        writer = PdfWriter()
        for path in paths:
            self.check_wanted(ctx)
            reader, _ = opened(path, self.password)
            with damage_told(path):
                writer.append(reader)
        make_parent(output, wanted=True)
        with replacing(output) as stream, damage_told(output):
            writer.write(stream)
        return _made(output, len(writer.pages))


class SplitPDFNode(PdfNode):
    """Write every page of a PDF to a file of its own.

    `{n}` in `filename_pattern` is the number of the page, `{n:03}` the same with three digits.
    The folder is made if it is missing, existing files are replaced; if a page fails, none is
    written.
    """

    example = {"input_file": "report.pdf", "output_dir": "out", "filename_pattern": "r_{n:03}.pdf"}
    side_effect = True
    input_file: str = param(None, kind="file_path", required=True, help="The PDF.")
    output_dir: str = param(
        None, kind="directory_path", required=True, help="The folder of the new files."
    )
    filename_pattern: str = prop("page_{n}.pdf", kind="string", help="How they are called.")
    password: str = unlisted("", kind="string", help=_OPENS)
    outputs = (Output("output_files", "LIST"), Output("page_count", "INTEGER"), _DONE)

    def work(self, ctx: Context) -> Outputs:
        path = self.file(ctx, self.input_file, "input_file")
        folder = self.file(ctx, self.output_dir, "output_dir")
        pattern = _pattern(self.filename_pattern)
        pages = pages_of(path, self.password)
        targets = [folder / _named(pattern, n) for n in range(1, len(pages) + 1)]
        with Drafts(folder) as drafts, damage_told(path):
            for target, page in zip(targets, pages, strict=True):
                self.check_wanted(ctx)
                with drafts.open(target) as stream:
                    _write([page], stream)
        return {
            "output_files": [str(target) for target in targets],
            "page_count": len(targets),
            "success": True,
        }


def _about(found: DocumentInformation | None) -> Outputs:
    texts = ("title", "author", "subject", "creator", "producer")
    about = {name: as_text(getattr(found, name, None)) for name in texts}
    return about | {name: _time(found, name) for name in ("creation_date", "modification_date")}


def _time(found: DocumentInformation | None, name: str) -> str:
    try:
        time: datetime | None = getattr(found, name, None)
    except ValueError:  # Not written as the standard asks; better as it is than not at all.
        return as_text(getattr(found, f"{name}_raw", None))
    return time.isoformat() if time else ""


def _write(pages: Iterable[PageObject], stream: IO[bytes]) -> None:
    from pypdf import PdfWriter  # noqa: PLC0415 - an extra

    writer = PdfWriter()
    for page in pages:
        writer.add_page(page)
    writer.write(stream)


def _made(path: Path, count: int) -> Outputs:
    return {
        "output_path": str(path),
        "attachment_file": [str(path)],
        "page_count": count,
        "success": True,
    }


def _paths(ctx: Context, value: Json) -> list[Any]:
    # A file's name would be read as the path of a variable.
    alone = isinstance(value, str) and value.strip().lower().endswith(".pdf")
    found = value.split(",") if alone else as_list(ctx, value, "input_files")
    if not found:
        raise NodeError("input_files: there is no PDF to join", ErrorCode.MISSING_REQUIRED_FIELD)
    return found


def _pattern(value: Any) -> str:
    pattern = as_text(value).strip() or "page_{n}.pdf"
    if not _NUMBER.search(pattern) or re.search(r"[/\\\0:]", _NUMBER.sub("", pattern)):
        raise NodeError(
            f"filename_pattern must hold {{n}} and name no folder, not {pattern!r}",
            ErrorCode.INVALID_INPUT,
        )
    return pattern


def _named(pattern: str, number: int) -> str:
    return _NUMBER.sub(lambda found: f"{number:0{int(found[1] or 1)}}", pattern)
