"""Everything that can be said about a workflow before it runs, with node, field, line and mend."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from casare_rpa.domain.workflow import Problem, Severity
from casare_rpa.engine.checks import check_fully
from tests.engine.test_real_files_of_that_kind import CASES
from tests.support.runs import chain, document, node

Json = dict[str, Any]


def check(nodes: Json, connections: list[Json] | None = None, **more: Any) -> list[Problem]:
    given = document(nodes, chain(*nodes) if connections is None else connections)
    _, problems = check_fully(json.dumps(given | more, indent=1), runs_here=True)
    return problems


def link(source: str, source_port: str, target: str, target_port: str = "exec_in") -> Json:
    return {
        "source_node": source,
        "source_port": source_port,
        "target_node": target,
        "target_port": target_port,
    }


def one(problems: list[Problem], code: str) -> Problem:
    (found,) = [problem for problem in problems if problem.code == code]
    assert found.hint, "every message says how to mend it"
    assert found.line and found.column
    return found


SAY = node("LogNode", message="hello")


# --- parameters


@pytest.mark.parametrize(
    ("spec", "code", "severity", "field", "words"),
    [
        (
            node("WaitNode", duration="soon"),
            *("INVALID_VALUE", "error", "config.duration", "'soon' is no number"),
        ),
        (
            node("RetryNode", max_attempts=[3]),
            *("INVALID_VALUE", "error", "config.max_attempts", "a list is no number"),
        ),
        (
            node("ForkNode", fail_fast="perhaps"),
            *("INVALID_VALUE", "warning", "config.fail_fast", "neither true nor false"),
        ),
        (
            node("LogNode", message="x", level="wrning"),
            *("INVALID_CHOICE", "warning", "config.level", "'wrning' is none of"),
        ),
        (
            node("ForkNode", branch_count=40),
            *("OUT_OF_RANGE", "warning", "config.branch_count", "40 is above 10"),
        ),
        (
            node("ReadFileNode"),
            *("MISSING_REQUIRED_INPUT", "error", "config.file_path", "has no 'file_path'"),
        ),
        (
            node("LogNode", mesage="x"),
            *("UNKNOWN_CONFIG_KEY", "warning", "config.mesage", "no parameter 'mesage'"),
        ),
        (
            node("ThrowErrorNode", error_message="a", message="b"),
            *("CONFLICTING_KEYS", "warning", "config.error_message", "'error_message' counts"),
        ),
        (
            node("IfNode", expression="1 +"),
            *("INVALID_EXPRESSION", "warning", "config.expression", "expression"),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isupper() else "",
)
def test_a_parameter_is_held_against_its_declaration(
    spec: Json, code: str, severity: str, field: str, words: str
) -> None:
    found = one(check({"a": spec}), code)
    assert (found.severity, found.field, found.node_id) == (severity, field, "a")
    assert words in found.message


def test_what_the_engine_reads_kindly_is_no_problem() -> None:
    kind = {
        "wait": node("WaitNode", duration="0.5"),
        "fork": node("RetryNode", max_attempts="{{n}}", initial_delay=""),
        "log": node("LogNode", message="x", level="WARNING", _cache_enabled=True),
        "calm": node("ForLoopStartNode", mode="range", start="1", end="3", step=-1),
    }
    assert not {"INVALID_VALUE", "INVALID_CHOICE", "OUT_OF_RANGE", "UNKNOWN_CONFIG_KEY"} & {
        problem.code for problem in check(kind, [])
    }


def test_a_connection_gives_a_required_input() -> None:
    nodes = {"name": node("ConcatenateNode"), "read": node("ReadFileNode")}
    wires = [*chain(*nodes), link("name", "result", "read", "file_path")]
    assert "MISSING_REQUIRED_INPUT" not in {p.code for p in check(nodes, wires)}


def test_a_close_choice_and_a_close_key_are_offered() -> None:
    found = check({"a": node("LogNode", mesage="x", level="wrning")})
    assert one(found, "INVALID_CHOICE").hint == "did you mean warning?"
    assert one(found, "UNKNOWN_CONFIG_KEY").hint == "did you mean message?"


# --- ports


def test_a_case_that_is_spelt_otherwise_is_offered() -> None:
    nodes = {"pick": node("SwitchNode", value="Red", cases=["Red", "Blue"]), "say": SAY}
    found = one(check(nodes, [link("pick", "case_red", "say")]), "UNKNOWN_PORT")
    assert found.severity is Severity.ERROR
    assert found.hint == "case_red; did you mean case_Red?"
    assert (found.node_id, found.field) == ("pick", "connections.0.source_port")


@pytest.mark.parametrize("port", ["case_Red", "case_1", "default", "exec_out"])
def test_every_port_of_a_switch_may_be_wired(port: str) -> None:
    nodes = {"pick": node("SwitchNode", value="Red", cases="Red, Blue"), "say": SAY}
    assert "UNKNOWN_PORT" not in {p.code for p in check(nodes, [link("pick", port, "say")])}


def test_the_only_exit_under_another_name_is_a_warning_and_a_failure_an_error() -> None:
    nodes = {"set": node("SetVariableNode", variable_name="x", value=1), "say": SAY}
    kindly = one(check(nodes, [link("set", "next", "say")]), "UNKNOWN_PORT")
    assert (kindly.severity, kindly.hint) == (Severity.WARNING, "it is read as exec_out")
    never = one(check(nodes, [link("set", "on_error", "say")]), "UNKNOWN_PORT")
    assert never.severity is Severity.ERROR


def test_a_fork_has_as_many_branches_as_it_says() -> None:
    nodes = {"fork": node("ForkNode", branch_count=3), "say": SAY}
    assert "UNKNOWN_PORT" not in {p.code for p in check(nodes, [link("fork", "branch_3", "say")])}
    found = one(check(nodes, [link("fork", "branch_4", "say")]), "UNKNOWN_PORT")
    assert "did you mean branch_" in (found.hint or "")


def test_cases_that_a_run_decides_are_not_judged() -> None:
    nodes = {"pick": node("SwitchNode", value="a", cases="{{cases}}"), "say": SAY}
    assert "UNKNOWN_PORT" not in {p.code for p in check(nodes, [link("pick", "case_a", "say")])}


def test_data_ports_are_checked_at_both_ends() -> None:
    nodes = {"read": node("ReadFileNode", file_path="a"), "say": SAY}
    wires = chain(*nodes)
    found = check(nodes, [*wires, link("read", "contnt", "say", "message")])
    assert one(found, "UNKNOWN_PORT").hint == "contnt; did you mean content?"
    found = check(nodes, [*wires, link("read", "content", "say", "mesage")])
    assert one(found, "UNKNOWN_PORT").hint == "mesage; did you mean message?"
    found = check(nodes, [*wires, link("read", "content", "say", "message")])
    assert "UNKNOWN_PORT" not in {p.code for p in found}


def test_an_entry_that_is_spelt_otherwise_is_told_of() -> None:
    nodes = {"set": node("SetVariableNode", variable_name="x", value=1), "say": SAY}
    found = one(check(nodes, [link("set", "exec_out", "say", "exec_inn")]), "UNKNOWN_PORT")
    assert (found.severity, found.hint) == (Severity.WARNING, "it is read as exec_in")


# --- placeholders


def test_a_name_that_nothing_gives_is_told_with_the_closest() -> None:
    nodes = {
        "rows": node("SetVariableNode", variable_name="rows", value=1),
        "say": node("LogNode", message="{{row}} of {{nobody}}, {{$curentDate}}, {{rows}}"),
    }
    found = [p for p in check(nodes) if p.code == "UNRESOLVED_NAME"]
    assert [(p.node_id, p.field, p.severity) for p in found] == [
        ("say", "config.message", "warning")
    ] * 3
    assert "did you mean rows?" in (found[0].hint or "")
    assert "--input nobody=" in (found[1].hint or "")
    assert found[2].hint == "did you mean $currentDate?"


def test_an_output_that_a_node_does_not_have_is_told() -> None:
    nodes = {
        "read": node("ReadFileNode", file_path="a"),
        "say": node("LogNode", message="{{read.contnt}}{{read.content}}"),
    }
    found = one(check(nodes), "UNKNOWN_OUTPUT")
    assert "{{read.contnt}}" in found.message
    assert found.hint == "did you mean content?"


def test_everything_that_gives_a_name_is_known() -> None:
    nodes = {
        "loop": node("ForLoopStartNode", items=[1], item_var="row"),
        "say": node(
            "LogNode",
            message="{{row}} {{row_index}} {{loop.item}} {{given.deep[0]}} {{env.HOME}} {{_job_id}}"
            " {{$timestamp}} {{$secret:DB}} ${HOME} %TEMP% {{inner.anything}}",
        ),
        "end": node("ForLoopEndNode", paired_start_id="loop"),
        "inner": node("ExecuteWorkflowNode", workflow_path="other.json"),
        "each": node("ParallelForEachNode", items=[1]),
        "item": node("LogNode", message="{{item}} {{index}}"),
        "keep": node("ListFilterNode", list=[1], condition="{{item}} > 0"),
    }
    found = check(nodes, variables={"given": {"deep": [1]}})
    assert not {"UNRESOLVED_NAME", "UNKNOWN_OUTPUT"} & {p.code for p in found}


def test_names_that_a_run_makes_up_end_the_search() -> None:
    nodes = {
        "set": node("SetVariableNode", variable_name="row_{{$timestamp}}", value=1),
        "say": node("LogNode", message="{{row_7}}"),
    }
    assert "UNRESOLVED_NAME" not in {p.code for p in check(nodes)}


# --- partners


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        (node("ForLoopEndNode"), "MISSING_PARTNER"),
        (node("CatchNode"), "MISSING_PARTNER"),
        (node("JoinNode"), "MISSING_PARTNER"),
        (node("ForkNode"), "MISSING_PARTNER"),
        (node("TryNode"), "MISSING_PARTNER"),
        (node("WhileLoopStartNode", expression="False"), "EMPTY_BODY"),
        (node("BreakNode"), "OUTSIDE_OF_BODY"),
        (node("RetryFailNode"), "OUTSIDE_OF_BODY"),
        (node("ForLoopEndNode", paired_start_id="ghost"), "UNKNOWN_PARTNER"),
    ],
    ids=lambda value: value if isinstance(value, str) else value["node_type"],
)
def test_a_control_node_without_its_partner_is_told(spec: Json, code: str) -> None:
    found = one(check({"a": spec}), code)
    assert (found.severity, found.node_id) == ("warning", "a")


def test_a_loop_with_all_its_parts_is_no_problem() -> None:
    nodes = {
        "loop": node("ForLoopStartNode", items=[1]),
        "stop": node("BreakNode", paired_loop_start_id="loop"),
        "end": node("ForLoopEndNode", paired_start_id="loop"),
    }
    wires = [link("loop", "body", "stop"), link("stop", "exec_out", "end")]
    assert check(nodes, wires) == []


# --- secrets


@pytest.mark.parametrize(
    "spec",
    [
        node("HttpRequestNode", url="https://a.example", headers={"Authorization": "Token abc"}),
        node("HttpRequestNode", url="https://a.example", headers={"X-API-Key": "abc"}),
        node("HttpAuthNode", auth_type="Basic", username="ann", password="hunter2"),
        node("SetVariableNode", variable_name="x", value="sk_live_" + "4eC39HqLyjWDarjt"),
        node("SetVariableNode", variable_name="x", value="ghp_" + "a" * 36),
        node("SetVariableNode", variable_name="x", value="AKIA" + "ABCDEFGHIJKLMNOP"),
        node("RunPythonScriptNode", code="key = '''-----BEGIN RSA PRIVATE KEY-----\nMII'''"),
        node("SetVariableNode", variable_name="x", value="postgresql://ann:hunter2@db/rows"),
        node("SetVariableNode", variable_name="x", value="Server=db;User=ann;Password=hunter2;"),
        node("SetVariableNode", variable_name="x", value=["Bearer abcdefghijklmnop"]),
    ],
)
def test_a_secret_in_plain_text_is_told_and_not_repeated(spec: Json) -> None:
    found = one(check({"a": spec}), "PLAIN_TEXT_SECRET")
    assert found.severity is Severity.WARNING
    assert "casare-rpa secrets set " in (found.hint or "")
    assert "{{$secret:" in (found.hint or "")
    told = json.dumps(found.to_dict())
    for secret in ("hunter2", "4eC39", "aaaa", "ABCDEFGH", "MII", "abcdefgh", "Token abc"):
        assert secret not in told


@pytest.mark.parametrize(
    "spec",
    [
        node("HttpAuthNode", auth_type="Bearer", token="{{$secret:API}}"),
        node("HttpAuthNode", auth_type="Bearer", token="{{given}}"),
        node("HttpAuthNode", auth_type="Bearer", token=""),
        node("HttpRequestNode", url="https://a.example/x:y", headers={"Authorization": "{{h}}"}),
        node("HttpRequestNode", url="https://a.example", body="Bearer {{token}}"),
        node("SetVariableNode", variable_name="x", value="postgresql://ann:{{$secret:DB}}@db/x"),
        node("DictGetNode", dict={"a": 1}, key="a"),
        node("SetVariableNode", variable_name="password", value="{{$secret:DB}}"),
    ],
)
def test_what_is_no_secret_is_left_alone(spec: Json) -> None:
    assert "PLAIN_TEXT_SECRET" not in {p.code for p in check({"a": spec})}


def test_variables_hold_no_secrets_either() -> None:
    secret = {"default_value": "x", "name": "pin", "type": "String", "sensitive": True}
    found = check({"a": SAY}, variables={"api_key": "abc", "pin": secret, "rows": 3})
    told = [p.field for p in found if p.code == "PLAIN_TEXT_SECRET"]
    assert told == ["variables.api_key", "variables.pin"]


# --- whole documents


def test_a_node_of_another_platform_says_which_capability_it_needs() -> None:
    found = one(check({"a": node("FindElementNode")}), "NODE_NOT_AVAILABLE")
    assert "'windows'" in found.message
    assert (found.severity, found.field) == ("error", "node_type")
    raw = json.dumps(document({"a": node("FindElementNode"), "b": node("ReadFileNode")}))
    workflow, problems = check_fully(raw)
    assert workflow is not None, "robots elsewhere may have it"
    codes = {p.code for p in problems if p.severity is Severity.WARNING}
    assert {"NODE_NOT_AVAILABLE", "MISSING_REQUIRED_INPUT"} <= codes


def test_a_line_and_a_column_lead_to_the_field() -> None:
    raw = json.dumps(document({"a": node("LogNode", message="{{nobody}}")}), indent=1)
    _, problems = check_fully(raw)
    found = one(problems, "UNRESOLVED_NAME")
    line = raw.splitlines()[(found.line or 0) - 1]
    assert line[(found.column or 0) - 1 :].startswith('"message"')


def test_templates_and_subflows_are_read_like_the_rest() -> None:
    inner = document({"a": node("LogNode", message="{{given}} {{nobody}}", level="loud")})
    template = {"name": "t", "base_workflow": inner, "default_variables": [{"name": "given"}]}
    _, problems = check_fully(json.dumps(template))
    assert {(p.code, p.field) for p in problems} == {
        ("UNRESOLVED_NAME", "config.message"),
        ("INVALID_CHOICE", "config.level"),
    }
    subflow = inner | {"inputs": [{"name": "given"}, {"name": "nobody"}]}
    assert "UNRESOLVED_NAME" not in {p.code for p in check_fully(json.dumps(subflow))[1]}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_file_as_people_write_them_is_not_refused(case: Any) -> None:
    workflow, problems = check_fully(json.dumps(case.document), name=case.name)
    assert workflow is not None, problems
    _, problems = check_fully(json.dumps(case.document), name=case.name, runs_here=True)
    wrong = {p.code for p in problems if p.severity is Severity.ERROR}
    # Only what is about a missing input is told to have one.
    assert wrong <= ({"MISSING_REQUIRED_INPUT"} if case.error else set())


@pytest.mark.parametrize("runs_here", [True, False])
def test_a_node_whose_library_is_missing_is_one_problem_among_others(
    monkeypatch: pytest.MonkeyPatch, runs_here: bool
) -> None:
    monkeypatch.setitem(sys.modules, "segno", None)  # As if it were not installed.
    raw = document({"qr": node("QRCodeNode", data="a"), "say": node("LogNode", message="{{b}}")})
    workflow, problems = check_fully(raw, runs_here=runs_here)
    assert (workflow is None) is runs_here
    (found,) = [p for p in problems if p.code == "NODE_NOT_AVAILABLE"]
    assert found.severity is (Severity.ERROR if runs_here else Severity.WARNING)
    assert found.hint == "pip install 'casare-rpa[images]'"
    assert "UNRESOLVED_NAME" in {p.code for p in problems}


def test_real_files_have_no_problem_but_a_missing_browser() -> None:
    folder = os.environ.get("CASARE_REFERENCE_DIR")
    if not folder:
        pytest.skip("CASARE_REFERENCE_DIR does not say where the reference files are")
    for path in sorted(Path(folder, "workflows").glob("task_*.json")):
        _, problems = check_fully(path.read_bytes(), runs_here=True)
        assert {p.code for p in problems} <= {"NODE_NOT_AVAILABLE"}, path.name
