"""Requests that nobody meant: whatever arrives, the server answers and goes on."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from casare_rpa.orchestrator.access.rules import RULES
from casare_rpa.orchestrator.openapi.examples import REQUESTS
from tests.orchestrator.support import Attempt, Running, claim

ODD_VALUES: list[Any] = [
    None, True, 0, -1, 2**63 - 1, -(2**63), 1e308, 0.5, "", "x" * 300, "\u2028", "💥", "a/b",
    "../..", "null", [], {}, [None], {"a": None}, "2026-01-01T00:00:00Z", "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z", "-1", "1e999", [[[]]], {"\ufeff": 1}, "\x7f",
]  # fmt: skip
ODD_TEXTS = ["0", "-1", "9" * 19, "9" * 30, "x", "", "\x00", "💥", "1.5", "pending", "9" * 5000]
ODD_NAMES = ["a%2Fb", "%F0%9F%92%A5", "%C3%28", "%7F", "%2e%2e", "x" * 255, "%00"]
PARAMETERS = ["limit", "offset", "status", "after", "workflow_id", "robot_id", "name", "version"]


def _places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if place:
        yield place
    inside = value.items() if isinstance(value, dict) else ()
    for key, item in enumerate(value) if isinstance(value, list) else inside:
        yield from _places(item, (*place, key))


def _spoilt(chance: random.Random, body: Any) -> Any:
    """*body* with something odd in one to three places."""
    for _ in range(chance.randint(1, 3)):
        places = list(_places(body))
        if not places or chance.random() < 0.03:
            return chance.choice(ODD_VALUES)
        *way, last = chance.choice(places)
        inner = body
        for key in way:
            inner = inner[key]
        inner[last] = copy.deepcopy(chance.choice(ODD_VALUES))
    return body


def _path(chance: random.Random, template: str, attempt: Attempt, robot_id: str) -> str:
    known = {"job_id": attempt.job_id, "workflow_id": "my-workflow", "robot_id": robot_id}
    odd = chance.random() < 0.1

    def fill(name: re.Match[str]) -> str:
        return chance.choice(ODD_NAMES) if odd else known.get(name[1], "none")

    return re.sub(r"\{(\w+)\}", fill, template)


@pytest.mark.parametrize("seed", range(2))
def test_odd_bodies_are_answered_without_a_failure(server: Running, seed: int) -> None:
    chance = random.Random(seed)
    with server.http() as admin, server.http("") as robot:
        for number in range(400):
            if number % 50 == 0:
                # A new one: the robot before may have been paused meanwhile.
                robot_id = f"desk-{number}"
                robot_key = server.robot_key(robot_id)
                robot.headers["Authorization"] = f"Bearer {robot_key}"
                server.submit()
                attempt = claim(server.client(robot_key))
            (method, template), example = chance.choice(list(REQUESTS.items()))
            body = copy.deepcopy(example)
            body |= attempt.proof if "lease_token" in body else {}
            body |= {"wait_seconds": 0} if "wait_seconds" in body else {}
            http = robot if "robot" in RULES[method, template].roles else admin
            sent = orjson.dumps(_spoilt(chance, body))
            response = http.request(
                method,
                _path(chance, template, attempt, robot_id),
                content=sent,
                headers={"Content-Type": "application/json"},
            )
            assert response.status_code < 500, (method, template, sent, response.text)
        assert admin.get("/health").status_code == 200


@pytest.mark.parametrize("seed", range(2))
def test_odd_queries_are_answered_without_a_failure(server: Running, seed: int) -> None:
    chance = random.Random(seed)
    server.submit()
    attempt = claim(server.robot("desk-1"))
    templates = [path for method, path in RULES if method == "GET"]
    with server.http() as http:
        for _ in range(300):
            query = {chance.choice(PARAMETERS): chance.choice(ODD_TEXTS) for _ in range(2)}
            response = http.get(
                _path(chance, chance.choice(templates), attempt, "desk-1"), params=query
            )
            assert response.status_code < 500, (response.url, response.text)
