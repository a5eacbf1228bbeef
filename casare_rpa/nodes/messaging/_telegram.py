"""What the Telegram nodes share: the bot, its methods, and what refusals mean.

The form of requests and answers is that of https://core.telegram.org/bots/api.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._addresses import is_blocking
from casare_rpa.nodes._attempts import in_doubt
from casare_rpa.nodes._credentials import credential
from casare_rpa.nodes._lines import without
from casare_rpa.nodes._pauses import seconds_in
from casare_rpa.nodes.base import Context, Node, NodeError, Outputs, param, unlisted
from casare_rpa.nodes.http._call import Call, FilePart, Form, body_of, word_of
from casare_rpa.nodes.messaging._service import (
    ANSWER_SECONDS,
    RETRY_AFTER,
    UPLOAD_SECONDS,
    base_url,
    exchange,
    no_such_answer,
    without_login,
)
from casare_rpa.nodes.values.reading import as_int, as_text, needed, one_of, refuse_unresolved

PARSE_MODES: Final = ("", "Markdown", "MarkdownV2", "HTML")
PUBLIC_API: Final = "https://api.telegram.org"

_TOKEN = re.compile(r"\d{1,20}:[A-Za-z0-9_-]{1,200}")
_FILE_ID = re.compile(r"[A-Za-z0-9_-]{20,}")
_NUMBER = re.compile(r"-?\d{1,19}")
_NAME = re.compile(r"@\w{1,64}")

#: What a description means: the end of the sentence that names it.
_MENDS: Mapping[str, str] = {
    "chat not found": "check chat_id; a person has to write to the bot first",
    "can't parse entities": "write the text as parse_mode wants it, or leave parse_mode empty",
    "message is too long": "a message has at most 4096 characters",
    "caption is too long": "a caption has at most 1024 characters",
    "query is too old": "a button press has to be answered within seconds",
    "webhook is active": "the bot has a webhook, which gets its updates instead",
    "other getUpdates request": "another program asks for the updates of this bot",
}
_CODES: Mapping[int, tuple[ErrorCode, str]] = {
    401: (ErrorCode.PERMISSION_DENIED, "check the bot token"),
    403: (ErrorCode.PERMISSION_DENIED, ""),
    404: (ErrorCode.PERMISSION_DENIED, "no bot has this token; check it, and api_url"),
    409: (ErrorCode.RESOURCE_LOCKED, ""),
    413: (ErrorCode.VALUE_OUT_OF_RANGE, "the file is too large for this server"),
    429: (ErrorCode.NETWORK_ERROR, ""),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """A bot at a server. The token is in the path of each URL, so no message shows that."""

    token: str = field(repr=False)
    api_url: str

    @property
    def is_public(self) -> bool:
        """Whether the server is Telegram's own, with its limits for files."""
        return self.api_url == PUBLIC_API

    async def ask(
        self,
        ctx: Context,
        method: str,
        fields: Mapping[str, Any],
        *,
        files: Sequence[FilePart] = (),
        acts: bool = True,
        wait_seconds: float = 0.0,
    ) -> Any:
        """The result of *method*, which may take *wait_seconds* beyond the usual. NodeError."""
        shown = f"{without_login(self.api_url)}/bot***/{method}"
        call = Call(
            method="POST",
            url=f"{self.api_url}/bot{self.token}/{method}",
            shown=shown,
            timeout_seconds=(UPLOAD_SECONDS if files else ANSWER_SECONDS) + wait_seconds,
            max_redirects=0,
            block_private=is_blocking(ctx),
            keeps_cookies=False,
            **_sent(fields, files),
        )
        return await exchange(ctx, call, self._judge(method, shown, acts=acts), acts=acts)

    def _judge(self, method: str, shown: str, *, acts: bool) -> Callable[[Outputs], Any]:
        def judge(answer: Outputs) -> Any:
            said, status = answer["response_json"], answer["status_code"]
            if not isinstance(said, dict) or "ok" not in said:
                raise no_such_answer("the Bot API", shown, status, acts=acts)
            if said["ok"] is True:
                return said.get("result")
            error = _refusal(method, said, self.token)
            failed = status >= 500 or error.details["error_code"] >= 500
            raise in_doubt(error) if acts and failed else error

        return judge


class TelegramNode(Node, abstract=True):
    """A node that speaks for a bot."""

    category: ClassVar[str] = "messaging"
    runs_on: ClassVar[str] = "external-account"
    side_effect: ClassVar[bool] = True
    #: Each answer has its own limit.
    timeout_seconds: ClassVar[float | None] = 0
    bot_token: str = param("", kind="string", help="The token that @BotFather gave.")
    credential_name: str = param("", kind="string", help="The stored token to use.")
    api_url: str = unlisted(
        "", kind="string", help="The address of a Bot API server of your own; empty: Telegram's."
    )

    async def bot(self, ctx: Context) -> Bot:
        """The bot of the credential, the parameters or the environment. Raises NodeError."""
        found = await credential(ctx, as_text(self.credential_name).strip())
        token = found.part(
            "bot_token", "token", "value", given=self.bot_token, env="TELEGRAM_BOT_TOKEN"
        ).strip()
        found.given(token, "bot_token")
        refuse_unresolved(token, "bot_token")
        if not _TOKEN.fullmatch(token):
            raise NodeError(
                "bot_token is no token; it looks like 123456:ABC-DEF, as @BotFather gives it",
                ErrorCode.INVALID_INPUT,
            )
        ctx.conceal(token)
        address = found.part("api_url", given=self.api_url, env="TELEGRAM_API_URL")
        return Bot(token=token, api_url=base_url(address or PUBLIC_API))


def chat_param() -> Any:
    return param("", kind="string", required=True, help="A number, or @name of a public chat.")


def parse_mode_param() -> Any:
    return param(
        "",
        kind="choice",
        choices=PARSE_MODES,
        port_kind="STRING",
        help="How the text is marked up; empty: not at all.",
    )


def silent_param() -> Any:
    return param(False, kind="boolean", help="Arrive without a sound.")


def chat_of(value: Any) -> int | str:
    """The chat that *value* names. Raises NodeError."""
    text = needed(value, "chat_id").strip()
    if _NUMBER.fullmatch(text):
        return int(text)
    if _NAME.fullmatch(text):
        return text
    raise NodeError(
        f"chat_id: {text[:40]!r} is no chat; it is a number, or @name of a public channel or group",
        ErrorCode.INVALID_INPUT,
    )


def message_of(value: Any, name: str = "message_id") -> int:
    """The number of a message. Raises NodeError."""
    if value in (None, "", 0, "0"):
        raise NodeError(f"{name} is empty", ErrorCode.MISSING_REQUIRED_FIELD)
    return as_int(value, name)


def mode_of(value: Any) -> str:
    """One of PARSE_MODES. Raises NodeError."""
    return one_of(value, "parse_mode", PARSE_MODES)


def is_file_id(text: str) -> bool:
    """Whether *text* has the form of the ids that Telegram gives to files."""
    return bool(_FILE_ID.fullmatch(text))


def of_message(message: Any) -> Outputs:
    """The outputs of a message as the server has it."""
    if not isinstance(message, dict) or not isinstance(message.get("chat"), dict):
        raise in_doubt(NodeError("the server answers without a message", ErrorCode.API_ERROR))
    return {
        "message_id": message.get("message_id"),
        "chat_id": message["chat"].get("id"),
        "success": True,
        "error": "",
    }


def _sent(fields: Mapping[str, Any], files: Sequence[FilePart]) -> dict[str, Any]:
    """The body of a request: a form if there are files, else JSON."""
    if files:
        words = {name: word_of(value) for name, value in fields.items()}
        return {"form": Form(files=tuple(files), fields=words)}
    content, kind = body_of(fields, "")
    return {"content": content, "headers": {"Content-Type": kind}}


def _refusal(method: str, said: Mapping[str, Any], token: str) -> NodeError:
    number = said.get("error_code")
    number = number if isinstance(number, int) else 0
    words = without(as_text(said.get("description")), token) or "it gives no reason"
    about = said.get("parameters")
    about = about if isinstance(about, dict) else {}
    code, mend = _CODES.get(number, (ErrorCode.VALIDATION_FAILED, ""))
    if number >= 500:
        code = ErrorCode.NETWORK_ERROR
    mend = next((text for part, text in _MENDS.items() if part in words), mend)
    if moved := about.get("migrate_to_chat_id"):
        mend = f"the group has a new chat_id: {moved}"
    details: dict[str, Any] = {"error_code": number, "description": words}
    wait = seconds_in(about.get("retry_after")) if number == 429 else None
    if wait is not None:
        details[RETRY_AFTER] = wait
    return NodeError(
        f"Telegram refuses {method}: {number} {words}{'; ' if mend else ''}{mend}",
        code,
        business=code == ErrorCode.VALIDATION_FAILED,
        details=details,
    )
