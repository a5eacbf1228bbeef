"""Graphs of workflows: as the engine runs them, laid out so that control leads down."""

from __future__ import annotations

import re
import time
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from casare_cli.graphs.layout import layout
from casare_cli.graphs.mermaid import mermaid
from casare_cli.graphs.model import Graph, graph_of
from casare_cli.graphs.nesting import loops_around
from casare_cli.graphs.svg import svg
from casare_cli.graphs.text import text
from casare_rpa.domain.workflow import Workflow, parse_workflow

Wire = tuple[str, str, str, str]


def graph(nodes: dict[str, str], *wires: str, **config: Any) -> Graph:
    """Wires are `a.port>b` or, for data, `a.port>b.port`."""
    return graph_of(workflow(nodes, *wires, **config))


def workflow(nodes: dict[str, str], *wires: str, **config: Any) -> Workflow:
    document = {
        "metadata": {"name": "g"},
        "nodes": {
            name: {"node_id": name, "node_type": kind, "config": config.get(name, {})}
            for name, kind in nodes.items()
        },
        "connections": [_connection(wire) for wire in wires],
    }
    return parse_workflow(document)


def _connection(wire: str) -> dict[str, str]:
    source, target = wire.split(">")
    node, _, port = source.partition(".")
    into, _, entry = target.partition(".")
    return {
        "source_node": node,
        "source_port": port or "exec_out",
        "target_node": into,
        "target_port": entry or "exec_in",
    }


BRANCHES = graph(
    {"if": "IfNode", "yes": "LogNode", "no": "LogNode", "merge": "MergeNode", "end": "LogNode"},
    "if.true>yes",
    "if.false>no",
    "yes>merge",
    "no>merge",
    "merge>end",
)
LOOP = graph(
    {
        "each": "ForLoopStartNode",
        "say": "LogNode",
        "again": "ForLoopEndNode",
        "after": "LogNode",
    },
    "each.body>say",
    "each.current_item>say.message",
    "say>again",
    "again>after",
)
TRY = graph(
    {"try": "TryNode", "act": "LogNode", "catch": "CatchNode", "rest": "FinallyNode"},
    "try.try_body>act",
    "act>rest",
    catch={"paired_try_id": "try"},
)
ABROAD = graph({"a": "LaunchBrowserNode", "b": "LogNode", "alone": "LogNode"}, "a>b")
ALL = [BRANCHES, LOOP, TRY, ABROAD]


def test_branches_stand_further_in_and_what_joins_them_behind() -> None:
    assert text(BRANCHES).splitlines() == [
        "if  IfNode",
        "├─ true",
        "│  yes  LogNode",
        "├─ false",
        "│  no  LogNode",
        "merge  MergeNode",
        "end  LogNode",
    ]


def test_a_loop_holds_its_body_and_shows_the_way_back() -> None:
    assert text(LOOP).splitlines() == [
        "each  ForLoopStartNode",
        "├─ body",
        "│  say  LogNode  [message ← each.current_item]",
        "│  again  ForLoopEndNode  ↺ each",
        "after  LogNode",
    ]
    back = [edge for edge in LOOP.edges if edge.kind == "loop"]
    assert [(edge.source, edge.target) for edge in back] == [(2, 0)]


def test_a_try_leads_to_its_catch_without_a_connection() -> None:
    jumps = {(TRY.nodes[e.target].node_id, e.port) for e in TRY.edges if e.kind == "jump"}
    assert ("catch", "catch") in jumps
    assert "├─ catch" in text(TRY)


def test_an_edge_to_what_stands_elsewhere_names_it() -> None:
    skipped = graph(
        {"if": "IfNode", "yes": "LogNode", "end": "LogNode"},
        "if.true>yes",
        "if.false>end",
        "yes>end",
    )
    assert "├─ false → end" in text(skipped)


def test_data_that_goes_back_is_drawn_upwards() -> None:
    circle = graph({"a": "LogNode", "b": "FormatStringNode"}, "a>b", "b.result>a.message")
    assert text(circle).splitlines() == ["a  LogNode  [message ← b.result]", "b  FormatStringNode"]
    assert layout(circle).layers == [0, 1]
    assert svg(circle, title="c").count("<path") == 3


@pytest.mark.parametrize("drawn", ALL)
def test_control_leads_down_and_nodes_of_a_layer_do_not_overlap(drawn: Graph) -> None:
    places = layout(drawn)
    for edge in drawn.edges:
        if edge.kind != "loop":
            assert places.layers[edge.source] < places.layers[edge.target], edge
    spots = list(zip(places.layers, places.columns, strict=True))
    for layer in range(places.count_layers):
        columns = sorted(column for at, column in spots if at == layer)
        assert all(right - left >= 0.999 for left, right in pairwise(columns))
    assert min(places.columns) == 0


@pytest.mark.parametrize("drawn", ALL)
def test_every_node_is_in_every_drawing(drawn: Graph) -> None:
    root = ET.fromstring(svg(drawn, title="t"))
    boxes = root.findall(".//{http://www.w3.org/2000/svg}rect")
    assert len(boxes) == len(drawn.nodes)
    first_words = {line.lstrip("│ ").split("  ")[0] for line in text(drawn).splitlines()}
    assert {spec.node_id for spec in drawn.nodes} <= first_words
    assert len(re.findall(r'^  n\d+(?:\[|\{\{)"', mermaid(drawn), re.M)) == len(drawn.nodes)


def test_names_cannot_break_out_of_a_drawing() -> None:
    nasty = '"]<script>alert(1)</script>\x1b[31m%%{init}%% #quot; -->'
    drawn = graph({nasty: "LogNode"})
    picture = svg(drawn, title=nasty)
    ET.fromstring(picture)
    assert "<script" not in picture and "\x1b" not in picture
    assert "<script" not in mermaid(drawn) and mermaid(drawn).count('"') == 2
    assert "http" not in picture.replace("http://www.w3.org/2000/svg", "")


def test_mermaid_draws_branches_loops_and_data_differently() -> None:
    lines = mermaid(LOOP).splitlines()
    assert lines[0] == "flowchart TD"
    assert '  n0{{"each<br/>ForLoopStartNode"}}' not in lines, "only one way out is wired"
    assert '  n0 -->|"body"| n1' in lines
    assert '  n0 -.->|"current_item → message"| n1' in lines
    assert '  n2 -.->|"next pass"| n0' in lines
    assert '  n0{{"if<br/>IfNode"}}' in mermaid(BRANCHES).splitlines()


def test_the_largest_workflow_is_drawn_at_once() -> None:
    names = [f"n{i}" for i in range(1000)]
    chain = [f"{a}>{b}" for a, b in pairwise(names)]
    drawn = graph(dict.fromkeys(names, "LogNode"), *chain)
    began = time.process_time()
    assert text(drawn).count("\n") == 1000
    assert layout(drawn).count_layers == 1000
    assert svg(drawn, title="t").count("<rect") == 1000
    assert time.process_time() - began < 5


def test_a_node_stands_in_its_innermost_loop_and_what_follows_in_none() -> None:
    nested = workflow(
        {
            "outer": "ForLoopStartNode",
            "inner": "WhileLoopStartNode",
            "if": "IfNode",
            "out": "BreakNode",
            "say": "LogNode",
            "inner_end": "WhileLoopEndNode",
            "between": "LogNode",
            "outer_end": "ForLoopEndNode",
            "after": "LogNode",
        },
        "outer.body>inner",
        "inner.body>if",
        "if.true>out",
        "out>between",
        "if.false>say",
        "say>inner_end",
        "inner.completed>between",
        "between>outer_end",
        "outer.completed>after",
        outer_end={"paired_start_id": "outer"},
        inner_end={"paired_start_id": "inner"},
    )
    assert loops_around(nested) == {
        "inner": "outer",
        "if": "inner",
        "out": "inner",
        "say": "inner",
        "inner_end": "inner",
        "between": "outer",
        "outer_end": "outer",
    }
    ended = workflow(
        {"each": "ForLoopStartNode", "say": "LogNode", "again": "ForLoopEndNode", "on": "LogNode"},
        "each.body>say",
        "say>again",
        "again>on",
    )
    assert loops_around(ended) == {"say": "each", "again": "each"}


def test_the_way_back_of_a_loop_crosses_no_node() -> None:
    nested = graph(
        {
            "outer": "ForLoopStartNode",
            "inner": "ForLoopStartNode",
            "wait": "WaitNode",
            "inner_end": "ForLoopEndNode",
            "say": "LogNode",
            "outer_end": "ForLoopEndNode",
            "after": "LogNode",
        },
        "outer.body>inner",
        "inner.body>wait",
        "wait>inner_end",
        "inner.completed>say",
        "say>outer_end",
        "outer.completed>after",
        outer_end={"paired_start_id": "outer"},
        inner_end={"paired_start_id": "inner"},
    )
    root = ET.fromstring(svg(nested, title="nested"))
    name = "{http://www.w3.org/2000/svg}"
    boxes = [
        (float(rect.get("x", "")), float(rect.get("y", "")), float(rect.get("width", "")))
        for rect in root.iter(f"{name}rect")
    ]
    paths = [g[0].get("d", "") for g in root.iter(f"{name}g") if g.get("class") == "loop"]
    assert len(paths) == 2
    for path in paths:
        [lane] = re.findall(r"Q(\S+) \S+ \1", path)[:1]
        low, high = sorted(
            float(y) for y in re.findall(r"M\S+ (\S+?)Q|(\S+)$", path) for y in y if y
        )
        beside = [(x, width) for x, y, width in boxes if low - 44 < y < high]
        assert len(beside) >= 3
        assert not any(x < float(lane) < x + width for x, width in beside)
