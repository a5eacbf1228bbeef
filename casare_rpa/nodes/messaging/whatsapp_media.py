"""Pictures, videos and files over WhatsApp."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
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
    """What the service takes: so many MiB, and which content types, by the end of the name."""

    most_mib: int
    types: Mapping[str, str]
    called: str
    mend: str


_OFFICE = "application/vnd.openxmlformats-officedocument"
#: What people read as text although a program may read more in it. The service knows one type.
_TEXTS = (
    *(".txt", ".log", ".md", ".rst", ".csv", ".tsv", ".json", ".jsonl", ".xml", ".html", ".htm"),
    *(".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".properties", ".sql", ".ics", ".vcf"),
)
_DOCUMENTS = {
    **dict.fromkeys(_TEXTS, "text/plain"),
    ".pdf": "application/pdf",
    ".doc": "application/msword",
    ".docx": f"{_OFFICE}.wordprocessingml.document",
    ".xls": "application/vnd.ms-excel",
    ".xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    ".ppt": "application/vnd.ms-powerpoint",
    ".pptx": f"{_OFFICE}.presentationml.presentation",
}

#: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media
_KINDS: Final[Mapping[str, _Kind]] = {
    "image": _Kind(
        most_mib=5,
        types={".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png"},
        called="JPEG and PNG pictures",
        mend="convert it",
    ),
    "video": _Kind(
        most_mib=16,
        types={".mp4": "video/mp4", ".3gp": "video/3gpp", ".3gpp": "video/3gpp"},
        called="MP4 and 3GP videos",
        mend="convert it",
    ),
    "document": _Kind(
        most_mib=100,
        types=_DOCUMENTS,
        called="PDF, Word, Excel, PowerPoint and text documents",
        mend="make a PDF of it, call it by filename what it is if that is one of these, or send a"
        " link to it with WhatsAppSendMessageNode",
    ),
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
    name. WhatsApp takes PDF, Word (doc, docx), Excel (xls, xlsx), PowerPoint (ppt, pptx) and plain
    text: CSV, JSON, logs, Markdown, XML and their like go as plain text under their own name, and
    any other file (ZIP, ODT, ...) is refused before anything is sent. Token, sender, `api_url` and
    pauses as in WhatsAppSendMessageNode.
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
    content_type = about.types.get(_end(name)) or about.types.get(_end(path.name))
    if content_type is None:
        raise NodeError(
            f"{kind}: {path} {_looks(path)}, and WhatsApp takes {about.called} only; {about.mend}",
            ErrorCode.INVALID_INPUT,
        )
    check_size(path, about.most_mib, kind, "WhatsApp takes no more")
    return FilePart(path=path, field_name="file", file_name=name, content_type=content_type)


def _end(name: str) -> str:
    return PurePath(name).suffix.lower()


def _looks(path: Path) -> str:
    end = _end(path.name)
    return f"is a {end} file" if end else "has no type at the end of its name"
