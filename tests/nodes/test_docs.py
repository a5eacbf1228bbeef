"""The reference pages of the nodes, and the examples in them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from casare_rpa.nodes import catalogue
from casare_rpa.nodes.base import NodeType
from casare_rpa.nodes.docs import index_markdown, node_markdown, pages
from tests.support.runs import run_node

CLASSES = [catalogue.node_class(name) for name in sorted(catalogue.implemented())]
OURS = frozenset({"data", "text", "utility", "data_operation"})
RUNNABLE = [cls for cls in CLASSES if cls.category in OURS and not cls.side_effect]


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.type)
def test_a_page_names_every_parameter_and_output(cls: NodeType) -> None:
    page = node_markdown(cls)
    assert page.startswith(f"# {cls.type}\n")
    for name in [p.key for p in cls.params.values()] + [o.name for o in cls.outputs]:
        assert f"| `{name}` |" in page
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert all(len(re.findall(r"(?<!\\)\|", row)) in (4, 6) for row in rows)


def test_a_page_shows_choices_limits_aliases_and_an_example() -> None:
    page = node_markdown(catalogue.node_class("TextPadNode"))
    assert "one of `left`, `right`, `center`" in page
    assert "Also spelt `width`." in page
    assert '"node_type": "TextPadNode"' in page
    assert "At least 0." in node_markdown(catalogue.node_class("MathOperationNode"))
    assert "Leaves by: `valid`, `invalid`" in node_markdown(catalogue.node_class("ValidateNode"))


def test_the_index_names_every_type_and_links_those_that_run() -> None:
    index = index_markdown()
    assert "[LogNode](LogNode.md)" in index
    assert "| FindElementNode |" in index
    assert "`windows`" in index
    for entry in catalogue.entries().values():
        assert entry.type in index or entry.same_as or entry.abstract


def test_every_link_of_the_index_leads_to_a_page() -> None:
    made = pages()
    links = set(re.findall(r"\]\((\S+?\.md)\)", made["index.md"]))
    assert links == made.keys() - {"index.md"}


@pytest.mark.parametrize("cls", RUNNABLE, ids=lambda cls: cls.type)
def test_the_example_of_a_node_runs(cls: NodeType, tmp_path: Path) -> None:
    result = run_node(cls.type, cls.example, folder=tmp_path)
    assert result.success, result.error
    assert cls.example or not cls.params


def test_the_readme_counts_the_types_as_the_index_does() -> None:
    readme = Path(catalogue.__file__).parents[2] / "README.md"
    text = " ".join(readme.read_text("utf-8").split())
    told = re.search(r"of the format's (\d+) node types this version has (\d+)", text)
    index = re.search(r"knows (\d+) node types; this version runs (\d+)", index_markdown())
    assert told and index
    assert told.groups() == index.groups()
