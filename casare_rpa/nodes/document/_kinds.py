"""Which files a model can be given as a document, by the ends of their names."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError

PDF: Final = ".pdf"
MAIL: Final = ".eml"
WORD: Final = frozenset({".docx", ".docm", ".dotx", ".dotm"})
PICTURES: Final = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff"})
TEXTS: Final = frozenset({".txt", ".md", ".csv", ".html", ".htm", ".xml", ".json"})

_CELLS = "read it with ExcelOpenNode and ExcelGetRangeNode, and give what they find"
_UNPACK = "UnzipFilesNode unpacks it"
_MENDS: Final = {
    **dict.fromkeys((".xlsx", ".xlsm", ".xltx", ".xltm"), _CELLS),
    **dict.fromkeys((".xls", ".xlsb", ".ods"), f"save it as .xlsx; then {_CELLS}"),
    **dict.fromkeys((".doc", ".dot", ".odt", ".rtf"), "save it as .docx or .pdf"),
    **dict.fromkeys((".ppt", ".pptx", ".odp"), "save it as .pdf"),
    ".msg": "save it as .eml; messages of a mailbox are read with ReadEmailsNode",
    ".zip": _UNPACK,
    **dict.fromkeys((".heic", ".heif", ".svg"), "save it as .png or .jpg"),
}
_READ: Final = WORD | PICTURES | TEXTS | {PDF, MAIL}
KNOWN: Final = _READ | _MENDS.keys()


def check_kind(path: Path) -> None:
    """Raise NodeError, with the way to go, for a file of a kind that is not read here."""
    suffix = path.suffix.lower()
    if suffix in _MENDS:
        raise NodeError(
            f"{path}: files of the kind {suffix} are not read as a document",
            ErrorCode.NOT_IMPLEMENTED,
            hint=_MENDS[suffix],
        )
