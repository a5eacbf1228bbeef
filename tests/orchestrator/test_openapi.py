from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter

from casare_rpa.orchestrator.access.rules import RULES
from casare_rpa.orchestrator.openapi.examples import ANSWERS, REQUESTS
from tests.orchestrator.routes import served
from tests.orchestrator.support import Running

ROUTES = {(method, path): route for method, path, route in served()}


@pytest.fixture
def document(server: Running) -> Any:
    with server.http(server.key("viewer")) as http:
        return http.get("/openapi.json").json()


def _body_type(route: Any) -> Any:
    hints = typing.get_type_hints(route.endpoint)
    for hint in hints.values():
        for kind in (hint, *typing.get_args(hint)):
            if isinstance(kind, type) and issubclass(kind, BaseModel) and kind in _asked_for(route):
                return kind
    return None


def _asked_for(route: Any) -> Iterator[type]:
    field = route.body_field
    if field is not None:
        annotation = field.field_info.annotation
        yield from (annotation, *typing.get_args(annotation))


def test_every_body_that_is_sent_has_an_example() -> None:
    wanted = {row for row, route in ROUTES.items() if getattr(route, "body_field", None)}
    assert set(REQUESTS) == wanted


@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_an_example_of_a_body_would_be_accepted(method: str, path: str) -> None:
    kind = _body_type(ROUTES[method, path])
    assert kind is not None
    TypeAdapter(kind).validate_python(REQUESTS[method, path])


@pytest.mark.parametrize(("method", "path"), ANSWERS)
def test_an_example_of_an_answer_has_its_shape(method: str, path: str) -> None:
    route: Any = ROUTES[method, path]
    TypeAdapter(route.response_model).validate_python(ANSWERS[method, path])


def test_the_document_describes_every_route_with_its_errors(document: Any) -> None:
    for method, path in RULES:
        if method == "WS" or path == "/openapi.json":
            continue
        operation = document["paths"][path][method.lower()]
        assert operation["description"], path
        if RULES[method, path].roles:
            assert operation["security"] == [{"key": []}]
            assert {"401", "403", "429", "503"} <= set(operation["responses"])
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    submit = document["paths"]["/api/v1/jobs"]["post"]
    assert submit["requestBody"]["content"]["application/json"]["example"]["workflow_id"]


def test_no_page_with_foreign_scripts_is_served(server: Running) -> None:
    with server.http() as http:
        for path in ("/docs", "/redoc"):
            assert http.get(path).status_code == 404
