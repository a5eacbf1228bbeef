"""Prompts and conversations."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from casare_rpa.nodes.base import Context, Output, Outputs, param
from casare_rpa.nodes.llm._asking import chat
from casare_rpa.nodes.llm._node import (
    DONE,
    ENDED,
    MODEL_USED,
    TOKENS,
    LoginNode,
    max_tokens_param,
    temperature_param,
)
from casare_rpa.nodes.llm._talk import Answer, Message
from casare_rpa.nodes.values.reading import as_text, not_empty

_RESPONSE = Output("response", "STRING")
_KEY = "ai_conversations"
#: A conversation forgets its oldest turns beyond these.
_MOST_MESSAGES = 100
_MOST_CHARACTERS = 400_000


def _warn_if_cut(ctx: Context, answer: Answer) -> None:
    if answer.is_cut:
        ctx.log("the answer was cut off at max_tokens", "warning")


class LLMCompletionNode(LoginNode):
    """Ask a language model a question and give its answer.

    `model` says which service is asked, the key is that of `credential_name`, else `api_key`, else
    that of the settings: see the guide on language models. A service that is busy is asked twice
    more; what it refuses fails the node. An answer that ends at `max_tokens` is given as it is,
    with a warning.
    """

    example = {"prompt": "Write a subject line for: {{mail.body}}", "max_tokens": 60}
    prompt: Any = param("", kind="text", port_kind="STRING", help="What to ask.")
    system_prompt: Any = param("", kind="text", port_kind="STRING", help="Who the model is to be.")
    temperature: Any = temperature_param(0.7)
    max_tokens: Any = max_tokens_param()
    outputs = (_RESPONSE, TOKENS, MODEL_USED, *ENDED)

    async def run(self, ctx: Context) -> Outputs:
        answer = await self.ask(ctx, not_empty(self.prompt, "prompt"))
        _warn_if_cut(ctx, answer)
        return {
            "response": answer.text,
            "tokens_used": answer.tokens,
            "model_used": answer.model,
            **DONE,
        }


@dataclass(slots=True)
class _Conversation:
    messages: list[Message] = field(default_factory=list)
    #: Two branches that talk at once take turns.
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def remember(self, *messages: Message) -> None:
        self.messages += messages
        while len(self.messages) > 2 and (
            len(self.messages) > _MOST_MESSAGES
            or sum(len(message.text) for message in self.messages) > _MOST_CHARACTERS
        ):
            del self.messages[:2]


class LLMChatNode(LoginNode):
    """Say something in a conversation with a language model, which knows what was said before.

    A `conversation_id` names the conversation; the first message with a name begins it, and
    without a name a new one begins, whose name is the output `conversation_id`. It lasts for the
    run: at most 100 messages and 400,000 characters, the oldest are forgotten first. The system
    prompt is no part of it and is said anew each time. A message that is not answered is not kept.
    Keys, models and limits are as with LLMCompletionNode.
    """

    example = {"message": "And in one sentence?", "conversation_id": "report"}
    message: Any = param("", kind="text", port_kind="STRING", help="What to say.")
    conversation_id: Any = param("", kind="string", help="The conversation; empty: a new one.")
    system_prompt: Any = param("", kind="text", port_kind="STRING", help="Who the model is to be.")
    temperature: Any = temperature_param(0.7)
    max_tokens: Any = max_tokens_param()
    outputs = (_RESPONSE, TOKENS, MODEL_USED, *ENDED, Output("conversation_id", "STRING"))

    async def run(self, ctx: Context) -> Outputs:
        said = Message(role="user", text=not_empty(self.message, "message"))
        name = as_text(self.conversation_id).strip() or uuid4().hex
        conversation = ctx.resources.setdefault(_KEY, {}).setdefault(name, _Conversation())
        async with conversation.turn:
            question = self.question(*conversation.messages, said)
            answer = await chat(ctx, await self.service(ctx), question)
            conversation.remember(said, Message(role="assistant", text=answer.text or "(nothing)"))
        _warn_if_cut(ctx, answer)
        return {
            "response": answer.text,
            "tokens_used": answer.tokens,
            "model_used": answer.model,
            "conversation_id": name,
            **DONE,
        }
