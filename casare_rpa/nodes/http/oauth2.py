"""Signing in by OAuth 2.0: where to send a person, what comes back, and the tokens for it."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._credentials import Credential, credential
from casare_rpa.nodes.base import (
    Context,
    Json,
    Node,
    NodeError,
    Output,
    Outputs,
    param,
    prop,
    unlisted,
)
from casare_rpa.nodes.http._call import checked_url, map_of, with_query
from casare_rpa.nodes.http._oauth2 import CLIENT_AUTH, client_of, post_form
from casare_rpa.nodes.http._redirected import Expected, redirected
from casare_rpa.nodes.values.reading import (
    as_text,
    int_within,
    number_or_none,
    one_of,
    refuse_unresolved,
)

_REDIRECT = "http://localhost:8080/callback"
_GRANTS = ("authorization_code", "client_credentials", "refresh_token", "password")
_LOWEST_PORT, _HIGHEST_PORT = 1024, 65535
_MOST_WAIT_SECONDS = 600
_TOKENS = ("access_token", "refresh_token", "id_token")


class _OAuth2Node(Node, abstract=True):
    category: ClassVar[str] = "http"
    runs_on: ClassVar[str] = "external-account"


class OAuth2AuthorizeNode(_OAuth2Node):
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
    redirect_uri: str = param(_REDIRECT, kind="string", help="Where the answer goes.")
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
            "client_id": _needed(self.client_id, "client_id"),
            "redirect_uri": checked_url(_needed(self.redirect_uri, "redirect_uri")),
            "scope": as_text(self.scope).strip() or None,
            "state": state,
            "code_challenge": challenge or None,
            "code_challenge_method": "S256" if challenge else None,
        }
        url = checked_url(_needed(self.auth_url, "auth_url"))
        more = _more(ctx, self.extra_params, url, query)
        return {
            "auth_url": with_query(url, {**query, **more}),
            "state": state,
            "code_verifier": verifier,
            "code_challenge": challenge,
        }


class OAuth2CallbackServerNode(_OAuth2Node):
    """Wait on this machine for the answer to a sign-in, and show the person a page.

    It listens on `127.0.0.1` at `port` until the answer has come, at most `timeout` seconds, and
    leaves nothing open. An answer whose state is not `expected_state` gets a page that says so, and
    the node goes on waiting; without `expected_state` any answer is taken, whoever sends
    it. If the person or the server refuses, the node succeeds with `error` and `error_description`.
    A token that comes behind the `#` (`response_type` token) is taken as well.
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


class OAuth2TokenExchangeNode(_OAuth2Node):
    """Obtain tokens for a code, a refresh token, a password, or the application itself.

    `grant_type` says which: authorization_code needs `code` (and the `redirect_uri` and
    `code_verifier` of the sign-in), refresh_token `refresh_token`, password `username` and
    `password`; client_credentials needs nothing more. A refresh that brings no new refresh token
    gives back the old one, which is still good. `expires_in` is in seconds, 0 if the server does
    not say. The tokens are masked wherever the run is shown.

    Client and login are those of `credential_name` (a stored secret with `client_id`,
    `client_secret`, `username`, `password`, `refresh_token`), else the parameters, else
    HTTP_CLIENT_ID, HTTP_CLIENT_SECRET, HTTP_USERNAME and HTTP_PASSWORD of the environment. A
    refusal fails the node with the server's own words. Nothing is sent twice: a code is good once.
    """

    side_effect = True
    example = {
        "credential_name": "my-app",
        "token_url": "https://login.example.org/token",
        "code": "{{callback.code}}",
        "code_verifier": "{{authorize.code_verifier}}",
    }
    credential_name: str = unlisted("", kind="string", help="The stored client to use.")
    client_id: str = prop("", kind="string", help="The application, as the server knows it.")
    client_secret: str = prop("", kind="string", help="Its secret; a public one has none.")
    token_url: str = prop("", kind="string", help="The server's token endpoint.")
    redirect_uri: str = prop(_REDIRECT, kind="string", help="That of the sign-in.")
    grant_type: str = prop(
        "authorization_code", kind="choice", choices=_GRANTS, help="What the tokens are for."
    )
    code: str = param(None, kind="string", help="The code that came back.")
    code_verifier: str = param(None, kind="string", help="That of OAuth2AuthorizeNode.")
    refresh_token: str = param(None, kind="string", help="The token to refresh with.")
    username: str = param(None, kind="string", help="Who signs in with a password.")
    password: str = param(None, kind="string", help="The password.")
    scope: str = param(None, kind="string", help="What to ask for, with spaces between.")
    client_auth: str = unlisted(
        "body",
        kind="choice",
        choices=CLIENT_AUTH,
        help="Where id and secret go: into the body, or into a header (HTTP Basic).",
    )
    outputs = (
        Output("access_token", "STRING"),
        Output("refresh_token", "STRING"),
        Output("token_type", "STRING"),
        Output("expires_in", "INTEGER"),
        Output("scope", "STRING"),
        Output("id_token", "STRING"),
        Output("full_response", "DICT"),
    )

    async def run(self, ctx: Context) -> Outputs:
        found = await credential(ctx, as_text(self.credential_name).strip())
        fields = self._fields(found)
        said = await post_form(ctx, self.token_url, "token_url", client_of(found, self), fields)
        ctx.conceal([said.get(name) for name in _TOKENS])
        if not isinstance(said.get("access_token"), str):
            raise NodeError("the server of token_url gives no access_token", ErrorCode.API_ERROR)
        return {
            "access_token": said["access_token"],
            "refresh_token": as_text(said.get("refresh_token") or fields.get("refresh_token")),
            "token_type": as_text(said.get("token_type")),
            "expires_in": int(number_or_none(said.get("expires_in")) or 0),
            "scope": as_text(said.get("scope") or fields.get("scope")),
            "id_token": as_text(said.get("id_token")),
            "full_response": said,
        }

    def _fields(self, found: Credential) -> dict[str, str]:
        grant = one_of(self.grant_type, "grant_type", _GRANTS)
        fields = {"grant_type": grant}
        match grant:
            case "authorization_code":
                fields["code"] = _needed(self.code, "code")
                fields["redirect_uri"] = _needed(self.redirect_uri, "redirect_uri")
                fields["code_verifier"] = as_text(self.code_verifier).strip()
            case "refresh_token":
                token = found.part("refresh_token", given=self.refresh_token)
                fields["refresh_token"] = _found(found, token, "refresh_token")
            case "password":
                name = found.part("username", given=self.username, env="HTTP_USERNAME")
                secret = found.part("password", given=self.password, env="HTTP_PASSWORD")
                fields["username"] = _found(found, name, "username")
                fields["password"] = _found(found, secret, "password")
        fields["scope"] = as_text(self.scope).strip()
        return {name: text for name, text in fields.items() if text}


class OAuth2TokenValidateNode(_OAuth2Node):
    """Ask the server whether a token is good, and for what.

    A token that is expired, withdrawn or unknown is no failure of the node: `active` is false.
    `expires_at` is in seconds since 1970, 0 if the server does not say. The client is found as in
    OAuth2TokenExchangeNode.
    """

    example = {
        "credential_name": "my-app",
        "introspection_url": "https://login.example.org/introspect",
        "token": "{{exchange.access_token}}",
    }
    credential_name: str = unlisted("", kind="string", help="The stored client to use.")
    introspection_url: str = prop("", kind="string", help="The server's introspection endpoint.")
    client_id: str = prop("", kind="string", help="The application, as the server knows it.")
    client_secret: str = prop("", kind="string", help="Its secret.")
    token: str = param(None, kind="string", required=True, help="The token to ask about.")
    client_auth: str = unlisted(
        "body",
        kind="choice",
        choices=CLIENT_AUTH,
        help="Where id and secret go: into the body, or into a header (HTTP Basic).",
    )
    outputs = (
        Output("active", "BOOLEAN"),
        Output("client_id", "STRING"),
        Output("username", "STRING"),
        Output("scope", "STRING"),
        Output("expires_at", "INTEGER"),
        Output("token_type", "STRING"),
        Output("full_response", "DICT"),
    )

    async def run(self, ctx: Context) -> Outputs:
        token = _needed(self.token, "token")
        ctx.conceal(token)
        found = await credential(ctx, as_text(self.credential_name).strip())
        client = client_of(found, self)
        said = await post_form(
            ctx, self.introspection_url, "introspection_url", client, {"token": token}, acts=False
        )
        if not isinstance(said.get("active"), bool):
            raise NodeError(
                "the server of introspection_url does not say whether the token is active",
                ErrorCode.API_ERROR,
            )
        return {
            "active": said["active"],
            "client_id": as_text(said.get("client_id")),
            "username": as_text(said.get("username")),
            "scope": as_text(said.get("scope")),
            "expires_at": int(number_or_none(said.get("exp")) or 0),
            "token_type": as_text(said.get("token_type")),
            "full_response": said,
        }


def _challenge(verifier: str) -> str:
    """What proves later that the verifier was known now (RFC 7636, S256)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _needed(value: Any, name: str) -> str:
    text = as_text(value).strip()
    if not text:
        raise NodeError(f"{name} is empty", ErrorCode.MISSING_REQUIRED_FIELD)
    refuse_unresolved(text, name)
    return text


def _found(credential: Credential, text: str, name: str) -> str:
    refuse_unresolved(text, name)
    return credential.given(text, name)


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
