"""Google's own documents, which have no content of their own: what they can be exported as."""

from __future__ import annotations

from collections.abc import Mapping

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError

APPS = "application/vnd.google-apps."
_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."
#: By the format's word, as export_format lists them.
FORMATS: Mapping[str, str] = {
    "pdf": "application/pdf",
    "docx": f"{_OFFICE}wordprocessingml.document",
    "xlsx": f"{_OFFICE}spreadsheetml.sheet",
    "pptx": f"{_OFFICE}presentationml.presentation",
    "csv": "text/csv",
    "txt": "text/plain",
    "html": "text/html",
    "odt": f"{_OPEN}text",
    "ods": f"{_OPEN}spreadsheet",
    "odp": f"{_OPEN}presentation",
    "rtf": "application/rtf",
    "epub": "application/epub+zip",
    "png": "image/png",
    "jpg": "image/jpeg",
    "svg": "image/svg+xml",
    "tsv": "text/tab-separated-values",
}
#: What each kind of document can become; the first is what a folder's download takes.
_OF: Mapping[str, tuple[str, ...]] = {
    "document": ("docx", "pdf", "odt", "rtf", "txt", "html", "epub"),
    "spreadsheet": ("xlsx", "pdf", "ods", "csv", "tsv", "html"),
    "presentation": ("pptx", "pdf", "odp", "txt", "jpg", "png", "svg"),
    "drawing": ("png", "pdf", "jpg", "svg"),
}


def is_document(mime_type: str) -> bool:
    """Whether it is a document, form, site or the like of Google's."""
    return mime_type.startswith(APPS)


def usual_format(mime_type: str) -> str | None:
    """The format that loses least; None if there is none."""
    return next(iter(_OF.get(mime_type.removeprefix(APPS), ())), None)


def export_type(mime_type: str, wanted: str, name: str) -> tuple[str, str]:
    """The media type to ask for, and the suffix of what comes, without a dot.

    Raises NodeError if the document cannot become that.
    """
    if not is_document(mime_type):
        raise NodeError(
            f"{name!r} is no Google document but {mime_type}: DriveDownloadFileNode fetches it",
            ErrorCode.INVALID_INPUT,
        )
    kinds = _OF.get(mime_type.removeprefix(APPS), ())
    if wanted not in kinds:
        can = f"it can become {', '.join(kinds)}" if kinds else "it cannot be exported"
        raise NodeError(
            f"{name!r} is a Google {mime_type.removeprefix(APPS)} and no {wanted} can be made"
            f" of it; {can}",
            ErrorCode.INVALID_INPUT,
        )
    if mime_type == f"{APPS}spreadsheet" and wanted == "html":
        # A page for each sheet, and what they look like.
        return "application/zip", "zip"
    return FORMATS[wanted], wanted
