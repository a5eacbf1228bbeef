"""What prepares requests and reads answers, without a network."""

from __future__ import annotations

import base64
import json
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._credentials import NO_CREDENTIAL, Credential, credential
from casare_rpa.nodes.base import Context, Json, Node, NodeError, Output, Outputs, param, port
from casare_rpa.nodes.http._call import headers_of, map_of, with_query
from casare_rpa.nodes.values.reading import MISSING, walk


class BuildUrlNode(Node):
    """Assemble a URL: `path` below `base_url`, `params` added to the query."""

    category = "http"
    example = {"base_url": "https://example.org/api", "path": "items", "params": {"page": 2}}
    base_url: str = param(kind="string", required=True, help="Such as https://example.org/api.")
    path: str = param("", kind="string", help="What follows.")
    query: Json = param({}, key="params", kind="json", port_kind="DICT", help="The query.")
    outputs = (Output("url", "STRING"),)

    def run(self, ctx: Context) -> Outputs:
        base, path = str(self.base_url).strip(), str(self.path or "")
        if not base:
            raise NodeError("base_url is empty", ErrorCode.MISSING_REQUIRED_FIELD)
        if path:
            head, mark, query = base.partition("?")
            base = f"{head.rstrip('/')}/{path.lstrip('/')}"
            base += ("&" if "?" in base else mark) + query if query else ""
        try:
            return {"url": with_query(base, map_of(ctx, self.query, "params"))}
        except ValueError as error:
            raise NodeError(f"{base!r} is no URL: {error}", ErrorCode.INVALID_INPUT) from error


class SetHttpHeadersNode(Node):
    """Build headers for later requests.

    `base_headers`, then `headers_json`, then the single header; the later wins.
    """

    category = "http"
    example = {"header_name": "Accept", "header_value": "application/json"}
    base_headers: Json = port(None, kind="dict", aliases=("headers",), help="What to start from.")
    header_name: str = param("", kind="string", help="One header.")
    header_value: str = param("", kind="string", help="Its value.")
    headers_json: Json = param({}, kind="json", port_kind="DICT", help="Several headers.")
    outputs = (Output("headers", "DICT"),)

    def run(self, ctx: Context) -> Outputs:
        single = {str(self.header_name): self.header_value} if self.header_name else {}
        return {
            "headers": {
                **headers_of(ctx, self.base_headers, "base_headers"),
                **headers_of(ctx, self.headers_json, "headers_json"),
                **headers_of(ctx, single, "header_name"),
            }
        }


class HttpAuthNode(Node):
    """Produce request headers for bearer, basic or API-key authentication.

    The secret is `credential_name` (a stored secret, else a variable; a map or JSON object with
    token, username, password or api_key, or just the token), else the parameters, else
    HTTP_TOKEN, HTTP_USERNAME and HTTP_PASSWORD of the environment. An API key is sent in the
    header `api_key_name`.
    """

    category = "http"
    example = {"auth_type": "Bearer", "token": "abc"}
    credential_name: str = param("", kind="string", help="The name of a credential.")
    auth_type: str = param(
        "Bearer",
        kind="choice",
        choices=("Bearer", "Basic", "ApiKey"),
        port_kind="STRING",
        help="How to authenticate.",
    )
    token: str = param("", kind="string", help="The token or key.")
    username: str = param("", kind="string", help="For Basic.")
    password: str = param("", kind="string", help="For Basic.")
    api_key_name: str = param("X-API-Key", kind="string", help="The header of an API key.")
    base_headers: Json = port(None, kind="dict", help="Headers to add to.")
    outputs = (Output("headers", "DICT"),)

    async def run(self, ctx: Context) -> Outputs:
        found = await credential(ctx, self.credential_name)
        made = auth_headers(
            str(self.auth_type),
            token=found.part("token", "api_key", "value", given=self.token, env="HTTP_TOKEN"),
            username=found.part("username", given=self.username, env="HTTP_USERNAME"),
            password=found.part("password", "value", given=self.password, env="HTTP_PASSWORD"),
            header_name=str(self.api_key_name or "X-API-Key"),
            credential=found,
        )
        return {"headers": {**headers_of(ctx, self.base_headers, "base_headers"), **made}}


class ParseJsonResponseNode(Node):
    """Extract a value from JSON by a path such as `user.emails[0]`.

    An empty path gives all of it. A missing value fails unless `default` is given.
    """

    category = "http"
    example = {"json_data": {"user": {"emails": ["a@example.org"]}}, "path": "user.emails[0]"}
    json_data: Json = port(None, kind="any", aliases=("response",), help="A value or JSON text.")
    path: str = param("", kind="string", help="Names and [indexes], separated by dots.")
    default: Json = param("", kind="string", port_kind="ANY", help="What a missing value becomes.")
    outputs = (
        Output("value", "ANY", ("data",)),
        Output("success", "BOOLEAN"),
        Output("error", "STRING"),
    )

    def run(self, ctx: Context) -> Outputs:
        path = str(self.path or "").strip().removeprefix("$").removeprefix(".")
        found = self._parsed()
        value = walk(found, path) if path else found
        if value is MISSING:
            if self.default is None or self.default == "":
                raise NodeError(f"nothing at {path!r}", ErrorCode.VALIDATION_FAILED)
            value = self.default
        return {"value": value, "success": True, "error": ""}

    def _parsed(self) -> Any:
        if self.json_data is None or self.json_data == "":
            raise NodeError("json_data is empty", ErrorCode.MISSING_REQUIRED_FIELD)
        if not isinstance(self.json_data, str | bytes):
            return self.json_data
        try:
            return json.loads(self.json_data)
        except (ValueError, RecursionError) as error:
            raise NodeError(f"json_data is not JSON: {error}", ErrorCode.PARSE_ERROR) from error


def auth_headers(
    kind: str,
    *,
    token: str,
    username: str,
    password: str,
    header_name: str,
    credential: Credential = NO_CREDENTIAL,
) -> dict[str, str]:
    """The header that proves who asks. Raises NodeError for an unknown kind or a missing secret."""
    match kind.lower().replace("_", "").replace("-", ""):
        case "bearer":
            found = {"Authorization": f"Bearer {credential.given(token, 'token')}"}
        case "basic":
            pair = f"{credential.given(username, 'username')}:{password}".encode()
            found = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        case "apikey":
            found = {header_name: credential.given(token, "token")}
        case _:
            raise NodeError(
                f"no auth_type {kind!r}; there are: Bearer, Basic, ApiKey", ErrorCode.INVALID_INPUT
            )
    if any(c in "\r\n\0" for text in found.values() for c in text):
        raise NodeError("the credential holds a line break", ErrorCode.INVALID_INPUT)
    return found
