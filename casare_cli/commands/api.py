"""`casare-rpa api`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casare_cli.context import App
from casare_cli.terminal.columns import Column
from casare_cli.terminal.output import Format
from casare_cli.terminal.values import inputs, parse_json, read_text
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import InvalidInput

if TYPE_CHECKING:
    from httpx import Response

    from casare_rpa.client import OrchestratorClient

API = "/api/v1"
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_SCHEMA = "schema"


def run(
    ctx: typer.Context,
    method: Annotated[
        str,
        typer.Argument(
            help="GET, POST, PUT, PATCH or DELETE; or schema.",
            autocompletion=lambda: [*_METHODS, _SCHEMA],
        ),
    ],
    path: Annotated[
        list[str] | None,
        typer.Argument(help="Path below /api/v1, such as /jobs; behind schema: a command."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option("--data", "-d", metavar="JSON", help="Body: JSON, @FILE or - (stdin)."),
    ] = None,
    fields: Annotated[
        list[str] | None,
        typer.Option(
            "--field",
            "-F",
            metavar="INPUT",
            help="Member of the body: name=text, name:=json, @FILE.json or -; repeatable.",
        ),
    ] = None,
    input: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Body as it is, bytes of FILE or - (stdin)."),
    ] = None,
    param: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Query parameter; repeatable.")
    ] = None,
    header: Annotated[
        list[str] | None,
        typer.Option("--header", "-H", metavar="NAME:VALUE", help="Header; repeatable."),
    ] = None,
    paginate: Annotated[
        bool, typer.Option("--paginate", help="GET all pages of a list as one.")
    ] = False,
    include: Annotated[
        bool, typer.Option("--include", "-i", help="Print the answer's status and headers first.")
    ] = False,
    root: Annotated[
        bool, typer.Option("--root", help="PATH starts at the server's root, such as /health.")
    ] = False,
) -> None:
    """Call any endpoint and print its JSON answer; or print the JSON Schema of a command's answer.

    A failure has the exit code of its kind: 4 not found, 5 not allowed, 7 no good key, 9 conflict,
    2 refused as it is, 75 try later, 3 the server failed.

    Examples:
        casare-rpa api GET /jobs --param status=failed --paginate -o jsonl
        casare-rpa api POST /jobs --field workflow_id=invoices --header 'Idempotency-Key: 2026-11'
        casare-rpa api POST /jobs --data @request.json
        casare-rpa api GET /health --root --include
        casare-rpa api PUT /workflows/w --input w.gz -H 'Content-Encoding: gzip'
        casare-rpa api schema jobs list
    """
    app: App = ctx.obj
    words = path or []
    if method == _SCHEMA:
        _print_schema(app, " ".join(words))
        return
    verb = _verb(method, paginate)
    if paginate and include:
        raise InvalidInput("--include shows one answer, --paginate makes many: give one of them")
    query = inputs(param or (), "--param")
    about: Json = {"content": _body(data, fields, input), "headers": _headers(header), "root": root}
    target = _target(words, root)
    with app.client() as client:
        if paginate:
            _print_pages(app, client, target, query, about)
        else:
            _print_answer(app, client.exchange(verb, target, params=query, **about), include)


def _print_schema(app: App, name: str) -> None:
    from casare_cli.schemas import names, schema_of

    if name:
        app.out.json(schema_of(name))
    else:
        items = [{"command": found} for found in names()]
        app.out.list(items, (Column("COMMAND", "command"),), name="command")


def _verb(method: str, paginate: bool) -> str:
    verb = method.upper()
    if verb not in _METHODS:
        raise InvalidInput(f"{method!r} is none of {', '.join(_METHODS)}, schema")
    if paginate and verb != "GET":
        raise InvalidInput(f"--paginate goes with GET, not with {verb}")
    return verb


def _target(words: list[str], root: bool) -> str:
    if len(words) != 1:
        raise InvalidInput(
            "one path is wanted, such as /jobs", hint="casare-rpa api GET /jobs --param limit=5"
        )
    target = "/" + words[0].lstrip("/")
    return target if root else target.removeprefix(API)


def _print_answer(app: App, response: Response, include: bool) -> None:
    from casare_rpa.client import decoded

    if include and app.out.format is not Format.NONE:
        app.out.line(f"{response.http_version} {response.status_code} {response.reason_phrase}")
        for name, value in response.headers.multi_items():
            app.out.line(f"{name}: {value}")
        app.out.line()
    app.out.json(decoded(response))


def _body(data: str | None, fields: list[str] | None, raw: str | None) -> bytes | None:
    if fields and data is not None:
        raise InvalidInput("--data is the whole body, --field a part of it: give one of them")
    if raw is not None:
        if fields or data is not None:
            raise InvalidInput("--input is the whole body: give it without --data and --field")
        return _raw(raw)
    if fields:
        return _json_bytes(inputs(fields, "--field"))
    return None if data is None else _json_bytes(_json_of(data))


def _json_of(data: str) -> object:
    if data == "-":
        import sys

        return parse_json(sys.stdin.read() if sys.stdin else "", "--data - (stdin)")
    if data.startswith("@"):
        return parse_json(read_text(Path(data[1:])), f"--data {data}")
    return parse_json(data, "--data")


def _json_bytes(value: object) -> bytes:
    import json

    return json.dumps(value).encode()


def _raw(source: str) -> bytes:
    if source == "-":
        import sys

        return sys.stdin.buffer.read() if sys.stdin else b""
    try:
        return Path(source).read_bytes()
    except OSError as error:
        raise InvalidInput(f"cannot read {source}: {error.strerror or error}") from None


def _headers(words: list[str] | None) -> dict[str, str]:
    found = {}
    for word in words or ():
        name, colon, value = word.partition(":")
        if not (colon and name.replace("-", "_").isidentifier()):
            raise InvalidInput(f"--header: {word!r} is no header", hint="Write it as NAME:VALUE.")
        if not (word.isascii() and word.isprintable()):
            raise InvalidInput(f"--header: {word!r} holds characters that no header has")
        found[name] = value.strip()
    return found


def _print_pages(
    app: App, client: OrchestratorClient, target: str, query: Json, about: Json
) -> None:
    """All pages as one answer, in the form of the first."""
    from casare_cli.lists.api_pages import items_of, pages

    first: Any = None
    items: list[Any] = []
    for page in pages(client, target, query, about):
        first = page if first is None else first
        items += items_of(page, target)
    _print_whole(app, first, items)


def _print_whole(app: App, first: Any, items: list[Any]) -> None:
    if app.out.format is Format.JSONL:
        for item in items:
            app.out.line_of_json(item)
    elif isinstance(first, list):
        app.out.json(items)
    else:
        whole = {key: items if isinstance(v, list) else v for key, v in first.items()}
        app.out.json(whole | ({"next_cursor": None} if "next_cursor" in whole else {}))
