"""Documents written by hand against the node catalogue run as their authors mean them."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from casare_rpa.domain.workflow import parse_workflow
from casare_rpa.engine import RunResult, compile_workflow
from casare_rpa.errors import WorkflowInvalid
from tests.engine.handwritten import (
    calls,
    control,
    data,
    designer,
    files,
    nested,
    odd,
    shapes,
    triggers,
)
from tests.engine.handwritten.case import Case
from tests.nodes.web_server import serving
from tests.support.runs import chain, document, node, run_document

MODULES = (calls, control, data, designer, files, nested, odd, shapes, triggers)
CASES = [case for module in MODULES for case in module.CASES]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_document_does_what_its_author_means(case: Case, tmp_path: Path) -> None:
    for name, text in case.files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    result = run_document(json.loads(json.dumps(case.document)), case.given, folder=tmp_path)
    _check_end(case, result)
    assert {name: result.variables.get(name) for name in case.variables} == dict(case.variables)
    for place, value in case.outputs.items():
        node_id, port = place.split(".")
        assert result.outputs[node_id][port] == value, place
    if case.log is not None:
        assert _written(case.document, result) == list(case.log)
    for name, kept in case.left.items():
        file = tmp_path / name
        assert (file.read_text("utf-8") if file.exists() else None) == kept


def _check_end(case: Case, result: RunResult) -> None:
    if case.error is None:
        assert result.success, result.error
        return
    assert result.status == "failed"
    assert result.error is not None
    said = f"{result.error.code} {result.error.message}"
    assert all(words in said for words in case.error), said


def _written(document: Any, result: RunResult) -> list[str]:
    """The lines of LogNodes, without the warnings of the engine."""
    return [line["message"] for line in result.logs if line["level"] != "WARNING"]


def test_what_stays_unresolved_is_warned_of_once() -> None:
    result = run_document(
        document(
            {
                "each": node("ForLoopStartNode", items=[1, 2]),
                "say": node("LogNode", message="{{each.nothing}}"),
                "end": node("ForLoopEndNode"),
            },
            chain("each.body", "say", "end"),
        )
    )
    warnings = [line for line in result.logs if line["level"] == "WARNING"]
    assert [line["node_id"] for line in warnings] == ["say"]
    assert "{{each.nothing}}" in warnings[0]["message"]


def test_names_of_the_system_and_of_the_environment_are_filled_in() -> None:
    before = date.today()  # noqa: DTZ011
    result = run_document(
        document({"say": node("LogNode", message="{{env.HOME}} {{$currentDate}} {{$nobody}}")}),
        environment={"HOME": "/home/ada"},
    )
    days = {before, date.today()}  # noqa: DTZ011  # at midnight it may be either
    assert result.logs[-1]["message"] in {f"/home/ada {day} {{{{$nobody}}}}" for day in days}


def test_an_answer_is_fetched_and_picked_apart() -> None:
    with serving() as server:
        result = run_document(
            document(
                {
                    "get": node("HttpGetNode", url=f"{server.url}/echo?name=tea"),
                    "ok": node("IfNode", condition="{{get.status_code}} == 200"),
                    "pick": node(
                        "ParseJsonResponseNode", response="{{get.response}}", path="query.name[0]"
                    ),
                    "say": node("LogNode", message="{{get.response.method}} {{pick.data}}"),
                },
                chain("get", "ok.true", "pick", "say"),
            )
        )
    assert result.success, result.error
    assert [line["message"] for line in result.logs] == ["GET tea"]


def test_a_result_has_its_shape_and_hides_what_is_internal() -> None:
    result = run_document(
        document(
            {
                "hide": node("SetVariableNode", variable_name="_secret", value=1),
                "each": node("ForLoopStartNode", items=["a"]),
                "say": node("LogNode", message="x", level="info"),
                "end": node("ForLoopEndNode"),
            },
            chain("hide", "each.body", "say", "end"),
        )
    ).to_dict()
    assert list(result) == [
        *("schema_version", "status", "variables", "outputs", "logs"),
        *("nodes_executed", "duration_ms", "error"),
    ]
    assert (result["schema_version"], result["status"], result["error"]) == (1, "completed", None)
    assert result["variables"] == {"item": "a", "item_index": 0}
    assert result["logs"] == [{"node_id": "say", "level": "INFO", "message": "x"}]
    assert result["outputs"]["each"] == {"current_item": "a", "current_index": 0}
    assert json.loads(json.dumps(result)) == result


def test_every_type_that_cannot_run_is_named_at_once() -> None:
    raw = document(
        {"a": node("LogNod"), "b": node("FindElementNode"), "c": node("SetVarableNode", value=1)}
    )
    with pytest.raises(WorkflowInvalid) as caught:
        compile_workflow(parse_workflow(raw))
    message = caught.value.message
    assert all(words in message for words in ("'LogNod'", "'SetVarableNode'", "'windows'"))


def test_the_case_of_a_choice_is_not_worth_a_warning() -> None:
    result = run_document(
        document(
            {
                "say": node("LogNode", message="x", level="INFO"),
                "read": node("HTTPSuperNode", action="Configure_auth", token="t"),
                "odd": node("LogNode", message="y", level="loud"),
            },
            chain("say", "read", "odd"),
        )
    )
    warnings = [line["message"] for line in result.logs if line["level"] == "WARNING"]
    assert len(warnings) == 1
    assert "'loud'" in warnings[0]
