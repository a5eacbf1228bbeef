"""What holds for every node that runs here: its example, and for triggers how they begin a run."""

from __future__ import annotations

from typing import Any

import pytest

from casare_rpa.domain.workflow import parse_workflow
from casare_rpa.engine import compile_workflow
from casare_rpa.nodes import catalogue
from casare_rpa.nodes.base import NodeType
from casare_rpa.nodes.docs import node_markdown
from casare_rpa.nodes.workflow import PAYLOAD
from tests.nodes.cases import Does, Refuses, named
from tests.support.runs import chain, document, node, run_document

CLASSES = [catalogue.node_class(name) for name in sorted(catalogue.implemented())]
TRIGGERS = [cls for cls in CLASSES if cls.category == "triggers"]


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.type)
def test_the_example_of_a_node_is_a_step_that_compiles(cls: NodeType) -> None:
    if error := catalogue.lacks(cls):
        pytest.skip(f"{error.message}: {error.hint}")
    plan = compile_workflow(parse_workflow(document({"n": node(cls.type, **cls.example)})))
    assert not plan.warnings
    assert cls.example or all(p.kind == "boolean" or not p.property for p in cls.params.values())
    known = {name for p in cls.params.values() for name in (p.key, *p.aliases)}
    assert cls.takes_others or set(cls.example) <= known
    assert f'"node_type": "{cls.type}"' in node_markdown(cls)


@pytest.mark.parametrize("cls", TRIGGERS, ids=lambda cls: cls.type)
def test_a_trigger_gives_what_set_the_run_off_and_by_hand_nothing(cls: NodeType) -> None:
    names = [output.name for output in cls.outputs]
    raw = document(
        {"begin": node(cls.type, **cls.example), "say": node("LogNode", message="on")},
        chain("begin", "say"),
    )
    payload = {name: f"a {name}" for name in names}
    fired = run_document(raw, {PAYLOAD: payload})
    by_hand = run_document(raw)
    assert fired.outputs.get("begin", {}) == payload
    assert by_hand.outputs.get("begin", {}) == {}
    assert [line["message"] for line in by_hand.logs] == ["on"]


_LISTS = ("ListAppendNode", "ListContainsNode", "ListFlattenNode", "ListJoinNode")
_MORE_LISTS = ("ListReverseNode", "ListUniqueNode", "ListLengthNode", "ListMapNode")
_TEXTS = ("TextReverseNode", "TextCaseNode", "TextTrimNode")
_TESTS = ("TextContainsNode", "TextStartsWithNode", "TextEndsWithNode")


def _refuses(node_type: str, words: str, **config: Any) -> Refuses:
    return Refuses(node_type, config, words)


REFUSED = [
    *(_refuses(name, "list: '{{nothing}}'", list="{{nothing}}") for name in _LISTS),
    *(_refuses(name, "'list' has no value") for name in _MORE_LISTS),
    _refuses("CreateListNode", "items: 'nothing'", items="nothing"),
    _refuses("DictKeysNode", "dict must be a map, not a list", dict=[1]),
    _refuses("FileExistsNode", "'path' has no value"),
    _refuses("FilterEmailsNode", "'emails' has no value"),
    _refuses("GetEmailContentNode", "'email' has no value"),
    _refuses("JsonToXMLNode", "'json_data' has no value"),
    _refuses("XMLToJsonNode", "not XML", xml_string="<a>"),
    _refuses("ListFilesNode", "none", directory_path="none"),
    _refuses("UnzipFilesNode", "'zip_path' has no value"),
    _refuses("WriteCSVNode", "'file_path' has no value", data=[]),
    _refuses("ThrowErrorNode", "no invoice", error_message="no invoice"),
]
#: Nodes for which nothing is an input like others: a missing text is an empty one.
MISSING_IS_EMPTY = [
    *(Does(name, {}, {"result": ""}) for name in _TEXTS),
    *(Does(name, {"text": 12, "search": "", "prefix": "1", "suffix": "2"}, {}) for name in _TESTS),
    Does("CreateDictNode", {"key_1": "", "value_1": 1}, {"dict": {}}),
    Does("ConcatenateNode", {}, {"result": ""}),
    Does("GetTimestampNode", {"milliseconds": "nonsense"}, {}),
    Does("RerouteNode", {}, {"out": None}),
    Does("SetHttpHeadersNode", {}, {"headers": {}}),
]


@pytest.mark.parametrize("row", REFUSED, ids=named)
def test_a_node_refuses_what_it_cannot_use(row: Refuses) -> None:
    row.check()


@pytest.mark.parametrize("row", MISSING_IS_EMPTY, ids=named)
def test_where_nothing_is_needed_nothing_is_missed(row: Does) -> None:
    row.check()
