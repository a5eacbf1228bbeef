"""The attachments of messages in Gmail."""

from __future__ import annotations

import asyncio
import base64
import os
from pathlib import Path
from typing import Any

from casare_rpa.nodes.base import Context, Output, Outputs, param
from casare_rpa.nodes.email._files import saved
from casare_rpa.nodes.email._parts import Attachment
from casare_rpa.nodes.file._names import safe_name
from casare_rpa.nodes.file.disk import (
    check_room,
    make_parent,
    path_of,
    plain_errors,
    replacing,
)
from casare_rpa.nodes.google._api import Api
from casare_rpa.nodes.google._node import OUTCOME, id_param
from casare_rpa.nodes.google.gmail._messages import attachment, files_of, outline
from casare_rpa.nodes.google.gmail._node import GmailTokenNode
from casare_rpa.nodes.values.reading import as_text

_NAMELESS = "attachment"


class GmailGetAttachmentNode(GmailTokenNode):
    """Fetch an attachment of a message in Gmail, and save it if `save_path` says where.

    `save_path` is a file, which is replaced if it is there, or a folder: one that exists or ends
    with a slash, and with a `filename` also one whose name has no suffix. In a folder the file is
    called `filename`, else as the sender called it, without folders and letters that do not belong
    into names; it replaces nothing: the new one becomes `name (2).pdf`. The file appears when all
    of it is written. `attachment_data` is its content as base64. `attachment_id` is that of a
    message's `attachments`; Google gives it another one each time that the message is fetched, and
    knows them all.
    """

    side_effect = True
    timeout_seconds = 0
    example = {
        "credential_name": "mail",
        "message_id": "{{mail.id}}",
        "attachment_id": "{{file.attachment_id}}",
        "save_path": "invoices/",
    }
    message_id: str = id_param("The message: its `id`, or a message that a node gave.")
    attachment_id: str = id_param("The attachment: its `attachment_id`.")
    save_path: str = param("", kind="file_path", port_kind="STRING", help="Where to save it.")
    filename: str = param("", kind="string", help="What it is called in a folder.")
    outputs = (
        *OUTCOME,
        Output("attachment_data", "STRING"),
        Output("save_path", "STRING", aliases=("saved_path",)),
        Output("filename", "STRING"),
        Output("size", "INTEGER"),
        Output("saved", "BOOLEAN"),
    )

    async def work(self, ctx: Context, api: Api) -> Outputs:
        given, name = as_text(self.save_path).strip(), as_text(self.filename).strip()
        target = path_of(ctx, given, "save_path") if given else None
        is_folder = target is not None and _is_folder(target, given, name)
        content = await attachment(api, self.message_id, self.attachment_id)
        file = Attachment(name=name, kind="", content=content)
        if not name and (target is None or is_folder):
            file = await self._named(api, content)
        path = None
        if target is not None:
            path = await asyncio.to_thread(_save, target, file, is_folder=is_folder)
        return {
            "attachment_data": base64.b64encode(content).decode("ascii"),
            "save_path": "" if path is None else str(path),
            "filename": path.name if path else safe_name(file.name, _NAMELESS),
            "size": len(content),
            "saved": path is not None,
        }

    async def _named(self, api: Api, content: bytes) -> Attachment:
        """The attachment as its sender named it, if the message tells which it is."""
        files = files_of(await outline(api, self.message_id))
        same = [each for each in files if each["attachment_id"] == self.attachment_id]
        # Ids change; lengths tell attachments apart unless two have the same.
        same = same or [each for each in files if each["size"] == len(content)]
        found: dict[str, Any] = same[0] if len(same) == 1 else {}
        return Attachment(
            name=found.get("filename", ""), kind=found.get("content_type", ""), content=content
        )


def _is_folder(target: Path, given: str, name: str) -> bool:
    if target.is_dir() or given.endswith(("/", os.sep)):
        return True
    return bool(name) and not target.suffix and not target.exists()


def _save(target: Path, file: Attachment, *, is_folder: bool) -> Path:
    with plain_errors():
        place = target / _NAMELESS if is_folder else target
        make_parent(place, wanted=True)
        check_room(place, 0)
        if is_folder:
            return saved(target, file, _NAMELESS)
        with replacing(target) as stream:
            stream.write(file.content)
        return target
