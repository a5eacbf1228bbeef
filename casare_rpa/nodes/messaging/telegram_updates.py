"""What people have sent to a bot of Telegram."""

from __future__ import annotations

import json
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError, Output, Outputs, param
from casare_rpa.nodes.messaging._telegram import TelegramNode
from casare_rpa.nodes.values.reading import as_int, int_within

_MOST_UPDATES, _MOST_SECONDS = 100, 120


class TelegramGetUpdatesNode(TelegramNode):
    """Ask what people have sent to the bot since the last time.

    `updates_json` is a JSON list in the Bot API's form. If there is nothing yet, Telegram waits up
    to `timeout` seconds for it (its own server at most 50); 0 asks and goes. `last_update_id` is
    the number of the last one, and with none `offset - 1`: the next `offset` is always one more,
    which also tells Telegram that the earlier ones have been read. Only one program can ask for a
    bot, and none while it has a webhook. Token, `api_url` and pauses as in TelegramSendMessageNode.
    """

    side_effect = False
    example = {"credential_name": "bot", "offset": 7001, "timeout": 30}
    offset: Any = param(0, kind="integer", help="The first update to get; 0: the first unread.")
    limit: Any = param(
        _MOST_UPDATES, kind="integer", minimum=1, maximum=_MOST_UPDATES, help="At most so many."
    )
    timeout: Any = param(
        30, kind="integer", minimum=0, maximum=_MOST_SECONDS, help="Seconds to wait for one."
    )
    outputs = (
        Output("updates_json", "STRING"),
        Output("count", "INTEGER"),
        Output("last_update_id", "INTEGER"),
        Output("success", "BOOLEAN"),
        Output("error", "STRING"),
    )

    async def run(self, ctx: Context) -> Outputs:
        offset = as_int(self.offset or 0, "offset")
        seconds = int_within(self.timeout or 0, "timeout", 0, _MOST_SECONDS)
        fields = {
            "limit": int_within(self.limit, "limit", 1, _MOST_UPDATES),
            "timeout": seconds,
            **({"offset": offset} if offset else {}),
        }
        bot = await self.bot(ctx)
        found = await bot.ask(ctx, "getUpdates", fields, acts=False, wait_seconds=seconds)
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            raise NodeError("the server answers without updates", ErrorCode.API_ERROR)
        numbers = [item["update_id"] for item in found if isinstance(item.get("update_id"), int)]
        return {
            "updates_json": json.dumps(found, ensure_ascii=False),
            "count": len(found),
            "last_update_id": max(numbers, default=max(offset - 1, 0)),
            "success": True,
            "error": "",
        }
