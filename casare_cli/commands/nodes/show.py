"""`casare-rpa nodes show`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casare_cli.context import App
from casare_cli.terminal.columns import Column
from casare_cli.terminal.output import SCHEMA_VERSION, Format, Output
from casare_cli.terminal.text import plain
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from casare_rpa.nodes.base import NodeType

COLUMNS = (
    Column("type", "type"),
    Column("aliases", "aliases"),
    Column("category", "category"),
    Column("runs here", "implemented"),
    Column("runs on", "runs_on"),
    Column("requires", "requires"),
    Column("extras", "extras"),
    Column("extras to install", "missing_extras"),
)


def run(
    ctx: typer.Context,
    node_type: Annotated[str, typer.Argument(metavar="TYPE", help="Type or alias of a node.")],
    schema: Annotated[
        bool, typer.Option("--schema", help="Print only the JSON Schema of the config.")
    ] = False,
    snippet: Annotated[
        bool, typer.Option("--snippet", help="Print only the node as JSON, ready to paste.")
    ] = False,
) -> None:
    """Show a node type: what it does, its parameters and ports, and a node to paste.

    The snippet is a member of `nodes` in a workflow file.

    Examples:
        casare-rpa nodes show ForLoopStartNode
        casare-rpa nodes show HttpRequestNode --schema
        casare-rpa nodes show ReadFileNode --snippet
    """
    from casare_rpa.nodes import catalogue, snippets

    app: App = ctx.obj
    try:
        item = catalogue.item(node_type)
    except catalogue.UnknownNodeType as error:
        raise NotFound(error.message, hint=error.hint) from None
    if schema and snippet:
        raise InvalidInput("--schema and --snippet exclude each other")
    alone = schema or snippet
    cls = catalogue.node_class(node_type) if item["implemented"] or alone else None
    if cls is not None and alone:
        app.out.json(catalogue.schema(cls) if schema else snippets.snippet(cls))
        return
    if cls is not None:
        item |= _about(cls, catalogue.schema(cls)) | {"snippet": snippets.snippet(cls)}
    if app.out.wants_json:
        app.out.json({"schema_version": SCHEMA_VERSION, **item})
    else:
        app.out.item(item, COLUMNS, name="type")
        if app.out.format is Format.TABLE:
            _print_ports(app.out, item)


def _about(cls: NodeType, schema: Json) -> Json:
    import inspect

    return {
        "help": inspect.cleandoc(cls.__doc__ or ""),
        "side_effect": cls.side_effect,
        "parameters": [_parameter(param) for param in cls.params.values()],
        "outputs": [{"name": port.name, "kind": port.kind} for port in cls.outputs],
        "exec_inputs": list(cls.exec_inputs),
        "exec_outputs": list(cls.exec_outputs),
        "example": dict(cls.example),
        "schema": schema,
    }


def _parameter(param: Any) -> Json:
    return {
        "name": param.key,
        "kind": param.kind,
        "default": param.default,
        "required": param.required,
        "choices": list(param.choices),
        "aliases": list(param.aliases),
        "input_port": param.input,
        "help": param.help,
    }


def _print_ports(out: Output, item: Json) -> None:
    if not item.get("help"):
        out.line(str(item.get("summary", "")))
        return
    out.line(f"\n{item['help']}\n")
    for parameter in item["parameters"]:
        out.line(f"  {_parameter_line(parameter)}")
    for port in item["outputs"]:
        out.line(f"  -> {port['name']} ({port['kind']})")
    out.line(f"  leaves by: {', '.join(item['exec_outputs'])}")
    out.line("\nTo paste into nodes:")
    out.line(json.dumps(item["snippet"], ensure_ascii=False, indent=2)[2:-2])


def _parameter_line(parameter: Json) -> str:
    parts = [f"{parameter['name']} ({parameter['kind']})"]
    if parameter["required"]:
        parts.append("required")
    elif parameter["default"] not in (None, ""):
        parts.append(f"default {plain(parameter['default'])}")
    if parameter["choices"]:
        parts.append("one of " + ", ".join(plain(choice) for choice in parameter["choices"]))
    line = ", ".join(parts)
    return f"{line}: {parameter['help']}" if parameter["help"] else line
