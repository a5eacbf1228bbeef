"""`casare-rpa workflows graph`."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from casare_cli.context import App
from casare_cli.terminal.output import SCHEMA_VERSION, Format
from casare_rpa.domain.json_values import Json

if TYPE_CHECKING:
    from casare_cli.graphs.model import Edge, Graph


class Drawing(StrEnum):
    """How a graph is drawn."""

    TEXT = "text"
    MERMAID = "mermaid"
    SVG = "svg"


def run(
    ctx: typer.Context,
    workflow: Annotated[str, typer.Argument(help="A file, an id, or id@version.")],
    format: Annotated[
        Drawing, typer.Option("--format", "-f", help="How it is drawn.")
    ] = Drawing.TEXT,
) -> None:
    """Draw a workflow as indented text, for Mermaid, or as an SVG that needs nothing beside itself.

    Loops with the way back, branches, and the catch of a try are drawn as the engine runs them.
    With `-o json` the nodes are listed with their layers, and the edges with their kinds: exec,
    data, loop (back to the start) and jump (to a catch or finally).

    Examples:
        casare-rpa workflows graph invoices.json
        casare-rpa workflows graph invoices@3 --format svg > invoices.svg
        casare-rpa workflows graph invoices --format mermaid >> README.md
    """
    from casare_cli.graphs.model import graph_of
    from casare_cli.workflows.refs import find

    app: App = ctx.obj
    found = find(app, workflow)
    graph = graph_of(found.workflow)
    if app.out.wants_json:
        app.out.json({"schema_version": SCHEMA_VERSION, "workflow": found.label, **_json(graph)})
    elif app.out.format is Format.NAME:
        for spec in graph.nodes:
            app.out.line(spec.node_id)
    elif app.out.format is Format.TABLE:
        app.out.line(_drawn(graph, format, title=found.workflow.name).rstrip("\n"))


def _drawn(graph: Graph, format: Drawing, *, title: str) -> str:
    from casare_cli.graphs import mermaid, svg, text

    match format:
        case Drawing.TEXT:
            return text.text(graph)
        case Drawing.MERMAID:
            return mermaid.mermaid(graph)
        case Drawing.SVG:
            return svg.svg(graph, title=title)


def _json(graph: Graph) -> Json:
    from casare_cli.graphs.layout import layout

    layers = layout(graph).layers
    nodes = [
        {
            "node_id": spec.node_id,
            "node_type": spec.node_type,
            "name": spec.name,
            "disabled": spec.disabled,
            "layer": layer,
        }
        for spec, layer in zip(graph.nodes, layers, strict=True)
    ]
    return {"nodes": nodes, "edges": [_edge(graph, edge) for edge in graph.edges]}


def _edge(graph: Graph, edge: Edge) -> Json:
    return {
        "kind": edge.kind,
        "source": graph.nodes[edge.source].node_id,
        "port": edge.port,
        "target": graph.nodes[edge.target].node_id,
        "target_port": edge.target_port,
    }
