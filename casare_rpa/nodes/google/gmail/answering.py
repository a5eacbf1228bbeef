"""Replying to messages of Gmail, and forwarding them."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Mapping
from dataclasses import replace
from email.message import Message
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError, Output, Outputs, param
from casare_rpa.nodes.email._compose import addresses_in, on_one_line
from casare_rpa.nodes.email._parts import Attachment, as_map, attachments, header, parsed
from casare_rpa.nodes.google._api import Api
from casare_rpa.nodes.google._node import OUTCOME, id_param
from casare_rpa.nodes.google.gmail._messages import heads, message, payload_of, raw_message
from casare_rpa.nodes.google.gmail._node import GmailTokenNode
from casare_rpa.nodes.google.gmail._sending import BODY_TYPES, send, written
from casare_rpa.nodes.values.reading import as_text

_IDS = (Output("message_id", "STRING"), Output("thread_id", "STRING"))
_REPLY = re.compile(r"\s*(re|aw|sv|antw)(\[\d+\])?:", re.IGNORECASE)
_FORWARD = re.compile(r"\s*(fwd?|wg|tr)(\[\d+\])?:", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,900}>")
#: The first ones and the last say where a message belongs; a line for all has no end.
_MOST_REFERENCES = 50


class GmailReplyToEmailNode(GmailTokenNode):
    """Reply to a message of Gmail, within its conversation.

    The reply goes to `Reply-To` of the message, else to its sender; to those it went to if the
    account sent it itself. The subject is the message's with `Re:`. In-Reply-To and References tell
    other programs what it answers. Nothing of the message is quoted. `thread_id` has to be the
    message's own, or empty. A reply that may have been sent is never sent again.
    """

    side_effect = True
    example = {
        "credential_name": "mail",
        "thread_id": "{{mail.thread_id}}",
        "message_id": "{{mail.id}}",
        "body": "Thank you, it has arrived.",
    }
    thread_id: str = id_param("The conversation.")
    message_id: str = id_param("The message that is answered.")
    body: str = param("", kind="text", required=True, port_kind="STRING", help="The text.")
    body_type: str = param(
        "plain", kind="choice", choices=BODY_TYPES, port_kind="STRING", help="What the text is."
    )
    cc: Any = param("", kind="string", help="Who gets a copy.")
    bcc: Any = param("", kind="string", help="Who gets a copy that the others do not see.")
    outputs = (*OUTCOME, *_IDS)

    async def work(self, ctx: Context, api: Api) -> Outputs:
        original = await message(api, self.message_id, "metadata")
        thread_id = _thread(original, self.thread_id)
        head = heads(payload_of(original))
        letter = written(
            ctx,
            to=[str(each) for each in _answered(original, head)],
            cc=self.cc,
            bcc=self.bcc,
            subject=_subject(head, "Re:", _REPLY),
            body=self.body,
            body_type=self.body_type,
        )
        return {**await send(api, letter, heads=_references(head), thread_id=thread_id)}


class GmailForwardEmailNode(GmailTokenNode):
    """Forward a message of Gmail with all its attachments, the pictures in its text included.

    `additional_body` stands above the message. What was HTML is HTML again, with a plain text
    beside it. The subject is the message's with `Fwd:`. A message that may have been forwarded is
    never forwarded again. Gmail takes 35 MiB in all.
    """

    side_effect = True
    timeout_seconds = 0
    example = {
        "credential_name": "mail",
        "message_id": "{{mail.id}}",
        "to": "ada@example.org",
        "additional_body": "For you.",
    }
    message_id: str = id_param("The message: its `id`, or a message that a node gave.")
    to: Any = param("", kind="string", required=True, help="To whom, several with commas.")
    cc: Any = param("", kind="string", help="Who gets a copy.")
    bcc: Any = param("", kind="string", help="Who gets a copy that the others do not see.")
    additional_body: str = param("", kind="text", port_kind="STRING", help="What to say of it.")
    outputs = (*OUTCOME, *_IDS)

    async def work(self, ctx: Context, api: Api) -> Outputs:
        # What is wrong with the addresses is said before a large message is fetched.
        letter = written(ctx, to=self.to, cc=self.cc, bcc=self.bcc)
        raw = await raw_message(api, self.message_id)
        original, files = await asyncio.to_thread(_read, raw)
        text, is_html = _forwarded(original, as_text(self.additional_body))
        subject = _begun(original["subject"], "Fwd:", _FORWARD)
        whole = replace(letter, subject=subject, body=text, is_html=is_html, enclosed=tuple(files))
        return {**await send(api, whole)}


def _read(raw: bytes) -> tuple[dict[str, Any], list[Attachment]]:
    found = parsed(raw)
    return as_map(found, with_body=True) | {"date": header(found, "Date")}, attachments(found)


def _thread(original: Mapping[str, Any], given: Any) -> str:
    """The conversation of a message. Raises NodeError if *given* names another."""
    own, named = str(original.get("threadId", "")), as_text(given).strip()
    if named and named != own:
        raise NodeError(
            f"the message {original.get('id')} is in the conversation {own}, not in {named}",
            ErrorCode.INVALID_INPUT,
            hint="leave thread_id empty, or take it from the message",
        )
    return own


def _answered(original: Mapping[str, Any], head: Message[str, str]) -> tuple[Any, ...]:
    """To whom a reply goes."""
    sent_by_us = "SENT" in (original.get("labelIds") or ())
    for name in ("To",) if sent_by_us else ("Reply-To", "From"):
        if found := addresses_in(header(head, name)):
            return found
    raise NodeError(
        f"the message {original.get('id')} names nobody to reply to", ErrorCode.INVALID_INPUT
    )


def _references(head: Message[str, str]) -> list[str]:
    """The lines of a header that say what a reply belongs to.

    They are folded here: the library would encode ids that are longer than a line, and nobody
    would know them again.
    """
    own = _MESSAGE_ID.findall(header(head, "Message-ID"))[:1]
    if not own:
        return []
    earlier = _MESSAGE_ID.findall(header(head, "References"))
    earlier = earlier or _MESSAGE_ID.findall(header(head, "In-Reply-To"))[:1]
    if len(earlier) > _MOST_REFERENCES:
        earlier = [earlier[0], *earlier[1 - _MOST_REFERENCES :]]
    return [f"In-Reply-To: {own[0]}", "References: " + "\r\n ".join((*earlier, own[0]))]


def _subject(head: Message[str, str], begin: str, begun: re.Pattern[str]) -> str:
    return _begun(header(head, "Subject"), begin, begun)


def _begun(subject: str, begin: str, begun: re.Pattern[str]) -> str:
    """*subject* with *begin* before it, unless it has begun so already."""
    text = on_one_line(subject)
    return text if begun.match(text) else f"{begin} {text}".rstrip()


def _forwarded(original: Mapping[str, Any], added: str) -> tuple[str, bool]:
    """The text of a message with *added* and its headers above it, and whether it is HTML."""
    told = (("From", "from"), ("Date", "date"), ("Subject", "subject"), ("To", "to"), ("Cc", "cc"))
    lines = [
        "---------- Forwarded message ---------",
        *(f"{name}: {original[key]}" for name, key in told if original[key]),
    ]
    if not original["body_html"]:
        above = f"{added}\n\n" if added else ""
        return above + "\n".join(lines) + f"\n\n{original['body_text']}", False
    above = f"<div>{_as_html(added)}</div><br>" if added else ""
    head = _as_html("\n".join(lines))
    return f"{above}<div>{head}</div><br>{original['body_html']}", True


def _as_html(text: str) -> str:
    return html.escape(text).replace("\n", "<br>\n")
