"""Asking a server and reading its answer."""

from __future__ import annotations

import codecs
import json
from typing import TYPE_CHECKING, Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._addresses import is_blocking
from casare_rpa.nodes.base import Context, Json, Node, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.http._call import (
    WITH_BODY,
    Call,
    add_content_type,
    body_of,
    checked_url,
    headers_of,
    map_of,
    with_query,
)

if TYPE_CHECKING:
    import httpx

#: The largest answer kept in memory, after unpacking.
MAX_BODY_BYTES = 64 << 20
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
ANSWER = (
    Output("response_body", "STRING"),
    Output("response_json", "ANY"),
    Output("status_code", "INTEGER"),
    Output("response_headers", "DICT"),
    Output("success", "BOOLEAN"),
    Output("error", "STRING"),
)


class HttpRequestNode(Node):
    """Perform an HTTP request and return status, headers and body.

    Any status is a success of the node: `success` says whether it was 200 to 299, else `error`
    reads `HTTP <status>`. The node fails when no answer comes. A body is sent with POST, PUT and
    PATCH: maps and lists as JSON, text with `content_type`. `response_json` is empty if the answer
    is not JSON. `retry_count` further attempts are made, `retry_delay` seconds apart, after a
    failed connection, a timeout, or status 429, 502, 503 or 504. Cookies last for the run. An
    answer over 64 MiB fails.
    """

    category = "http"
    example = {"url": "https://example.org/api", "params": {"page": 2}}
    side_effect = True
    timeout_seconds = 0
    url: str = param(kind="string", required=True, help="Where to.")
    method: str = param("GET", kind="choice", choices=_METHODS, port_kind="STRING", help="How.")
    headers: Json = param({}, kind="json", port_kind="DICT", help="Headers to send.")
    body: Json = param("", kind="string", port_kind="ANY", help="What to send.")
    query: Json = param(
        {}, key="params", kind="json", port_kind="DICT", help="Added to the URL's query."
    )
    timeout: float = param(30.0, kind="float", minimum=0.1, help="Seconds for each attempt.")
    verify_ssl: bool = prop(True, kind="boolean", help="Check the server's certificate.")
    follow_redirects: bool = prop(True, kind="boolean", help="Go where the server sends us.")
    max_redirects: int = prop(10, kind="integer", minimum=0, help="Most redirects to follow.")
    content_type: str = prop("application/json", kind="string", help="The type of a text body.")
    proxy: str = prop("", kind="string", help="The URL of a proxy; empty: the environment's.")
    retry_count: int = prop(0, kind="integer", minimum=0, help="Further attempts.")
    retry_delay: float = prop(1.0, kind="float", minimum=0.0, help="Seconds between attempts.")
    response_encoding: str = prop("", kind="string", help="The answer's encoding; empty: as said.")
    outputs = (ANSWER[0], Output("response_json", "ANY", ("response",)), *ANSWER[2:])

    async def run(self, ctx: Context) -> Outputs:
        return await ask(ctx, self._call(ctx), self.response_encoding)

    def _call(self, ctx: Context) -> Call:
        method = str(self.method or "GET").strip().upper()
        if method not in _METHODS:
            raise NodeError(
                f"no method {method!r}; the methods are {', '.join(_METHODS)}",
                ErrorCode.INVALID_INPUT,
            )
        return prepare(
            ctx,
            method,
            self.url,
            headers=self.headers,
            params=self.query,
            body=self.body,
            content_type=self.content_type,
            timeout_seconds=float(self.timeout),
            verify_ssl=self.verify_ssl,
            proxy=self.proxy or "",
            max_redirects=int(self.max_redirects) if self.follow_redirects else 0,
            retry_count=int(self.retry_count),
            retry_delay_seconds=float(self.retry_delay),
        )


def prepare(
    ctx: Context,
    method: str,
    url: Any,
    *,
    headers: Json = None,
    params: Json = None,
    body: Json = None,
    content_type: str = "",
    **more: Any,
) -> Call:
    """The Call of a node's parameters, checked."""
    sent = headers_of(ctx, headers)
    content, kind = body_of(body, content_type) if method in WITH_BODY else (None, "")
    add_content_type(sent, kind)
    return Call(
        method=method,
        url=checked_url(with_query(checked_url(url), map_of(ctx, params, "params"))),
        headers=sent,
        content=content,
        block_private=is_blocking(ctx),
        **more,
    )


async def ask(ctx: Context, call: Call, encoding: str = "") -> Outputs:
    """Send *call*; the outputs of ANSWER."""
    # httpx takes as long to load as all of the engine: only runs that ask pay for it.
    from casare_rpa.nodes.http import _client  # noqa: PLC0415

    async def receive(response: httpx.Response) -> Outputs:
        raw = await _client.read_body(response, MAX_BODY_BYTES, call.shown)
        return answer(response, raw, encoding)

    return await _client.fetch(ctx, call, receive)


def answer(response: httpx.Response, raw: bytes, encoding: str = "") -> Outputs:
    """The outputs for an answer whose body is *raw*."""
    text = _text(response, raw, encoding)
    value = _json(text, response.headers.get("content-type", ""))
    status = response.status_code
    outputs = {
        "response_body": text,
        "response_json": value,
        "status_code": status,
        "response_headers": headers_received(response),
        "success": 200 <= status <= 299,
        "error": "" if 200 <= status <= 299 else f"HTTP {status}",
    }
    return outputs if value is not None else outputs | {"response": text}


def headers_received(response: httpx.Response) -> dict[str, str]:
    """Headers by the name the server wrote; those that came twice are joined by commas."""
    found: dict[str, str] = {}
    for raw_name, raw_value in response.headers.raw:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _text(response: httpx.Response, raw: bytes, encoding: str) -> str:
    for name in (encoding, response.charset_encoding):
        try:
            if name and codecs.lookup(name):
                return raw.decode(name, "replace")
        except LookupError:
            if name == encoding:
                raise NodeError(f"unknown encoding: {name}", ErrorCode.INVALID_INPUT) from None
    return raw.decode("utf-8-sig", "replace")


def _json(text: str, content_type: str) -> Any:
    if "json" not in content_type.lower() and not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None


def _refuse(word: str) -> None:
    raise ValueError(word)
