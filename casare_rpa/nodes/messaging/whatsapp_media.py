"""Pictures, videos and files over WhatsApp."""

from __future__ import annotations

import mimetypes
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError, Output, Outputs, param
from casare_rpa.nodes.http._call import FilePart
from casare_rpa.nodes.messaging._media import check_size, media_of
from casare_rpa.nodes.messaging._service import given
from casare_rpa.nodes.messaging._whatsapp import SENT, WhatsAppNode
from casare_rpa.nodes.values.reading import as_text

_SHORTEST_ID = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """What the service takes; without `types` anything."""

    most_mib: int
    types: Collection[str] = ()


#: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media
_KINDS: Final[Mapping[str, _Kind]] = {
    "image": _Kind(most_mib=5, types=("image/jpeg", "image/png")),
    "video": _Kind(most_mib=16, types=("video/mp4", "video/3gpp")),
    "document": _Kind(most_mib=100),
}


class _MediaNode(WhatsAppNode, abstract=True):
    """A node that sends a file, which is uploaded first if it is on the disk."""

    caption: Any

    async def send(self, ctx: Context, kind: str, value: Any, file_name: str = "") -> Outputs:
        """Send *value*, a file, URL or id, as a message of the type *kind*."""
        media = media_of(ctx, value, kind, _is_id)
        to, sender = self.recipient(), await self.sender(ctx)
        content = given(caption=as_text(self.caption))
        if isinstance(media, Path):
            part = _part(media, kind, file_name)
            content["id"] = await sender.upload(ctx, part)
            file_name = part.file_name
        else:
            content["id" if _is_id(media) else "link"] = media
        if kind == "document" and file_name:
            content["filename"] = file_name
        sent = await sender.send(ctx, to, kind, content)
        return {**sent, f"{kind}_path": str(media)}


class WhatsAppSendImageNode(_MediaNode):
    """Send a picture through the WhatsApp Cloud API.

    `image` is a file (JPEG or PNG, at most 5 MiB), which is uploaded first, a URL that WhatsApp
    fetches, or the id of what was uploaded before. Token, sender, `api_url` and pauses as in
    WhatsAppSendMessageNode.
    """

    example = {"credential_name": "wa", "to": "+49 170 1234567", "image": "chart.png"}
    image: Any = param("", kind="string", required=True, help="A file, a URL, or a media id.")
    caption: Any = param("", kind="text", help="What stands below it.")
    outputs = (*SENT, Output("image_path", "STRING"))

    async def run(self, ctx: Context) -> Outputs:
        return await self.send(ctx, "image", self.image)


class WhatsAppSendVideoNode(_MediaNode):
    """Send a video through the WhatsApp Cloud API.

    `video` is a file (MP4 or 3GP, at most 16 MiB), which is uploaded first, a URL that WhatsApp
    fetches, or the id of what was uploaded before. Token, sender, `api_url` and pauses as in
    WhatsAppSendMessageNode.
    """

    example = {"credential_name": "wa", "to": "+49 170 1234567", "video": "tour.mp4"}
    video: Any = param("", kind="string", required=True, help="A file, a URL, or a media id.")
    caption: Any = param("", kind="text", help="What stands below it.")
    outputs = (*SENT, Output("video_path", "STRING"))

    async def run(self, ctx: Context) -> Outputs:
        return await self.send(ctx, "video", self.video)


class WhatsAppSendDocumentNode(_MediaNode):
    """Send a file through the WhatsApp Cloud API.

    `document` is a file (at most 100 MiB), which is uploaded first, a URL that WhatsApp fetches, or
    the id of what was uploaded before. `filename` is what the person sees; empty, a file keeps its
    name. Token, sender, `api_url` and pauses as in WhatsAppSendMessageNode.
    """

    example = {"credential_name": "wa", "to": "+49 170 1234567", "document": "invoice.pdf"}
    document: Any = param("", kind="string", required=True, help="A file, a URL, or a media id.")
    filename: Any = param("", kind="string", help="What the file is called.")
    caption: Any = param("", kind="text", help="What stands below it.")
    outputs = (*SENT, Output("document_path", "STRING"))

    async def run(self, ctx: Context) -> Outputs:
        return await self.send(ctx, "document", self.document, as_text(self.filename).strip())


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) >= _SHORTEST_ID


def _part(path: Path, kind: str, file_name: str) -> FilePart:
    about = _KINDS[kind]
    name = file_name or path.name
    found = mimetypes.guess_type(name)[0] or mimetypes.guess_type(path.name)[0]
    content_type = found or "application/octet-stream"
    if about.types and content_type not in about.types:
        raise NodeError(
            f"{kind}: {path} is {found or 'of an unknown type'}, and WhatsApp takes"
            f" {' and '.join(about.types)} only; WhatsAppSendDocumentNode sends any file",
            ErrorCode.INVALID_INPUT,
        )
    check_size(path, about.most_mib, kind, "WhatsApp takes no more")
    return FilePart(path=path, field_name="file", file_name=name, content_type=content_type)
