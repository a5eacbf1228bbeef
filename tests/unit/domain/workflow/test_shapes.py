"""Every shape of document reads as the same workflow."""

from typing import Any

import pytest

from casare_rpa.domain.workflow import (
    Connection,
    Severity,
    Variable,
    Workflow,
    check_workflow,
    parse_workflow,
)

from .documents import chain, document, found, link, node

A_TO_B = Connection(source_node="a", source_port="exec_out", target_node="b", target_port="exec_in")


def steps(workflow: Workflow) -> list[tuple[str, str, dict[str, Any]]]:
    return [(n.node_id, n.node_type, dict(n.config)) for n in workflow.nodes]


def clean(raw: Any) -> Workflow:
    workflow, problems = check_workflow(raw)
    assert problems == []
    assert workflow is not None
    return workflow


CANONICAL = document([node("a", "LogNode", message="hi"), node("b", "EndNode")], [link("a", "b")])
LISTED = {
    "metadata": {"name": "test"},
    "nodes": [
        {"node_id": "a", "node_type": "LogNode", "config": {"message": "hi"}, "display_name": "A"},
        {"node_id": "b", "node_type": "EndNode", "position": [1, 2.5]},
    ],
    "connections": [{"from_node": "a", "from_port": "out", "to_node": "b", "to_port": "in"}],
}
DOCUMENTED = {
    "metadata": {"name": "test"},
    "nodes": [
        {"id": "a", "type": "LogNode", "position": {"x": 1, "y": 2}, "config": {"message": "hi"}},
        {"id": "b", "type": "EndNode"},
    ],
    "connections": [{"source": "a.exec_out", "target": "b.exec_in"}],
}
EDITOR = {
    "metadata": {"name": "test"},
    "nodes": {
        "0x1f": {
            "type_": "casare_rpa.basic.VisualLogNode",
            "name": "Log it",
            "pos": [10.0, 20.0],
            "properties": {"message": "old"},
            "custom": {"node_id": "a", "message": "hi"},
        },
        "0x2f": {"type": "casare_rpa.basic.VisualEndNode", "custom": {"node_id": "b"}},
    },
    "connections": [{"out": ["0x1f", "exec_out"], "in": ["0x2f", "exec_in"]}],
}


@pytest.mark.parametrize("raw", [CANONICAL, LISTED, DOCUMENTED, EDITOR])
def test_the_same_workflow_in_every_shape(raw: dict[str, Any]) -> None:
    workflow = clean(raw)

    assert steps(workflow) == [("a", "LogNode", {"message": "hi"}), ("b", "EndNode", {})]
    assert workflow.connections == (A_TO_B,)


@pytest.mark.parametrize("raw", [CANONICAL, LISTED, DOCUMENTED, EDITOR])
def test_the_canonical_form_of_a_workflow_reads_as_the_same_workflow(raw: dict[str, Any]) -> None:
    workflow = clean(raw)

    assert clean(workflow.to_document()) == workflow


def test_labels_and_places_are_kept() -> None:
    assert [(n.name, n.position) for n in clean(LISTED).nodes] == [("A", None), ("", (1, 2.5))]
    assert clean(DOCUMENTED).nodes[0].position == (1, 2)
    log = clean(EDITOR).node("a")
    assert log is not None
    assert (log.name, log.position) == ("Log it", (10.0, 20.0))


def test_an_editor_node_that_was_copied_goes_by_its_key() -> None:
    raw = {
        **EDITOR,
        "nodes": {
            "0x1": {"type_": "casare_rpa.x.VisualLogNode", "custom": {"node_id": "a"}},
            "0x2": {
                "type_": "casare_rpa.x.VisualLogNode",
                "custom": {"node_id": "a"},
                "disabled": True,
            },
        },
        "connections": [{"out": ["0x1", "exec_out"], "in": ["0x2", "exec_in"]}],
    }

    workflow = clean(raw)

    assert [n.node_id for n in workflow.nodes] == ["a", "0x2"]
    assert [n.disabled for n in workflow.nodes] == [False, True]
    assert (workflow.connections[0].source_node, workflow.connections[0].target_node) == (
        "a",
        "0x2",
    )


def test_a_template_file_runs_its_base_workflow_with_its_default_variables() -> None:
    workflow = clean(
        {
            "$schema_version": "2.0.0",
            "id": "tpl_1",
            "name": "Template",
            "difficulty": "easy",
            "default_variables": [
                {"name": "url", "data_type": "String", "default_value": "x", "required": True}
            ],
            "default_settings": {"stop_on_error": False, "timeout_seconds": 60},
            "base_workflow": {
                "nodes": [
                    {"node_id": "s", "node_type": "StartNode"},
                    {"node_id": "a", "node_type": "LogNode"},
                ],
                "connections": [
                    {"from_node": "s", "from_port": "out", "to_node": "a", "to_port": "in"}
                ],
            },
        }
    )

    assert (workflow.name, workflow.id) == ("Template", "tpl_1")
    assert workflow.variables == (Variable(name="url", value="x", type="String", required=True),)
    assert not workflow.stop_on_error
    assert workflow.settings["timeout"] == 60
    assert workflow.connections[0].source_port == "exec_out"
    assert workflow.extra["difficulty"] == "easy"


def test_problems_of_a_template_point_into_its_base_workflow() -> None:
    _, problems = check_workflow(
        {"name": "t", "base_workflow": {"nodes": [{"node_id": "a"}], "connections": [7]}}
    )

    assert found(problems) == [
        ("MISSING_REQUIRED_FIELD", "/base_workflow/nodes/0"),
        ("INVALID_TYPE", "/base_workflow/connections/0"),
    ]


def test_an_editor_node_is_called_what_its_properties_say() -> None:
    node_type = "casare_rpa.x.VisualLogNode"
    raw = {
        **EDITOR,
        "nodes": {"0x1": {"type": node_type, "properties": {"node_id": "a", "message": "m"}}},
        "connections": [],
    }
    (spec,) = clean(raw).nodes
    assert (spec.node_id, dict(spec.config)) == ("a", {"message": "m"})


@pytest.mark.parametrize(
    ("written", "off"),
    [
        *((True, True), ("True", True), ("on", True), (1, True)),
        *((False, False), ("false", False), ("0", False), ("", False), (None, False)),
    ],
)
def test_a_node_is_switched_off_in_words_too(written: Any, off: bool) -> None:
    inside, beside = node("a", "LogNode", _disabled=written), node("b", "LogNode")
    workflow = clean(document([inside, {**beside, "disabled": written}]))
    assert [spec.disabled for spec in workflow.nodes] == [off, off]


def test_a_subflow_file_keeps_its_declarations() -> None:
    raw = {
        "$schema_version": "1.0.0",
        "id": "subflow_0123456789ab",
        "name": "Add tax",
        "inputs": [{"name": "net", "type": "FLOAT"}],
        "outputs": [{"name": "gross"}],
        "nodes": {
            "in": {"node_id": "in", "node_type": "SubflowInputNode"},
            "calc": {"node_id": "calc", "node_type": "MathOperationNode"},
        },
        "connections": [],
        "metadata": {"icon": "x"},
    }

    workflow = clean(raw)

    assert (workflow.id, workflow.name) == ("subflow_0123456789ab", "Add tax")
    assert workflow.extra["inputs"] == raw["inputs"]
    assert workflow.extra["outputs"] == raw["outputs"]


def test_unknown_keys_are_kept_and_ignored() -> None:
    raw = document([{**node("a"), "colour": "red"}], frames=[{"title": "x"}], __validated__=True)

    workflow = clean(raw)

    assert workflow.extra == {"frames": [{"title": "x"}], "__validated__": True}
    assert workflow.nodes[0].extra == {"colour": "red"}


def test_a_frame_that_an_editor_draws_is_no_node() -> None:
    frame = {"type_": "nodeGraphQt.nodes.BackdropNode", "name": "Part one", "custom": {"text": ""}}

    workflow = clean({**document([]), "nodes": {"0x1": frame, "a": node("a")}})

    assert [spec.node_id for spec in workflow.nodes] == ["a"]


def test_ids_that_are_numbers_are_read_as_texts() -> None:
    raw = {
        "metadata": {"name": "test"},
        "nodes": [{"id": 1, "type": "LogNode"}, {"id": 2, "type": "LogNode"}],
        "connections": [
            {"source_node": 1, "source_port": "out", "target_node": 2, "target_port": "in"}
        ],
    }

    workflow, problems = check_workflow(raw)

    assert workflow is not None
    assert [spec.node_id for spec in workflow.nodes] == ["1", "2"]
    assert [(c.source_node, c.target_node) for c in workflow.connections] == [("1", "2")]
    assert {problem.severity for problem in problems} == {Severity.WARNING}


@pytest.mark.parametrize("field", ["parameters", "data"])
def test_parameters_that_stand_elsewhere_than_in_config_are_told_of(field: str) -> None:
    raw = document([{"node_id": "a", "node_type": "LogNode", field: {"message": "hi"}}])

    _, [problem] = check_workflow(raw)

    assert (problem.code, problem.pointer) == ("INVALID_CONFIG", f"/nodes/a/{field}")
    assert problem.severity is Severity.WARNING


@pytest.mark.parametrize("verb", ["Get", "Post", "Put", "Patch", "Delete"])
def test_an_old_http_node_is_a_request_with_that_method(verb: str) -> None:
    workflow = clean(document([node("a", f"Http{verb}Node", url="u", method="x")]))

    assert steps(workflow) == [("a", "HttpRequestNode", {"url": "u", "method": verb.upper()})]


@pytest.mark.parametrize(
    ("source_type", "written", "read"),
    [
        ("ForLoopStartNode", "loop", "body"),
        ("ForLoopStartNode", "loop_body", "body"),
        ("WhileLoopStartNode", "loop", "body"),
        ("ForLoopStartNode", "completed", "completed"),
        ("LogNode", "loop", "loop"),
        ("LogNode", "out", "exec_out"),
        ("RerouteNode", "out", "out"),
        ("SwitchNode", "case_0", "case_0"),
    ],
)
def test_other_names_of_ports_are_read_where_they_can_be_meant(
    source_type: str, written: str, read: str
) -> None:
    raw = document([node("a", source_type), node("b", "LogNode")], [link(f"a.{written}", "b.in")])

    [connection] = clean(raw).connections

    assert (connection.source_port, connection.target_port) == (read, "exec_in")


def test_a_node_id_with_dots_is_split_from_its_port_at_the_last_one() -> None:
    raw = {
        **document([node("a.b"), node("c")]),
        "connections": [{"source": "a.b.exec_out", "target": "c.exec_in"}],
    }

    [connection] = clean(raw).connections

    assert (connection.source_node, connection.source_port) == ("a.b", "exec_out")


def test_a_node_that_calls_itself_otherwise_is_repaired_from_its_key() -> None:
    raw = document([node("a"), node("b")])
    raw["nodes"]["a"]["node_id"] = "alpha"
    raw["connections"] = [link("alpha", "b")]

    workflow, problems = check_workflow(raw)

    assert workflow is not None
    assert [n.node_id for n in workflow.nodes] == ["a", "b"]
    assert workflow.connections == (A_TO_B,)
    [problem] = problems
    assert (problem.code, problem.severity, problem.pointer, problem.node_id) == (
        "NODE_ID_MISMATCH",
        "warning",
        "/nodes/a/node_id",
        "a",
    )


def test_a_node_without_an_id_of_its_own_takes_its_key() -> None:
    raw = document([node("a")])
    del raw["nodes"]["a"]["node_id"]

    assert clean(raw).nodes[0].node_id == "a"


def test_variables_are_plain_values_or_definitions() -> None:
    workflow = clean(
        document(
            [node("a")],
            variables={
                "plain": 3,
                "nothing": None,
                "object": {"name": "not a definition"},
                "typed": {"name": "typed", "type": "Integer"},
                "full": {
                    "name": "full",
                    "type": "String",
                    "default_value": "x",
                    "description": "d",
                    "sensitive": True,
                    "readonly": True,
                },
                "short": {"default_value": [1]},
            },
        )
    )

    assert {v.name: v for v in workflow.variables} == {
        "plain": Variable(name="plain", value=3),
        "nothing": Variable(name="nothing"),
        "object": Variable(name="object", value={"name": "not a definition"}),
        "typed": Variable(name="typed", type="Integer"),
        "full": Variable(
            name="full",
            type="String",
            value="x",
            description="d",
            sensitive=True,
            readonly=True,
        ),
        "short": Variable(name="short", value=[1]),
    }


def test_the_order_of_the_document_is_kept() -> None:
    workflow = clean(document([node("z"), node("a"), node("m")], chain("z", "a", "m")))

    assert [n.node_id for n in workflow.nodes] == ["z", "a", "m"]
    assert [c.source_node for c in workflow.connections] == ["z", "a"]


def test_a_nameless_document_takes_the_name_it_is_given() -> None:
    raw = {**document([node("a")]), "metadata": {}}

    assert parse_workflow(raw, name="invoices").name == "invoices"
    assert parse_workflow(raw).name == "Untitled"
    assert parse_workflow(document([node("a")]), name="invoices").name == "test"
