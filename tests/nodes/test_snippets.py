"""What `nodes show` gives to paste is a node that a workflow can hold."""

from __future__ import annotations

import json

import pytest

from casare_rpa import browser_programs, desktop_display
from casare_rpa.domain.workflow import Severity
from casare_rpa.engine.checks import check_fully
from casare_rpa.nodes import catalogue
from casare_rpa.nodes.snippets import snippet

#: What one node alone cannot have: its partner, a body, the workflow's variables, a real secret;
#: what is true of a dialog wherever it stands; a program that this machine lacks.
_OF_THE_WORKFLOW = {
    *("EMPTY_BODY", "MISSING_PARTNER", "UNKNOWN_PARTNER", "OUTSIDE_OF_BODY"),
    *("UNRESOLVED_NAME", "PLAIN_TEXT_SECRET", "NEEDS_PERSON", "NODE_NOT_AVAILABLE"),
}


@pytest.mark.parametrize("name", sorted(catalogue.implemented()))
def test_a_snippet_passes_validate_in_a_workflow_of_its_own(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # That this machine lacks a browser or a display says nothing of the snippet.
    for machine in (browser_programs, desktop_display):
        monkeypatch.setattr(machine, "lacking", lambda: None)
    nodes = snippet(catalogue.node_class(name))
    document = {"metadata": {"name": name}, "nodes": nodes, "connections": []}
    workflow, problems = check_fully(json.dumps(document), runs_here=False)
    assert workflow is not None, problems
    assert [node.node_type for node in workflow.nodes] == [catalogue.canonical(name)]
    assert not [p for p in problems if p.severity is Severity.ERROR]
    assert {p.code for p in problems} <= _OF_THE_WORKFLOW


def test_a_snippet_is_called_like_its_type_in_words() -> None:
    assert list(snippet(catalogue.node_class("ReadCSVNode"))) == ["read_csv_1"]
    assert list(snippet(catalogue.node_class("JsonParseNode"))) == ["json_parse_1"]


def test_a_snippet_has_what_the_node_cannot_do_without() -> None:
    (node,) = snippet(catalogue.node_class("WebhookNotifyNode")).values()
    assert node["config"]["webhook_url"].startswith("http")
