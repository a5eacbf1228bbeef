"""Marking, moving and deleting messages."""

from __future__ import annotations

from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.email._mailbox import Mailbox
from casare_rpa.nodes.email._node import ImapNode, email_uid_param, folder_param, uid_of
from casare_rpa.nodes.values.reading import one_of

MARKS = ("read", "unread", "flagged", "unflagged")
_FLAGS = {
    "read": (r"\Seen", True),
    "unread": (r"\Seen", False),
    "flagged": (r"\Flagged", True),
    "unflagged": (r"\Flagged", False),
}


class MarkEmailNode(ImapNode):
    """Mark a message as read or unread, flagged or not.

    Server and login are as in ReadEmailsNode.
    """

    side_effect = True
    example = {"credential_name": "mail", "email_uid": "{{mail.uid}}", "mark_as": "flagged"}
    email_uid: str = email_uid_param()
    folder: str = folder_param()
    mark_as: Any = param(
        "read", kind="choice", choices=MARKS, aliases=("as_read",), help="What it becomes."
    )
    outputs = (Output("success", "BOOLEAN"),)

    async def run(self, ctx: Context) -> Outputs:
        uid = uid_of(self.email_uid)
        flag, on = _FLAGS[_mark(self.mark_as)]

        def mark(box: Mailbox) -> None:
            box.only(uid)
            box.mark([uid], flag, on=on)

        await self.in_folder(ctx, self.folder, mark)
        return {"success": True}


class MoveEmailNode(ImapNode):
    """Move a message to another folder, where it gets another uid.

    A server that cannot move gets a copy and deletes the original. Server and login are as in
    ReadEmailsNode.
    """

    side_effect = True
    example = {"credential_name": "mail", "email_uid": "{{mail.uid}}", "target_folder": "Done"}
    email_uid: str = email_uid_param()
    source_folder: str = param(
        "INBOX", kind="string", aliases=("folder",), help="The folder of the message."
    )
    target_folder: str = param("", kind="string", help="Where it goes.")
    outputs = (Output("success", "BOOLEAN"),)

    async def run(self, ctx: Context) -> Outputs:
        uid = uid_of(self.email_uid)
        target = str(self.target_folder or "").strip()
        if not target:
            raise NodeError("target_folder is empty", ErrorCode.MISSING_REQUIRED_FIELD)

        def move(box: Mailbox) -> None:
            box.only(uid)
            box.move(uid, target)

        await self.in_folder(ctx, self.source_folder, move)
        return {"success": True}


class DeleteEmailNode(ImapNode):
    r"""Delete a message.

    It goes to the folder that the server calls its trash; where there is none, and in the trash, it
    is marked as deleted. With `permanent` it is gone for good; no other message is, also if
    somebody has marked it as deleted. Server and login are as in ReadEmailsNode.
    """

    side_effect = True
    example = {"credential_name": "mail", "email_uid": "{{mail.uid}}"}
    email_uid: str = email_uid_param()
    folder: str = folder_param()
    permanent: bool = prop(False, kind="boolean", help="Without the way through the trash.")
    outputs = (Output("success", "BOOLEAN"),)

    async def run(self, ctx: Context) -> Outputs:
        uid, permanent = uid_of(self.email_uid), self.permanent

        def delete(box: Mailbox) -> None:
            box.only(uid)
            if permanent:
                box.delete(uid)
            else:
                box.discard(uid)

        await self.in_folder(ctx, self.folder, delete)
        return {"success": True}


def _mark(value: Any) -> str:
    """The choice; `as_read` of some files is true or false."""
    text = str(value).strip().lower()
    return one_of({"true": "read", "false": "unread"}.get(text, value), "mark_as", MARKS)
