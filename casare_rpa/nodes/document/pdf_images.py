"""Rendering PDFs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from casare_rpa.nodes.base import Context, Output, Outputs, param, prop, unlisted
from casare_rpa.nodes.document._pdfs import rendered, rendering, span
from casare_rpa.nodes.document.pdf import PdfNode
from casare_rpa.nodes.file.disk import Drafts
from casare_rpa.nodes.values.reading import int_within, one_of

_FORMATS = {"png": "PNG", "jpg": "JPEG", "jpeg": "JPEG", "bmp": "BMP", "tiff": "TIFF"}


class PDFToImagesNode(PdfNode):
    """Render pages of a PDF as picture files, called `<PDF>_page_<n>.<format>`.

    Pages are counted from 1; a negative number counts from the end, and an `end_page` beyond the
    last page means the last. `page_count` is the number of pictures. The folder is made if it is
    missing, existing files are replaced; if a page fails, none is written. A page that would have
    more than 100,000,000 pixels is refused.
    """

    example = {"input_file": "report.pdf", "output_dir": "out", "dpi": 72, "format": "jpg"}
    side_effect = True
    needs = {"pypdfium2": "documents", "PIL": "documents"}
    input_file: str = param(None, kind="file_path", required=True, help="The PDF.")
    output_dir: str = param(
        None, kind="directory_path", required=True, help="The folder of the pictures."
    )
    start_page: Any = param(1, kind="integer", minimum=1, help="The first page.")
    end_page: Any = param(None, kind="integer", help="The last page; empty: the PDF's last.")
    dpi: int = prop(200, kind="integer", minimum=72, maximum=600, help="Pixels for each inch.")
    format: str = prop("png", kind="choice", choices=tuple(_FORMATS), help="The pictures' format.")
    password: str = unlisted("", kind="string", help="Opens an encrypted PDF.")
    outputs = (
        Output("output_files", "LIST"),
        Output("page_count", "INTEGER"),
        Output("success", "BOOLEAN"),
    )

    def work(self, ctx: Context) -> Outputs:
        path = self.file(ctx, self.input_file, "input_file")
        folder = self.file(ctx, self.output_dir, "output_dir")
        dpi = int_within(self.dpi, "dpi", 72, 600)
        suffix = one_of(self.format, "format", _FORMATS)
        files: list[Path] = []
        with rendering(path, self.password) as document:
            wanted = span(self.start_page, self.end_page, len(document))
            with Drafts(folder) as drafts:
                for number in wanted:
                    self.check_wanted(ctx)
                    files.append(folder / f"{path.stem}_page_{number + 1}.{suffix}")
                    image = rendered(document, number, dpi)
                    with drafts.open(files[-1]) as stream:
                        image.save(stream, _FORMATS[suffix], dpi=(dpi, dpi))
        return {
            "output_files": [str(file) for file in files],
            "page_count": len(files),
            "success": True,
        }
