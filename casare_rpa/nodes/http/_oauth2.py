"""What the OAuth 2.0 nodes share: the client, and asking a server (RFC 6749, RFC 7662)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final
from urllib.parse import quote_plus, urlencode

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._addresses import is_blocking
from casare_rpa.nodes._attempts import in_doubt, may_have_acted
from casare_rpa.nodes._credentials import Credential
from casare_rpa.nodes._lines import without
from casare_rpa.nodes.base import Context, Node, NodeError
from casare_rpa.nodes.http._call import Call, checked_url
from casare_rpa.nodes.http.request import ask
from casare_rpa.nodes.values.reading import (
    as_text,
    is_unresolved,
    needed,
    one_of,
    refuse_unresolved,
)

#: How a client proves who it is: with fields of the body, or with a header.
CLIENT_AUTH: Final = ("body", "basic")
_MADE = "a token was made"
_SECRETS = ("client_secret", "code", "code_verifier", "refresh_token", "password", "token")
REDIRECT_URI: Final = "http://localhost:8080/callback"
_FORM = "application/x-www-form-urlencoded"
#: Errors of RFC 6749 that a person has to mend, and how.
_MENDS: Mapping[str, str] = {
    "invalid_client": "check client_id and client_secret, or set client_auth to the other way",
    "invalid_grant": "the code or refresh token is used up, expired, or of another client or"
    " redirect_uri: sign in again",
    "unauthorized_client": "the client may not use this grant_type",
    "unsupported_grant_type": "the server does not know this grant_type",
    "invalid_scope": "check scope",
}


class OAuth2Node(Node, abstract=True):
    """A node that speaks with an OAuth 2.0 server, as the workflow says."""

    category: ClassVar[str] = "http"
    runs_on: ClassVar[str] = "external-account"


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthClient:
    """An application as an OAuth 2.0 server knows it; one without a secret is public."""

    client_id: str
    client_secret: str = field(default="", repr=False)
    client_auth: str = "body"

    def signed(self, fields: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        """The fields and headers of a request that says and proves who asks."""
        if self.client_auth == "basic" and self.client_secret:
            # RFC 6749, 2.3.1: both are encoded as a form would be, before they are joined.
            pair = f"{quote_plus(self.client_id)}:{quote_plus(self.client_secret)}"
            proof = base64.b64encode(pair.encode()).decode()
            return dict(fields), {"Authorization": f"Basic {proof}"}
        own = {"client_id": self.client_id}
        if self.client_secret:
            own["client_secret"] = self.client_secret
        return {**fields, **own}, {}


def conceal(ctx: Context, fields: Mapping[str, Any]) -> None:
    """Take those of *fields* that are secret by their names for secrets from now on."""
    texts = (as_text(fields.get(name)) for name in _SECRETS)
    ctx.conceal([text for text in texts if not is_unresolved(text)])


def client_of(ctx: Context, found: Credential, node: Any) -> OAuthClient:
    """The client of a credential, of *node*, or of the environment. Raises NodeError.

    Every secret that a parameter of *node* holds is concealed, and that of the client.
    """
    conceal(ctx, {name: getattr(node, name, "") for name in _SECRETS})
    client_id = found.part("client_id", given=node.client_id, env="HTTP_CLIENT_ID").strip()
    secret = found.part("client_secret", given=node.client_secret, env="HTTP_CLIENT_SECRET")
    refuse_unresolved(client_id, "client_id")
    refuse_unresolved(secret, "client_secret")
    conceal(ctx, {"client_secret": secret})
    return OAuthClient(
        client_id=found.given(client_id, "client_id"),
        client_secret=secret,
        client_auth=one_of(node.client_auth, "client_auth", CLIENT_AUTH),
    )


async def post_form(
    ctx: Context,
    url: Any,
    name: str,
    client: OAuthClient,
    fields: Mapping[str, str],
    *,
    acts: bool = True,
) -> dict[str, Any]:
    """The JSON object that the server of the parameter *name* answers to *fields*.

    Nothing is sent twice, nor to where the server points. Raises NodeError with the server's own
    `error` and `error_description`; marked MAY_HAVE_ACTED if the call *acts* and no answer came.
    """
    body, headers = client.signed(fields)
    call = Call(
        method="POST",
        url=checked_url(needed(url, name)),
        headers={"Content-Type": _FORM, "Accept": "application/json", **headers},
        content=urlencode(body).encode(),
        max_redirects=0,
        block_private=is_blocking(ctx),
        keeps_cookies=False,
    )
    try:
        answer = await ask(ctx, call)
    except NodeError as error:
        raise (in_doubt(error, _MADE) if acts and may_have_acted(error) else error) from None
    said, status = answer["response_json"], answer["status_code"]
    if isinstance(said, dict) and said.get("error"):
        raise _refusal(name, said, status, body | {"client_secret": client.client_secret})
    if not answer["success"] or not isinstance(said, dict):
        raise _strange(call, name, status, acts=acts)
    return said


def _refusal(name: str, said: Mapping[str, Any], status: int, sent: Mapping[str, str]) -> NodeError:
    error, words = said["error"], as_text(said.get("error_description"))
    if isinstance(error, Mapping):  # some answer as the rest of their API does
        words = words or as_text(error.get("message"))
        error = error.get("code") or error.get("status") or status
    for secret in _SECRETS:
        words = without(words, sent.get(secret, ""))
    mend = _MENDS.get(as_text(error), "")
    code = ErrorCode.PERMISSION_DENIED
    if status >= 500 or error in ("temporarily_unavailable", "server_error"):
        code = ErrorCode.NETWORK_ERROR
    elif error in ("invalid_request", "invalid_scope"):
        code = ErrorCode.VALIDATION_FAILED
    return NodeError(
        f"the server of {name} refuses: {error}{': ' if words else ''}{words}"
        f"{'; ' if mend else ''}{mend}",
        code,
        details={"error": as_text(error), "error_description": words, "status_code": status},
    )


def _strange(call: Call, name: str, status: int, *, acts: bool) -> NodeError:
    where = call.url.partition("?")[0]
    if status >= 500:
        error = NodeError(f"{name}: {where}: HTTP {status}", ErrorCode.NETWORK_ERROR)
        return in_doubt(error, _MADE) if acts else error
    return NodeError(
        f"{name}: {where}: HTTP {status}, and no answer of an OAuth 2.0 server; check {name}",
        ErrorCode.API_ERROR,
    )
