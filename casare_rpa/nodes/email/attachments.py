"""Saving the files of a message."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError, Output, Outputs, param
from casare_rpa.nodes.email._files import saved
from casare_rpa.nodes.email._mailbox import Mailbox
from casare_rpa.nodes.email._node import ImapNode, email_uid_param, folder_param, uid_of
from casare_rpa.nodes.email._parts import Attachment, attachments, parsed
from casare_rpa.nodes.file.disk import path_of, plain_errors

_MOST_BYTES = 100 << 20


class SaveAttachmentNode(ImapNode):
    """Save the attachments of a message to a folder, which is made if it is missing.

    Names are those that the sender gave, without folders and letters that do not belong into names;
    a file that is there is never replaced: the new one becomes `name (2).pdf`. Messages of at most
    100 MiB. Server and login are as in ReadEmailsNode.
    """

    side_effect = True
    example = {"credential_name": "mail", "email_uid": "{{mail.uid}}", "save_path": "invoices"}
    email_uid: str = email_uid_param()
    folder: str = folder_param()
    save_path: str = param(".", kind="string", aliases=("path",), help="The folder to save to.")
    outputs = (Output("saved_files", "LIST"), Output("count", "INTEGER"))

    async def run(self, ctx: Context) -> Outputs:
        uid = uid_of(self.email_uid)
        target = path_of(ctx, self.save_path, "save_path")

        def save(box: Mailbox) -> list[str]:
            size = box.only(uid).size_bytes
            if size > _MOST_BYTES:
                raise NodeError(
                    f"message {uid} is {size:,} bytes, more than {_MOST_BYTES >> 20} MiB",
                    ErrorCode.RESOURCE_EXHAUSTED,
                )
            content, _ = box.fetch(uid, "BODY.PEEK[]")
            with plain_errors():
                return [str(path) for path in _saved(target, attachments(parsed(content)))]

        paths = await self.in_folder(ctx, self.folder, save, read_only=True)
        return {"saved_files": paths, "count": len(paths)}


def _saved(folder: Path, files: Iterable[Attachment]) -> Iterator[Path]:
    for number, file in enumerate(files, 1):
        yield saved(folder, file, f"attachment-{number}")
