"""A server with models for each test, and a way to run a node against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import pytest

from casare_rpa.ai_services import AiServices
from casare_rpa.engine import RunResult
from tests.nodes.llm.model_server import KEY, ModelServer, serving
from tests.support.runs import run_document


@pytest.fixture
def models() -> Iterator[ModelServer]:
    with serving() as server:
        yield server


class Runs(Protocol):
    def __call__(self, raw: Mapping[str, Any], **more: Any) -> RunResult: ...


class Asks(Protocol):
    def __call__(self, node_type: str, **config: Any) -> RunResult: ...


@pytest.fixture
def runs(models: ModelServer, tmp_path: Path) -> Runs:
    """Run a document with the server as the service for both protocols."""

    def run(raw: Mapping[str, Any], **more: Any) -> RunResult:
        ai = more.pop("ai", None) or AiServices(
            openai_base_url=f"{models.url}/v1",
            openai_api_key=KEY,
            anthropic_base_url=models.url,
            anthropic_api_key=KEY,
            collections_dir=str(tmp_path / "vectors"),
        )
        more.setdefault("environment", {})
        return run_document(raw, folder=tmp_path, ai=ai, **more)

    return run


@pytest.fixture
def asks(runs: Runs) -> Asks:
    """Run one node, called "n"."""

    def ask(node_type: str, **config: Any) -> RunResult:
        return runs({"nodes": {"n": {"node_type": node_type, "config": config}}, "connections": []})

    return ask
