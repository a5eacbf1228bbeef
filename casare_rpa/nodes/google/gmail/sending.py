"""Sending messages through Gmail, and its drafts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._attempts import MAY_HAVE_ACTED
from casare_rpa.nodes.base import Context, NodeError, Output, Outputs, param, port
from casare_rpa.nodes.email._compose import Letter
from casare_rpa.nodes.email._files import file_names
from casare_rpa.nodes.google._api import Api
from casare_rpa.nodes.google._node import OUTCOME, wanted
from casare_rpa.nodes.google._refusals import status_of
from casare_rpa.nodes.google.gmail._node import MAILBOX, WENT, GmailNode, GmailTokenNode
from casare_rpa.nodes.google.gmail._sending import BODY_TYPES, ids_of, keep, send, written
from casare_rpa.nodes.values.reading import MISSING, as_text, literal

_IDS = (Output("message_id", "STRING"), Output("thread_id", "STRING"))
_ATTACHMENTS = "Files to send along, several with commas."
_NOT_TRIED = "not tried, after: "
_HOPELESS = frozenset({ErrorCode.RESOURCE_EXHAUSTED, ErrorCode.PERMISSION_DENIED})


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


class GmailBatchSendNode(GmailNode):
    """Send several messages through Gmail, one after the other, none of them twice.

    `emails` is a list of maps with to, cc, bcc, subject, body, body_type (`plain` or `html`) and
    attachments (a list of files). `results` has a map for each, in order: index, to, success,
    error, error_code (the HTTP status), message_id, thread_id and may_have_been_sent. If one fails
    the others are sent, unless they would fail as well: the account may not send, or no more today.

    The node fails if none was sent. If some were, the run goes on, `success` is false and `error`
    says how many failed. What `may_have_been_sent` is for you to look at: sending it again might
    send it twice.
    """

    side_effect = True
    timeout_seconds = 0
    example = {
        "credential_name": "mail",
        "emails": [{"to": "ada@example.org", "subject": "Invoice 7", "body": "On its way."}],
    }
    emails: Any = param(None, kind="list", required=True, help="The messages.")
    outputs = (
        Output("results", "LIST"),
        Output("sent_count", "INTEGER"),
        Output("failed_count", "INTEGER"),
        *WENT,
    )

    async def work(self, ctx: Context, api: Api) -> Outputs:
        emails = _emails(ctx, self.emails)
        if emails:
            await api.sign_in()
        results: list[dict[str, Any]] = []
        failures: list[NodeError] = []
        for number, each in enumerate(emails):
            try:
                if failures and _is_hopeless(failures[-1]):
                    raise _not_tried(failures[-1])
                ids = await send(api, _letter(ctx, each, number))
            except NodeError as error:
                failures.append(error)
                results.append({**_result(number, each), **_why(error)})
            else:
                results.append({**_result(number, each), **ids})
        return _outputs(results, failures)


def _emails(ctx: Context, value: Any) -> list[Any]:
    """The messages of a list. Raises NodeError that tells nothing of what is in them."""
    if isinstance(value, str):
        found = literal(value)
        value = ctx.get_variable(value.strip()) if found is MISSING else found
    if isinstance(value, Mapping):
        return [value]
    if not isinstance(value, list | tuple):
        raise NodeError(
            "emails must be a list of maps with to, subject and body", ErrorCode.TYPE_MISMATCH
        )
    return list(value)


def _letter(ctx: Context, given: Any, number: int) -> Letter:
    if not isinstance(given, Mapping):
        raise NodeError(f"emails[{number}] is no map", ErrorCode.TYPE_MISMATCH)
    names = ("to", "cc", "bcc", "subject", "body", "body_type")
    try:
        return written(
            ctx,
            **{name: given.get(name) for name in names},
            attachments=file_names(ctx, given.get("attachments")),
        )
    except NodeError as error:
        error.message = f"emails[{number}]: {error.message}"
        raise


def _result(number: int, given: Any) -> dict[str, Any]:
    to = given.get("to") if isinstance(given, Mapping) else ""
    return {
        "index": number,
        "to": ", ".join(map(as_text, to)) if isinstance(to, list | tuple) else as_text(to),
        "success": True,
        "error": "",
        "error_code": 0,
        "message_id": "",
        "thread_id": "",
        "may_have_been_sent": False,
    }


def _why(error: NodeError) -> dict[str, Any]:
    return {
        "success": False,
        "error": error.message,
        "error_code": status_of(error),
        "may_have_been_sent": bool(error.details.get(MAY_HAVE_ACTED)),
    }


def _is_hopeless(error: NodeError) -> bool:
    """Whether Google refuses the account, so that nothing that follows can go better."""
    return bool(status_of(error)) and error.error_code in _HOPELESS


def _not_tried(error: NodeError) -> NodeError:
    before = error.message.removeprefix(_NOT_TRIED)
    return NodeError(f"{_NOT_TRIED}{before}", error.error_code, details=error.details)


def _outputs(results: list[dict[str, Any]], failures: list[NodeError]) -> Outputs:
    sent_count = len(results) - len(failures)
    outputs: Outputs = {
        "results": results,
        "sent_count": sent_count,
        "failed_count": len(failures),
    }
    if not failures:
        return outputs
    first = failures[0]
    said = f"{len(failures)} of {len(results)} failed; the first: {first.message}"
    if sent_count:
        return {**outputs, "success": False, "error": said}
    may_have = any(each["may_have_been_sent"] for each in results)
    details = {**first.details, MAY_HAVE_ACTED: may_have}
    failed = NodeError(said, first.error_code, hint=first.hint, details=details)
    failed.outputs = outputs
    raise failed from first
