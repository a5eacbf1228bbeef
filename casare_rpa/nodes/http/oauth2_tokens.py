"""Tokens of an OAuth 2.0 server: obtained, refreshed, and asked about."""

from __future__ import annotations

import math
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._credentials import Credential, credential
from casare_rpa.nodes.base import Context, NodeError, Output, Outputs, param, prop, unlisted
from casare_rpa.nodes.http._oauth2 import (
    CLIENT_AUTH,
    REDIRECT_URI,
    OAuth2Node,
    client_of,
    conceal,
    post_form,
)
from casare_rpa.nodes.values.reading import (
    as_text,
    needed,
    number_or_none,
    one_of,
    refuse_unresolved,
)

_GRANTS = ("authorization_code", "client_credentials", "refresh_token", "password")
_TOKENS = ("access_token", "refresh_token", "id_token")


class OAuth2TokenExchangeNode(OAuth2Node):
    """Obtain tokens for a code, a refresh token, a password, or the application itself.

    `grant_type` says which: authorization_code needs `code` (and the `redirect_uri` and
    `code_verifier` of the sign-in), refresh_token `refresh_token`, password `username` and
    `password`; client_credentials needs nothing more. A refresh that brings no new refresh token
    gives back the old one, which is still good. `expires_in` is in seconds, 0 if the server does
    not say. The tokens are masked wherever the run is shown, and so are the client's secret, code,
    verifier and password that it gets.

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
    redirect_uri: str = prop(REDIRECT_URI, kind="string", help="That of the sign-in.")
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
        client = client_of(ctx, found, self)
        fields = self._fields(found)
        conceal(ctx, fields)
        said = await post_form(ctx, self.token_url, "token_url", client, fields)
        ctx.conceal([said.get(name) for name in _TOKENS])
        if not isinstance(said.get("access_token"), str):
            raise NodeError("the server of token_url gives no access_token", ErrorCode.API_ERROR)
        return {
            "access_token": said["access_token"],
            "refresh_token": as_text(said.get("refresh_token") or fields.get("refresh_token")),
            "token_type": as_text(said.get("token_type")),
            "expires_in": _seconds(said.get("expires_in")),
            "scope": as_text(said.get("scope") or fields.get("scope")),
            "id_token": as_text(said.get("id_token")),
            "full_response": said,
        }

    def _fields(self, found: Credential) -> dict[str, str]:
        grant = one_of(self.grant_type, "grant_type", _GRANTS)
        fields = {"grant_type": grant}
        match grant:
            case "authorization_code":
                fields["code"] = needed(self.code, "code").strip()
                fields["redirect_uri"] = needed(self.redirect_uri, "redirect_uri").strip()
                fields["code_verifier"] = as_text(self.code_verifier).strip()
            case "refresh_token":
                token = found.part("refresh_token", given=self.refresh_token)
                fields["refresh_token"] = found.given(token, "refresh_token")
            case "password":
                name = found.part("username", given=self.username, env="HTTP_USERNAME")
                secret = found.part("password", given=self.password, env="HTTP_PASSWORD")
                fields["username"] = found.given(name, "username")
                fields["password"] = found.given(secret, "password")
        fields["scope"] = as_text(self.scope).strip()
        for name, text in fields.items():
            refuse_unresolved(text, name)
        return {name: text for name, text in fields.items() if text}


class OAuth2TokenValidateNode(OAuth2Node):
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
        found = await credential(ctx, as_text(self.credential_name).strip())
        client = client_of(ctx, found, self)
        token = needed(self.token, "token").strip()
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
            "expires_at": _seconds(said.get("exp")),
            "token_type": as_text(said.get("token_type")),
            "full_response": said,
        }


def _seconds(value: Any) -> int:
    """Whole seconds, 0 for what is no number."""
    found = number_or_none(value)
    if isinstance(found, float):
        return int(found) if math.isfinite(found) else 0
    return found or 0
