"""Handing a message to Gmail, which sends it or keeps it as a draft: once."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterable, Mapping
from email.generator import BytesGenerator
from io import BytesIO
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.email._compose import POLICY, Letter, addresses, checked, letter_of
from casare_rpa.nodes.file.disk import path_of
from casare_rpa.nodes.google._api import Api
from casare_rpa.nodes.google._upload import bytes_source
from casare_rpa.nodes.google.gmail._node import MAILBOX, MESSAGES
from casare_rpa.nodes.values.reading import as_text, one_of

BODY_TYPES = ("plain", "html")
#: Google's limit for a message in an upload.
_MOST_BYTES = 36_700_160
#: Larger ones go in pieces, and on where they were cut off.
_MOST_BYTES_AT_ONCE = 3 << 20


def written(
    ctx: Context,
    *,
    to: Any,
    cc: Any = "",
    bcc: Any = "",
    subject: Any = "",
    body: Any = "",
    body_type: Any = "plain",
    attachments: Iterable[Any] = (),
) -> Letter:
    """The letter that parameters of these names describe. Raises NodeError."""
    letter = Letter(
        to=addresses(to, "to"),
        cc=addresses(cc, "cc"),
        bcc=addresses(bcc, "bcc"),
        subject=checked(subject, "subject"),
        body=as_text(body),
        is_html=one_of(body_type or "plain", "body_type", BODY_TYPES) == "html",
        attachments=tuple(path_of(ctx, each, "attachments") for each in attachments),
    )
    if not letter.recipients:
        raise NodeError("to is empty", ErrorCode.MISSING_REQUIRED_FIELD)
    return letter


async def send(
    api: Api, letter: Letter, *, heads: Iterable[str] = (), thread_id: str = ""
) -> dict[str, str]:
    """Send *letter*; ids of the message and of its conversation.

    *heads* are further lines of its header, *thread_id* is the conversation that it belongs to.
    Raises NodeError, whose details say MAY_HAVE_ACTED where nobody knows whether it was sent.
    """
    raw = await asyncio.to_thread(_raw, letter, heads)
    about = {"threadId": thread_id} if thread_id else {}
    if len(raw) <= _MOST_BYTES_AT_ONCE:
        made = await api.ask("POST", f"{MESSAGES}/send", body={**about, "raw": _packed(raw)})
    else:
        source = bytes_source(raw, "message/rfc822")
        made = await api.upload(f"/upload{MESSAGES}/send", source, about)
    return ids_of(made)


async def keep(api: Api, letter: Letter) -> dict[str, str]:
    """Save *letter* as a draft; its id and that of its message."""
    raw = await asyncio.to_thread(_raw, letter, ())
    if len(raw) <= _MOST_BYTES_AT_ONCE:
        body = {"message": {"raw": _packed(raw)}}
        made = await api.ask("POST", f"{MAILBOX}/drafts", body=body)
    else:
        source = bytes_source(raw, "message/rfc822")
        made = await api.upload(f"/upload{MAILBOX}/drafts", source, {"message": {}})
    inner = made.get("message")
    inner = inner if isinstance(inner, dict) else {}
    return {"draft_id": str(made.get("id", "")), "message_id": str(inner.get("id", ""))}


def ids_of(made: Mapping[str, Any]) -> dict[str, str]:
    """The ids of a message that was sent, as outputs."""
    return {
        "message_id": str(made.get("id", "")),
        "thread_id": str(made.get("threadId", "")),
    }


def _raw(letter: Letter, heads: Iterable[str]) -> bytes:
    """The message as mail travels. Gmail adds who sends it, and takes out who gets a `bcc`."""
    message = letter_of(letter)
    if letter.bcc:
        message["Bcc"] = letter.bcc
    stream = BytesIO()
    stream.writelines(f"{line}\r\n".encode("ascii") for line in heads)
    # Only names may be encoded: an address outside ASCII is written as it is, as SMTPUTF8 has it.
    is_international = not all(address.isascii() for address in letter.recipients)
    policy = POLICY.clone(utf8=is_international)
    BytesGenerator(stream, policy=policy).flatten(message)
    raw = stream.getvalue()
    if len(raw) > _MOST_BYTES:
        raise NodeError(
            f"the message is {len(raw):,} bytes, of which its attachments take a third more than"
            f" the files do; Gmail takes {_MOST_BYTES:,}",
            ErrorCode.VALUE_OUT_OF_RANGE,
            hint="put large files in a drive and send a link: DriveUploadFileNode",
        )
    return raw


def _packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii")
