"""XML: parsing, searching, converting, files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.nodes.cases import Does, Refuses, named
from tests.support.runs import chain, document, node, run_document

SHOP = """<?xml version="1.0"?>
<shop city="Ulm"><tea price="2">green</tea><tea price="3">black</tea><bun/>
<stock><tea price="9">old</tea></stock></shop>"""
BOMB = '<!DOCTYPE a [<!ENTITY x "boom">]><a>&x;</a>'
GET = "GetXMLElementNode"

DOES = [
    Does("ParseXMLNode", {"xml_string": SHOP}, {"root_tag": "shop", "child_count": 4}),
    Does("ParseXMLNode", {"xml_string": "\n <a> x </a>"}, {"root_text": "x", "success": True}),
    Does(
        GET,
        {"xml_string": SHOP, "tag_name": "tea", "index": "1"},
        {"text": "black", "attributes": {"price": "3"}, "found": True, "child_count": 0},
    ),
    Does(GET, {"xml_string": SHOP, "path": "stock/tea"}, {"text": "old"}),
    Does(GET, {"xml_string": SHOP, "path": "/shop/stock/tea"}, {"text": "old"}),
    Does(GET, {"xml_string": SHOP, "tag_name": "tea", "index": 3}, {"found": False, "text": ""}),
    Does("GetXMLAttributeNode", {"xml_string": SHOP, "attribute": "city"}, {"value": "Ulm"}),
    Does(
        "GetXMLAttributeNode",
        {"xml_string": SHOP, "xpath": "//bun", "attribute_name": "price"},
        {"value": "", "found": False},
    ),
    Does("XPathQueryNode", {"xml_string": SHOP, "query": "//tea"}, {"count": 3}),
    Does("XPathQueryNode", {"xml_string": SHOP, "query": "//shop"}, {"count": 1}),
    Does("XPathQueryNode", {"xml_string": SHOP, "xpath": "tea[@price='3']"}, {"count": 1}),
    Does("XPathQueryNode", {"xml_string": SHOP, "xpath": "/other/tea"}, {"count": 0}),
    Does(
        "XPathQueryNode",
        {"xml_string": SHOP, "xpath": "/shop/tea/text()"},
        {"first_text": "green", "count": 2},
    ),
    Does(
        "XMLToJsonNode",
        {"xml_string": SHOP},
        {
            "json_data": {
                "shop": {
                    "@attributes": {"city": "Ulm"},
                    "tea": [
                        {"@attributes": {"price": "2"}, "#text": "green"},
                        {"@attributes": {"price": "3"}, "#text": "black"},
                    ],
                    "bun": "",
                    "stock": {"tea": {"@attributes": {"price": "9"}, "#text": "old"}},
                }
            }
        },
    ),
    Does(
        "XMLToJsonNode",
        {"xml_string": "<a x='1'><b>2</b></a>", "include_attributes": False},
        {"json_data": {"a": {"b": "2"}}, "json_string": '{\n  "a": {\n    "b": "2"\n  }\n}'},
    ),
    Does(
        "JsonToXMLNode",
        {"json_data": {"tea": [1, None], "ok": True}, "root_tag": "shop", "pretty_print": False},
        {"xml_string": "<shop><tea>1</tea><tea /><ok>true</ok></shop>"},
    ),
    Does(
        "JsonToXMLNode",
        {"json_data": "[1, {}]", "pretty_print": False},
        {"xml_string": "<root><item>1</item><item /></root>"},
    ),
    Does(
        "JsonToXMLNode",
        {"json_data": {"a b": "<&>", "1": 2}},
        {"xml_string": "<root>\n  <a_b>&lt;&amp;&gt;</a_b>\n  <_1>2</_1>\n</root>"},
    ),
]

REFUSES = [
    Refuses("ParseXMLNode", {"xml_string": "<a>"}, "not XML", "PARSE_ERROR"),
    Refuses("ParseXMLNode", {}, "xml_string", "MISSING_REQUIRED_FIELD"),
    Refuses("ParseXMLNode", {"xml_string": BOMB}, "entities", "PARSE_ERROR"),
    Refuses("XPathQueryNode", {"query": "//a"}, "xml_string", "MISSING_REQUIRED_FIELD"),
    Refuses("XPathQueryNode", {"xml_string": SHOP, "xpath": "tea["}, "no path"),
]


@pytest.mark.parametrize("row", DOES, ids=named)
def test_an_xml_node_does_its_job(row: Does) -> None:
    row.check()


@pytest.mark.parametrize("row", REFUSES, ids=named)
def test_an_xml_node_refuses_what_it_cannot_use(row: Refuses) -> None:
    row.check()


def test_xml_nodes_without_text_work_on_the_document_parsed_last() -> None:
    result = run_document(
        document(
            {
                "parse": node("ParseXMLNode", xml_string=SHOP),
                "element": node(GET, path="tea"),
                "query": node("XPathQueryNode", query=".//tea"),
                "city": node("GetXMLAttributeNode", attribute="city"),
                "json": node("XMLToJsonNode"),
            },
            chain("parse", "element", "query", "city", "json"),
        )
    )
    assert result.success, result.error
    assert result.outputs["element"]["text"] == "green"
    assert result.outputs["query"]["count"] == 3
    assert result.outputs["city"]["value"] == "Ulm"
    assert "shop" in result.outputs["json"]["json_data"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_xml_file_is_read_as_it_was_written(tmp_path: Path, encoding: str) -> None:
    result = run_document(
        document(
            {
                "write": node(
                    "WriteXMLFileNode",
                    file_path="out/a.xml",
                    xml_string="<a><b>Käse 茶</b></a>",
                    encoding=encoding,
                ),
                "read": node("ReadXMLFileNode", file_path="out/a.xml"),
                "get": node(GET, tag_name="b"),
            },
            chain("write", "read", "get"),
        ),
        folder=tmp_path,
    )
    assert result.success, result.error
    assert result.outputs["get"]["text"] == "Käse 茶"
    text = (tmp_path / "out/a.xml").read_text(encoding)
    assert text.startswith(f"<?xml version='1.0' encoding='{encoding}'?>\n<a>\n  <b>Käse")


def test_entities_in_a_file_are_refused_in_any_encoding(tmp_path: Path) -> None:
    (tmp_path / "bomb.xml").write_text(BOMB, "utf-16")
    result = run_document(
        document({"read": node("ReadXMLFileNode", file_path="bomb.xml")}), folder=tmp_path
    )
    assert result.error is not None
    assert "entities" in result.error.message
