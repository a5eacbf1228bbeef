"""Nodes that read and write variables, and nodes about errors."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from casare_rpa.domain.events import EventBus, NodeFailed
from tests.support.runs import chain, document, node, run_document, run_node


@pytest.mark.parametrize(
    ("variable_type", "value", "stored"),
    [
        ("String", 5, 5),
        ("Boolean", "yes", True),
        ("Boolean", "no", False),
        ("Int32", "12", 12),
        ("Int32", "3.9", 3),
        ("Float", "1.5", 1.5),
        ("FilePath", 7, "7"),
        ("Dict", '{"a": 1}', {"a": 1}),
        ("Object", 5, {"value": 5}),
        ("List", "a, b", ["a", "b"]),
        ("Array", "[1, 2]", [1, 2]),
        ("DataTable", '[{"a": 1}]', [{"a": 1}]),
    ],
)
def test_a_value_is_stored_as_its_type(variable_type: str, value: Any, stored: Any) -> None:
    about = {"variable_name": "x", "value": value, "variable_type": variable_type}
    result = run_node("SetVariableNode", about)
    assert result.variables["x"] == stored
    assert type(result.variables["x"]) is type(stored)
    assert result.logs == []


@pytest.mark.parametrize(("kind", "value"), [("Int32", "many"), ("Dict", "text"), ("Float", "")])
def test_a_value_that_cannot_be_converted_stays_with_a_warning(kind: str, value: str) -> None:
    about = {"variable_name": "x", "value": value, "variable_type": kind}
    result = run_node("SetVariableNode", about)
    assert result.variables["x"] == value
    assert [line["level"] for line in result.logs] == ["WARNING"]


def test_the_default_is_stored_if_there_is_no_value() -> None:
    assert run_node("SetVariableNode", {"variable_name": "x", "default_value": 1}).variables == {
        "x": 1
    }


@pytest.mark.parametrize("name", ["", "a{b", "x\ny", " x"])
def test_a_variable_needs_a_name(name: str) -> None:
    assert run_node("SetVariableNode", {"variable_name": name, "value": 1}).status == "failed"


def test_a_variable_is_read_by_its_path_or_by_default() -> None:
    values = {"rows": [{"name": "Al"}]}
    found = run_node("GetVariableNode", {"variable_name": "rows[0].name"}, values)
    assert found.outputs["n"] == {"value": "Al"}
    found = run_node("GetVariableNode", {"variable_name": "no", "default_value": 3})
    assert found.outputs["n"] == {"value": 3}


@pytest.mark.parametrize(
    ("start", "increment", "value"),
    [(None, None, 1), (2, 3, 5), (2, 0.5, 2.5), ("4", "1", 5), (1, "0.5", 1.5)],
)
def test_a_count_stays_an_integer_where_it_can(start: Any, increment: Any, value: Any) -> None:
    about = {"variable_name": "x", "increment": increment}
    result = run_node("IncrementVariableNode", about, {} if start is None else {"x": start})
    assert result.variables["x"] == value
    assert type(result.variables["x"]) is type(value)


def test_what_is_no_number_cannot_be_counted() -> None:
    result = run_node("IncrementVariableNode", {"variable_name": "x"}, {"x": "many"})
    assert result.error is not None
    assert result.error.code == "TYPE_MISMATCH"


@pytest.mark.parametrize("condition", [True, 1, "true", "YES", "1", [0], "{{x}} > 2", "{{x}}"])
def test_an_assertion_that_holds_passes(condition: Any) -> None:
    result = run_node("AssertNode", {"condition": condition}, {"x": 3})
    assert result.outputs["n"] == {"passed": True}


@pytest.mark.parametrize("condition", [False, 0, "false", "maybe", [], "1 > 2"])
def test_an_assertion_that_does_not_hold_fails(condition: Any) -> None:
    result = run_node("AssertNode", {"condition": condition, "message": "no lines"})
    assert result.error is not None
    assert result.error.message == "node n (AssertNode): Assertion failed: no lines"


def test_an_error_is_logged_with_its_context() -> None:
    about = {"error_message": "gone", "error_type": "IO", "context": {"row": 3}, "level": "warning"}
    result = run_node("LogErrorNode", about)
    assert result.logs == [{"node_id": "n", "level": "WARNING", "message": "IO: gone"}]
    assert result.outputs["n"]["log_entry"]["context"] == {"row": 3}


@contextmanager
def _hook(status: int) -> Iterator[tuple[str, list[Any]]]:
    received: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"heard")

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("generic", {"message": "m", "details": {"row": 3}, "source": "CasareRPA"}),
        ("slack", {"text": "m\nrow: 3"}),
        ("discord", {"content": "m\nrow: 3"}),
    ],
)
def test_a_notice_has_the_shape_of_its_receiver(form: str, body: dict[str, Any]) -> None:
    with _hook(200) as (url, received):
        about = {
            "webhook_url": url,
            "message": "m",
            "error_details": {"row": 3},
            "format": form,
        }
        result = run_node("WebhookNotifyNode", about)
    assert result.outputs["n"] == {"success": True, "response": "heard"}
    assert received == [body]


def test_a_refused_notice_is_no_failure_but_an_unheard_one_is() -> None:
    with _hook(500) as (url, _):
        result = run_node("WebhookNotifyNode", {"webhook_url": url})
        assert result.outputs["n"]["success"] is False
    result = run_node("WebhookNotifyNode", {"webhook_url": url, "retry_count": 1, "retry_delay": 0})
    assert result.status == "failed"


def test_a_choice_that_is_none_is_only_warned_of() -> None:
    raw = document({"n": node("LogErrorNode", error_message="x", level="loud")})
    result = run_document(raw)
    assert result.success
    assert "loud" in result.logs[0]["message"]


def test_a_failure_is_told_with_its_way_out_and_workflows_see_the_message_alone(
    tmp_path: Path,
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    copy = node("CopyFileNode", source_path="a", dest_path="b")
    bus = EventBus()
    alone = run_document(document({"c": copy}), folder=tmp_path, bus=bus)
    message = f"{tmp_path}/b already exists"
    told = f"{message} - set `overwrite` to replace it"
    assert alone.error is not None
    assert alone.error.message == f"node c (CopyFileNode): {told}"
    assert [event.error_message for event in bus.get_history(NodeFailed)] == [told]
    note = node("SetVariableNode", variable_name="seen", value="{{c.error}}")
    raw = document({"c": copy, "note": note}, chain("c.exec_error", "note"))
    assert run_document(raw, folder=tmp_path).variables["seen"] == message


def test_after_a_failed_pass_of_a_loop_a_node_shows_nothing_of_the_pass_before(
    tmp_path: Path,
) -> None:
    for name in ("a", "c"):
        (tmp_path / f"{name}.txt").write_text(name.upper())
    nodes = {
        "loop": node("ForLoopStartNode", items=["a", "b", "c"]),
        "read": node("ReadFileNode", file_path="{{item}}.txt", continue_on_error=True),
        "say": node("LogNode", message="{{read.success}} {{read.content}}"),
        "end": node("ForLoopEndNode"),
    }
    raw = document(nodes, chain("loop.body", "read", "say", "end"))
    told = [line["message"] for line in run_document(raw, folder=tmp_path).logs]
    said = [line for line in told if line.startswith(("True", "False"))]
    assert said == ["True A", "False {{read.content}}", "True C"]
