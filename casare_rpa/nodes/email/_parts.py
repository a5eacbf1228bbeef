"""A message as it was received, taken apart; one that breaks the rules loses letters, no more."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any

_FOLDS = re.compile(r"[\r\n]+[ \t]*")
_ID = re.compile(r"<([!-;=?-~]{1,200})>")
_OF_TEXTS = frozenset({"text", "multipart"})
_MOST_PARTS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file of a message. Its name is what the sender says, and may be empty.

    `content_id` is what the message's HTML calls it; empty if that does not show it.
    """

    name: str
    kind: str
    content: bytes
    content_id: str = ""


def parsed(raw: bytes) -> Message[str, str]:
    """The message; of one that is nested beyond all measure only what stands in its headers."""
    try:
        return message_from_bytes(raw)
    except Exception:  # the parser of the library is made for mail that keeps the rules
        head = raw.partition(b"\r\n\r\n")[0]
        found: Message[str, str] = Message()
        for line in _FOLDS.sub(" ", head.decode("latin-1").replace("\r\n", "\0")).split("\0"):
            name, colon, value = line.partition(":")
            if colon and name.isprintable() and " " not in name:
                found[name] = value.strip()
        return found


def as_map(message: Message[str, str], *, with_body: bool) -> dict[str, Any]:
    """The message as the nodes for mail hand it to each other."""
    date = header(message, "Date")
    files = attachments(message) if with_body else []
    return {
        "subject": header(message, "Subject"),
        "from": header(message, "From"),
        "to": header(message, "To"),
        "cc": header(message, "Cc"),
        "reply_to": header(message, "Reply-To"),
        "date": _iso(date),
        "message_id": header(message, "Message-ID"),
        "body_text": _body(message, "text/plain") if with_body else "",
        "body_html": _body(message, "text/html") if with_body else "",
        "attachments": [
            {"filename": file.name, "content_type": file.kind, "size": len(file.content)}
            for file in files
        ],
        "has_attachments": bool(files),
    }


def attachments(message: Message[str, str]) -> list[Attachment]:
    """The files of a message; a message in it is one of them."""
    return [
        Attachment(
            name=_name(part),
            kind=part.get_content_type(),
            content=_content(part),
            content_id=_content_id(part),
        )
        for part in _leaves(message)
        if _is_file(part)
    ]


def header(message: Message[str, str], name: str) -> str:
    """A header as people read it; several of a name by commas, none as empty text."""
    try:
        values = message.get_all(name, [])
        return ", ".join(decoded(value) for value in values)
    except Exception:  # see parsed
        return ""


def text_of(raw: bytes, charset: str | None) -> str:
    """Bytes in a charset that they may not be in, and that there may not be."""
    for name in (charset, "utf-8"):
        if name and name != "unknown-8bit":
            try:
                return raw.decode(name)
            except (LookupError, ValueError):
                continue
    # What old programs write without saying so.
    return raw.decode("cp1252", "replace")


def decoded(value: Any) -> str:
    """A header's value with its encoded words as the text that they stand for."""
    try:
        parts: Sequence[tuple[Any, str | None]] = decode_header(value)
    except (ValueError, HeaderParseError):  # base64 that is none
        return _without_halves(str(value))
    found = "".join(p if isinstance(p, str) else text_of(p, charset) for p, charset in parts)
    return _without_halves(_FOLDS.sub(" ", found)).strip()


def _body(message: Message[str, str], kind: str) -> str:
    texts = (
        text_of(_content(part), charset(part))
        for part in _leaves(message)
        if part.get_content_type() == kind and not _is_file(part)
    )
    return "\n".join(text.replace("\r\n", "\n") for text in texts)


def _leaves(message: Message[str, str]) -> Iterator[Message[str, str]]:
    """The parts that hold something, in order; what a message in it holds is its own."""
    waiting: list[Any] = [message]
    for _ in range(_MOST_PARTS):
        if not waiting:
            return
        part = waiting.pop()
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            waiting += reversed(part.get_payload())
        else:
            yield part


def _is_file(part: Message[str, str]) -> bool:
    if part.get_content_disposition() == "attachment":
        return True
    # Pictures that a text shows often have no name.
    return bool(_name(part)) or part.get_content_maintype() not in _OF_TEXTS


def _name(part: Message[str, str]) -> str:
    try:
        return decoded(part.get_filename() or "")
    except Exception:  # see parsed
        return ""


def _content_id(part: Message[str, str]) -> str:
    found = _ID.search(header(part, "Content-ID"))
    # What looks like an encoded word would be taken for one where it is written again.
    return found[1] if found and "=?" not in found[1] else ""


def charset(part: Message[str, str]) -> str | None:
    try:
        return part.get_content_charset()
    except Exception:  # see parsed
        return None


def _content(part: Message[str, str]) -> bytes:
    try:
        if part.is_multipart():
            inner: Any = part.get_payload()
            return b"".join(each.as_bytes() for each in inner)
        found: Any = part.get_payload(decode=True)
    except Exception:  # see parsed
        return b""
    return found if isinstance(found, bytes) else b""


def _iso(date: str) -> str:
    """A date as ISO 8601; as it is, if it is none."""
    try:
        return parsedate_to_datetime(date).isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return date


def _without_halves(text: str) -> str:
    """*text* with bytes that were no letters, which the library keeps as halves of some."""
    if text.isascii():
        return text
    return text_of(text.encode("utf-8", "surrogateescape"), "utf-8") if _has_halves(text) else text


def _has_halves(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)
