"""A Cloud API server that checks what the real one checks, for one sender."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.support.api_server import ApiServer, File, Reply, Request

TOKEN = "EAAJB" + "x7Q" * 20
SENDER = "106540352242922"
_OFFICE = "application/vnd.openxmlformats-officedocument"
_TYPES = (
    *("image/jpeg", "image/png", "video/mp4", "video/3gpp", "application/pdf", "text/plain"),
    *("application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"),
    *(f"{_OFFICE}.wordprocessingml.document", f"{_OFFICE}.spreadsheetml.sheet"),
    f"{_OFFICE}.presentationml.presentation",
)
_MEDIA = ("image", "video", "document")


class Refused(Exception):
    """An answer with an error: number, status and details."""

    def __init__(self, details: str, number: int = 100, status: int = 400) -> None:
        super().__init__(details)
        self.number, self.status = number, status


class WhatsApp(ApiServer):
    """`messages` are the bodies that were taken, `media` the files by their id."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[Mapping[str, Any]] = []
        self.media: dict[str, File] = {}

    @property
    def api(self) -> str:
        return f"{self.url}/v24.0"

    def reply(self, request: Request) -> Reply:
        try:
            return Reply(body=self._answer(request))
        except Refused as error:
            return refusal(error.number, str(error), status=error.status)

    def _answer(self, request: Request) -> Any:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            raise Refused("Session has expired", 190, 401)
        match request.method, request.path.strip("/").split("/"):
            case "POST", ["v24.0", number, "messages"] if number == SENDER:
                return self._message(request)
            case "POST", ["v24.0", number, "media"] if number == SENDER:
                return self._upload(request)
        raise Refused("Object does not exist, or missing permissions")

    def _message(self, request: Request) -> Any:
        asked = request.fields
        if request.kind != "application/json":
            raise Refused("the body is not JSON")
        if asked.get("messaging_product") != "whatsapp":
            raise Refused("(#100) The parameter messaging_product is required.")
        if asked.get("recipient_type") != "individual" or not isinstance(asked.get("to"), str):
            raise Refused("(#100) The parameter to is required.")
        kind = str(asked.get("type"))
        check = getattr(self, f"_check_{kind}", None)
        if kind in _MEDIA:
            self._check_media(kind, asked[kind])
        elif check is None or not isinstance(asked.get(kind), dict):
            raise Refused(f"Param type must be one of the known ones, got {kind}")
        else:
            check(asked[kind])
        self.messages.append(asked)
        digits = "".join(c for c in asked["to"] if c.isdecimal())
        return {
            "messaging_product": "whatsapp",
            "contacts": [{"input": asked["to"], "wa_id": digits}],
            "messages": [{"id": f"wamid.{len(self.messages)}"}],
        }

    def _upload(self, request: Request) -> Any:
        if request.kind != "multipart/form-data" or "file" not in request.files:
            raise Refused("(#100) The parameter file is required.")
        file = request.files["file"]
        if request.fields.get("messaging_product") != "whatsapp":
            raise Refused("(#100) The parameter messaging_product is required.")
        if file.content_type not in _TYPES or request.fields.get("type") != file.content_type:
            raise Refused(f"Param file must be a file with one of the following types: {_TYPES}")
        found = str(1_037_543_291_543_636 + len(self.media))
        self.media[found] = file
        return {"id": found}

    def _check_text(self, text: Mapping[str, Any]) -> None:
        only(text, "preview_url", "body")
        if not isinstance(text.get("preview_url"), bool) or not text.get("body"):
            raise Refused("Param text['body'] is required")
        if len(text["body"]) > 4096:
            raise Refused("Param text['body'] must be at most 4096 characters long.")

    def _check_template(self, template: Mapping[str, Any]) -> None:
        only(template, "name", "language", "components")
        if template["name"] != "invoice_paid" or template["language"] != {"code": "en_US"}:
            raise Refused("template name does not exist in the translation", 132001, 404)
        body = template.get("components", [])
        if [item["type"] for item in body] != ["body"] or len(body[0]["parameters"]) != 1:
            raise Refused("number of parameters does not match", 132000)

    def _check_location(self, place: Mapping[str, Any]) -> None:
        only(place, "latitude", "longitude", "name", "address")
        if not all(isinstance(place.get(key), int | float) for key in ("latitude", "longitude")):
            raise Refused("Param location['latitude'] is required")

    def _check_interactive(self, asked: Mapping[str, Any]) -> None:
        only(asked, "type", "header", "body", "footer", "action")
        if not asked["body"].get("text"):
            raise Refused("Param interactive['body']['text'] is required")
        for key in ("header", "footer"):
            if key in asked and not asked[key].get("text"):
                raise Refused(f"Param interactive['{key}'] is invalid")
        if asked["type"] == "button":
            for button in asked["action"]["buttons"]:
                if button["type"] != "reply" or not 1 <= len(button["reply"]["title"]) <= 20:
                    raise Refused("Button title length invalid. Min length: 1, Max length: 20")
        elif not asked["action"]["sections"][0]["rows"][0]["id"]:
            raise Refused("rows need an id")

    def _check_media(self, kind: str, about: Mapping[str, Any]) -> None:
        only(about, "id", "link", "caption", *(["filename"] if kind == "document" else []))
        if ("id" in about) == ("link" in about):
            raise Refused(f"Either param {kind}['id'] or param {kind}['link'] is required")
        if "id" in about and about["id"] not in self.media:
            raise Refused(f"Param {kind}['id'] is not a valid whatsapp business account media")


def only(about: Mapping[str, Any], *names: str) -> None:
    if more := about.keys() - set(names):
        raise Refused(f"Unexpected key {more} on param")


def refusal(number: int, details: str, *, status: int = 400, **headers: str) -> Reply:
    error = {
        "message": f"(#{number}) Request refused",
        "type": "OAuthException",
        "code": number,
        "error_data": {"messaging_product": "whatsapp", "details": details},
        "fbtrace_id": "Az8or2yhqkZfEZ-_4Qn_Bam",
    }
    replied = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, body={"error": error}, headers=replied)
