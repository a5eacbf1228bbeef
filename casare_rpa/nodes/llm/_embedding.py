"""Vectors for texts, from a service."""

from __future__ import annotations

from collections.abc import Sequence

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.llm._service import OPENAI, Service
from casare_rpa.nodes.llm._talk import Answer

DEFAULT_MODEL = "text-embedding-3-small"
#: Texts of one request; every service takes so many.
_AT_ONCE = 64


async def embedded(
    ctx: Context, service: Service, texts: Sequence[str]
) -> tuple[list[list[float]], Answer]:
    """A vector for each text, and what the answers had in common: the tokens of all. NodeError."""
    if service.protocol != OPENAI:
        raise NodeError(
            f"{service.host} gives no embeddings: Anthropic's protocol has none",
            ErrorCode.NOT_IMPLEMENTED,
            hint="name a model and a key of a service that speaks OpenAI's",
        )
    from casare_rpa.nodes.llm import _openai  # noqa: PLC0415 - only who asks needs it

    vectors: list[list[float]] = []
    tokens, model = 0, service.model
    for start in range(0, len(texts), _AT_ONCE):
        found, answer = await _openai.embed(ctx, service, texts[start : start + _AT_ONCE])
        vectors += found
        tokens, model = tokens + answer.tokens, answer.model
    ctx.log(f"embedded {len(texts)} texts with {model} at {service.host}: {tokens} tokens", "debug")
    return vectors, Answer(text="", tokens=tokens, model=model)
