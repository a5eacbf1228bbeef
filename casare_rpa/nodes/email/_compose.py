"""A message as it is sent, from what the parameters say."""

from __future__ import annotations

import contextlib
import mimetypes
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid, parseaddr
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.email._parts import Attachment, decoded
from casare_rpa.nodes.file.disk import existing_file, plain_errors
from casare_rpa.nodes.file.reach import opened

#: Few servers take half of that.
_MOST_BYTES = 50 << 20
_PRIORITIES = {"high": ("1", "high"), "low": ("5", "low")}
#: With all that the library takes for the end of a line.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
#: A part of a list of addresses, whose name may hold what separates others, in quotes.
_PART = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^",;])+')
_KIND = re.compile(r"[a-z]+/[a-z0-9!#$&^_.+-]+")
_ADDRESS = re.compile(r"[^\s@<>()\[\]\\,;:\"]+@[^\s@<>()\[\]\\,;:\"]+")
#: Nothing is rewritten on the way where all of it is ASCII in short lines.
POLICY = SMTP.clone(cte_type="7bit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What is to be sent, checked; addresses as they stand in the headers.

    `attachments` are files of the run, `enclosed` those of another message: what its HTML shows
    stays where the HTML finds it.
    """

    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    subject: str = ""
    body: str = ""
    is_html: bool = False
    priority: str = "normal"
    read_receipt: bool = False
    attachments: tuple[Path, ...] = ()
    enclosed: tuple[Attachment, ...] = ()

    @property
    def recipients(self) -> list[str]:
        """Every address once, in order."""
        everyone = (*self.to, *self.cc, *self.bcc)
        return list(dict.fromkeys(one.addr_spec for one in everyone))


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft(Letter):
    """A letter of a sender whom the server does not know."""

    sender: Address


def addresses(value: Any, name: str) -> tuple[Address, ...]:
    """The addresses in a text (by commas or semicolons) or a list. Raises NodeError."""
    texts = value if isinstance(value, list | tuple) else [value]
    return tuple(
        _address(part.strip(), name)
        for text in texts
        for part in _PART.findall(_line(text, name))
        if part.strip()
    )


def addresses_in(text: str) -> tuple[Address, ...]:
    """Those among what a header of somebody else's names that are addresses."""
    found = []
    for part in _PART.findall(_CONTROL.sub(" ", text)):
        with contextlib.suppress(NodeError):
            found.append(_address(part.strip(), ""))
    return tuple(found)


def on_one_line(text: str) -> str:
    """What somebody else wrote, as text for a header."""
    return _CONTROL.sub(" ", as_read(text)).strip()


def checked(value: Any, name: str) -> str:
    """*value* as text for a header. Raises NodeError for a line break: it would begin another."""
    return _line(as_read(_line(value, name)), name)


def as_read(text: str) -> str:
    """*text* with its encoded words decoded, and with nothing left that looks like one.

    The library would decode that once more, line breaks in it included.
    """
    return decoded(text).replace("=?", "= ?") if "=?" in text else text


def message_of(draft: Draft) -> EmailMessage:
    """The message; it blocks while attachments are read. Raises NodeError."""
    message = letter_of(draft)
    message["From"] = draft.sender
    message["Message-ID"] = make_msgid(domain=draft.sender.domain)
    if draft.read_receipt:
        message["Disposition-Notification-To"] = draft.sender.addr_spec
    return message


def letter_of(letter: Letter) -> EmailMessage:
    """The same without what its sender adds; nobody reads who gets a `bcc`."""
    message = EmailMessage(policy=POLICY)
    for name, people in (("To", letter.to), ("Cc", letter.cc), ("Reply-To", letter.reply_to)):
        if people:
            message[name] = people
    message["Subject"] = _whole(letter.subject)
    message["Date"] = formatdate(localtime=True)
    if letter.priority in _PRIORITIES:
        message["X-Priority"], message["Importance"] = _PRIORITIES[letter.priority]
    _write_body(message, _whole(letter.body), letter.is_html)
    size = _attach(message, letter.attachments)
    _enclose(message, letter.enclosed, size)
    return message


def _write_body(message: EmailMessage, body: str, is_html: bool) -> None:
    if not is_html:
        message.set_content(body)
        return
    message.set_content(without_tags(body))
    message.add_alternative(body, subtype="html")


def _attach(message: EmailMessage, paths: Iterable[Path]) -> int:
    """Attach files; how many bytes they are."""
    size = 0
    for path in paths:
        with plain_errors(), opened(existing_file(path)) as stream:
            content = stream.read(_MOST_BYTES - size + 1)
        size += len(content)
        _check_size(size, str(path))
        main, sub = _kind(mimetypes.guess_type(path.name)[0] or "")
        message.add_attachment(content, maintype=main, subtype=sub, filename=_file_name(path.name))
    return size


def _enclose(message: EmailMessage, files: Iterable[Attachment], size: int) -> None:
    for file in files:
        size += len(file.content)
        _check_size(size, file.name)
        main, sub = _kind(file.kind)
        about: dict[str, Any] = {"filename": _file_name(file.name) or None}
        place: Any = message
        shown = message.get_body(("related", "html")) if file.content_id else None
        if shown is not None:
            place, about["cid"], about["disposition"] = shown, f"<{file.content_id}>", "inline"
        add = place.add_attachment if shown is None else place.add_related
        add(file.content, maintype=main, subtype=sub, **about)


def _check_size(size: int, last: str) -> None:
    if size > _MOST_BYTES:
        raise NodeError(
            f"the attachments are larger than {_MOST_BYTES >> 20} MiB, {last} included",
            ErrorCode.RESOURCE_EXHAUSTED,
        )


def _kind(text: str) -> tuple[str, str]:
    """Both parts of a media type; messages go as plain files, for they may not be encoded."""
    if not _KIND.fullmatch(text) or text.startswith(("message/", "multipart/")):
        text = "application/octet-stream"
    main, _, sub = text.partition("/")
    return main, sub


def _address(text: str, name: str) -> Address:
    display, spec = parseaddr(text)
    display = on_one_line(display)
    local, _, domain = spec.rpartition("@")
    if not _ADDRESS.fullmatch(spec) or spec not in text:
        raise NodeError(
            f"{name}: {text!r} is no address; write ada@example.org or Ada <ada@example.org>,"
            " several with commas",
            ErrorCode.INVALID_INPUT,
        )
    try:
        # Servers know domains by their ASCII form.
        domain = domain if domain.isascii() else domain.encode("idna").decode()
        return Address(display_name=display, username=local, domain=domain)
    except (ValueError, IndexError) as error:
        raise NodeError(
            f"{name}: {text!r} is no address: {error}", ErrorCode.INVALID_INPUT
        ) from error


def _line(value: Any, name: str) -> str:
    text = "" if value is None else str(value).strip()
    if _CONTROL.search(text.replace("\t", " ")):
        raise NodeError(f"{name} holds a line break: {text[:80]!r}", ErrorCode.INVALID_INPUT)
    return _whole(text)


def _file_name(text: str) -> str:
    return _whole(_CONTROL.sub("", text)).replace("=?", "=_")


def _whole(text: str) -> str:
    """*text* without halves of letters, which no encoding has."""
    return text.encode("utf-8", "replace").decode()


def without_tags(html: str) -> str:
    """What somebody reads of HTML who has only text."""
    reader = _Text()
    reader.feed(html)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


class _Text(HTMLParser):
    """What a reader without HTML is to see."""

    _BLOCKS = frozenset({"p", "div", "br", "tr", "li", "table", "h1", "h2", "h3", "h4"})
    _HIDDEN = frozenset({"style", "script", "head", "title"})

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in self._HIDDEN
        self.parts += self._ends(tag)

    def handle_endtag(self, tag: str) -> None:
        self._hidden = max(0, self._hidden - (tag in self._HIDDEN))
        self.parts += self._ends(tag) if tag != "br" else []

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)

    def _ends(self, tag: str) -> Iterator[str]:
        if tag in self._BLOCKS:
            yield "\n"
