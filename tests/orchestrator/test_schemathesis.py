"""Every operation of the OpenAPI document, called with what it allows and with what it forbids.

CASARE_TEST_EXAMPLES is the number of calls of each kind for each operation; a night's worth is
1000. The calls are the same in every run as long as the document is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import load_all_checks
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode

from casare_rpa.orchestrator.access.rules import RULES
from casare_rpa.orchestrator.openapi.document import describe
from tests.orchestrator.routes import application
from tests.orchestrator.support import Running, claim, running

# It is schemathesis that uses `random` inside a strategy; the seed is fixed all the same.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")

EXAMPLES = int(os.environ.get("CASARE_TEST_EXAMPLES", "3"))

load_all_checks()
DOCUMENT = describe(application())
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
# Unknown parameters are ignored, and who may call is `test_matrix`'s.
SCHEMA.config.generation.allow_extra_parameters = False
SCHEMA.config.generation.with_security_parameters = False
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations() if isinstance(found, Ok)]
CHECKS = [
    schemathesis.checks.CHECKS.get_one(name)
    for name in (
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
        "negative_data_rejection",
        "unsupported_method",
    )
]


@dataclass(frozen=True, kw_only=True)
class World:
    """A server with a job that the robot r1 holds."""

    server: Running
    robot_key: str
    names: dict[str, str]
    proof: dict[str, Any]

    def key_for(self, operation: Any) -> str:
        roles = RULES[operation.method.upper(), operation.path].roles
        return self.robot_key if roles == {"robot"} else self.server.admin_key

    def fill(self, case: Any) -> None:
        """Name what is there, so that the call comes further than 404."""
        for name in case.path_parameters or {}:
            case.path_parameters[name] = self.names.get(name, "nobody")
        if isinstance(case.body, dict) and "lease_token" in case.body:
            case.body |= self.proof


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with running(
        Path(tmp_path_factory.mktemp("document")), rate_limits=False, lease_seconds=3600
    ) as server:
        server.submit()
        robot_key = server.robot_key("r1")
        attempt = claim(server.client(robot_key))
        attempt.start()
        names = {"job_id": attempt.job_id, "robot_id": "r1", "workflow_id": "my-workflow"}
        yield World(server=server, robot_key=robot_key, names=names, proof=attempt.proof)


def _kinds() -> Iterator[Any]:
    for operation in OPERATIONS:
        yield pytest.param(operation, GenerationMode.POSITIVE, id=f"{operation.label}, allowed")
        if _can_be_wrong(operation):
            yield pytest.param(operation, GenerationMode.NEGATIVE, id=f"{operation.label}, not")


def _can_be_wrong(operation: Any) -> bool:
    """Whether the document forbids anything; every text is an id."""
    found = DOCUMENT["paths"][operation.path][operation.method]
    return "requestBody" in found or any(one["in"] != "path" for one in found.get("parameters", ()))


@pytest.mark.parametrize(("operation", "mode"), list(_kinds()))
def test_the_document_tells_the_truth(world: World, operation: Any, mode: GenerationMode) -> None:
    headers = {"Authorization": f"Bearer {world.key_for(operation)}"}

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def call(case: Any) -> None:
        if mode is GenerationMode.POSITIVE:
            world.fill(case)
        for asked in (case.body, case.query):
            if isinstance(asked, dict) and mode is GenerationMode.POSITIVE:
                asked.pop("wait_seconds", None)
        response = case.call(base_url=world.server.url, headers=headers, timeout=60)
        case.validate_response(response, checks=CHECKS)

    call()
