"""Numbers and truths of request bodies are taken as they are documented, not as they may be read.

The members come from the OpenAPI document, so that a new one is taken in by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from casare_rpa.orchestrator.access.rules import RULES
from casare_rpa.orchestrator.openapi.document import describe
from tests.orchestrator.routes import application
from tests.orchestrator.support import Json, Running, running

DOCUMENT = describe(application())
_SCHEMAS = DOCUMENT["components"]["schemas"]
_WRONG: dict[str, tuple[Any, ...]] = {
    "integer": (True, "5", 5.5),
    "number": (True, "5"),
    "boolean": (1, "true"),
}


def _kinds(schema: Json) -> Iterator[Json]:
    """The schema itself, without null, behind references."""
    if "$ref" in schema:
        yield from _kinds(_SCHEMAS[schema["$ref"].rpartition("/")[2]])
    elif "anyOf" in schema:
        for choice in schema["anyOf"]:
            yield from _kinds(choice)
    elif schema.get("type") != "null":
        yield schema


def _members(schema: Json) -> Iterator[tuple[tuple[str, ...], str]]:
    """Where a number or a truth is expected; `0` is the first of a list."""
    for kind in _kinds(schema):
        if kind.get("type") in _WRONG:
            yield (), kind["type"]
        for name, member in kind.get("properties", {}).items():
            for path, expected in _members(member):
                yield (name, *path), expected
        if "items" in kind:
            for path, expected in _members(kind["items"]):
                yield ("0", *path), expected


def _body(path: tuple[str, ...], value: Any) -> Any:
    """A body with *value* at *path*, and nothing else."""
    for name in reversed(path):
        value = [value] if name == "0" else {name: value}
    return value


MEMBERS = [
    (method.upper(), path, member, expected)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
    if "requestBody" in operation
    for member, expected in _members(
        operation["requestBody"]["content"]["application/json"]["schema"]
    )
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(Path(tmp_path_factory.mktemp("strict"))) as server:
        yield server


@pytest.fixture(scope="module")
def keys(server: Running) -> dict[str, str]:
    return {"admin": server.admin_key, "robot": server.robot_key("r1")}


def _refused(server: Running, keys: dict[str, str], method: str, path: str, body: Any) -> set[str]:
    """The members that are refused."""
    role = "admin" if "admin" in RULES[method, path].roles else "robot"
    with server.http(keys[role]) as http:
        response = http.request(method, path.replace("{", "").replace("}", ""), json=body)
    if response.status_code != 422:
        return set()
    return {found["field"] for found in response.json()["error"]["details"]["validation_errors"]}


@pytest.mark.parametrize(
    ("method", "path", "member", "expected"),
    [pytest.param(*row, id=f"{row[0]} {row[1]} {'.'.join(row[2])}") for row in MEMBERS],
)
def test_a_value_of_another_type_is_refused(
    server: Running,
    keys: dict[str, str],
    method: str,
    path: str,
    member: tuple[str, ...],
    expected: str,
) -> None:
    name = ".".join(member)
    for value in _WRONG[expected]:
        assert name in _refused(server, keys, method, path, _body(member, value)), value


def test_the_members_that_matter_are_among_them() -> None:
    found = {(path, ".".join(member)) for _, path, member, _ in MEMBERS}
    assert {
        ("/api/v1/jobs", "priority"),
        ("/api/v1/robots/{robot_id}/heartbeat", "leases.0.attempt"),
        ("/api/v1/jobs/{job_id}/rerun", "dry_run"),
    } <= found


def test_an_integer_is_a_number(server: Running) -> None:
    job_id = server.submit(timeout_seconds=60, priority=5, start_in_seconds=0)
    assert server.admin.job(job_id)["priority"] == 5


def test_numbers_in_the_address_stay_text(server: Running) -> None:
    with server.http() as http:
        assert http.get("/api/v1/jobs", params={"limit": "5", "run_again": "true"}).is_success
