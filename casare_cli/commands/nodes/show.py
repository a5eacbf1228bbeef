"""`casare-rpa nodes show`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from casare_cli.context import App
from casare_cli.output import SCHEMA_VERSION, Column, Format, Json, Output
from casare_cli.text import plain
from casare_rpa.errors import NotFound

if TYPE_CHECKING:
    from casare_rpa.nodes.base import NodeType

COLUMNS = (
    Column("type", "type"),
    Column("aliases", "aliases"),
    Column("category", "category"),
    Column("runs here", "implemented"),
    Column("runs on", "runs_on"),
    Column("requires", "requires"),
)


def run(
    ctx: typer.Context,
    node_type: Annotated[str, typer.Argument(metavar="TYPE", help="Type or alias of a node.")],
    schema: Annotated[
        bool, typer.Option("--schema", help="Print only the JSON Schema of the config.")
    ] = False,
) -> None:
    """Show a node type: what it does, its parameters and its ports.

    Examples:
        casare-rpa nodes show ForLoopStartNode
        casare-rpa nodes show HttpRequestNode --schema
    """
    from casare_rpa.nodes import catalogue

    app: App = ctx.obj
    try:
        item = catalogue.item(node_type)
    except catalogue.UnknownNodeType as error:
        raise NotFound(error.message, hint=error.hint) from None
    cls = catalogue.node_class(node_type) if item["implemented"] or schema else None
    if schema and cls is not None:
        app.out.json(catalogue.schema(cls))
        return
    if cls is not None:
        item |= _about(cls, catalogue.schema(cls))
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
