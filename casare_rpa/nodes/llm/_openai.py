"""OpenAI's protocol: chat completions and embeddings, as many other servers speak it too."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.llm._post import Refused, post, strange
from casare_rpa.nodes.llm._service import Service
from casare_rpa.nodes.llm._talk import Answer, Message, Question, ToolCall
from casare_rpa.nodes.values.reading import as_text

#: What a model may not take, and what it takes in its place; None: nothing.
_INSTEAD: Final[Mapping[str, str | None]] = {
    "max_tokens": "max_completion_tokens",
    "temperature": None,
    "response_format": None,
}
_BEYOND = 1e30
_KEY = "ai_adjustments"


class _Adjustments(dict[tuple[str, str], frozenset[str]]):
    """What each model of a run has refused to take. Another run finds it out again."""

    lasts_for_the_run = False


async def chat(ctx: Context, service: Service, question: Question) -> Answer:
    """Ask for the next turn. Raises NodeError."""
    known = ctx.resources.setdefault(_KEY, _Adjustments())
    key = (service.base_url, service.model)
    while True:
        body = _adjusted(_body(service, question), known.get(key, frozenset()))
        try:
            return _answer(service, await post(ctx, service, "/chat/completions", body))
        except Refused as error:
            refused = _refused_parameter(error, body)
            if not refused:
                raise
            known[key] = known.get(key, frozenset()) | {refused}


async def embed(
    ctx: Context, service: Service, texts: Sequence[str]
) -> tuple[list[list[float]], Answer]:
    """A vector for each of *texts*, in their order. Raises NodeError."""
    raw = await post(ctx, service, "/embeddings", {"model": service.model, "input": list(texts)})
    found = {item.get("index"): item.get("embedding") for item in _maps(raw.get("data"))}
    vectors = [found.get(index) for index in range(len(texts))]
    if not all(map(_is_vector, vectors)) or len({len(v) for v in vectors if v}) > 1:
        raise strange(service, f"it gave no vectors for {len(texts)} texts")
    return [[float(x) for x in v] for v in vectors if v], Answer(
        text="", tokens=_tokens(raw), model=as_text(raw.get("model")) or service.model
    )


def _body(service: Service, question: Question) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": service.model,
        "messages": [*_system(question.system), *map(_message, question.messages)],
        "max_tokens": question.max_tokens,
    }
    if question.temperature is not None:
        body["temperature"] = question.temperature
    if question.wants_json:
        body["response_format"] = {"type": "json_object"}
    if question.tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.parameters,
                },
            }
            for tool in question.tools
        ]
    return body


def _adjusted(body: dict[str, Any], refused: frozenset[str]) -> dict[str, Any]:
    for name in refused & body.keys():
        value, instead = body.pop(name), _INSTEAD[name]
        if instead is not None:
            body[instead] = value
    return body


def _refused_parameter(error: Refused, body: Mapping[str, Any]) -> str:
    """The parameter that a model does not take, and that it can be asked without."""
    if error.status not in (400, 422):
        return ""
    named = error.parameter or next((name for name in _INSTEAD if f"'{name}" in error.words), "")
    named = named.partition(".")[0]
    return named if named in _INSTEAD and named in body else ""


def _system(text: str) -> Iterator[dict[str, Any]]:
    if text:
        yield {"role": "system", "content": text}


def _message(message: Message) -> dict[str, Any]:
    said: dict[str, Any] = {"role": message.role, "content": message.text}
    if message.pictures:
        said["content"] = [
            {"type": "text", "text": message.text},
            *(
                {
                    "type": "image_url",
                    "image_url": {"url": f"data:{picture.media_type};base64,{picture.base64}"},
                }
                for picture in message.pictures
            ),
        ]
    if message.calls:
        said["content"] = message.text or None
        said["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": json.dumps(call.arguments or {})},
            }
            for call in message.calls
        ]
    if message.call_id:
        said["tool_call_id"] = message.call_id
    return said


def _answer(service: Service, raw: Mapping[str, Any]) -> Answer:
    choice = next(_maps(raw.get("choices")), {})
    message = choice.get("message")
    if not isinstance(message, dict):
        raise strange(service, "its answer holds no message")
    ended = choice.get("finish_reason")
    if message.get("refusal") or ended == "content_filter":
        raise NodeError(
            f"the model {service.model!r} refused to answer", ErrorCode.API_ERROR, business=True
        )
    return Answer(
        text=_text(message.get("content")),
        tokens=_tokens(raw),
        model=as_text(raw.get("model")) or service.model,
        is_cut=ended == "length",
        calls=tuple(_calls(message.get("tool_calls"))),
    )


def _text(content: Any) -> str:
    """The text of an answer; some servers give it in parts."""
    if isinstance(content, list):
        return "".join(as_text(part.get("text")) for part in _maps(content))
    return as_text(content)


def _calls(raw: Any) -> Iterator[ToolCall]:
    for item in _maps(raw):
        called = item.get("function")
        if isinstance(called, dict):
            yield ToolCall(
                id=as_text(item.get("id")),
                name=as_text(called.get("name")),
                arguments=_arguments(called.get("arguments")),
            )


def _arguments(raw: Any) -> dict[str, Any] | None:
    if isinstance(raw, dict):
        return raw
    try:
        found = json.loads(as_text(raw).strip() or "{}")
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _tokens(raw: Mapping[str, Any]) -> int:
    """The tokens of question and answer; 0 if the server counts none."""
    usage = raw.get("usage")
    total = usage.get("total_tokens") if isinstance(usage, dict) else 0
    return total if isinstance(total, int) and not isinstance(total, bool) else 0


def _maps(raw: Any) -> Iterator[dict[str, Any]]:
    return (item for item in raw if isinstance(item, dict)) if isinstance(raw, list) else iter(())


def _is_vector(value: Any) -> bool:
    # A comparison with NaN is false.
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(x, int | float) and abs(x) < _BEYOND for x in value)
    )
