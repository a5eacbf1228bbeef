"""What is wrong is said: everything at once, with its place and its line."""

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from casare_rpa.domain.workflow import Problem, Severity, check_workflow, parse_workflow
from casare_rpa.errors import WorkflowInvalid

from .documents import chain, document, found, link, node


class SmallCatalogue:
    """Node types enough for these tests."""

    types = ("StartNode", "SetVariableNode", "LogNode", "IfNode", "CronNode", "HTTPSuperNode")

    def canonical(self, node_type: str) -> str | None:
        return (
            "SetVariableNode"
            if node_type == "SetVar"
            else node_type
            if node_type in self.types
            else None
        )

    def exec_outputs(self, node_type: str, config: Mapping[str, Any]) -> frozenset[str] | None:
        return frozenset({"true", "false"} if node_type == "IfNode" else {"exec_out"})

    def is_trigger(self, node_type: str) -> bool:
        return node_type == "CronNode"


class NamedSmallCatalogue(SmallCatalogue):
    def names(self) -> Iterable[str]:
        return (*self.types, "SetVar")


def check(raw: Any, **options: Any) -> list[Problem]:
    workflow, problems = check_workflow(raw, **options)
    assert (workflow is None) == any(p.severity is Severity.ERROR for p in problems)
    return problems


ONE = document([node("a")])


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ([], ("INVALID_TYPE", "")),
        (None, ("INVALID_TYPE", "")),
        ({"connections": [], "metadata": {"name": "n"}}, ("MISSING_REQUIRED_KEY", "")),
        ({k: v for k, v in ONE.items() if k != "connections"}, ("MISSING_REQUIRED_KEY", "")),
        ({**ONE, "nodes": 7}, ("INVALID_TYPE", "/nodes")),
        ({**ONE, "connections": {}}, ("INVALID_TYPE", "/connections")),
        ({**ONE, "variables": 3}, ("INVALID_TYPE", "/variables")),
        ({**ONE, "variables": [{"value": 3}]}, ("INVALID_TYPE", "/variables/0")),
        ({**ONE, "settings": []}, ("INVALID_TYPE", "/settings")),
        ({**ONE, "metadata": {"name": 3}}, ("INVALID_TYPE", "/metadata/name")),
        ({**ONE, "nodes": {}}, ("EMPTY_WORKFLOW", "/nodes")),
        ({**ONE, "nodes": []}, ("EMPTY_WORKFLOW", "/nodes")),
        ({**ONE, "nodes": {"a/b~": 3}}, ("INVALID_TYPE", "/nodes/a~1b~0")),
        ({**ONE, "nodes": {"a": {}}}, ("MISSING_REQUIRED_FIELD", "/nodes/a")),
        ({**ONE, "nodes": {"a": {"node_type": 1}}}, ("INVALID_TYPE", "/nodes/a/node_type")),
        ({**ONE, "nodes": [{"node_type": "LogNode"}]}, ("MISSING_REQUIRED_FIELD", "/nodes/0")),
        (
            {**ONE, "nodes": [{"node_id": [3], "node_type": "N"}]},
            ("INVALID_TYPE", "/nodes/0/node_id"),
        ),
        ({**ONE, "nodes": [node("a"), node("a")]}, ("DUPLICATE_NODE_ID", "/nodes/1")),
        (
            {**ONE, "nodes": {"a": {"node_type": "N", "config": []}}},
            ("INVALID_CONFIG", "/nodes/a/config"),
        ),
        ({**ONE, "nodes": {"a" * 257: node("a" * 257)}}, ("LIMIT_EXCEEDED", "/nodes/" + "a" * 257)),
        (
            {**ONE, "nodes": {"a": {"node_type": "N" * 129}}},
            ("LIMIT_EXCEEDED", "/nodes/a/node_type"),
        ),
        ({**ONE, "connections": [7]}, ("INVALID_TYPE", "/connections/0")),
        ({**ONE, "connections": [{}]}, ("MISSING_REQUIRED_FIELD", "/connections/0")),
        (
            {**ONE, "connections": [{"out": ["a", "x"]}]},
            ("MISSING_REQUIRED_FIELD", "/connections/0"),
        ),
        (
            {**ONE, "connections": [{"out": "a", "in": ["a", "x"]}]},
            ("INVALID_TYPE", "/connections/0/out"),
        ),
        (
            {**ONE, "connections": [{"source": "a", "target": "a.x"}]},
            ("MISSING_REQUIRED_FIELD", "/connections/0/source"),
        ),
        (
            {**ONE, "connections": [{"out": [["b"], "x"], "in": ["a", "x"]}]},
            ("INVALID_TYPE", "/connections/0/out"),
        ),
        ({**ONE, "connections": [link("a", "ghost")]}, ("ORPHANED_CONNECTION", "/connections/0")),
        ({**ONE, "connections": [link("a", "a")]}, ("SELF_CONNECTION", "/connections/0")),
        (
            document([node("a"), node("b")], [*chain("a", "b", "a")]),
            ("CIRCULAR_DEPENDENCY", "/connections/1"),
        ),
        ({"base_workflow": 3}, ("INVALID_TYPE", "/base_workflow")),
    ],
)
def test_an_error_is_found_where_it_is(raw: Any, expected: tuple[str, str]) -> None:
    errors = [p for p in check(raw) if p.severity is Severity.ERROR]

    assert found(errors) == [expected]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({**ONE, "metadata": {}}, ("MISSING_NAME", "/metadata")),
        ({k: v for k, v in ONE.items() if k != "metadata"}, ("MISSING_NAME", "")),
        ({**ONE, "metadata": {"name": "n" * 101}}, ("NAME_TOO_LONG", "/metadata/name")),
        (
            {**ONE, "metadata": {"name": "n", "schema_version": "3"}},
            ("SCHEMA_VERSION_MISMATCH", "/metadata/schema_version"),
        ),
        (
            {**ONE, "nodes": {"a": {**node("a"), "position": "here"}}},
            ("INVALID_POSITION", "/nodes/a/position"),
        ),
        (
            {**ONE, "nodes": {"a": {**node("a"), "position": [1, None]}}},
            ("INVALID_POSITION", "/nodes/a/position"),
        ),
        (
            document([node("a"), node("b")], chain("a", "b") * 2),
            ("DUPLICATE_CONNECTION", "/connections/1"),
        ),
        (document([node("s", "StartNode"), node("a")]), ("UNREACHABLE_NODES", "/nodes/a")),
    ],
)
def test_a_warning_does_not_keep_a_workflow_from_being_read(
    raw: Any, expected: tuple[str, str]
) -> None:
    workflow, problems = check_workflow(raw)

    assert workflow is not None
    assert [(p.code, p.pointer) for p in problems] == [expected]
    assert problems[0].severity is Severity.WARNING


def test_a_workflow_in_which_everything_waits_for_something_has_no_entry() -> None:
    problems = check(document([node("a"), node("b")], chain("a", "b", "a")))

    assert found(problems)[1] == ("NO_ENTRY_POINT", "/nodes")


def test_all_problems_are_told_at_once_with_their_lines() -> None:
    text = """{
  "metadata": {"name": "test", "schema_version": "9"},
  "nodes": {
    "a": {"node_id": "a", "node_type": "LogNode"},
    "b": {
      "node_id": "b",
      "config": 7
    }
  },
  "connections": [
    {"source_node": "a", "source_port": "exec_out", "target_node": "ghost", "target_port": "in"},
    {"source_node": "a"}
  ]
}"""

    problems = check(text)

    assert [(p.line, p.code) for p in problems] == [
        (2, "SCHEMA_VERSION_MISMATCH"),
        (5, "MISSING_REQUIRED_FIELD"),
        (7, "INVALID_CONFIG"),
        (11, "ORPHANED_CONNECTION"),
        (12, "MISSING_REQUIRED_FIELD"),
    ]


def test_a_document_that_did_not_come_as_text_has_no_lines() -> None:
    assert [p.line for p in check({**ONE, "connections": [7]})] == [None]


#: Python 3.13 points at the comma, earlier ones at what follows it.
_TRAILING_COMMA_LINE = 2 if sys.version_info >= (3, 13) else 3


@pytest.mark.parametrize(
    ("text", "code", "line", "said"),
    [
        ("", "INVALID_JSON", 1, "empty"),
        (" \n ", "INVALID_JSON", 1, "empty"),
        (b"", "INVALID_JSON", 1, "empty"),
        ("[]", "INVALID_TYPE", 1, "a list"),
        ("\n\n7", "INVALID_TYPE", 3, "a number"),
        ("hello", "INVALID_JSON", 1, "not JSON"),
        ('{\n"a": 1,\n}', "INVALID_JSON", _TRAILING_COMMA_LINE, "not JSON"),
        ('{"a":\n NaN}', "INVALID_JSON", 2, "NaN"),
        ('{"a":\n "NaN",\n "b": -Infinity}', "INVALID_JSON", 3, "-Infinity"),
        ('{"a":\n\n 1e999}', "INVALID_JSON", 1, "not finite"),
        (b'{"a":\n"\xff"}', "INVALID_JSON", 2, "UTF-8"),
        ('{"a":\n"\\ud83d"}', "INVALID_JSON", 1, "surrogate"),
        ("[" * 40 + "\n" + "[" * 40 + "]" * 80, "INVALID_JSON", None, "64 levels"),
        ("[" * 40 + "\n" + "[" * 100_000, "INVALID_JSON", 2, "64 levels"),
        ("1" * 5000, "INVALID_JSON", None, "too many digits"),
    ],
)
def test_what_is_no_workflow_at_all_is_one_clear_problem(
    text: str | bytes, code: str, line: int | None, said: str
) -> None:
    [problem] = check(text)

    assert problem.code == code
    assert said in problem.message
    if line is not None:
        assert problem.line == line


def test_text_may_begin_with_a_byte_order_mark() -> None:
    assert check(b"\xef\xbb\xbf" + json.dumps(ONE).encode()) == []
    assert check("\ufeff" + json.dumps(ONE)) == []


def test_a_list_within_itself_is_a_problem_and_no_endless_loop() -> None:
    knot: list[Any] = []
    knot.extend([knot, knot])

    assert "64 levels" in check({**ONE, "frames": knot})[0].message


def test_python_values_that_are_no_json_are_named_with_their_place() -> None:
    raw = document([node("a", value={1, 2}), node("b", when=b"x")])

    assert found(check(raw)) == [
        ("INVALID_TYPE", "/nodes/a/config/value"),
        ("INVALID_TYPE", "/nodes/b/config/when"),
    ]


def test_a_key_that_is_there_twice_is_a_warning_with_its_line() -> None:
    text = json.dumps(ONE)[:-1] + ',\n"settings": {}, \n"settings": {}}'

    [problem] = check(text)

    assert (problem.code, problem.pointer, problem.line) == ("DUPLICATE_KEY", "/settings", 3)
    assert problem.severity is Severity.WARNING


def test_two_nodes_under_one_key_are_an_error_because_one_would_be_lost() -> None:
    text = """{"metadata": {"name": "n"}, "connections": [], "nodes": {
        "a\\/b": {"node_type": "LogNode"},
        "a/b": {"node_type": "LogNode"}}}"""

    [problem] = check(text)

    assert (problem.code, problem.pointer, problem.line, problem.node_id) == (
        "DUPLICATE_NODE_ID",
        "/nodes/a~1b",
        3,
        "a/b",
    )


def test_a_cycle_is_told_with_its_nodes_in_order() -> None:
    nodes = [node(n) for n in "abcdef"]
    raw = document(nodes, [*chain("a", "b", "c", "d", "b"), *chain("e", "f", "e")])

    messages = [p.message for p in check(raw) if p.code == "CIRCULAR_DEPENDENCY"]

    assert messages == [
        "the nodes lead back to themselves: b → c → d → b",
        "the nodes lead back to themselves: e → f → e",
    ]


def test_data_may_flow_back_but_control_may_not() -> None:
    nodes = [node("a"), node("b")]

    assert check(document(nodes, [link("a", "b"), link("b.result", "a.value")])) == []
    back = [link("a", "b"), link("b.case_0", "a")]
    assert found(check(document(nodes, back)))[0] == ("CIRCULAR_DEPENDENCY", "/connections/1")


def test_the_catalogue_decides_which_ports_carry_control() -> None:
    raw = document(
        [node("a", "HTTPSuperNode"), node("b", "LogNode")],
        [link("a", "b"), link("b.body", "a.body")],
    )

    assert "CIRCULAR_DEPENDENCY" in [p.code for p in check(raw)], "by its name, body is control"
    assert check(raw, catalogue=SmallCatalogue()) == []


def test_an_unknown_node_type_is_an_error_and_a_near_name_is_offered() -> None:
    raw = document([node("a", "SetVaraibleNode"), node("b", "LogNode"), node("c", "ForLoopNode")])

    assert check(raw) == [], "without a catalogue types are not checked"
    problems = check(raw, catalogue=NamedSmallCatalogue())
    assert [(p.code, p.pointer, p.node_id, p.hint) for p in problems] == [
        ("UNKNOWN_NODE_TYPE", "/nodes/a", "a", "did you mean SetVariableNode?"),
        ("UNKNOWN_NODE_TYPE", "/nodes/c", "c", "use ForLoopStartNode and ForLoopEndNode"),
    ]


@pytest.mark.parametrize("written", ["lognode", "Log", "logNode"])
def test_a_type_in_another_case_or_without_its_ending_is_put_right(written: str) -> None:
    [problem] = check(document([node("a", written)]), catalogue=NamedSmallCatalogue())

    assert problem.hint == "did you mean LogNode?"


def test_a_catalogue_without_names_is_enough_to_find_unknown_types() -> None:
    [problem] = check(document([node("a", "Lognode")]), catalogue=SmallCatalogue())

    assert (problem.code, problem.hint) == ("UNKNOWN_NODE_TYPE", None)


def test_an_alias_of_a_type_is_known() -> None:
    assert check(document([node("a", "SetVar")]), catalogue=SmallCatalogue()) == []


def test_only_the_first_start_begins_a_run_and_triggers_begin_their_own() -> None:
    nodes = [
        node("s", "StartNode"),
        node("a"),
        node("t", "StartNode"),
        node("b"),
        node("cron", "ScheduleTriggerNode"),
        node("c"),
        node("note", "CommentNode"),
    ]
    raw = document(nodes, [*chain("s", "a"), *chain("t", "b"), *chain("cron", "c")])

    assert [p.node_id for p in check(raw)] == ["t", "b"]


def test_a_node_that_only_delivers_data_to_a_run_is_reached() -> None:
    nodes = [node("s", "StartNode"), node("a"), node("source"), node("lost")]
    raw = document(nodes, [*chain("s", "a"), link("source.value", "a.value")])

    assert [p.node_id for p in check(raw)] == ["lost"]


def test_a_catch_that_is_paired_but_not_wired_is_reached_with_all_behind_it() -> None:
    nodes = [
        node("s", "StartNode"),
        node("try", "TryNode"),
        node("catch", "CatchNode", paired_try_id="try"),
        node("log", "LogNode"),
    ]
    raw = document(nodes, [link("s", "try"), link("catch.catch_body", "log")])

    assert check(raw) == []


def test_behind_a_node_that_cannot_be_read_nothing_is_called_unreachable() -> None:
    raw = document([node("s", "StartNode"), node("a"), node("b")], chain("s", "a", "b"))
    del raw["nodes"]["a"]["node_type"]

    assert [p.code for p in check(raw)] == ["MISSING_REQUIRED_FIELD"]


def test_too_many_nodes_or_connections_are_refused() -> None:
    nodes = [node(f"n{i}") for i in range(1001)]
    thousand = document(nodes[:1000])

    assert check(thousand) == []
    assert found(check(document(nodes))) == [("LIMIT_EXCEEDED", "/nodes")]
    links = [link(f"n{i}.p{port}", f"n{i + 1}.x") for port in range(6) for i in range(999)]
    assert check({**thousand, "connections": links[:5000]}) == []
    assert found(check({**thousand, "connections": links[:5001]})) == [
        ("LIMIT_EXCEEDED", "/connections")
    ]


def test_a_parameter_may_be_ten_levels_deep_and_ten_thousand_characters_long() -> None:
    def nested(levels: int) -> Any:
        value: Any = 1
        for _ in range(levels):
            value = [value]
        return value

    assert check(document([node("a", items=nested(9), name="x" * 10_000)])) == []
    [deep] = check(document([node("a", items=nested(10))]))
    assert (deep.code, deep.node_id) == ("INVALID_CONFIG", "a")
    assert deep.pointer.startswith("/nodes/a/config/items/0/0")
    [long] = check(document([node("a", rows=[{"n": "x" * 10_001}])]))
    assert (long.code, long.pointer) == ("INVALID_CONFIG", "/nodes/a/config/rows/0/n")


def test_a_program_or_a_message_may_be_as_long_as_it_likes() -> None:
    assert check(document([node("a", code="x" * 20_000, message="x" * 20_000)])) == []


def test_no_text_is_refused_for_what_it_says() -> None:
    assert check(document([node("a", code="import os; eval(open('x').read())")])) == []


def test_parsing_raises_once_with_every_problem() -> None:
    raw = document([node("a")], [link("a", "ghost"), 7])

    with pytest.raises(WorkflowInvalid) as caught:
        parse_workflow(json.dumps(raw, indent=1))

    assert [p.code for p in caught.value.problems] == ["ORPHANED_CONNECTION", "INVALID_TYPE"]
    assert str(caught.value).startswith("line ")
    assert "ghost" in str(caught.value)
    assert "and 1 more" in str(caught.value)
    assert caught.value.hint == "remove the connection or add the node"


def test_parsing_lets_warnings_pass() -> None:
    assert parse_workflow({**ONE, "metadata": {}}).name == "Untitled"


def test_a_problem_can_be_sent() -> None:
    [problem] = check({**ONE, "connections": [7]})

    assert json.loads(json.dumps(problem.to_dict())) == {
        "code": "INVALID_TYPE",
        "severity": "error",
        "node": None,
        "field": "connections.0",
        "line": None,
        "column": None,
        "message": "a connection must be an object, not a number",
        "mend": None,
        "pointer": "/connections/0",
        "node_id": None,
        "hint": None,
    }
