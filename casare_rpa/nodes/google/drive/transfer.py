"""Single files to and from Google Drive."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Any

from casare_rpa.nodes.base import Context, Output, Outputs, param
from casare_rpa.nodes.file._names import safe_name
from casare_rpa.nodes.file.disk import path_of
from casare_rpa.nodes.google._api import Api
from casare_rpa.nodes.google._node import OUTCOME, id_param, maybe, wanted
from casare_rpa.nodes.google._upload import file_source
from casare_rpa.nodes.google.drive._documents import FORMATS, export_type, is_document
from casare_rpa.nodes.google.drive._node import EVERYWHERE, FILES, DriveNode, item, item_path
from casare_rpa.nodes.google.drive.changing import placed
from casare_rpa.nodes.http.transfer import Target
from casare_rpa.nodes.values.reading import one_of

_UNKNOWN = "application/octet-stream"


class DriveUploadFileNode(DriveNode):
    """Upload a file to Google Drive, of any size.

    It always becomes a new file there, also if there is one of its name. It goes in pieces, and on
    where it was cut off. With a `mime_type` of Google's own, such as
    `application/vnd.google-apps.spreadsheet`, it becomes such a document. Service accounts have no
    storage of their own: give them a folder of a shared drive.
    """

    side_effect = True
    timeout_seconds = 0
    example = {
        "credential_name": "google",
        "file_path": "report.pdf",
        "folder_id": "{{f.folder_id}}",
    }
    file_path: str = param("", kind="string", required=True, help="The file to send.")
    folder_id: str = param("", kind="string", help="Where it goes; empty: the account's folder.")
    file_name: str = param("", kind="string", help="What it is called there; empty: the same.")
    mime_type: str = param("", kind="string", help="Its media type; empty: by its name.")
    description: str = param("", kind="text", port_kind="STRING", help="What it is.")
    outputs = (
        *OUTCOME,
        *(Output(name, "STRING") for name in ("file_id", "name", "web_view_link")),
    )

    async def work(self, ctx: Context, api: Api) -> Outputs:
        path = path_of(ctx, self.file_path, "file_path")
        name = maybe(self.file_name, "file_name") or path.name
        own = mimetypes.guess_type(name)[0] or mimetypes.guess_type(path.name)[0] or _UNKNOWN
        kind = maybe(self.mime_type, "mime_type") or own
        made = await api.upload(
            f"/upload{FILES}",
            # A file that is to become a Google document is sent as what it is.
            file_source(path, own if is_document(kind) else kind),
            {"name": name, "mimeType": kind, **placed(self.folder_id, self.description)},
            {**EVERYWHERE, "fields": "id,name,webViewLink"},
        )
        return {
            "file_id": made.get("id", ""),
            "name": made.get("name", ""),
            "web_view_link": made.get("webViewLink", ""),
        }


class DriveDownloadFileNode(DriveNode):
    """Download a file of Google Drive, of any size that leaves 64 MiB of the disk free.

    The file appears, and replaces one that is there, when all of it has arrived. If
    `destination_path` is a folder it gets its own name in there. Google documents are exported
    instead: DriveExportFileNode.
    """

    side_effect = True
    timeout_seconds = 0
    example = {"credential_name": "google", "file_id": "{{a.file_id}}", "destination_path": "a.pdf"}
    file_id: str = id_param("The file.")
    destination_path: str = param(
        "", kind="string", required=True, aliases=("destination",), help="The file to write."
    )
    outputs = (*OUTCOME, Output("file_path", "STRING"))

    async def work(self, ctx: Context, api: Api) -> Outputs:
        file_id = wanted(self.file_id, "file_id")
        path = path_of(ctx, self.destination_path, "destination_path")
        if path.is_dir():
            name = str((await item(api, file_id, "name")).get("name", ""))
            path /= safe_name(name, safe_name(file_id, "file"))
        await fetched(api, file_id, path)
        return {"file_path": str(path)}


class DriveExportFileNode(DriveNode):
    """Export a Google document as PDF, in an Office format or in another one.

    Which formats there are depends on its kind; Google exports at most 10 MB. If `destination_path`
    is a folder the file gets the document's name in there. Of a spreadsheet `html` is a ZIP archive
    with a page for each sheet.
    """

    side_effect = True
    timeout_seconds = 0
    example = {
        "credential_name": "google",
        "file_id": "{{a.file_id}}",
        "destination_path": "report.docx",
        "export_format": "docx",
    }
    file_id: str = id_param("The document.")
    destination_path: str = param("", kind="string", required=True, help="The file to write.")
    export_format: str = param(
        "pdf", kind="choice", choices=tuple(FORMATS), port_kind="STRING", help="What it becomes."
    )
    outputs = (
        *OUTCOME,
        *(Output(name, "STRING") for name in ("file_path", "original_name", "original_type")),
    )

    async def work(self, ctx: Context, api: Api) -> Outputs:
        file_id = wanted(self.file_id, "file_id")
        wanted_format = one_of(self.export_format, "export_format", FORMATS)
        path = path_of(ctx, self.destination_path, "destination_path")
        found = await item(api, file_id, "name,mimeType")
        name, mime_type = str(found.get("name", "")), str(found.get("mimeType", ""))
        kind, suffix = export_type(mime_type, wanted_format, name)
        if path.is_dir():
            path /= f"{safe_name(name, 'document')}.{suffix}"
        await exported(api, file_id, path, kind)
        return {"file_path": str(path), "original_name": name, "original_type": mime_type}


async def fetched(api: Api, file_id: Any, path: Path) -> None:
    """Write the content of a file to *path*."""
    query = {**EVERYWHERE, "alt": "media"}
    await api.download(item_path(file_id), Target(path=path, overwrite=True), query)


async def exported(api: Api, file_id: Any, path: Path, kind: str) -> None:
    """Write what becomes of a document to *path*; *kind* is a media type."""
    target = Target(path=path, overwrite=True)
    await api.download(item_path(file_id, "export"), target, {"mimeType": kind})
