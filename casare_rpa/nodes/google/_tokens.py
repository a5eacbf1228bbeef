"""Access tokens: asked for once a run and account, and again when one is refused."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.google._account import Account, FixedToken, ServiceAccount, UserGrant
from casare_rpa.nodes.google._requests import Request, ask

_KEY = "google_tokens"
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
#: As long as Google lets a signed request be good for.
_ASSERTION_SECONDS = 3600
#: A token is not used up to its last moment: a request takes its time.
_EARLIER_SECONDS = 60.0


@dataclass(slots=True)
class _Token:
    """One account's token for some scopes; branches that need it at once ask once."""

    value: str = field(default="", repr=False)
    expires_at: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class _Tokens:
    """The tokens of one run."""

    #: Another run, or a run begun again, asks for its own.
    lasts_for_the_run = False

    def __init__(self) -> None:
        self._known: dict[tuple[Account, tuple[str, ...]], _Token] = {}

    def of(self, account: Account, scopes: tuple[str, ...]) -> _Token:
        return self._known.setdefault((account, scopes), _Token())


async def token(
    ctx: Context, account: Account, scopes: tuple[str, ...], *, refused: str = ""
) -> str:
    """An access token; another than *refused*, one that Google has taken back. Raises NodeError."""
    if isinstance(account, FixedToken):
        return account.token
    tokens: _Tokens = ctx.resources.setdefault(_KEY, _Tokens())
    known = tokens.of(account, scopes)
    async with known.lock:
        if known.value in ("", refused) or time.monotonic() >= known.expires_at:
            known.value, seconds = await _granted(ctx, account, scopes)
            known.expires_at = time.monotonic() + seconds - _EARLIER_SECONDS
        return known.value


async def _granted(
    ctx: Context, account: ServiceAccount | UserGrant, scopes: tuple[str, ...]
) -> tuple[str, float]:
    """A new token, and for how many seconds it is good."""
    form = await asyncio.to_thread(_form, account, scopes)
    secrets = [
        form[name] for name in ("assertion", "refresh_token", "client_secret") if name in form
    ]
    answer = await ask(
        ctx,
        Request(
            what=f"signing in as {account}",
            method="POST",
            url=account.token_uri,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            content=urlencode(form).encode(),
            # A second token does no harm.
            repeatable=True,
            secrets=tuple(secrets),
        ),
    )
    value = answer.get("access_token")
    if not isinstance(value, str) or not value:
        raise NodeError(
            f"signing in as {account}: the answer of {account.token_uri} has no access_token",
            ErrorCode.API_ERROR,
        )
    ctx.conceal(value)
    return value, _seconds(answer.get("expires_in"))


def _form(account: ServiceAccount | UserGrant, scopes: tuple[str, ...]) -> dict[str, str]:
    if isinstance(account, UserGrant):
        return {
            "grant_type": "refresh_token",
            "client_id": account.client_id,
            "client_secret": account.client_secret,
            "refresh_token": account.refresh_token,
        }
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": account.email,
        "scope": " ".join(scopes),
        "aud": account.token_uri,
        "iat": now,
        "exp": now + _ASSERTION_SECONDS,
    }
    if account.subject:
        claims["sub"] = account.subject
    return {"grant_type": _JWT_BEARER, "assertion": _signed(account, claims)}


def _signed(account: ServiceAccount, claims: Mapping[str, Any]) -> str:
    """A JSON Web Token (RFC 7519), signed with RS256."""
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415 - an extra
    from cryptography.hazmat.primitives.asymmetric import padding, rsa  # noqa: PLC0415

    try:
        key = serialization.load_pem_private_key(account.private_key.encode(), password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, rsa.RSAPrivateKey):
        # What the library says of it may quote it.
        raise NodeError(
            f"the private_key of {account.email} is no RSA key in PEM form",
            ErrorCode.CONFIG_INVALID,
            hint="use the JSON key file as Google made it",
        ) from None
    header = {"alg": "RS256", "typ": "JWT"}
    if account.key_id:
        header["kid"] = account.key_id
    text = f"{_part(header)}.{_part(claims)}"
    signature = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{text}.{_base64url(signature)}"


def _part(value: Mapping[str, Any]) -> str:
    return _base64url(json.dumps(value, separators=(",", ":")).encode())


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _seconds(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else float(_ASSERTION_SECONDS)
