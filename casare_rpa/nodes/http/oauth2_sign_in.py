"""Signing in by OAuth 2.0: where to send a person, and the answer that comes back."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Json, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.http._call import checked_url, map_of, with_query
from casare_rpa.nodes.http._oauth2 import REDIRECT_URI, OAuth2Node
from casare_rpa.nodes.http._redirected import Expected, redirected
from casare_rpa.nodes.values.reading import as_text, int_within, needed, one_of, refuse_unresolved

_LOWEST_PORT, _HIGHEST_PORT = 1024, 65535
_MOST_WAIT_SECONDS = 600


class OAuth2AuthorizeNode(OAuth2Node):
    """Build the address at which a person allows an application to act for them.

    Open it in a browser and wait with OAuth2CallbackServerNode for the answer. `state` is made up
    if it is empty; give it to that node as `expected_state`. With `pkce_enabled` (and
    `response_type` code) `code_verifier` is for OAuth2TokenExchangeNode. `extra_params` go into
    the query as well, such as `{"access_type": "offline", "prompt": "consent"}`.
    """

    example = {
        "client_id": "my-app",
        "auth_url": "https://login.example.org/authorize",
        "scope": "openid mail.read",
    }
    client_id: str = param("", kind="string", help="The application, as the server knows it.")
    auth_url: str = param("", kind="string", help="The server's authorization endpoint.")
    scope: str = param("", kind="string", help="What to ask for, with spaces between.")
    redirect_uri: str = param(REDIRECT_URI, kind="string", help="Where the answer goes.")
    state: str = prop("", kind="string", help="What the answer has to bring back.")
    response_type: str = prop(
        "code", kind="choice", choices=("code", "token"), help="What the answer brings."
    )
    pkce_enabled: bool = prop(True, kind="boolean", help="Bind the code to this run (S256).")
    extra_params: Json = param(None, kind="json", port_kind="DICT", help="More for the query.")
    outputs = (
        Output("auth_url", "STRING"),
        Output("state", "STRING"),
        Output("code_verifier", "STRING"),
        Output("code_challenge", "STRING"),
    )

    def run(self, ctx: Context) -> Outputs:
        kind = one_of(self.response_type, "response_type", ("code", "token"))
        state = as_text(self.state).strip() or secrets.token_urlsafe(32)
        verifier = secrets.token_urlsafe(64) if self.pkce_enabled and kind == "code" else ""
        challenge = _challenge(verifier) if verifier else ""
        ctx.conceal(verifier)
        query = {
            "response_type": kind,
            "client_id": needed(self.client_id, "client_id").strip(),
            "redirect_uri": checked_url(needed(self.redirect_uri, "redirect_uri")),
            "scope": as_text(self.scope).strip() or None,
            "state": state,
            "code_challenge": challenge or None,
            "code_challenge_method": "S256" if challenge else None,
        }
        url = checked_url(needed(self.auth_url, "auth_url"))
        more = _more(ctx, self.extra_params, url, query)
        return {
            "auth_url": with_query(url, {**query, **more}),
            "state": state,
            "code_verifier": verifier,
            "code_challenge": challenge,
        }


class OAuth2CallbackServerNode(OAuth2Node):
    """Wait on this machine for the answer to a sign-in, and show the person a page.

    It listens at `port` of `127.0.0.1` and, where the machine has it, of `::1`, which are what
    `localhost` means, until the answer has come, at most `timeout` seconds, and leaves nothing
    open; a port that another program has at one of them is refused. An answer whose state is not
    `expected_state` gets a page that says so, and the node goes on waiting; without
    `expected_state` any answer is taken, whoever sends it. If the person or the server refuses, the
    node succeeds with `error` and `error_description`. A token that comes behind the `#`
    (`response_type` token) is taken as well.
    """

    timeout_seconds = 0
    example = {"port": 8080, "timeout": 300, "expected_state": "{{authorize.state}}"}
    port: int = prop(
        8080, kind="integer", minimum=_LOWEST_PORT, maximum=_HIGHEST_PORT, help="Where to listen."
    )
    timeout: int = prop(
        120, kind="integer", minimum=10, maximum=_MOST_WAIT_SECONDS, help="Seconds to wait."
    )
    path: str = prop("/callback", kind="string", help="The path of redirect_uri.")
    expected_state: str = param(None, kind="string", help="The state of OAuth2AuthorizeNode.")
    outputs = (
        Output("code", "STRING"),
        Output("state", "STRING"),
        Output("access_token", "STRING"),
        Output("error", "STRING"),
        Output("error_description", "STRING"),
    )

    async def run(self, ctx: Context) -> Outputs:
        state = as_text(self.expected_state).strip()
        refuse_unresolved(state, "expected_state")
        if not state:
            ctx.log("expected_state is empty: any answer to the sign-in is taken", "warning")
        expected = Expected(
            port=int_within(self.port, "port", _LOWEST_PORT, _HIGHEST_PORT),
            path=f"/{as_text(self.path).strip().lstrip('/')}",
            state=state,
        )
        seconds = int_within(self.timeout, "timeout", 1, _MOST_WAIT_SECONDS)
        found = await redirected(expected, seconds, lambda words: ctx.log(words, "warning"))
        ctx.conceal([found.get("code"), found.get("access_token")])
        if error := found.get("error"):
            ctx.log(f"the sign-in was refused: {error}", "warning")
        return {output.name: found.get(output.name, "") for output in self.outputs}


def _challenge(verifier: str) -> str:
    """What proves later that the verifier was known now (RFC 7636, S256)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _more(ctx: Context, value: Json, url: str, query: Mapping[str, Any]) -> dict[str, Any]:
    """The extra parameters; NodeError if one is said twice, for servers differ in which counts."""
    more = map_of(ctx, value, "extra_params")
    written = {name for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True)}
    asked = {name for name, text in query.items() if text is not None}
    twice = sorted((asked & (more.keys() | written)) | (more.keys() & written))
    if twice:
        raise NodeError(
            f"{', '.join(twice)}: given twice; what has a parameter of its own belongs there, not"
            " into extra_params or auth_url",
            ErrorCode.INVALID_INPUT,
        )
    if urlsplit(url).fragment:
        raise NodeError("auth_url has a #, behind which nothing arrives", ErrorCode.INVALID_INPUT)
    return more
