"""Placeholders in parameters: types stay, and what is unknown stays as it is written."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casare_rpa.engine.language.placeholders import compile_text, compile_value, walk
from tests.engine.test_expressions import scope
from tests.engine.test_walk import lines, log
from tests.support.runs import chain, document, node, run_document

VALUES = {
    "n": 5,
    "half": 0.5,
    "none": None,
    "flag": False,
    "rows": [{"name": "Al"}, {"name": "Bo"}],
    "a.b": "dotted",
    "env": {"HOME": "variable"},
    "secret": "no",
}


OUTPUTS: dict[str, dict[str, Any]] = {
    "read-1": {"content": "text", "size": 4},
    "n": {"n": "output"},
}


def resolve(value: Any) -> Any:
    resolver = compile_value(value)
    made = scope(VALUES, **OUTPUTS)
    return value if resolver is None else resolver(made)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("{{n}}", 5),
        (" {{ n }} ", 5),
        ("{{half}}", 0.5),
        ("{{flag}}", False),
        ("{{none}}", None),
        ("{{rows}}", VALUES["rows"]),
        ("{{rows[1].name}}", "Bo"),
        ("{{rows[0]}}", {"name": "Al"}),
        ("{{rows|length}}", 2),
        ("{{a.b}}", "dotted"),
        ("{{read-1.content}}", "text"),
        ("{{read-1}}", {"content": "text", "size": 4}),
        ("${n}", 5),
        ("%n%", 5),
        ("{{env.HOME}}", "variable"),
        ("n={{n}}, {{none}}{{flag}}", "n=5, False"),
        ("{{n}}{{n}}", "55"),
        (["{{n}}", {"x": "{{half}}"}], [5, {"x": 0.5}]),
        ({"{{n}}": "{{n}}"}, {"{{n}}": 5}),
        ("{{n.n}}", "output"),
        ("plain", "plain"),
    ],
)
def test_a_placeholder_gives_its_value(written: Any, value: Any) -> None:
    found = resolve(written)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "written",
    [
        "{{unknown}}",
        "a {{unknown.x}} b",
        "{{rows[7].name}}",
        "{{rows[0].age}}",
        "{{rows.name}}",
        "{{n.__class__}}",
        "{{$nothing}}",
        "{{$n}}",
        "{{$secret:db/main}}",
        "{{x y}}",
        "{{}}",
        "100% of 50%",
        "{n}",
        "@{n}",
    ],
)
def test_what_is_unknown_stays_as_it_is_written(written: str) -> None:
    assert resolve(written) == written


def test_an_unknown_name_is_warned_of_once() -> None:
    nodes = {name: log("{{nobody}} {{n}}") for name in ("a", "b")}
    result = run_document(document(nodes, chain("a", "b")), {"n": 1})
    assert lines(result) == [
        "{{nobody}} is unknown and stays as it is written",
        "{{nobody}} 1",
        "{{nobody}} 1",
    ]


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("$currentDate", r"\d{4}-\d\d-\d\d"),
        ("$currentTime", r"\d\d:\d\d:\d\d"),
        ("$currentDateTime", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}"),
        ("$timestamp", r"\d{10}"),
    ],
)
def test_a_system_name_tells_the_time(name: str, form: str) -> None:
    assert re.fullmatch(form, str(resolve(f"{{{{{name}}}}}")))


def test_the_environment_is_read_without_keys_of_the_robot() -> None:
    seen = {"SHOWN": "yes"}
    nodes = {"a": log("{{env.SHOWN}} {{env.CASARE_API_KEY}}")}
    result = run_document(document(nodes), environment=seen)
    assert lines(result)[-1] == "yes {{env.CASARE_API_KEY}}"


def test_the_robots_own_settings_are_not_in_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CASARE_API_KEY", "robot_secret")
    monkeypatch.setenv("OTHER_TOOL", "shown")
    result = run_document(document({"a": log("{{env.OTHER_TOOL}} {{env.CASARE_API_KEY}}")}))
    assert lines(result)[-1] == "shown {{env.CASARE_API_KEY}}"


def test_a_user_variable_wins_over_a_nodes_outputs() -> None:
    nodes = {
        "a": node("SetVariableNode", variable_name="x", value="output"),
        "say": log("{{a}} {{a.value}}"),
    }
    assert lines(run_document(document(nodes, chain("a", "say")), {"a": "mine"})) == ["mine output"]


def test_a_constant_list_is_fresh_in_every_pass() -> None:
    resolver = compile_value([1, {"a": [2]}])
    assert resolver is not None
    first = resolver(scope())
    first[1]["a"].append(3)
    assert resolver(scope()) == [1, {"a": [2]}]


def test_text_is_read_as_the_kind_of_its_parameter() -> None:
    nodes = {
        "n": node("SetVariableNode", variable_name="n", value="3"),
        "loop": node("ForLoopStartNode", mode="range", end="{{n}}", start="1"),
        "say": log("{{item}}"),
    }
    raw = document(nodes, chain("n", "loop"), chain("loop.body", "say"))
    assert lines(run_document(raw)) == ["1", "2"]


@given(
    st.recursive(st.integers() | st.text(), lambda s: st.lists(s) | st.dictionaries(st.text(), s))
)
def test_walking_never_raises(value: Any) -> None:
    walk(value, ("a", 0, "__class__", "1"))


@given(st.text())
def test_any_text_can_be_compiled(text: str) -> None:
    compile_text(text).resolve(scope())
