"""Finding documents of a collection by meaning."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.llm._collections import About, Collections, collection_name
from casare_rpa.nodes.llm._embedding import embedded
from casare_rpa.nodes.llm._service import service_of
from casare_rpa.nodes.values.reading import as_list, as_text, not_empty, shown

_BEYOND = 1e30


async def search(
    ctx: Context,
    collection: Any,
    query: str,
    count: int,
    *,
    wanted: Mapping[str, Any] | None = None,
    vector: Any = None,
    model: Any = "",
    credential_name: Any = "",
    api_key: Any = "",
) -> tuple[list[dict[str, Any]], int]:
    """The nearest documents as VectorSearchNode lists them, and the tokens that it took."""
    name = collection_name(collection)
    collections = Collections.of(ctx)
    about = await asyncio.to_thread(_existing, collections, name)
    tokens = 0
    if vector not in (None, "", []):
        (vector,) = vectors_of([as_list(ctx, vector, "query_embedding")], 1)
    else:
        service = await service_of(
            ctx, _model_of(about, model), credential_name=credential_name, api_key=api_key
        )
        (vector,), answer = await embedded(ctx, service, [not_empty(query, "query")])
        tokens = answer.tokens
    look = partial(collections.nearest, about, vector, count, wanted or {})
    found = await asyncio.to_thread(look)
    return [
        {
            "id": document.id,
            "text": document.text,
            "metadata": dict(document.metadata),
            "score": score,
            "distance": 1.0 - score,
        }
        for score, document in found
    ], tokens


def _existing(collections: Collections, name: str) -> About:
    about = collections.about(name)
    if about is None:
        known = collections.names()
        raise NodeError(
            f"there is no collection {name!r}; there are {', '.join(known) if known else 'none'}",
            ErrorCode.RESOURCE_NOT_FOUND,
            hint="VectorStoreAddNode makes one",
        )
    return about


def _model_of(about: About, model: Any) -> str:
    said = as_text(model).strip()
    if not said and not about.model:
        raise NodeError(
            f"the collection {about.name!r} was filled with embeddings of the workflow's own",
            ErrorCode.MISSING_REQUIRED_FIELD,
            hint="give query_embedding, or the model that made them",
        )
    return said or about.model


def vectors_of(items: Sequence[Any], count: int) -> list[list[float]]:
    """The vectors that a workflow gives for *count* texts. Raises NodeError for what are none."""
    if len(items) != count:
        raise NodeError(f"embeddings: {len(items)} for {count} documents", ErrorCode.INVALID_INPUT)
    for index, item in enumerate(items):
        if not isinstance(item, list | tuple) or not item or not all(map(_is_number, item)):
            raise NodeError(
                f"embedding {index} is no list of numbers but {shown(item)}",
                ErrorCode.TYPE_MISMATCH,
            )
    return [[float(x) for x in item] for item in items]


def _is_number(value: Any) -> bool:
    # Neither NaN nor what a 32-bit number cannot hold.
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _BEYOND
