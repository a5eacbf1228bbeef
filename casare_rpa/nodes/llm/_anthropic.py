"""Anthropic's protocol: messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.llm._post import Refused, post, strange
from casare_rpa.nodes.llm._service import Service
from casare_rpa.nodes.llm._talk import Answer, Message, Question, ToolCall
from casare_rpa.nodes.values.reading import as_text

_HIGHEST_TEMPERATURE = 1.0


async def chat(ctx: Context, service: Service, question: Question) -> Answer:
    """Ask for the next turn. Raises NodeError."""
    path = "/messages" if service.base_url.endswith("/v1") else "/v1/messages"
    body = _body(service, question)
    try:
        return _answer(service, await post(ctx, service, path, body))
    except Refused as error:
        # Some models choose their temperature themselves.
        if error.status != 400 or "temperature" not in error.words or "temperature" not in body:
            raise
        del body["temperature"]
        return _answer(service, await post(ctx, service, path, body))


def _body(service: Service, question: Question) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": service.model,
        "messages": list(_turns(question.messages)),
        "max_tokens": question.max_tokens,
    }
    if question.system:
        body["system"] = question.system
    if question.temperature is not None:
        body["temperature"] = min(question.temperature, _HIGHEST_TEMPERATURE)
    if question.tools:
        body["tools"] = [
            {
                "name": tool.name,
                "description": tool.description,
                "input_schema": tool.parameters,
            }
            for tool in question.tools
        ]
    return body


def _turns(messages: Sequence[Message]) -> Iterator[dict[str, Any]]:
    """The turns; the results of several tools are parts of one turn of the user."""
    results: list[dict[str, Any]] = []
    for message in messages:
        if message.call_id:
            results.append(
                {
                    "type": "tool_result",
                    "tool_use_id": message.call_id,
                    "content": message.text,
                }
            )
            continue
        if results:
            yield {"role": "user", "content": results}
            results = []
        yield {"role": message.role, "content": list(_parts(message)) or message.text}
    if results:
        yield {"role": "user", "content": results}


def _parts(message: Message) -> Iterator[dict[str, Any]]:
    for picture in message.pictures:
        yield {
            "type": "image",
            "source": {
                "type": "base64",
                "media_type": picture.media_type,
                "data": picture.base64,
            },
        }
    # An empty text is refused.
    if message.text:
        yield {"type": "text", "text": message.text}
    for call in message.calls:
        yield {
            "type": "tool_use",
            "id": call.id,
            "name": call.name,
            "input": dict(call.arguments or {}),
        }


def _answer(service: Service, raw: Mapping[str, Any]) -> Answer:
    content = raw.get("content")
    if not isinstance(content, list):
        raise strange(service, "its answer holds no content")
    ended = raw.get("stop_reason")
    if ended == "refusal":
        raise NodeError(
            f"the model {service.model!r} refused to answer", ErrorCode.API_ERROR, business=True
        )
    parts = [part for part in content if isinstance(part, dict)]
    return Answer(
        text="".join(as_text(part.get("text")) for part in parts if part.get("type") == "text"),
        tokens=_tokens(raw.get("usage")),
        model=as_text(raw.get("model")) or service.model,
        is_cut=ended == "max_tokens",
        calls=tuple(_call(part) for part in parts if part.get("type") == "tool_use"),
    )


def _call(part: Mapping[str, Any]) -> ToolCall:
    given = part.get("input")
    return ToolCall(
        id=as_text(part.get("id")),
        name=as_text(part.get("name")),
        arguments=given if isinstance(given, dict) else None,
    )


def _tokens(usage: Any) -> int:
    if not isinstance(usage, dict):
        return 0
    counts = (usage.get("input_tokens"), usage.get("output_tokens"))
    return sum(count for count in counts if isinstance(count, int))
