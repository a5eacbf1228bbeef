"""Sending messages through Gmail, and its drafts."""

from __future__ import annotations

from typing import Any

from casare_rpa.nodes.base import Context, Output, Outputs, param, port
from casare_rpa.nodes.email._compose import Letter
from casare_rpa.nodes.email._files import file_names
from casare_rpa.nodes.google._api import Api
from casare_rpa.nodes.google._node import OUTCOME, wanted
from casare_rpa.nodes.google.gmail._node import MAILBOX, WENT, GmailNode, GmailTokenNode
from casare_rpa.nodes.google.gmail._sending import BODY_TYPES, ids_of, keep, send, written

_IDS = (Output("message_id", "STRING"), Output("thread_id", "STRING"))
_ATTACHMENTS = "Files to send along, several with commas."


class _WritingNode(GmailTokenNode, abstract=True):
    """A node that writes a message."""

    side_effect = True
    to: Any = param("", kind="string", required=True, help="To whom, several with commas.")
    cc: Any = param("", kind="string", help="Who gets a copy.")
    bcc: Any = param("", kind="string", help="Who gets a copy that the others do not see.")
    subject: str = param("", kind="string", required=True, help="The subject.")
    body: str = param("", kind="text", required=True, port_kind="STRING", help="The text.")
    body_type: str = param(
        "plain", kind="choice", choices=BODY_TYPES, port_kind="STRING", help="What the text is."
    )

    def letter(self, ctx: Context, attachments: list[Any]) -> Letter:
        return written(
            ctx,
            to=self.to,
            cc=self.cc,
            bcc=self.bcc,
            subject=self.subject,
            body=self.body,
            body_type=self.body_type,
            attachments=attachments,
        )


class GmailSendEmailNode(_WritingNode):
    """Send a message through Gmail, from the account's own address.

    Addresses are `ada@example.org` or `Ada <ada@example.org>`, several with commas. With
    `body_type` `html` the body is HTML, and a plain text is made of it for those who read no HTML.
    A message that may have been sent is never sent again: the node fails and says so.
    """

    example = {
        "credential_name": "mail",
        "to": "Ada <ada@example.org>",
        "subject": "Invoice 7",
        "body": "It is on its way.",
    }
    outputs = (*OUTCOME, *_IDS)

    async def work(self, ctx: Context, api: Api) -> Outputs:
        return {**await send(api, self.letter(ctx, []))}


class GmailSendWithAttachmentNode(_WritingNode):
    """Send a message with files through Gmail; for the rest it is GmailSendEmailNode.

    The files are those of `attachments`, with commas, and of `attachment_list`. Gmail takes 35 MiB
    in all, of which files use up a third more than they are long. Large messages go in pieces, and
    on where they were cut off.
    """

    timeout_seconds = 0
    example = {
        "credential_name": "mail",
        "to": "Ada <ada@example.org>",
        "subject": "Invoice 7",
        "body": "See the file.",
        "attachments": "invoices/7.pdf",
    }
    attachments: Any = param("", kind="string", help=_ATTACHMENTS)
    attachment_list: Any = port(None, kind="list", help="More files.")
    outputs = (*OUTCOME, *_IDS, Output("attachment_count", "INTEGER"))

    async def work(self, ctx: Context, api: Api) -> Outputs:
        files = file_names(ctx, self.attachments)
        files += file_names(ctx, self.attachment_list, "attachment_list")
        return {**await send(api, self.letter(ctx, files)), "attachment_count": len(files)}


class GmailCreateDraftNode(_WritingNode):
    """Save a message as a draft in Gmail, where people can look at it, and GmailSendDraftNode.

    The parameters are those of GmailSendWithAttachmentNode. There is a new draft each time.
    """

    timeout_seconds = 0
    example = {
        "credential_name": "mail",
        "to": "Ada <ada@example.org>",
        "subject": "Invoice 7",
        "body": "See the file.",
        "attachments": "invoices/7.pdf",
    }
    attachments: Any = param("", kind="string", help=_ATTACHMENTS)
    outputs = (*OUTCOME, Output("draft_id", "STRING"), Output("message_id", "STRING"))

    async def work(self, ctx: Context, api: Api) -> Outputs:
        return {**await keep(api, self.letter(ctx, file_names(ctx, self.attachments)))}


class GmailSendDraftNode(GmailNode):
    """Send a draft of Gmail to those whom it names; it is a draft no longer then.

    A draft that may have been sent is not sent again: the node fails and says so.
    """

    side_effect = True
    example = {"credential_name": "mail", "draft_id": "{{draft.draft_id}}"}
    draft_id: str = param(None, kind="string", required=True, help="The draft.")
    outputs = (*_IDS, *WENT)

    async def work(self, ctx: Context, api: Api) -> Outputs:
        body = {"id": wanted(self.draft_id, "draft_id")}
        return {**ids_of(await api.ask("POST", f"{MAILBOX}/drafts/send", body=body))}
