"""Properties: whatever comes in, reading answers; and what it says about places is true."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from casare_rpa.domain.workflow import check_workflow, parse_workflow
from casare_rpa.domain.workflow.positions import Positions, pointer
from casare_rpa.errors import WorkflowInvalid

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
)
json_values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
)

names = st.sampled_from(["a", "b", "c", "a.b", "", "StartNode", "ForLoopStartNode", "HttpGetNode"])
odd = names | json_values
NODE_KEYS = """
    node_id id node_type type type_ config custom properties position pos name disabled
"""
CONNECTION_KEYS = """
    source_node source_port target_node target_port from_node from_port to_node to_port
    out in source target
"""
node_keys = st.sampled_from(NODE_KEYS.split())
connection_keys = st.sampled_from(CONNECTION_KEYS.split())
nodes = st.dictionaries(node_keys, odd | st.just("casare_rpa.x.VisualLogNode"))
connections = st.dictionaries(connection_keys, odd | st.lists(names, min_size=2, max_size=2))
graphs = st.fixed_dictionaries(
    {},
    optional={
        "nodes": st.dictionaries(names, nodes | odd) | st.lists(nodes | odd) | odd,
        "connections": st.lists(connections | odd) | odd,
        "variables": st.dictionaries(names, odd) | st.lists(odd) | odd,
        "metadata": st.dictionaries(st.sampled_from(["name", "id", "schema_version"]), odd) | odd,
        "settings": odd,
    },
)
documents = graphs | st.fixed_dictionaries(
    {"base_workflow": graphs | odd}, optional={"default_variables": odd, "default_settings": odd}
)


def check_consistently(raw: Any) -> None:
    workflow, problems = check_workflow(raw)

    for problem in problems:
        str(problem)
        json.dumps(problem.to_dict())
    try:
        parsed = parse_workflow(raw)
    except WorkflowInvalid as error:
        assert workflow is None
        assert error.problems == problems
    else:
        assert parsed == workflow
        assert parse_workflow(parsed.to_document()) == parsed


@settings(deadline=None)  # other tests share the processor
@given(documents | json_values)
def test_no_document_makes_reading_fail_otherwise_than_by_its_problems(raw: Any) -> None:
    check_consistently(raw)


@settings(deadline=None)  # other tests share the processor
@given(documents)
def test_every_problem_of_a_text_has_a_line_of_that_text(raw: Any) -> None:
    text = json.dumps(raw, indent=1)

    _, problems = check_workflow(text)

    assert all(1 <= (p.line or 0) <= text.count("\n") + 1 for p in problems)
    _, same_problems = check_workflow(raw)
    assert {(p.code, p.pointer, p.message) for p in problems} == {
        (p.code, p.pointer, p.message) for p in same_problems
    }


@settings(deadline=None)  # other tests share the processor
@given(st.text() | st.binary())
def test_no_text_makes_reading_fail_otherwise_than_by_its_problems(raw: str | bytes) -> None:
    workflow, problems = check_workflow(raw)

    assert workflow is None
    assert problems


@settings(deadline=None)  # other tests share the processor
@given(json_values, st.sampled_from([None, 1]), st.booleans())
def test_positions_tell_the_line_of_every_value(
    document: Any, indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=ascii_only)
    lines = text.split("\n")
    positions = Positions(text)

    for place, key, value in places(document):
        line = lines[positions.line(place) - 1]
        if key is not None:
            assert json.dumps(key, ensure_ascii=ascii_only) in line
        elif not isinstance(value, (dict, list)):
            assert json.dumps(value, ensure_ascii=ascii_only) in line
    assert positions.duplicates == []


def places(
    value: Any, place: str = "", key: str | None = None
) -> list[tuple[str, str | None, Any]]:
    found = [(place, key, value)]
    if isinstance(value, dict):
        for k, inner in value.items():
            found += places(inner, pointer(place, k), k)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += places(inner, f"{place}/{index}")
    return found


def test_a_place_that_is_not_there_has_the_line_of_what_is_around_it() -> None:
    positions = Positions('{\n"a": {\n"b": [1,\n2]}}')

    assert positions.line("/a/b/1") == 4
    assert positions.line("/a/b/9/x") == 3
    assert positions.line("/nothing") == 1
