"""What is said to a model and what it answers, before any protocol gives it a shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A tool that the model wants used. `arguments` is None if it wrote no JSON object."""

    id: str
    name: str
    arguments: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture to look at: its media type (`image/png`) and its bytes in base64."""

    media_type: str
    base64: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn. `role` is `user`, `assistant` or `tool`, which answers the call `call_id`."""

    role: str
    text: str = field(repr=False)
    pictures: Sequence[Picture] = ()
    calls: Sequence[ToolCall] = ()
    call_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """What the model is told of a tool; `parameters` is a JSON Schema."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a model is asked. With `wants_json` the answer is to be a JSON object."""

    messages: Sequence[Message]
    system: str = field(default="", repr=False)
    temperature: float | None = None
    max_tokens: int = 1000
    tools: Sequence[Tool] = ()
    wants_json: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back. `tokens` counts question and answer; `is_cut`: it ended at `max_tokens`."""

    text: str = field(repr=False)
    tokens: int
    model: str
    is_cut: bool = False
    calls: Sequence[ToolCall] = ()
