"""The catalogue of the format, and that every node class keeps to it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest

from casare_rpa.errors import WorkflowInvalid
from casare_rpa.nodes import catalogue
from casare_rpa.nodes.base import Node, NodeType, Output, param
from casare_rpa.nodes.catalogue import NodeCatalogue, NodeNotAvailable, UnknownNodeType
from tests.nodes.conformance import differences

SOME_ACTIONS_ONLY = "needed by some of the actions only"
NOT_NEEDED = "the node can do its job without it"
IS_PARSED = "an expression is parsed, not resolved as text"
KEEPS_INTEGERS = "a whole number stays one"
STARTED_BY_HAND = "a trigger that a person starts waits for nothing"
LAST_PARSED = "without text it works on the document parsed last"
NAMES_VARIABLES = "text that is no number names a variable"

#: Where a class differs from the format on purpose, and why.
INTENDED: dict[tuple[str, str], str] = {
    ("AssertNode", "property condition.kind"): "text that is an expression is evaluated",
    ("DictSuperNode", "property dict.required"): SOME_ACTIONS_ONLY,
    ("DictSuperNode", "property key.required"): SOME_ACTIONS_ONLY,
    ("HttpSuperNode", "property url.required"): SOME_ACTIONS_ONLY,
    ("HttpSuperNode", "property save_path.required"): SOME_ACTIONS_ONLY,
    ("HttpSuperNode", "property file_path.required"): SOME_ACTIONS_ONLY,
    ("ListSuperNode", "property list.required"): SOME_ACTIONS_ONLY,
    ("ListSuperNode", "property index.required"): SOME_ACTIONS_ONLY,
    ("TextSuperNode", "property text.required"): SOME_ACTIONS_ONLY,
    ("TextSuperNode", "property search.required"): SOME_ACTIONS_ONLY,
    ("IfNode", "property expression.kind"): IS_PARSED,
    ("IfNode", "input condition.kind"): IS_PARSED,
    ("SwitchNode", "property expression.kind"): IS_PARSED,
    ("WhileLoopStartNode", "property expression.kind"): IS_PARSED,
    ("IncrementVariableNode", "property increment.kind"): KEEPS_INTEGERS,
    ("IncrementVariableNode", "input increment.kind"): KEEPS_INTEGERS,
    ("MathOperationNode", "property a.kind"): NAMES_VARIABLES,
    ("MathOperationNode", "property b.kind"): NAMES_VARIABLES,
    ("LogErrorNode", "property error_message.required"): NOT_NEEDED,
    ("LogErrorNode", "property error_type.required"): NOT_NEEDED,
    ("LogErrorNode", "property context.required"): NOT_NEEDED,
    ("RetryFailNode", "property error_message.required"): NOT_NEEDED,
    ("WebhookNotifyNode", "property error_details.required"): NOT_NEEDED,
    ("GetXMLAttributeNode", "property xml_string.required"): LAST_PARSED,
    ("GetXMLElementNode", "property xml_string.required"): LAST_PARSED,
    ("XMLToJsonNode", "property xml_string.required"): LAST_PARSED,
    ("XPathQueryNode", "property xml_string.required"): LAST_PARSED,
    ("FileWatchTriggerNode", "property watch_path.required"): STARTED_BY_HAND,
    ("RSSFeedTriggerNode", "property feed_url.required"): STARTED_BY_HAND,
    ("SSETriggerNode", "property sse_url.required"): STARTED_BY_HAND,
    ("WorkflowCallTriggerNode", "property call_alias.required"): STARTED_BY_HAND,
    ("ValidateNode", "property value.required"): "that there is no value is what it may find",
}


def every_class() -> list[NodeType]:
    return [catalogue.node_class(name) for name in sorted(catalogue.implemented())]


@pytest.mark.parametrize("cls", every_class(), ids=lambda cls: cls.type)
def test_a_class_declares_what_the_format_does(cls: NodeType) -> None:
    found = [
        f"{cls.type}: {field} {how}"
        for field, how in differences(cls, catalogue.entries()[cls.type])
        if (cls.type, field) not in INTENDED
    ]
    assert not found, "\n".join(found)


def test_every_intended_difference_still_is_one() -> None:
    entries = catalogue.entries()
    real = {(c.type, field) for c in every_class() for field, _ in differences(c, entries[c.type])}
    assert not INTENDED.keys() - real


def test_a_class_without_a_declared_property_is_found() -> None:
    class Lacking(Node, abstract=True):
        """Lacks `operator`, and has an output under another name."""

        category = "data"
        a: Any = param(None)
        b: Any = param(0)
        outputs = (Output("outcome", "BOOLEAN"),)

    found = dict(differences(Lacking, catalogue.entries()["ComparisonNode"]))
    assert found == {
        "property operator": "is missing",
        "property b.default": "is 0, not None",
        "output result": "is missing",
        "output outcome": "is not declared by the format",
    }


def test_every_registered_class_is_a_type_of_the_format() -> None:
    catalogue.load_families()
    ours = {name for name, cls in Node.registry.items() if cls.__module__.startswith("casare_rpa.")}
    assert not {n for n in ours if catalogue.canonical(n) is None}


def test_the_types_that_need_nothing_special_are_counted() -> None:
    here = catalogue.implemented()
    total: Counter[str] = Counter()
    running: Counter[str] = Counter()
    for entry in catalogue.entries().values():
        total[entry.category] += 1
        running[entry.category] += entry.type in here
    for category, count in sorted(total.items()):
        sys.stdout.write(f"{category}: {running[category]}/{count}\n")
    assert sum(total.values()) == 466
    for category in ("data", "text", "utility", "data_operation"):
        assert running[category] == total[category], category


def test_an_alias_stands_for_its_type() -> None:
    assert catalogue.canonical("BrowserWaitNode") == "WaitNode"
    assert catalogue.canonical("ParseJSONNode") == "JsonParseNode"
    assert catalogue.canonical("HttpGetNode") == "HttpRequestNode"
    assert catalogue.canonical("LogNode") == "LogNode"
    assert catalogue.canonical("NoSuchNode") is None
    assert catalogue.node_class("BrowserWaitNode").type == "WaitNode"


def test_a_misspelt_type_is_told_the_closest_names() -> None:
    with pytest.raises(UnknownNodeType, match="'LogNod'") as caught:
        catalogue.node_class("LogNod")
    assert isinstance(caught.value, WorkflowInvalid)
    assert caught.value.hint == "did you mean LogNode?"


def test_a_type_that_cannot_run_here_says_what_it_needs() -> None:
    with pytest.raises(NodeNotAvailable, match="'windows'") as caught:
        catalogue.node_class("MoveWindowNode")
    assert caught.value.details["requires"] == ["windows"]


def test_a_type_of_an_earlier_format_is_known_and_not_available() -> None:
    with pytest.raises(NodeNotAvailable, match="external-account"):
        catalogue.node_class("DocsGetTextNode")


def test_a_schema_says_types_limits_choices_and_defaults() -> None:
    schema = catalogue.schema(catalogue.node_class("MathOperationNode"))
    about = schema["properties"]
    assert about["operation"]["enum"][:2] == ["add", "subtract"]
    assert about["operation"] | {"enum": [], "description": ""} == {
        **{"type": "string", "default": "add", "enum": [], "description": ""}
    }
    assert (about["round_digits"]["type"], about["round_digits"]["minimum"]) == ("integer", 0)
    assert "type" not in about["a"]
    needed = catalogue.schema(catalogue.node_class("TextExtractNode"))["required"]
    assert needed == ["pattern"]


def test_every_schema_is_json() -> None:
    for cls in every_class():
        assert json.loads(json.dumps(catalogue.schema(cls)))["title"] == cls.type


def test_a_line_of_the_list_says_whether_the_type_runs() -> None:
    line = catalogue.item("BrowserWaitNode")
    assert line["type"] == "WaitNode"
    assert (line["implemented"], line["requires"]) == (True, [])
    line = catalogue.item("MoveWindowNode")
    assert (line["implemented"], line["requires"]) == (False, ["windows"])


def test_the_ports_of_a_type_depend_on_its_config() -> None:
    known = NodeCatalogue()
    assert known.exec_outputs("ValidateNode", {}) == {"valid", "invalid"}
    assert "case_b" in (known.exec_outputs("SwitchNode", {"cases": ["a", "b"]}) or ())
    assert known.exec_outputs("NoSuchNode", {}) is None
    assert known.exec_outputs("MoveWindowNode", {}) == {"exec_out"}
    assert known.canonical("DocsGetTextNode") == "DocsGetTextNode"
    assert known.canonical("ForLoopNode") is None
    assert known.is_trigger("WebhookTriggerNode")
    assert not known.is_trigger("LogNode")
    assert "BrowserWaitNode" in known.names()


def test_reading_the_facts_imports_no_family() -> None:
    script = (
        "import sys; from casare_rpa.nodes import catalogue;"
        "assert catalogue.canonical('LogNode') == 'LogNode';"
        "print(*sorted(m for m in sys.modules if m.startswith('casare_rpa.nodes.')))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stderr == ""
    loaded = {name.removeprefix("casare_rpa.nodes.") for name in done.stdout.split()}
    assert loaded == {"_facts", "base", "catalogue"}
