"""The labels of messages in Gmail; read, starred and archived are labels as well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError, Output, Outputs, param
from casare_rpa.nodes.google._api import Api
from casare_rpa.nodes.google._node import GoogleNode, wanted
from casare_rpa.nodes.google._services import GMAIL, Service
from casare_rpa.nodes.google.gmail._labels import all_labels, label_ids
from casare_rpa.nodes.google.gmail._many import by_the_thousand, message_ids_of, message_ids_param
from casare_rpa.nodes.google.gmail._node import (
    MESSAGES,
    WENT,
    GmailNode,
    message_id_param,
    message_path,
)

_UNREAD, _STARRED, _INBOX = "UNREAD", "STARRED", "INBOX"


class GmailGetLabelsNode(GoogleNode):
    """List the labels of the mailbox: maps with id, name and type (`system` or `user`).

    A label in another has both names: `Invoices/2026`.
    """

    service: ClassVar[Service] = GMAIL
    example = {"credential_name": "mail"}
    outputs = (Output("labels", "LIST"), Output("count", "INTEGER"), *WENT)

    async def work(self, ctx: Context, api: Api) -> Outputs:
        found = [
            {name: str(each.get(name, "")) for name in ("id", "name", "type")}
            for each in await all_labels(api)
        ]
        return {"labels": found, "count": len(found)}


class GmailAddLabelNode(GmailNode):
    """Put labels on a message of Gmail, by name or id. `labels` are the ids that it has then.

    A label that the mailbox has not fails the node, and none is put on.
    """

    side_effect = True
    example = {"credential_name": "mail", "message_id": "{{mail.id}}", "label_ids": ["Invoices"]}
    message_id: str = message_id_param()
    label_ids: Any = param(
        None, kind="list", required=True, aliases=("label",), help="The labels, by name or id."
    )
    outputs = (Output("labels", "LIST"), *WENT)

    async def work(self, ctx: Context, api: Api) -> Outputs:
        added = _some(await label_ids(ctx, api, self.label_ids, "label_ids"), "label_ids")
        return {"labels": await relabelled(api, self.message_id, added, ())}


class GmailRemoveLabelNode(GmailNode):
    """Take labels off a message of Gmail, by name or id. `labels` are the ids that it has then."""

    side_effect = True
    example = {"credential_name": "mail", "message_id": "{{mail.id}}", "label_ids": ["Invoices"]}
    message_id: str = message_id_param()
    label_ids: Any = param(
        None, kind="list", required=True, aliases=("label",), help="The labels, by name or id."
    )
    outputs = (Output("labels", "LIST"), *WENT)

    async def work(self, ctx: Context, api: Api) -> Outputs:
        removed = _some(await label_ids(ctx, api, self.label_ids, "label_ids"), "label_ids")
        return {"labels": await relabelled(api, self.message_id, (), removed)}


class GmailModifyLabelsNode(GmailNode):
    """Put labels on a message of Gmail and take others off, in one go.

    Labels are named by name or id. `labels` are the ids that the message has then.
    """

    side_effect = True
    example = {
        "credential_name": "mail",
        "message_id": "{{mail.id}}",
        "add_labels": ["Done"],
        "remove_labels": ["INBOX", "UNREAD"],
    }
    message_id: str = message_id_param()
    add_labels: Any = param(None, kind="list", help="Labels to put on.")
    remove_labels: Any = param(None, kind="list", help="Labels to take off.")
    outputs = (Output("labels", "LIST"), *WENT)

    async def work(self, ctx: Context, api: Api) -> Outputs:
        added, removed = await _both(ctx, api, self)
        return {"labels": await relabelled(api, self.message_id, added, removed)}


class GmailBatchModifyNode(GmailNode):
    """Put labels on many messages of Gmail, and take others off.

    A thousand messages go in one request. Google does not say which of them it has not found:
    `modified_count` are those that it was asked for without refusing.
    """

    side_effect = True
    timeout_seconds = 0
    example = {
        "credential_name": "mail",
        "message_ids": "{{found.message_ids}}",
        "remove_labels": ["UNREAD"],
    }
    message_ids: Any = message_ids_param()
    add_labels: Any = param(None, kind="list", help="Labels to put on.")
    remove_labels: Any = param(None, kind="list", help="Labels to take off.")
    outputs = (Output("modified_count", "INTEGER"), *WENT)

    async def work(self, ctx: Context, api: Api) -> Outputs:
        ids = message_ids_of(ctx, self.message_ids)
        added, removed = await _both(ctx, api, self)
        change = {"addLabelIds": list(added), "removeLabelIds": list(removed)}

        async def modify(some: Sequence[str]) -> None:
            body = {"ids": list(some), **change}
            await api.ask("POST", f"{MESSAGES}/batchModify", body=body, repeatable=True)

        return await by_the_thousand(ids, modify, "modified_count")


class _OneMessageNode(GmailNode, abstract=True):
    """A node that changes labels of one message, and tells no more than that it did."""

    side_effect = True
    message_id: str = message_id_param()
    outputs = WENT
    adds: ClassVar[tuple[str, ...]] = ()
    removes: ClassVar[tuple[str, ...]] = ()

    async def work(self, ctx: Context, api: Api) -> Outputs:
        await relabelled(api, self.message_id, self.adds, self.removes)
        return {}


class GmailMarkAsReadNode(_OneMessageNode):
    """Mark a message of Gmail as read."""

    example = {"credential_name": "mail", "message_id": "{{mail.id}}"}
    removes = (_UNREAD,)


class GmailMarkAsUnreadNode(_OneMessageNode):
    """Mark a message of Gmail as unread."""

    example = {"credential_name": "mail", "message_id": "{{mail.id}}"}
    adds = (_UNREAD,)


class GmailArchiveEmailNode(_OneMessageNode):
    """Take a message of Gmail out of the inbox; it stays among all mail and keeps its labels."""

    example = {"credential_name": "mail", "message_id": "{{mail.id}}"}
    removes = (_INBOX,)


class GmailStarEmailNode(GmailNode):
    """Set the star of a message of Gmail, or clear it."""

    side_effect = True
    example = {"credential_name": "mail", "message_id": "{{mail.id}}", "star": True}
    message_id: str = message_id_param()
    star: bool = param(True, kind="boolean", help="Set it; false clears it.")
    outputs = WENT

    async def work(self, ctx: Context, api: Api) -> Outputs:
        star = (_STARRED,)
        added, removed = (star, ()) if self.star else ((), star)
        await relabelled(api, self.message_id, added, removed)
        return {}


async def relabelled(
    api: Api, message_id: Any, added: Sequence[str], removed: Sequence[str]
) -> list[str]:
    """Change the labels of a message; the ids of those that it has then."""
    answer = await api.ask(
        "POST",
        message_path(message_id, "modify"),
        body={"addLabelIds": list(added), "removeLabelIds": list(removed)},
        repeatable=True,
    )
    return list(answer.get("labelIds") or [])


async def _both(ctx: Context, api: Api, node: Any) -> tuple[list[str], list[str]]:
    """The ids of the labels to put on and to take off."""
    added = await label_ids(ctx, api, node.add_labels, "add_labels")
    removed = await label_ids(ctx, api, node.remove_labels, "remove_labels")
    if not added and not removed:
        raise NodeError(
            "neither add_labels nor remove_labels names a label", ErrorCode.MISSING_REQUIRED_FIELD
        )
    if both := [each for each in added if each in removed]:
        raise NodeError(
            f"{both[0]!r} is in add_labels and in remove_labels", ErrorCode.INVALID_INPUT
        )
    return added, removed


def _some(ids: list[str], name: str) -> list[str]:
    wanted(",".join(ids), name)
    return ids
