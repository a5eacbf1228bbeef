"""Putting messages of Gmail in the trash, and deleting them for good."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from casare_rpa.nodes.base import Context, Output, Outputs
from casare_rpa.nodes.google._api import Api
from casare_rpa.nodes.google.gmail._many import by_the_thousand, message_ids_of, message_ids_param
from casare_rpa.nodes.google.gmail._node import (
    MESSAGES,
    WENT,
    GmailNode,
    message_id_param,
    message_path,
)


class GmailMoveToTrashNode(GmailNode):
    """Put a message of Gmail in the trash, where it stays for 30 days."""

    side_effect = True
    example = {"credential_name": "mail", "message_id": "{{mail.id}}"}
    message_id: str = message_id_param()
    outputs = WENT

    async def work(self, ctx: Context, api: Api) -> Outputs:
        await api.ask("POST", message_path(self.message_id, "trash"), repeatable=True)
        return {}


class GmailTrashEmailNode(GmailMoveToTrashNode):
    """Put a message of Gmail in the trash, where it stays for 30 days: as GmailMoveToTrashNode."""


class GmailDeleteEmailNode(GmailNode):
    """Delete a message of Gmail for good, at once; GmailMoveToTrashNode lets people think again."""

    side_effect = True
    example = {"credential_name": "mail", "message_id": "{{mail.id}}"}
    message_id: str = message_id_param()
    outputs = WENT

    async def work(self, ctx: Context, api: Api) -> Outputs:
        await api.ask("DELETE", message_path(self.message_id))
        return {}


class GmailBatchDeleteNode(GmailNode):
    """Delete many messages of Gmail for good, at once, past the trash.

    A thousand messages go in one request. Google does not say which of them were there:
    `deleted_count` are those that are no longer. GmailBatchModifyNode with TRASH in `add_labels`
    puts them in the trash instead.
    """

    side_effect = True
    timeout_seconds = 0
    example = {"credential_name": "mail", "message_ids": "{{found.message_ids}}"}
    message_ids: Any = message_ids_param()
    outputs = (Output("deleted_count", "INTEGER"), *WENT)

    async def work(self, ctx: Context, api: Api) -> Outputs:
        async def delete(some: Sequence[str]) -> None:
            # Also what is gone already is deleted without a word, so that it may be asked twice.
            body = {"ids": list(some)}
            await api.ask("POST", f"{MESSAGES}/batchDelete", body=body, repeatable=True)

        ids = message_ids_of(ctx, self.message_ids)
        return await by_the_thousand(ids, delete, "deleted_count")
