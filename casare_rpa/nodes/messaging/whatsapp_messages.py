"""Texts, templates, places and questions over WhatsApp."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Json, NodeError, Output, Outputs, param
from casare_rpa.nodes.http._call import map_of
from casare_rpa.nodes.messaging._places import (
    latitude_of,
    latitude_param,
    longitude_of,
    longitude_param,
)
from casare_rpa.nodes.messaging._service import given
from casare_rpa.nodes.messaging._whatsapp import SENT, WhatsAppNode
from casare_rpa.nodes.values.reading import MISSING, as_list, as_text, literal, needed, one_of

#: What the action of each type needs, with the most that may be in the list.
_ACTIONS: Mapping[str, tuple[str, int]] = {"button": ("buttons", 3), "list": ("sections", 10)}


class WhatsAppSendMessageNode(WhatsAppNode):
    """Send a text through the WhatsApp Cloud API.

    `to` is a phone number with + and its country. WhatsApp takes a text only within 24 hours of the
    person's last message, else a template (WhatsAppSendTemplateNode); it has at most 4096
    characters.

    Token and sender are those of `credential_name` (a stored secret with `access_token` and
    `phone_number_id`), else `access_token` and `phone_number_id`, else WHATSAPP_ACCESS_TOKEN and
    WHATSAPP_PHONE_NUMBER_ID of the environment. In the same way `api_url`, else WHATSAPP_API_URL,
    names another address of the API, with its version. When WhatsApp says that there are too many
    messages, the node waits, at most a minute in all; nothing that may have been sent is sent
    again. A refusal fails the node with WhatsApp's own words. That it succeeds says that WhatsApp
    took the message, not that it was delivered.
    """

    example = {"credential_name": "wa", "to": "+49 170 1234567", "text": "Invoice 7 is paid."}
    text: Any = param("", kind="text", required=True, aliases=("message",), help="What to say.")
    preview_url: bool = param(False, kind="boolean", help="Show what the first link leads to.")
    outputs = (*SENT, Output("text", "STRING"))

    async def run(self, ctx: Context) -> Outputs:
        text = needed(self.text, "text")
        content = {"preview_url": bool(self.preview_url), "body": text}
        to, sender = self.recipient(), await self.sender(ctx)
        return {**await sender.send(ctx, to, "text", content), "text": text}


class WhatsAppSendTemplateNode(WhatsAppNode):
    """Send an approved template through the WhatsApp Cloud API.

    `components` is a list that fills the template's variables, in the Cloud API's form, such as
    `[{"type": "body", "parameters": [{"type": "text", "text": "Ada"}]}]`; one component may stand
    alone. Token, sender, `api_url` and pauses as in WhatsAppSendMessageNode.
    """

    example = {
        "credential_name": "wa",
        "to": "+49 170 1234567",
        "template_name": "invoice_paid",
        "components": [{"type": "body", "parameters": [{"type": "text", "text": "7"}]}],
    }
    template_name: Any = param("", kind="string", required=True, help="The name of the template.")
    language_code: Any = param("en_US", kind="string", help="Its language, such as en_US.")
    components: Json = param({}, kind="json", port_kind="STRING", help="What to fill in.")
    outputs = (*SENT, Output("template_name", "STRING"))

    async def run(self, ctx: Context) -> Outputs:
        name = needed(self.template_name, "template_name").strip()
        language = needed(self.language_code, "language_code").strip()
        content: dict[str, Any] = {"name": name, "language": {"code": language}}
        if components := _components(ctx, self.components):
            content["components"] = components
        to, sender = self.recipient(), await self.sender(ctx)
        return {**await sender.send(ctx, to, "template", content), "template_name": name}


class WhatsAppSendLocationNode(WhatsAppNode):
    """Send a place through the WhatsApp Cloud API, in degrees.

    Token, sender, `api_url` and pauses as in WhatsAppSendMessageNode.
    """

    example = {
        "credential_name": "wa",
        "to": "+49 170 1234567",
        "latitude": 48.8584,
        "longitude": 2.2945,
        "name": "Tour Eiffel",
    }
    latitude: Any = latitude_param()
    longitude: Any = longitude_param()
    name: Any = param("", kind="string", help="What the place is called.")
    address: Any = param("", kind="string", help="Its address, shown below a name.")
    outputs = (*SENT, Output("latitude", "FLOAT"), Output("longitude", "FLOAT"))

    async def run(self, ctx: Context) -> Outputs:
        place = {
            "latitude": latitude_of(self.latitude),
            "longitude": longitude_of(self.longitude),
        }
        content = {**place, **given(name=as_text(self.name), address=as_text(self.address))}
        to, sender = self.recipient(), await self.sender(ctx)
        return {**await sender.send(ctx, to, "location", content), **place}


class WhatsAppSendInteractiveNode(WhatsAppNode):
    """Send buttons or a list through the WhatsApp Cloud API.

    `action_json` is the action in the Cloud API's form: for buttons
    `{"buttons": [{"type": "reply", "reply": {"id": "yes", "title": "Yes"}}]}` with at most three,
    for a list `{"button": "Choose", "sections": [{"title": "Days", "rows": [{"id": "mon", "title":
    "Monday"}]}]}` with at most ten. `header_json` is such as `{"type": "text", "text": "Hello"}`.
    Token, sender, `api_url` and pauses as in WhatsAppSendMessageNode.
    """

    example = {
        "credential_name": "wa",
        "to": "+49 170 1234567",
        "body_text": "Pay invoice 7?",
        "action_json": {"buttons": [{"type": "reply", "reply": {"id": "yes", "title": "Yes"}}]},
    }
    interactive_type: str = param(
        "button",
        kind="choice",
        choices=tuple(_ACTIONS),
        port_kind="STRING",
        required=True,
        help="What to choose with.",
    )
    body_text: Any = param("", kind="text", required=True, help="The text above it.")
    action_json: Json = param(
        {}, kind="json", required=True, port_kind="STRING", help="What there is to choose."
    )
    header_json: Json = param({}, kind="json", port_kind="STRING", help="What stands on top.")
    footer_text: Any = param("", kind="string", help="The small text below.")
    outputs = (*SENT, Output("interactive_type", "STRING"))

    async def run(self, ctx: Context) -> Outputs:
        kind = one_of(self.interactive_type, "interactive_type", _ACTIONS)
        footer = as_text(self.footer_text)
        content = {
            "type": kind,
            "body": {"text": needed(self.body_text, "body_text")},
            "action": _action(kind, map_of(ctx, self.action_json, "action_json")),
            **({"footer": {"text": footer}} if footer else {}),
        }
        if header := map_of(ctx, self.header_json, "header_json"):
            content["header"] = header
        to, sender = self.recipient(), await self.sender(ctx)
        return {**await sender.send(ctx, to, "interactive", content), "interactive_type": kind}


def _components(ctx: Context, value: Json) -> list[Any]:
    if isinstance(value, str):
        found = literal(value)
        value = value if found is MISSING else found
    if not value or (isinstance(value, str) and not value.strip()):
        return []
    found = as_list(ctx, value, "components")
    if not all(isinstance(item, Mapping) and item.get("type") for item in found):
        raise NodeError(
            'components is a list of objects with a type, such as {"type": "body", "parameters":'
            ' [{"type": "text", "text": "Ada"}]}',
            ErrorCode.INVALID_INPUT,
        )
    return found


def _action(kind: str, action: Mapping[str, Any]) -> Mapping[str, Any]:
    name, most = _ACTIONS[kind]
    items = action.get(name)
    if not isinstance(items, list) or not 1 <= len(items) <= most:
        raise NodeError(
            f"action_json: a {kind} message needs {name!r}, a list of 1 to {most}",
            ErrorCode.INVALID_INPUT,
        )
    if kind == "list" and not as_text(action.get("button")).strip():
        raise NodeError(
            "action_json: a list message needs 'button', the text that opens it",
            ErrorCode.INVALID_INPUT,
        )
    return action
