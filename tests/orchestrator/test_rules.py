"""Every role against every route, from the table itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute, APIWebSocketRoute
from websockets.exceptions import ConnectionClosed

from casare_rpa.orchestrator import (
    api_keys,
    health,
    identity,
    jobs,
    robot_jobs,
    robot_keys,
    robot_socket,
    robots,
    watchers,
    workflows,
)
from casare_rpa.orchestrator.routing import GuardedRoute
from casare_rpa.orchestrator.rules import ROLES, RULES
from tests.orchestrator.support import Running, running

ROOMS = (
    health, identity, workflows, jobs, robot_jobs, robots, robot_keys, api_keys, watchers,
    robot_socket,
)  # fmt: skip
ROUTES = [row for row in RULES if row[0] != "WS"]
SOCKETS = [path for method, path in RULES if method == "WS"]


def served() -> Iterator[tuple[str, str, object]]:
    for room in ROOMS:
        router: APIRouter = room.router
        for route in router.routes:
            if isinstance(route, APIRoute):
                for method in route.methods or ():
                    yield method, route.path, route
            elif isinstance(route, APIWebSocketRoute):
                yield "WS", route.path, route


def test_the_table_and_the_routes_are_the_same_set() -> None:
    assert sorted((method, path) for method, path, _ in served()) == sorted(RULES)


def test_every_route_is_guarded() -> None:
    assert all(isinstance(route, GuardedRoute) for method, _, route in served() if method != "WS")


def test_a_route_without_a_row_cannot_be_made() -> None:
    router = APIRouter(route_class=GuardedRoute)
    with pytest.raises(LookupError, match="POST /forgotten"):
        router.add_api_route("/forgotten", lambda: None, methods=["POST"])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(Path(tmp_path_factory.mktemp("rules"))) as server:
        yield server


@pytest.fixture(scope="module")
def keys(server: Running) -> dict[str, str]:
    keys = {role: server.key(role) for role in ROLES if role != "robot"}
    return keys | {"robot": server.robot_key("nobody")}


def _request(server: Running, key: str, method: str, path: str) -> httpx.Response:
    concrete = re.sub(r"\{\w+\}", "nobody", path)
    with server.http(key) as http:
        return http.request(method, concrete, json={} if method in ("POST", "PUT") else None)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_role_may_do_what_the_table_says_and_nothing_else(
    server: Running, keys: dict[str, str], method: str, path: str, role: str
) -> None:
    rule = RULES[method, path]
    response = _request(server, keys[role], method, path)
    allowed = not rule.roles or role in rule.roles
    assert (response.status_code == 403) is (not allowed), response.text
    assert response.status_code != 401
    assert response.status_code < 500


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_without_a_key_only_health_answers(server: Running, method: str, path: str) -> None:
    response = _request(server, "", method, path)
    assert (response.status_code == 401) is bool(RULES[method, path].roles), response.text


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("path", SOCKETS)
def test_a_socket_is_closed_for_the_wrong_role(
    server: Running, keys: dict[str, str], path: str, role: str
) -> None:
    concrete = re.sub(r"\{\w+\}", "nobody", path)
    with server.socket(concrete, keys[role]) as socket:
        if role not in RULES["WS", path].roles:
            with pytest.raises(ConnectionClosed):
                socket.recv(timeout=10)
            assert socket.close_code == 4403
        elif "jobs" in path:
            with pytest.raises(ConnectionClosed):
                socket.recv(timeout=10)
            assert socket.close_code == 4404
        else:
            socket.send("ping")
            assert socket.recv(timeout=10) == "pong"
