"""The two pages about this package: their examples run, and what they list is complete."""

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from casare_rpa.domain import events
from casare_rpa.domain.codes import ErrorCode
from casare_rpa.domain.events import DomainEvent
from casare_rpa.domain.workflow import check_workflow
from casare_rpa.nodes.catalogue import NodeCatalogue

DOCS = Path(__file__).parents[3] / "docs"
EVENT_BUS = DOCS / "api" / "event-bus.md"
WORKFLOW_FORMAT = DOCS / "guide" / "workflow-format.md"


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text("utf-8"), re.DOTALL)


@pytest.mark.parametrize("code", blocks(EVENT_BUS, "python") + blocks(WORKFLOW_FORMAT, "python"))
def test_an_example_runs_as_it_stands(code: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_the_first_example_hears_a_node() -> None:
    code = blocks(EVENT_BUS, "python")[0]
    code += '\nbus.publish(NodeCompleted(node_id="a", execution_time_ms=1.5))'

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )

    assert done.stdout == "Node a completed in 1.5ms\n"


def test_every_event_is_listed_with_its_fields() -> None:
    rows = re.findall(r"^\| (\w+) \| (.*) \|$", EVENT_BUS.read_text("utf-8"), re.MULTILINE)
    listed = {name: re.sub(r"[(;].*?[);]|; on the wire.*", "", text) for name, text in rows}

    for name, cls in vars(events).items():
        if isinstance(cls, type) and issubclass(cls, DomainEvent) and "Event" not in name:
            own = [f.name for f in fields(cls)][2:]
            assert re.findall(r"\b[a-z_]+\b", listed[name])[: len(own)] == own


def test_every_error_code_is_listed_with_its_number_and_whether_to_retry() -> None:
    page = EVENT_BUS.read_text("utf-8")

    for code in ErrorCode:
        assert f"{f'**{code.name}**' if code.is_retryable else code.name} {code.value}" in page


def test_every_documented_shape_of_a_workflow_is_read() -> None:
    examples = blocks(WORKFLOW_FORMAT, "json")

    assert examples
    for example in examples:
        workflow, problems = check_workflow(example)
        assert workflow is not None, problems
        assert [p.code for p in problems] == []
        assert all(NodeCatalogue().canonical(node.node_type) for node in workflow.nodes)


def test_every_problem_code_is_explained() -> None:
    source = Path(events.__file__).parents[1] / "workflow"
    used = {
        code
        for file in source.glob("*.py")
        for code in re.findall(r'"([A-Z]+(?:_[A-Z]+)+)"', file.read_text("utf-8"))
    }

    explained = set(re.findall(r"`([A-Z_]+)`", WORKFLOW_FORMAT.read_text("utf-8")))
    assert used <= explained
    assert len(used) >= 20
