"""Finding and reading the messages of a Gmail mailbox."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError, Output, Outputs, param, port, prop, unlisted
from casare_rpa.nodes.email._compose import addresses_in
from casare_rpa.nodes.google._api import Api
from casare_rpa.nodes.google._node import OUTCOME, id_param, wanted
from casare_rpa.nodes.google._refusals import status_of
from casare_rpa.nodes.google._services import quoted
from casare_rpa.nodes.google._several import in_order
from casare_rpa.nodes.google.gmail._labels import label_ids
from casare_rpa.nodes.google.gmail._messages import FORMATS, described, message, outline
from casare_rpa.nodes.google.gmail._node import (
    MAILBOX,
    MESSAGES,
    WENT,
    GmailNode,
    GmailTokenNode,
)
from casare_rpa.nodes.values.reading import as_text, int_within, one_of

_MOST_RESULTS = 500
_MOST_PAGES = 1000
_NOT_FOUND = 404


class GmailListEmailsNode(GmailNode):
    """List the newest messages of Gmail that have all of some labels, without their texts.

    Labels are names, as Gmail shows them, or ids; without any all messages are listed. `query`
    keeps what Gmail's search finds among them: `is:unread has:attachment`. `messages` are maps as
    ReadEmailsNode gives them (subject, from, to, cc, date, attachments ...), with id, thread_id,
    snippet, label_ids and is_unread; their texts are empty: GmailGetEmailNode reads one.
    `next_page_token` is the `page_token` of what follows, empty at the end.
    """

    example = {"credential_name": "mail", "label_ids": ["INBOX", "Invoices"], "max_results": 20}
    max_results: int = param(
        10, kind="integer", minimum=1, maximum=_MOST_RESULTS, help="How many at most."
    )
    label_ids: Any = param(["INBOX"], kind="list", help="Labels that all of them have.")
    page_token: str = prop(None, kind="string", help="Go on there.")
    query: str = unlisted("", kind="string", help="What they are searched for, as in Gmail.")
    outputs = (
        Output("messages", "LIST"),
        Output("count", "INTEGER"),
        Output("next_page_token", "STRING"),
        *WENT,
    )

    async def work(self, ctx: Context, api: Api) -> Outputs:
        limit = int_within(self.max_results, "max_results", 1, _MOST_RESULTS)
        asked = {
            "labelIds": await label_ids(ctx, api, self.label_ids, "label_ids"),
            "q": as_text(self.query).strip() or None,
        }
        found, following = await _listed(api, asked, limit, self.page_token)
        return {"messages": found, "count": len(found), "next_page_token": following}


class GmailSearchEmailsNode(GmailTokenNode):
    """Search Gmail as its search field does: `from:ada@example.org newer_than:7d`.

    `messages` are as those of GmailListEmailsNode, the newest first; `label_ids` are labels, by
    name or id, with commas, that all of them have. `page_token` goes on where `next_page_token` of
    an earlier search says. Spam and trash are left out unless `include_spam_trash`.
    """

    example = {"credential_name": "mail", "query": "is:unread subject:invoice"}
    query: str = param("", kind="string", help="What to search for; empty: everything.")
    max_results: int = param(
        10, kind="integer", minimum=1, maximum=_MOST_RESULTS, help="How many at most."
    )
    label_ids: Any = param("", kind="string", help="Labels that all of them have.")
    include_spam_trash: bool = param(False, kind="boolean", help="Spam and trash as well.")
    page_token: str = port("", kind="string", help="Go on there.")
    outputs = (
        *OUTCOME,
        Output("messages", "LIST"),
        Output("message_count", "INTEGER"),
        Output("message_ids", "LIST"),
        Output("next_page_token", "STRING"),
    )

    async def work(self, ctx: Context, api: Api) -> Outputs:
        limit = int_within(self.max_results, "max_results", 1, _MOST_RESULTS)
        asked = {
            "labelIds": await label_ids(ctx, api, self.label_ids, "label_ids"),
            "q": as_text(self.query).strip() or None,
            "includeSpamTrash": True if self.include_spam_trash else None,
        }
        found, following = await _listed(api, asked, limit, self.page_token)
        return {
            "messages": found,
            "message_count": len(found),
            "message_ids": [each["id"] for each in found],
            "next_page_token": following,
        }


class GmailGetEmailNode(GmailTokenNode):
    """Fetch one message of Gmail.

    `format` is how much of it: `full`, `metadata` (its headers), `minimal` (labels and snippet) or
    `raw` (all, as it came; its attachments have no `attachment_id` then). Addresses are as in the
    message: `Ada <ada@example.org>`. `date` is ISO 8601. `attachments` are maps with filename,
    content_type, size and attachment_id, for GmailGetAttachmentNode. `raw_message` is Google's own
    answer.
    """

    example = {"credential_name": "mail", "message_id": "{{mail.id}}"}
    message_id: str = id_param("The message: its `id`, or a message that a node gave.")
    format: str = param(
        "full", kind="choice", choices=FORMATS, port_kind="STRING", help="How much."
    )
    outputs = (
        *OUTCOME,
        *(Output(name, "STRING") for name in ("message_id", "thread_id", "subject")),
        Output("from_address", "STRING"),
        Output("to_addresses", "LIST"),
        Output("cc_addresses", "LIST"),
        *(Output(name, "STRING") for name in ("date", "snippet", "body_plain", "body_html")),
        Output("label_ids", "LIST"),
        Output("has_attachments", "BOOLEAN"),
        Output("attachment_count", "INTEGER"),
        Output("attachments", "LIST"),
        Output("raw_message", "OBJECT"),
    )

    async def work(self, ctx: Context, api: Api) -> Outputs:
        form = one_of(self.format or "full", "format", FORMATS)
        answer = await message(api, self.message_id, form)
        found = await described(api, answer)
        return {
            **found,
            "from_address": found["from"],
            "to_addresses": _people(found["to"]),
            "cc_addresses": _people(found["cc"]),
            "body_plain": found["body_text"],
            "attachment_count": len(found["attachments"]),
            "raw_message": answer,
        }


class GmailGetThreadNode(GmailTokenNode):
    """Fetch a conversation of Gmail, the oldest message first.

    `messages` are maps as those of GmailListEmailsNode, with body_text and body_html if `format` is
    `full` or `raw`. `participants` are the addresses that it came from and went to, each once.
    """

    example = {"credential_name": "mail", "thread_id": "{{mail.thread_id}}"}
    thread_id: str = id_param("The conversation: the `thread_id` of a message.")
    format: str = param(
        "full", kind="choice", choices=FORMATS, port_kind="STRING", help="How much."
    )
    outputs = (
        *OUTCOME,
        Output("thread_id", "STRING"),
        Output("snippet", "STRING"),
        Output("messages", "LIST"),
        Output("message_count", "INTEGER"),
        Output("first_message", "OBJECT"),
        Output("last_message", "OBJECT"),
        Output("participants", "LIST"),
    )

    async def work(self, ctx: Context, api: Api) -> Outputs:
        given: Any = self.thread_id
        given = given.get("thread_id") if isinstance(given, Mapping) else given
        form = one_of(self.format or "full", "format", FORMATS)
        path = f"{MAILBOX}/threads/{quoted(wanted(given, 'thread_id'))}"
        # Of a conversation Google hands out nothing raw.
        query = {"format": "minimal" if form == "raw" else form}
        answer = await api.ask("GET", path, query=query)
        found = [each for each in answer.get("messages") or () if isinstance(each, dict)]

        async def one(each: dict[str, Any]) -> dict[str, Any]:
            # Described at once, so that not all of them are there in both forms.
            whole = await message(api, each.get("id"), "raw") if form == "raw" else each
            return await described(api, whole)

        messages = await in_order(found, one)
        return {
            "thread_id": str(answer.get("id", "")),
            "snippet": str(answer.get("snippet") or (messages[-1]["snippet"] if messages else "")),
            "messages": messages,
            "message_count": len(messages),
            "first_message": messages[0] if messages else {},
            "last_message": messages[-1] if messages else {},
            "participants": _participants(messages),
        }


async def _listed(
    api: Api, asked: Mapping[str, Any], limit: int, page_token: Any
) -> tuple[list[dict[str, Any]], str]:
    """At most *limit* messages without their texts, and where it goes on."""
    ids: list[str] = []
    following = as_text(page_token).strip()
    for _ in range(_MOST_PAGES):
        query = {**asked, "maxResults": limit - len(ids), "pageToken": following or None}
        answer = await api.ask("GET", MESSAGES, query=query)
        ids += [str(each["id"]) for each in answer.get("messages") or ()]
        following = str(answer.get("nextPageToken") or "")
        if not following or len(ids) >= limit:
            break
    else:
        raise NodeError(f"{api}: the list has no last page", ErrorCode.RESOURCE_EXHAUSTED)
    found = await in_order(ids, lambda each: _outlined(api, each))
    return [each for each in found if each is not None], following


async def _outlined(api: Api, message_id: str) -> dict[str, Any] | None:
    """A message without its texts; None if it was deleted after it was listed."""
    try:
        answer = await outline(api, message_id)
    except NodeError as error:
        if status_of(error) != _NOT_FOUND:
            raise
        return None
    return await described(api, answer)


def _people(header: str) -> list[str]:
    return [str(each) for each in addresses_in(header)]


def _participants(messages: list[dict[str, Any]]) -> list[str]:
    headers = [each[name] for each in messages for name in ("from", "to", "cc")]
    found = [one.addr_spec.lower() for text in headers for one in addresses_in(text)]
    return list(dict.fromkeys(found))
