"""Sending messages through Telegram."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from casare_rpa.nodes.base import Context, Output, Outputs, param
from casare_rpa.nodes.http._call import FilePart
from casare_rpa.nodes.messaging._media import check_size, media_of
from casare_rpa.nodes.messaging._places import (
    latitude_of,
    latitude_param,
    longitude_of,
    longitude_param,
)
from casare_rpa.nodes.messaging._service import given
from casare_rpa.nodes.messaging._telegram import (
    Bot,
    TelegramNode,
    chat_of,
    chat_param,
    is_file_id,
    message_of,
    mode_of,
    of_message,
    parse_mode_param,
    silent_param,
)
from casare_rpa.nodes.values.reading import as_text, needed

MOST_PHOTO_MIB, MOST_FILE_MIB = 10, 50
_OWN_SERVER = "a Bot API server of your own (api_url) takes more"
_SENT = (
    Output("message_id", "INTEGER"),
    Output("chat_id", "INTEGER"),
    Output("success", "BOOLEAN"),
    Output("error", "STRING"),
)


class TelegramSendMessageNode(TelegramNode):
    """Send a text through Telegram.

    `chat_id` is the number of a person, group or channel, or `@name` of a public one; a person has
    to write to the bot first. A text has at most 4096 characters. With `reply_to_message_id` it
    answers that message of the chat.

    The token is that of `credential_name` (a stored secret with `bot_token`, or just the token),
    else `bot_token`, else TELEGRAM_BOT_TOKEN of the environment. In the same way `api_url`, else
    TELEGRAM_API_URL, names a Bot API server of your own. When Telegram asks for a pause, the node
    waits, at most a minute in all; nothing that may have been sent is sent again. A refusal fails
    the node with Telegram's own words.
    """

    example = {"credential_name": "bot", "chat_id": "123456789", "text": "Invoice 7 is paid."}
    chat_id: Any = chat_param()
    text: Any = param("", kind="text", required=True, help="What to say.")
    parse_mode: str = parse_mode_param()
    disable_notification: bool = silent_param()
    reply_to_message_id: Any = param(0, kind="integer", help="The message to answer; 0: none.")
    outputs = (*_SENT, Output("text", "STRING"))

    async def run(self, ctx: Context) -> Outputs:
        text = needed(self.text, "text")
        replied = self.reply_to_message_id
        fields = given(
            chat_id=chat_of(self.chat_id),
            text=text,
            parse_mode=mode_of(self.parse_mode),
            disable_notification=self.disable_notification,
            reply_parameters=(
                {"message_id": message_of(replied, "reply_to_message_id")} if replied else None
            ),
        )
        bot = await self.bot(ctx)
        return {**of_message(await bot.ask(ctx, "sendMessage", fields)), "text": text}


class TelegramSendPhotoNode(TelegramNode):
    """Send a picture through Telegram.

    `photo` is a file, a URL that Telegram fetches, or the `file_id` of a picture that is there
    already. From a file at most 10 MiB. Token, `api_url` and pauses as in TelegramSendMessageNode.
    """

    example = {"credential_name": "bot", "chat_id": "@invoices", "photo": "chart.png"}
    chat_id: Any = chat_param()
    photo: Any = param("", kind="string", required=True, help="A file, a URL, or a file_id.")
    caption: Any = param("", kind="text", help="What stands below it.")
    parse_mode: str = parse_mode_param()
    disable_notification: bool = silent_param()
    outputs = (*_SENT, Output("photo_path", "STRING"))

    async def run(self, ctx: Context) -> Outputs:
        media = media_of(ctx, self.photo, "photo", is_file_id)
        bot = await self.bot(ctx)
        sent = await _send_media(ctx, bot, self, "photo", media, MOST_PHOTO_MIB)
        return {**sent, "photo_path": str(media)}


class TelegramSendDocumentNode(TelegramNode):
    """Send a file through Telegram.

    `document` is a file, a URL that Telegram fetches (PDF and ZIP only), or the `file_id` of one
    that is there already. From a file at most 50 MiB, and then `filename` is the name that it gets.
    Token, `api_url` and pauses as in TelegramSendMessageNode.
    """

    example = {"credential_name": "bot", "chat_id": "123456789", "document": "invoice.pdf"}
    chat_id: Any = chat_param()
    document: Any = param("", kind="string", required=True, help="A file, a URL, or a file_id.")
    filename: Any = param("", kind="string", help="What the file is called; empty: as it is.")
    caption: Any = param("", kind="text", help="What stands below it.")
    parse_mode: str = parse_mode_param()
    disable_notification: bool = silent_param()
    outputs = (*_SENT, Output("document_path", "STRING"))

    async def run(self, ctx: Context) -> Outputs:
        media = media_of(ctx, self.document, "document", is_file_id)
        bot = await self.bot(ctx)
        name = as_text(self.filename).strip()
        sent = await _send_media(ctx, bot, self, "document", media, MOST_FILE_MIB, name)
        return {**sent, "document_path": str(media)}


class TelegramSendLocationNode(TelegramNode):
    """Send a place through Telegram, in degrees.

    Token, `api_url` and pauses as in TelegramSendMessageNode.
    """

    example = {
        "credential_name": "bot",
        "chat_id": "123456789",
        "latitude": 48.8584,
        "longitude": 2.2945,
    }
    chat_id: Any = chat_param()
    latitude: Any = latitude_param()
    longitude: Any = longitude_param()
    disable_notification: bool = silent_param()
    outputs = (*_SENT, Output("latitude", "FLOAT"), Output("longitude", "FLOAT"))

    async def run(self, ctx: Context) -> Outputs:
        place = {
            "latitude": latitude_of(self.latitude),
            "longitude": longitude_of(self.longitude),
        }
        fields = given(
            chat_id=chat_of(self.chat_id), disable_notification=self.disable_notification, **place
        )
        bot = await self.bot(ctx)
        return {**of_message(await bot.ask(ctx, "sendLocation", fields)), **place}


async def _send_media(
    ctx: Context,
    bot: Bot,
    node: Any,
    kind: str,
    media: Path | str,
    most_mib: int,
    file_name: str = "",
) -> Outputs:
    """Send *media* as the field *kind*, with the caption and the rest of *node*."""
    fields = given(
        chat_id=chat_of(node.chat_id),
        caption=as_text(node.caption),
        parse_mode=mode_of(node.parse_mode),
        disable_notification=node.disable_notification,
    )
    files: list[FilePart] = []
    if isinstance(media, Path):
        check_file(bot, media, most_mib, kind)
        files = [FilePart(path=media, field_name=kind, file_name=file_name)]
    else:
        fields[kind] = media
    return of_message(await bot.ask(ctx, f"send{kind.capitalize()}", fields, files=files))


def check_file(bot: Bot, path: Path, most_mib: int, name: str) -> None:
    """Raise NodeError for a file that Telegram's own server would not take."""
    if bot.is_public:
        check_size(path, most_mib, name, _OWN_SERVER)
