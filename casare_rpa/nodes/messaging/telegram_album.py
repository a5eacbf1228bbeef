"""Several pictures and files in one message of Telegram."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._attempts import in_doubt
from casare_rpa.nodes.base import Context, NodeError, Output, Outputs, param
from casare_rpa.nodes.http._call import FilePart
from casare_rpa.nodes.messaging._media import media_of
from casare_rpa.nodes.messaging._service import given
from casare_rpa.nodes.messaging._telegram import (
    Bot,
    TelegramNode,
    chat_of,
    chat_param,
    is_file_id,
    silent_param,
)
from casare_rpa.nodes.messaging.telegram_send import MOST_FILE_MIB, MOST_PHOTO_MIB, check_file
from casare_rpa.nodes.values.reading import as_list, as_map, one_of

_KINDS = ("photo", "video", "document", "audio")
#: Files that an item may have beside its `media`.
_MORE_FILES = ("thumbnail", "cover")
_FEWEST, _MOST = 2, 10


class TelegramSendMediaGroupNode(TelegramNode):
    """Send an album through Telegram: 2 to 10 pictures, videos, documents or audio files.

    `media_json` is a list of objects such as `{"type": "photo", "media": "chart.png", "caption":
    "March"}`. `type` is photo, video, document or audio; `media` is a file, a URL, or a
    `file_id`, so is the `cover` of a video, and `thumbnail` is a file. From a file a picture has at
    most 10 MiB, all else 50 MiB. The other fields of the Bot API (`parse_mode`, `has_spoiler`, ...)
    are sent as they are. Documents and audio files go with their like only. `message_ids` is a JSON
    list. Token, `api_url` and pauses as in TelegramSendMessageNode.
    """

    example = {
        "credential_name": "bot",
        "chat_id": "123456789",
        "media_json": [
            {"type": "photo", "media": "march.png", "caption": "March"},
            {"type": "photo", "media": "https://example.org/april.png"},
        ],
    }
    chat_id: Any = chat_param()
    media_json: Any = param([], kind="json", required=True, port_kind="STRING", help="The album.")
    disable_notification: bool = silent_param()
    outputs = (
        Output("message_ids", "STRING"),
        Output("count", "INTEGER"),
        Output("success", "BOOLEAN"),
        Output("error", "STRING"),
    )

    async def run(self, ctx: Context) -> Outputs:
        bot = await self.bot(ctx)
        media, files = _album(ctx, bot, as_list(ctx, self.media_json, "media_json"))
        fields = given(
            chat_id=chat_of(self.chat_id),
            media=media,
            disable_notification=self.disable_notification,
        )
        sent = await bot.ask(ctx, "sendMediaGroup", fields, files=files)
        if not isinstance(sent, list) or not all(isinstance(item, dict) for item in sent):
            raise in_doubt(NodeError("the server answers without messages", ErrorCode.API_ERROR))
        ids = [item.get("message_id") for item in sent]
        return {"message_ids": json.dumps(ids), "count": len(ids), "success": True, "error": ""}


def _album(ctx: Context, bot: Bot, items: list[Any]) -> tuple[list[Any], list[FilePart]]:
    """The field `media` and the files that it names by `attach://`."""
    if not _FEWEST <= len(items) <= _MOST:
        raise NodeError(
            f"media_json: an album has {_FEWEST} to {_MOST} items, not {len(items)}",
            ErrorCode.VALUE_OUT_OF_RANGE,
        )
    files: list[FilePart] = []
    return [_item(ctx, bot, item, n, files) for n, item in enumerate(items)], files


def _item(ctx: Context, bot: Bot, item: Any, n: int, files: list[FilePart]) -> Mapping[str, Any]:
    where = f"media_json[{n}]"
    about = as_map(ctx, item, where)
    made = {**about, "type": one_of(about.get("type"), f"{where}.type", _KINDS)}
    for key in ("media", *_MORE_FILES):
        if key in _MORE_FILES and not about.get(key):
            continue
        name = f"{where}.{key}"
        found = media_of(ctx, about.get(key), name, is_file_id)
        if isinstance(found, Path):
            is_photo = key == "cover" or (key, made["type"]) == ("media", "photo")
            check_file(bot, found, MOST_PHOTO_MIB if is_photo else MOST_FILE_MIB, name)
            part = FilePart(path=found, field_name=f"file{len(files)}")
            files.append(part)
            found = f"attach://{part.field_name}"
        made[key] = found
    return made
