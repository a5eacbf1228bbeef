"""A Bot API server that checks what the real one checks, for one bot and two chats."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.support.api_server import ApiServer, Reply, Request

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
PERSON, CHANNEL = 123456789, -1001234567890
FILE_ID = "AgACAgIAAxkBAAMDZ_picture-1"
PRESS = "4382bfdwdsb323b2d9"
_CHATS: Mapping[Any, int] = {PERSON: PERSON, CHANNEL: CHANNEL, "@invoices": CHANNEL}
_LOOKS_MARKED = {"", "Markdown", "MarkdownV2", "HTML"}


class Refused(Exception):
    """An answer that is not ok."""


class Telegram(ApiServer):
    """`messages` are those of all chats, by number: the fields that they were sent with."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: dict[int, dict[str, Any]] = {}
        self.updates: list[dict[str, Any]] = []
        self.answered: list[Mapping[str, Any]] = []

    def reply(self, request: Request) -> Reply:
        _, bot, method = request.path.split("/")
        if bot != f"bot{TOKEN}":
            return refusal(401, "Unauthorized")
        ask: Callable[[Fields], Any] | None = getattr(self, f"on_{method}", None)
        if request.method != "POST" or ask is None:
            return refusal(404, "Not Found")
        try:
            return Reply(body={"ok": True, "result": ask(Fields(request))})
        except Refused as error:
            return refusal(400, f"Bad Request: {error}")

    def methods(self) -> list[str]:
        return [request.path.rpartition("/")[2] for request in self.seen]

    def on_sendMessage(self, asked: Fields) -> Any:
        text = asked.text("text", most=4096)
        if not text:
            raise Refused("message text is empty")
        return self._add(asked, text=text)

    def on_sendPhoto(self, asked: Fields) -> Any:
        return self._add(asked, photo=asked.file("photo"), caption=asked.text("caption", most=1024))

    def on_sendDocument(self, asked: Fields) -> Any:
        caption = asked.text("caption", most=1024)
        return self._add(asked, document=asked.file("document"), caption=caption)

    def on_sendLocation(self, asked: Fields) -> Any:
        place = {
            "latitude": asked.number("latitude", 90),
            "longitude": asked.number("longitude", 180),
        }
        return self._add(asked, location=place)

    def on_sendMediaGroup(self, asked: Fields) -> Any:
        media = asked.json("media", list)
        if not 2 <= len(media) <= 10:
            raise Refused("wrong number of messages specified")
        for item in media:
            if item["type"] not in ("photo", "video", "document", "audio"):
                raise Refused("media type is invalid")
            item["media"] = asked.named_file(item["media"])
            if "thumbnail" in item:
                item["thumbnail"] = asked.attached(item["thumbnail"])
            if "cover" in item:
                item["cover"] = asked.named_file(item["cover"])
        return [self._add(asked, **item) for item in media]

    def on_editMessageText(self, asked: Fields) -> Any:
        number, chat = self._message(asked, "message to edit not found")
        text = asked.text("text", most=4096)
        if self.messages[number].get("text") == text:
            raise Refused("message is not modified")
        self.messages[number]["text"] = text
        return {"message_id": number, "chat": {"id": chat}, "text": text}

    def on_deleteMessage(self, asked: Fields) -> Any:
        number, _ = self._message(asked, "message to delete not found")
        del self.messages[number]
        return True

    def on_answerCallbackQuery(self, asked: Fields) -> Any:
        if asked.text("callback_query_id") != PRESS:
            raise Refused("query is too old and response timeout expired or query ID is invalid")
        asked.text("text", most=200)
        asked.flag("show_alert")
        self.answered.append(asked.fields)
        return True

    def on_getUpdates(self, asked: Fields) -> Any:
        offset, limit = asked.integer("offset", 0), asked.integer("limit", 100)
        if not 1 <= limit <= 100 or asked.integer("timeout", 0) < 0:
            raise Refused("wrong limit or timeout")
        self.updates = [item for item in self.updates if item["update_id"] >= offset]
        return self.updates[:limit]

    def _add(self, asked: Fields, **what: Any) -> dict[str, Any]:
        chat, number = asked.chat(), 100 + len(self.messages)
        asked.flag("disable_notification")
        if asked.text("parse_mode") not in _LOOKS_MARKED:
            raise Refused("unsupported parse_mode")
        if asked.text("parse_mode") == "HTML" and asked.text("text").count("<") % 2:
            raise Refused("can't parse entities: Can't find end tag corresponding to start tag")
        replied = asked.json("reply_parameters", dict) if "reply_parameters" in asked.fields else {}
        if replied and replied.get("message_id") not in self.messages:
            raise Refused("message to be replied not found")
        self.messages[number] = {**asked.fields, **what, "chat": chat}
        return {"message_id": number, "date": 1, "chat": {"id": chat}, **_shown(what)}

    def _message(self, asked: Fields, otherwise: str) -> tuple[int, int]:
        number, chat = asked.integer("message_id", 0), asked.chat()
        if self.messages.get(number, {}).get("chat") != chat:
            raise Refused(otherwise)
        return number, chat


class Fields:
    """The fields of a request: JSON with types, or a form, where all is text."""

    def __init__(self, request: Request) -> None:
        if request.kind not in ("application/json", "multipart/form-data"):
            raise Refused(f"unexpected content type {request.kind}")
        self.fields = request.fields
        self.files = request.files
        self.is_form = request.kind == "multipart/form-data"

    def text(self, name: str, most: int = 64) -> str:
        found = self.fields.get(name, "")
        if not isinstance(found, str):
            raise Refused(f'field "{name}" must be of type String')
        if len(found) > most:
            raise Refused("message is too long" if name == "text" else f"{name} is too long")
        return found

    def flag(self, name: str) -> bool:
        found = self.fields.get(name, False)
        if found not in (("true", "false", False) if self.is_form else (True, False)):
            raise Refused(f'field "{name}" must be of type Boolean')
        return found in (True, "true")

    def integer(self, name: str, default: int) -> int:
        found = self.fields.get(name, default)
        if self.is_form and isinstance(found, str) and found.lstrip("-").isdecimal():
            return int(found)
        if type(found) is not int:
            raise Refused(f'field "{name}" must be of type Integer')
        return found

    def number(self, name: str, most: float) -> float:
        found = self.fields.get(name)
        if not isinstance(found, int | float) or abs(found) > most:
            raise Refused(f"wrong {name}")
        return found

    def json(self, name: str, kind: type) -> Any:
        found = self.fields.get(name)
        if self.is_form and isinstance(found, str):
            found = json.loads(found)
        if not isinstance(found, kind):
            raise Refused(f'can\'t parse "{name}" JSON object')
        return found

    def chat(self) -> int:
        found = self.fields.get("chat_id")
        if isinstance(found, str) and found.lstrip("-").isdecimal():
            found = int(found)
        if found not in _CHATS:
            raise Refused("chat not found")
        return _CHATS[found]

    def file(self, name: str) -> Any:
        return self.files[name] if name in self.files else self.named_file(self.fields.get(name))

    def named_file(self, text: Any) -> Any:
        if isinstance(text, str) and text.startswith("attach://"):
            return self.attached(text)
        if text == FILE_ID or str(text).startswith(("http://", "https://")):
            return text
        raise Refused("wrong file identifier/HTTP URL specified")

    def attached(self, text: str) -> Any:
        found = self.files.get(text.removeprefix("attach://"))
        if found is None:
            raise Refused("file part not found")
        if not found.content:
            raise Refused("file must be non-empty")
        return found


def refusal(code: int, description: str, **parameters: Any) -> Reply:
    body: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    if parameters:
        body["parameters"] = parameters
    return Reply(status=code, body=body)


def _shown(what: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in what.items() if isinstance(value, str)}
