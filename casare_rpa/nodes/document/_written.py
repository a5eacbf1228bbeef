"""The text of files that are more than text: Word documents and messages."""

from __future__ import annotations

from pathlib import Path

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError

_HEADERS = ("from", "to", "cc", "date", "subject")


def word_text(path: Path) -> str:
    """A Word document as WordGetTextNode reads it. Raises NodeError."""
    try:
        import docx  # noqa: F401, PLC0415 - an extra
    except ImportError as error:
        raise NodeError(
            f"{path}: to read a Word document needs the extra 'office'",
            ErrorCode.CONFIG_MISSING_KEY,
            hint="pip install 'casare-rpa[office]'",
        ) from error
    from casare_rpa.nodes.office._documents import Document  # noqa: PLC0415 - another family

    return Document(path, read_only=True, create=False).text()


def mail_text(raw: bytes) -> str:
    """A message: its main headers, its text (else its HTML), and the names of its attachments."""
    from casare_rpa.nodes.email._parts import as_map, parsed  # noqa: PLC0415 - another family

    found = as_map(parsed(raw), with_body=True)
    head = [f"{name.capitalize()}: {found[name]}" for name in _HEADERS if found[name]]
    if names := [file["filename"] for file in found["attachments"] if file["filename"]]:
        head.append(f"Attachments: {', '.join(names)}")
    body = found["body_text"] if found["body_text"].strip() else found["body_html"]
    return "\n".join([*head, "", body]).strip()
