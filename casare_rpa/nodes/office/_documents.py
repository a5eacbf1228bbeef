"""A Word document that is open, as python-docx reads and writes it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import IO, Any

from casare_rpa.nodes.office._file import OfficeFile
from casare_rpa.nodes.office._package import DOCUMENT, damage_told
from casare_rpa.nodes.office._words import replace, text_of


class Document(OfficeFile):
    """A document. Parts of it that nobody reads are written as they were."""

    format = DOCUMENT

    @property
    def changes(self) -> int:
        return self._changes

    def text(self) -> str:
        """The text of its body, without headers and footers."""
        return text_of(self._main.element.body)

    def replace(self, pattern: re.Pattern[str], text: str, most: int | None) -> int:
        """Replace at most *most* times, first in the body, then in headers and footers."""
        self.check_writable()
        done = 0
        for root in self._roots():
            left = None if most is None else most - done
            if left == 0:
                break
            done += replace(root, pattern, text, left)
        self._changes += done
        return done

    def _roots(self) -> Iterator[Any]:
        from docx.parts.hdrftr import FooterPart, HeaderPart  # noqa: PLC0415 - an extra

        yield self._main.element
        for part in self._main.package.iter_parts():
            if isinstance(part, HeaderPart | FooterPart):
                yield part.element

    def _load(self, raw: bytes) -> None:
        self._changes = 0
        with damage_told(self.path, self.format):
            self._main: Any = _opened(raw) if raw else _empty()
            if self._main.element.body is None:
                raise ValueError("it has no body")

    def _write(self, stream: IO[bytes]) -> None:
        made = io.BytesIO()  # An archive that fails half-way still writes to it when it goes.
        with damage_told(self.path, self.format):
            self._main.package.save(made)
        stream.write(made.getbuffer())

    def _saved(self) -> None:
        self._changes = 0


def _opened(raw: bytes) -> Any:
    from docx.opc.part import PartFactory  # noqa: PLC0415 - an extra
    from docx.package import Package  # noqa: PLC0415
    from docx.parts.document import DocumentPart  # noqa: PLC0415

    # It knows plain documents only; those with macros and templates are the same inside.
    for name in DOCUMENT.mains:
        PartFactory.part_type_for.setdefault(name, DocumentPart)
    return Package.open(io.BytesIO(raw)).main_document_part


def _empty() -> Any:
    import docx  # noqa: PLC0415 - an extra

    return docx.Document().part
