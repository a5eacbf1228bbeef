"""Runs of the nodes for Excel and Word, one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from casare_rpa.engine import RunResult
from tests.support.runs import chain, document, node, run_document

Step = tuple[str, Mapping[str, Any]]


def opened(path: str = "book.xlsx", **more: Any) -> Step:
    return ("ExcelOpenNode", {"file_path": path, **more})


def read(cell: str, **more: Any) -> Step:
    return ("ExcelReadCellNode", {"cell": cell, **more})


def write(cell: str, value: Any, **more: Any) -> Step:
    return ("ExcelWriteCellNode", {"cell": cell, "value": value, **more})


def block(cells: str = "", **more: Any) -> Step:
    return ("ExcelGetRangeNode", {"range": cells, **more})


def closed(**more: Any) -> Step:
    return ("ExcelCloseNode", more)


def run(
    folder: Path, *steps: Step, variables: Mapping[str, Any] | None = None, **options: Any
) -> RunResult:
    """The result of a run of these steps, called "s0", "s1" and so on."""
    nodes = {f"s{number}": node(kind, **config) for number, (kind, config) in enumerate(steps)}
    return run_document(document(nodes, chain(*nodes)), variables, folder=folder, **options)


def last(folder: Path, *steps: Step, **options: Any) -> Mapping[str, Any]:
    """The outputs of the last of these steps, all of which succeed."""
    result = run(folder, *steps, **options)
    assert result.success, result.error
    return result.outputs[f"s{len(steps) - 1}"]


def refusal(folder: Path, *steps: Step, **options: Any) -> str:
    """What the last of these steps says when it fails."""
    result = run(folder, *steps, **options)
    assert result.error is not None, "nothing failed"
    assert result.error.node_id == f"s{len(steps) - 1}", result.error.message
    return f"{result.error.code}: {result.error.message}"


def warnings(result: RunResult) -> list[str]:
    return [line["message"] for line in result.logs if line["level"] == "WARNING"]
