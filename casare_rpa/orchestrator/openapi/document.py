"""The OpenAPI document: what FastAPI finds out by itself, and what it cannot know."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import FastAPI

from casare_rpa.domain.json_values import Json
from casare_rpa.orchestrator.openapi.examples import add_examples
from casare_rpa.orchestrator.routing import MEANINGS

_ERROR = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorResponse"}}}
#: FastAPI's own shape of a 422, which is never sent here.
_NOT_OURS = ("HTTPValidationError", "ValidationError")


def describe(app: FastAPI) -> Json:
    """This API as an OpenAPI document, with examples and every status that may be answered."""
    document: Json = app.openapi()
    for path, operations in document["paths"].items():
        for operation in operations.values():
            _add_errors(operation, "{" in path)
    for name in _NOT_OURS:
        document["components"]["schemas"].pop(name, None)
    return add_examples(document)


def _add_errors(operation: Json, has_names: bool) -> None:
    """The answers of the gate and the guard, which stand before every route."""
    responses = operation["responses"]
    if "422" in responses:
        responses["422"] = _failure(422)
    for status in _statuses(operation, has_names):
        responses.setdefault(str(status), _failure(status))


def _statuses(operation: Json, has_names: bool) -> Iterator[int]:
    yield from (400, 403, 421)
    if has_names:
        yield 404
    if "requestBody" in operation:
        yield from (408, 413, 415)


def _failure(status: int) -> Json:
    return {"description": MEANINGS[status], "content": _ERROR}
