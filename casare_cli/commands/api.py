"""`casare-rpa api`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.values import inputs, parse_json, read_text
from casare_rpa.errors import InvalidInput

API = "/api/v1"
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def run(
    ctx: typer.Context,
    method: Annotated[str, typer.Argument(help="GET, POST, PUT, PATCH or DELETE.")],
    path: Annotated[str, typer.Argument(help="Path below /api/v1, such as /jobs.")],
    data: Annotated[
        str | None,
        typer.Option("--data", "-d", metavar="JSON", help="Body: JSON, @FILE or - (stdin)."),
    ] = None,
    param: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Query parameter; repeatable.")
    ] = None,
    root: Annotated[
        bool, typer.Option("--root", help="PATH starts at the server's root, such as /health.")
    ] = False,
) -> None:
    """Call any endpoint and print its JSON answer.

    Examples:
        casare-rpa api GET /jobs --param status=failed
        casare-rpa api POST /jobs --data '{"workflow_id": "invoices"}'
        casare-rpa api GET /health --root
    """
    app: App = ctx.obj
    verb = method.upper()
    if verb not in _METHODS:
        raise InvalidInput(f"{method!r} is none of {', '.join(_METHODS)}")
    target = "/" + path.lstrip("/")
    body = _body(data)
    query = inputs(param or (), "--param")
    with app.client() as client:
        below = target.removeprefix(API) if not root else target
        app.out.json(client.call(verb, below, json=body, params=query, root=root))


def _body(data: str | None) -> object:
    if data is None:
        return None
    if data == "-":
        import sys

        return parse_json(sys.stdin.read() if sys.stdin else "", "--data - (stdin)")
    if data.startswith("@"):
        from pathlib import Path

        return parse_json(read_text(Path(data[1:])), f"--data {data}")
    return parse_json(data, "--data")
