"""What the WhatsApp nodes share: the sender, its requests, and what refusals mean.

The form of requests and answers is that of Meta's Cloud API, version 24.0:
https://developers.facebook.com/docs/whatsapp/cloud-api.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._addresses import is_blocking
from casare_rpa.nodes._attempts import in_doubt
from casare_rpa.nodes._credentials import credential
from casare_rpa.nodes._lines import without
from casare_rpa.nodes._pauses import seconds_in
from casare_rpa.nodes.base import Context, Node, NodeError, Output, Outputs, param, unlisted
from casare_rpa.nodes.http._call import Call, FilePart, Form, body_of
from casare_rpa.nodes.messaging._service import (
    ANSWER_SECONDS,
    RETRY_AFTER,
    UPLOAD_SECONDS,
    base_url,
    exchange,
    no_such_answer,
    without_login,
)
from casare_rpa.nodes.values.reading import as_text, needed, refuse_unresolved

PUBLIC_API: Final = "https://graph.facebook.com/v24.0"
SENT: Final = (
    Output("message_id", "STRING"),
    Output("phone_number", "STRING"),
    Output("success", "BOOLEAN"),
    Output("error", "STRING"),
)

_ID = re.compile(r"\d{1,30}")
_PHONE = re.compile(r"\+?[\d\s().-]{5,40}")
#: "Too many": nothing was sent. The first four are Meta's numbers for that.
_TOO_MANY = frozenset({4, 80007, 130429, 131056, 429})
_DENIED = frozenset({0, 3, 10, 190, 131005, 131031, 401, 403, *range(200, 300)})
_MENDS: Mapping[int, str] = {
    190: "the access token has expired or was withdrawn: make a new one",
    131030: "add the number to those that a test number may write to",
    131047: "24 hours after the last message of the person only a template may be sent",
    132001: "check template_name and language_code; the template has to be approved",
    132000: "components has to fill each variable of the template",
    131009: "check the values of the parameters",
    131026: "the number has no WhatsApp, or does not take the message",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """A phone number of a business, and the token that may send from it."""

    token: str = field(repr=False)
    phone_number_id: str
    api_url: str

    async def send(self, ctx: Context, to: str, kind: str, content: Any) -> Outputs:
        """Send *content* as a message of the type *kind*; the outputs SENT. Raises NodeError."""
        message = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": to,
            "type": kind,
            kind: content,
        }
        body, content_type = body_of(message, "")
        said = await self._ask(
            ctx, "messages", acts=True, content=body, headers={"Content-Type": content_type}
        )
        contact = _first(said, "contacts").get("wa_id")
        message_id = as_text(_first(said, "messages").get("id"))
        if not message_id:
            raise in_doubt(_no_id())
        return {
            "message_id": message_id,
            "phone_number": as_text(contact or to),
            "success": True,
            "error": "",
        }

    async def upload(self, ctx: Context, part: FilePart) -> str:
        """The id that a file has at the service, which forgets it after 30 days."""
        fields = {"messaging_product": "whatsapp", "type": part.content_type}
        form = Form(files=(part,), fields=fields)
        said = await self._ask(
            ctx, "media", acts=False, form=form, headers={}, timeout_seconds=UPLOAD_SECONDS
        )
        found = as_text(said.get("id"))
        if not found:
            raise _no_id()
        return found

    async def _ask(self, ctx: Context, what: str, *, acts: bool, **more: Any) -> Any:
        url = f"{self.api_url}/{self.phone_number_id}/{what}"
        headers = {**more.pop("headers"), "Authorization": f"Bearer {self.token}"}
        call = Call(
            method="POST",
            url=url,
            headers=headers,
            max_redirects=0,
            block_private=is_blocking(ctx),
            keeps_cookies=False,
            **{"timeout_seconds": ANSWER_SECONDS, **more},
        )
        shown = without_login(url)
        return await exchange(ctx, call, self._judge(shown, acts=acts), acts=acts)

    def _judge(self, shown: str, *, acts: bool) -> Callable[[Outputs], Any]:
        pauses = _pauses()

        def judge(answer: Outputs) -> Any:
            said, status = answer["response_json"], answer["status_code"]
            error = said.get("error") if isinstance(said, dict) else None
            if isinstance(error, dict):
                found = _refusal(error, answer, self.token, pauses)
                raise in_doubt(found) if acts and status >= 500 else found
            if not isinstance(said, dict) or not answer["success"]:
                raise no_such_answer("the Cloud API", shown, status, acts=acts)
            return said

        return judge


class WhatsAppNode(Node, abstract=True):
    """A node that sends a message from a phone number of a business."""

    category: ClassVar[str] = "messaging"
    runs_on: ClassVar[str] = "external-account"
    side_effect: ClassVar[bool] = True
    #: Each answer has its own limit.
    timeout_seconds: ClassVar[float | None] = 0
    access_token: str = param("", kind="string", help="The token of the app or system user.")
    phone_number_id: Any = param("", kind="string", help="The id of the number to send from.")
    credential_name: str = param("", kind="string", help="The stored token to use.")
    to: Any = param("", kind="string", required=True, help="The number to send to: + and country.")
    api_url: str = unlisted(
        "", kind="string", help="Where the Cloud API is, with its version; empty: at Meta."
    )

    async def sender(self, ctx: Context) -> Sender:
        """The sender of the credential, the parameters or the environment. Raises NodeError."""
        found = await credential(ctx, as_text(self.credential_name).strip())
        token = found.part(
            "access_token", "token", "value", given=self.access_token, env="WHATSAPP_ACCESS_TOKEN"
        ).strip()
        found.given(token, "access_token")
        refuse_unresolved(token, "access_token")
        if not token.isascii() or any(c.isspace() or not c.isprintable() for c in token):
            raise NodeError("access_token holds what no token has", ErrorCode.INVALID_INPUT)
        number = found.part(
            "phone_number_id", given=self.phone_number_id, env="WHATSAPP_PHONE_NUMBER_ID"
        ).strip()
        ctx.conceal(token)
        address = found.part("api_url", given=self.api_url, env="WHATSAPP_API_URL")
        return Sender(
            token=token,
            phone_number_id=_number_id(found.given(number, "phone_number_id")),
            api_url=base_url(address or PUBLIC_API),
        )

    def recipient(self) -> str:
        """The number to send to. Raises NodeError."""
        text = needed(self.to, "to").strip()
        if not _PHONE.fullmatch(text):
            raise NodeError(
                f"to: {text[:40]!r} is no phone number; write it as +49 170 1234567",
                ErrorCode.INVALID_INPUT,
            )
        return text


def _number_id(text: str) -> str:
    refuse_unresolved(text, "phone_number_id")
    if not _ID.fullmatch(text):
        raise NodeError(
            "phone_number_id is the id of a number, digits only, as the app's page shows it;"
            " it is not the phone number",
            ErrorCode.INVALID_INPUT,
        )
    return text


def _pauses() -> Iterator[float]:
    """Seconds before further attempts, as Meta asks for: 4 to the power of their count."""
    return (4.0**n for n in itertools.count())


def _refusal(
    said: Mapping[str, Any], answer: Outputs, token: str, pauses: Iterator[float]
) -> NodeError:
    number, status = said.get("code"), answer["status_code"]
    number = number if isinstance(number, int) else status
    words = without(as_text(said.get("message")), token) or "it gives no reason"
    more = said.get("error_data")
    more = without(as_text(more.get("details")), token) if isinstance(more, dict) else ""
    if more and more not in words:
        words = f"{words} ({more})"
    mend = _MENDS.get(number, "")
    details: dict[str, Any] = {"error_code": number, "description": words}
    if subcode := said.get("error_subcode"):
        details["error_subcode"] = subcode
    if status < 500 and (number in _TOO_MANY or status == 429):
        asked = seconds_in(_header(answer, "retry-after"))
        details[RETRY_AFTER] = next(pauses) if asked is None else asked
    code = _code(number, status)
    return NodeError(
        f"WhatsApp refuses the request: {number} {words}{'; ' if mend else ''}{mend}",
        code,
        business=code == ErrorCode.VALIDATION_FAILED,
        details=details,
    )


def _code(number: int, status: int) -> ErrorCode:
    if status >= 500 or number in _TOO_MANY or status == 429:
        return ErrorCode.NETWORK_ERROR
    if number in _DENIED or status in (401, 403):
        return ErrorCode.PERMISSION_DENIED
    return ErrorCode.VALIDATION_FAILED


def _header(answer: Outputs, name: str) -> str | None:
    headers = answer["response_headers"]
    return next((text for key, text in headers.items() if key.lower() == name), None)


def _first(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    items = said.get(name)
    found = items[0] if isinstance(items, list) and items else None
    return found if isinstance(found, dict) else {}


def _no_id() -> NodeError:
    return NodeError("the service answers without an id", ErrorCode.API_ERROR)
