"""Messages as Gmail hands them out, as the nodes for mail hand them to each other."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.message import Message
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.email._parts import as_map, charset, parsed, text_of
from casare_rpa.nodes.google._api import Api
from casare_rpa.nodes.google._node import wanted
from casare_rpa.nodes.google._services import quoted
from casare_rpa.nodes.google.gmail._node import message_path

FORMATS = ("minimal", "metadata", "full", "raw")
_MOST_PARTS = 10_000
_PART = "mimeType,filename,headers,body(attachmentId,size)"
#: What is in a list of messages: all but the texts. Mail nests three deep.
_WITHOUT_TEXTS = "id,threadId,labelIds,snippet,internalDate,sizeEstimate,payload({})".format(
    f"{_PART},parts({_PART},parts({_PART},parts({_PART},parts({_PART}))))"
)


async def message(api: Api, message_id: Any, form: str) -> dict[str, Any]:
    """A message by Google's names; *form* is one of FORMATS."""
    return await api.ask("GET", message_path(message_id), query={"format": form})


async def outline(api: Api, message_id: Any) -> dict[str, Any]:
    """A message by Google's names, without its texts."""
    query = {"format": "full", "fields": _WITHOUT_TEXTS}
    return await api.ask("GET", message_path(message_id), query=query)


async def raw_message(api: Api, message_id: Any) -> bytes:
    """A message as it came."""
    found = await message(api, message_id, "raw")
    return await asyncio.to_thread(unpacked, found.get("raw"))


async def attachment(api: Api, message_id: Any, attachment_id: Any) -> bytes:
    """The content of an attachment."""
    packed = await _packed_attachment(api, message_id, attachment_id)
    return await asyncio.to_thread(unpacked, packed)


async def _packed_attachment(api: Api, message_id: Any, attachment_id: Any) -> Any:
    there = quoted(wanted(attachment_id, "attachment_id"))
    found = await api.ask("GET", message_path(message_id, "attachments", there))
    return found.get("data")


def unpacked(data: Any) -> bytes:
    """The bytes of Google's base64. Raises NodeError."""
    text = data if isinstance(data, str) else ""
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise NodeError("Gmail answered with base64 that is none", ErrorCode.PARSE_ERROR) from None


async def described(api: Api, answer: Mapping[str, Any]) -> dict[str, Any]:
    """A message of Google's, in any of FORMATS, as a map; what it does not tell is empty.

    As the maps of ReadEmailsNode, but `id` and `message_id` are Gmail's own, and the header
    Message-ID is `internet_message_id`.
    """
    found = await _content(api, answer)
    labels = list(answer.get("labelIds") or [])
    own_id = str(answer.get("id", ""))
    return {
        **found,
        "internet_message_id": found["message_id"],
        "id": own_id,
        "message_id": own_id,
        "thread_id": str(answer.get("threadId", "")),
        "date": found["date"] or _moment(answer.get("internalDate")),
        "snippet": str(answer.get("snippet", "")),
        "label_ids": labels,
        "is_unread": "UNREAD" in labels,
        "size": int(answer.get("sizeEstimate") or 0),
    }


def heads(part: Mapping[str, Any]) -> Message[str, str]:
    """The headers of a message or of a part of it."""
    found: Message[str, str] = Message()
    for each in part.get("headers") or ():
        if isinstance(each, Mapping) and each.get("name"):
            found[str(each["name"])] = str(each.get("value", ""))
    return found


def payload_of(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    found = answer.get("payload")
    return found if isinstance(found, Mapping) else {}


def files_of(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The attachments of a message by Google's names; a message in it is one of them."""
    return _files(list(_leaves(payload_of(answer))))


async def _content(api: Api, answer: Mapping[str, Any]) -> dict[str, Any]:
    if raw := answer.get("raw"):
        return await asyncio.to_thread(_of_raw, raw)
    payload = payload_of(answer)
    leaves = list(_leaves(payload))
    files = _files(leaves)
    return {
        **as_map(heads(payload), with_body=False),
        "body_text": await _body(api, answer, leaves, "text/plain"),
        "body_html": await _body(api, answer, leaves, "text/html"),
        "attachments": files,
        "has_attachments": bool(files),
    }


def _of_raw(raw: Any) -> dict[str, Any]:
    """The content of a message as it came: it may be long, and takes its time."""
    found = as_map(parsed(unpacked(raw)), with_body=True)
    files = [{**file, "attachment_id": ""} for file in found["attachments"]]
    return {**found, "attachments": files}


def _files(leaves: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "filename": str(part.get("filename") or ""),
            "content_type": _kind(part),
            "size": int(_body_of(part).get("size") or 0),
            "attachment_id": str(_body_of(part).get("attachmentId") or ""),
        }
        for part in leaves
        if _is_file(part)
    ]


async def _body(
    api: Api, answer: Mapping[str, Any], leaves: Iterable[Mapping[str, Any]], kind: str
) -> str:
    texts = [
        await _text(api, answer, part)
        for part in leaves
        if _kind(part) == kind and not _is_file(part)
    ]
    return "\n".join(text.replace("\r\n", "\n") for text in texts)


async def _text(api: Api, answer: Mapping[str, Any], part: Mapping[str, Any]) -> str:
    body = _body_of(part)
    if "data" in body:
        data = body["data"]
    elif body.get("attachmentId") and "raw" not in answer:
        # So it is with long texts.
        data = await _packed_attachment(api, answer.get("id"), body["attachmentId"])
    else:
        return ""
    return await asyncio.to_thread(_decoded, data, part)


def _decoded(data: Any, part: Mapping[str, Any]) -> str:
    raw = unpacked(data)
    named = charset(heads(part))
    if b"\x1b" in raw:  # a charset with shifts, which might be read as any other
        return text_of(raw, named)
    try:
        # Google hands texts out as UTF-8, whatever their header says.
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return text_of(raw, named)


def _leaves(payload: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The parts that hold something, in order; what a message in it holds is its own."""
    waiting: list[Any] = [payload]
    for _ in range(_MOST_PARTS):
        if not waiting:
            return
        part = waiting.pop()
        if not isinstance(part, Mapping):
            continue
        if _kind(part).startswith("multipart/"):
            waiting += reversed(part.get("parts") or [])
        else:
            yield part


def _is_file(part: Mapping[str, Any]) -> bool:
    kind = _kind(part)
    if part.get("filename") or (kind and not kind.startswith(("text/", "multipart/"))):
        return True
    return heads(part).get_content_disposition() == "attachment"


def _kind(part: Mapping[str, Any]) -> str:
    return str(part.get("mimeType") or "").lower()


def _body_of(part: Mapping[str, Any]) -> Mapping[str, Any]:
    found = part.get("body")
    return found if isinstance(found, Mapping) else {}


def _moment(milliseconds: Any) -> str:
    """When Gmail got a message, as ISO 8601."""
    try:
        return datetime.fromtimestamp(int(milliseconds) / 1000, UTC).isoformat(timespec="seconds")
    except (TypeError, ValueError, OverflowError, OSError):
        return ""
