"""Run workflows inside a test, through the real engine."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from casare_rpa.domain.events import EventBus
from casare_rpa.domain.workflow import parse_workflow
from casare_rpa.engine import RunOptions, RunResult, compile_workflow, run_plan


def node(node_type: str, **config: Any) -> dict[str, Any]:
    return {"node_type": node_type, "config": config}


def chain(*ids: str) -> list[dict[str, str]]:
    """Connections exec_out -> exec_in along *ids*; "loop.body" leaves by another port."""
    links = []
    for source, target in itertools.pairwise(ids):
        source_node, _, source_port = source.partition(".")
        links.append(
            {
                "source_node": source_node,
                "source_port": source_port or "exec_out",
                "target_node": target.partition(".")[0],
                "target_port": "exec_in",
            }
        )
    return links


def document(
    nodes: Mapping[str, Mapping[str, Any]], *chains: list[dict[str, str]], **more: Any
) -> dict[str, Any]:
    return {
        "metadata": {"name": "test"},
        "nodes": {key: {"node_id": key, **value} for key, value in nodes.items()},
        "connections": [link for links in chains for link in links],
        **more,
    }


def run_document(
    raw: Mapping[str, Any],
    variables: Mapping[str, Any] | None = None,
    *,
    folder: Path | None = None,
    bus: EventBus | None = None,
    **options: Any,
) -> RunResult:
    plan = compile_workflow(parse_workflow(dict(raw)))
    chosen = RunOptions(
        variables=dict(variables or {}), working_dir=folder or Path.cwd(), **options
    )
    return asyncio.run(run_plan(plan, chosen, bus or EventBus()))


def run_node(
    node_type: str,
    config: Mapping[str, Any],
    variables: Mapping[str, Any] | None = None,
    **options: Any,
) -> RunResult:
    """Run one node, called "n"; see `result.outputs["n"]`."""
    return run_document(document({"n": node(node_type, **config)}), variables, **options)
