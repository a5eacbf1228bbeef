"""The table of rules and the application say the same. `test_matrix` tries every cell."""

from __future__ import annotations

import pytest
from fastapi import APIRouter

from casare_rpa.orchestrator.access.rules import RULES
from casare_rpa.orchestrator.routing import GuardedRoute
from tests.orchestrator.routes import application, served


def test_the_table_and_the_routes_are_the_same_set() -> None:
    assert sorted((method, path) for method, path, _ in served()) == sorted(RULES)


def test_every_route_is_guarded() -> None:
    assert all(isinstance(route, GuardedRoute) for method, _, route in served() if method != "WS")


def test_a_route_without_a_row_cannot_be_made() -> None:
    router = APIRouter(route_class=GuardedRoute)
    with pytest.raises(LookupError, match="POST /forgotten"):
        router.add_api_route("/forgotten", lambda: None, methods=["POST"])


def test_not_even_on_the_application_itself() -> None:
    with pytest.raises(LookupError, match="GET /forgotten"):
        application().get("/forgotten")(lambda: None)
