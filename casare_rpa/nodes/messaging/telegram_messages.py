"""What becomes of messages and button presses in Telegram."""

from __future__ import annotations

from typing import Any

from casare_rpa.nodes.base import Context, Output, Outputs, param
from casare_rpa.nodes.messaging._service import given
from casare_rpa.nodes.messaging._telegram import (
    TelegramNode,
    chat_of,
    chat_param,
    message_of,
    mode_of,
    of_message,
    parse_mode_param,
)
from casare_rpa.nodes.values.reading import as_text, needed

_DONE = (Output("success", "BOOLEAN"), Output("error", "STRING"))


def _message_param() -> Any:
    return param(0, kind="integer", required=True, help="The number of the message in its chat.")


class TelegramEditMessageNode(TelegramNode):
    """Write another text into a message that the bot has sent.

    Telegram refuses a text that the message has already. Token, `api_url` and pauses as in
    TelegramSendMessageNode.
    """

    example = {
        "credential_name": "bot",
        "chat_id": "123456789",
        "message_id": 42,
        "text": "Invoice 7 is paid.",
    }
    chat_id: Any = chat_param()
    message_id: Any = _message_param()
    text: Any = param("", kind="text", required=True, help="What it says from now on.")
    parse_mode: str = parse_mode_param()
    outputs = (Output("message_id", "INTEGER"), Output("chat_id", "INTEGER"), *_DONE)

    async def run(self, ctx: Context) -> Outputs:
        fields = given(
            chat_id=chat_of(self.chat_id),
            message_id=message_of(self.message_id),
            text=needed(self.text, "text"),
            parse_mode=mode_of(self.parse_mode),
        )
        bot = await self.bot(ctx)
        return of_message(await bot.ask(ctx, "editMessageText", fields))


class TelegramDeleteMessageNode(TelegramNode):
    """Delete a message.

    A bot may delete what it has sent, for 48 hours; in groups that it administers also the messages
    of others. Token, `api_url` and pauses as in TelegramSendMessageNode.
    """

    example = {"credential_name": "bot", "chat_id": "123456789", "message_id": 42}
    chat_id: Any = chat_param()
    message_id: Any = _message_param()
    outputs = _DONE

    async def run(self, ctx: Context) -> Outputs:
        fields = given(chat_id=chat_of(self.chat_id), message_id=message_of(self.message_id))
        bot = await self.bot(ctx)
        await bot.ask(ctx, "deleteMessage", fields)
        return {"success": True, "error": ""}


class TelegramAnswerCallbackNode(TelegramNode):
    """Answer the press of a button below a message.

    `callback_query_id` is the `callback_query.id` of an update. `text` (200 characters) is shown
    for a moment, with `show_alert` until the person closes it; without one the button just stops
    waiting. `url` opens a game of the bot. Token, `api_url` and pauses as in
    TelegramSendMessageNode.
    """

    example = {"credential_name": "bot", "callback_query_id": "4382bfdwdsb323b2d9", "text": "Done"}
    callback_query_id: Any = param("", kind="string", required=True, help="Which press.")
    text: Any = param("", kind="string", help="What to show.")
    show_alert: bool = param(False, kind="boolean", help="Show it until it is closed.")
    url: Any = param("", kind="string", help="What to open.")
    outputs = _DONE

    async def run(self, ctx: Context) -> Outputs:
        fields = given(
            callback_query_id=needed(self.callback_query_id, "callback_query_id").strip(),
            text=as_text(self.text),
            show_alert=self.show_alert,
            url=as_text(self.url).strip(),
        )
        bot = await self.bot(ctx)
        await bot.ask(ctx, "answerCallbackQuery", fields)
        return {"success": True, "error": ""}
