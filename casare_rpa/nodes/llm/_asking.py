"""Asking a model: for a text, or for JSON that is read strictly."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NoReturn, TypeVar

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.llm._service import ANTHROPIC, Service
from casare_rpa.nodes.llm._talk import Answer, Message, Question
from casare_rpa.nodes.values.reading import as_text

T = TypeVar("T")

#: What one question may hold; more than any model reads, and less than fills the memory.
MAX_CHARACTERS = 4_000_000
_MOST_QUOTED = 200
#: One code fence around the whole answer, and the thoughts that some models write before it.
_FENCE = re.compile(r"```[A-Za-z]*\s*\n(.*)\n?```", re.DOTALL)
_THOUGHTS = re.compile(r"\s*<think>.*?</think>", re.DOTALL)
_AGAIN = (
    "That answer cannot be used: {fault}. Answer again with the JSON that was asked for and"
    " nothing else."
)


class Unfit(ValueError):
    """An answer is not what was asked for; the message tells the model why."""


async def chat(ctx: Context, service: Service, question: Question) -> Answer:
    """The model's next turn, in the protocol of *service*. Raises NodeError."""
    size = len(question.system) + sum(len(message.text) for message in question.messages)
    if size > MAX_CHARACTERS:
        raise NodeError(
            f"the question has {size:,} characters; the most is {MAX_CHARACTERS:,}",
            ErrorCode.VALUE_OUT_OF_RANGE,
        )
    from casare_rpa.nodes.llm import _anthropic, _openai  # noqa: PLC0415 - only who asks needs them

    send = _anthropic.chat if service.protocol == ANTHROPIC else _openai.chat
    answer = await send(ctx, service, question)
    ctx.log(
        f"asked {answer.model} at {service.host}: {size} characters, {len(answer.text)} came back,"
        f" {answer.tokens} tokens",
        "debug",
    )
    return answer


async def ask_json(
    ctx: Context, service: Service, question: Question, read: Callable[[Any], T]
) -> tuple[T, Answer]:
    """What *read* makes of the JSON that the model answers; it raises Unfit for what does not fit.

    The model is told of a fault once, and asked again; the tokens of both answers count. Raises
    NodeError when the second answer is not better, or the first was cut off.
    """
    answer = await chat(ctx, service, question)
    try:
        return read(_value(answer.text)), answer
    except Unfit as fault:
        if answer.is_cut:
            raise_cut(question)
        again = (
            *question.messages,
            Message(role="assistant", text=answer.text or "(nothing)"),
            Message(role="user", text=_AGAIN.format(fault=fault)),
        )
    second = await chat(ctx, service, replace(question, messages=again))
    second = replace(second, tokens=answer.tokens + second.tokens)
    try:
        return read(_value(second.text)), second
    except Unfit as fault:
        raise NodeError(
            f"the model {service.model!r} gave no usable answer, asked twice: {fault}; the answer"
            f" begins {second.text.strip()[:_MOST_QUOTED]!r}",
            ErrorCode.PARSE_ERROR,
        ) from None


def raise_cut(question: Question) -> NoReturn:
    raise NodeError(
        f"the answer was cut off after max_tokens ({question.max_tokens})",
        ErrorCode.VALUE_OUT_OF_RANGE,
        hint="set max_tokens higher",
    )


def written(value: Any) -> str:
    """A value as a model reads it: text as it is, nothing as empty text, all else as JSON."""
    if value is None or isinstance(value, str):
        return value or ""
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, TypeError, RecursionError):
        return as_text(value)


def field(answer: Any, name: str) -> Any:
    """The field of an answer that must be an object; Unfit if it is none or lacks it."""
    if not isinstance(answer, Mapping):
        raise Unfit("it is no JSON object")
    if name not in answer:
        raise Unfit(f"{name} is missing")
    return answer[name]


def share(answer: Any, name: str = "confidence") -> float:
    """The field *name* as a number from 0 to 1, or Unfit."""
    return as_share(field(answer, name), name)


def as_share(value: Any, name: str) -> float:
    """*value* if it is a number from 0 to 1, or Unfit."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise Unfit(f"{name} must be a number from 0 to 1")
    return float(value)


def _value(text: str) -> Any:
    text = _THOUGHTS.sub("", text, count=1).strip()
    fenced = _FENCE.fullmatch(text)
    try:
        return json.loads(fenced[1] if fenced else text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Unfit(f"it is no JSON ({_why(error)})") from None


def _why(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos}"
    return str(error) or type(error).__name__


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no JSON value")
