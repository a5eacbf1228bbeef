"""Who a node is at Google: the account, of whatever form it is given in.

The first of these that there is counts:

1. the credential that `credential_name` or `credential_id` names, unless that is `google`;
2. the node's own `service_account_json`, `service_account_file` or `access_token`, in this order;
3. the stored secret `google`, the name that the format gives nodes for their account;
4. the file that GOOGLE_APPLICATION_CREDENTIALS names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._credentials import credential
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.file.disk import existing_file, path_of, plain_errors
from casare_rpa.nodes.file.reach import opened
from casare_rpa.nodes.google._services import Service, token_url

DEFAULT_CREDENTIAL = "google"
KEY_FILE = "GOOGLE_APPLICATION_CREDENTIALS"
_MOST_KEY_BYTES = 1 << 20
_TOKEN = ("access_token", "token", "value")
_GRANT = ("refresh_token", "client_id", "client_secret")
_SECRET = ("private_key", "refresh_token", "client_secret", *_TOKEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedToken:
    """A token that somebody else has asked for: good until it expires, which is soon."""

    token: str = field(repr=False)

    def __str__(self) -> str:
        return "the account of the access token"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccount:
    """A program's own account; with `subject` it acts for that user of its organisation."""

    email: str
    private_key: str = field(repr=False)
    key_id: str
    token_uri: str
    subject: str = ""

    def __str__(self) -> str:
        return self.subject or self.email


@dataclass(frozen=True, slots=True, kw_only=True)
class UserGrant:
    """What a person has allowed an OAuth client to do, until it is taken back."""

    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    token_uri: str

    def __str__(self) -> str:
        return "the user whose refresh token it is"


Account = FixedToken | ServiceAccount | UserGrant


async def account_of(ctx: Context, node: Any) -> Account:
    """The account of *node*, a GoogleNode. Raises NodeError that says what is missing."""
    name = str(node.credential_name or node.credential_id or "").strip()
    own = {
        "access_token": node.access_token,
        "service_account_json": node.service_account_json,
        "service_account_file": node.service_account_file,
    }
    if name and name != DEFAULT_CREDENTIAL:
        found = await credential(ctx, name)
        if found.missing is None:
            return _account(ctx, found.fields, f"the credential {name!r}")
        if not any(own.values()):
            raise found.missing
    if any(own.values()):
        return _account(ctx, own, "the node")
    return await _of_the_robot(ctx)


def check_person(account: Account, service: Service) -> None:
    """Raise NodeError for a program's own account at a service that knows people alone."""
    if service.is_personal and isinstance(account, ServiceAccount) and not account.subject:
        raise NodeError(
            f"{service.name}: the service account {account.email} has nothing of its own there;"
            " name the user that it acts for as `subject` beside its key",
            ErrorCode.CONFIG_INVALID,
            hint="an administrator allows it first (domain-wide delegation)",
        )


async def _of_the_robot(ctx: Context) -> Account:
    try:
        stored = await ctx.secret(DEFAULT_CREDENTIAL)
    except NodeError as error:
        if error.error_code is not ErrorCode.RESOURCE_NOT_FOUND:
            raise
    else:
        return _account(ctx, stored, f"the stored secret {DEFAULT_CREDENTIAL!r}")
    if path := ctx.environment.get(KEY_FILE, ""):
        return _account(ctx, _read(ctx, path, KEY_FILE), f"{KEY_FILE} ({path})")
    raise NodeError(
        f"no Google account: the node names none, there is no stored secret {DEFAULT_CREDENTIAL!r},"
        f" and {KEY_FILE} is not set",
        ErrorCode.MISSING_REQUIRED_FIELD,
        hint=f"casare-rpa secrets set {DEFAULT_CREDENTIAL} - < service-account.json",
    )


def _account(ctx: Context, fields: Mapping[str, Any], where: str) -> Account:
    """The account that *fields* describe: those of Google's own key files, and ours around them."""
    subject = _text(fields, "subject")
    if given := fields.get("service_account_json"):
        fields = _parsed(given, f"service_account_json of {where}")
    elif path := _text(fields, "service_account_file"):
        fields = _read(ctx, path, "service_account_file")
        where = f"service_account_file ({path})"
    # Only what is stored is known for a secret already.
    ctx.conceal([_text(fields, name).replace("\\n", "\n") for name in _SECRET])
    if _text(fields, "private_key") or fields.get("type") == "service_account":
        return _service_account(ctx, fields, where, subject or _text(fields, "subject"))
    token = _text(fields, *_TOKEN)
    # The answer to a sign-in has both tokens, and no client to use the second one with.
    if all(_text(fields, name) for name in _GRANT) or (
        _text(fields, "refresh_token") and not token
    ):
        return _user_grant(ctx, fields, where)
    if not token:
        kind = f" of the type {fields['type']!r}" if fields.get("type") else ""
        raise NodeError(
            f"{where} holds no Google account{kind}: it takes a service account's key file,"
            " an access_token, or a refresh_token with client_id and client_secret",
            ErrorCode.CONFIG_INVALID,
        )
    if not token.isascii() or not token.isprintable() or " " in token:
        raise NodeError(f"the access token of {where} is none", ErrorCode.INVALID_INPUT)
    return FixedToken(token=token)


def _service_account(
    ctx: Context, fields: Mapping[str, Any], where: str, subject: str
) -> ServiceAccount:
    return ServiceAccount(
        email=_needed(fields, "client_email", where),
        # In an environment variable its line ends are often written out.
        private_key=_needed(fields, "private_key", where).replace("\\n", "\n"),
        key_id=_text(fields, "private_key_id"),
        token_uri=_text(fields, "token_uri") or token_url(ctx.environment),
        subject=subject,
    )


def _user_grant(ctx: Context, fields: Mapping[str, Any], where: str) -> UserGrant:
    return UserGrant(
        client_id=_needed(fields, "client_id", where),
        client_secret=_needed(fields, "client_secret", where),
        refresh_token=_needed(fields, "refresh_token", where),
        token_uri=_text(fields, "token_uri") or token_url(ctx.environment),
    )


def _read(ctx: Context, path: str, name: str) -> dict[str, Any]:
    with plain_errors():
        file = existing_file(path_of(ctx, path, name))
        with opened(file) as stream:
            return _parsed(stream.read(_MOST_KEY_BYTES), f"{name} ({path})")


def _parsed(value: Any, where: str) -> dict[str, Any]:
    """The members of a JSON object; an error tells nothing of what is in it."""
    if isinstance(value, str | bytes):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise NodeError(f"{where} is not JSON", ErrorCode.PARSE_ERROR) from None
    if not isinstance(value, Mapping):
        raise NodeError(f"{where} is no JSON object", ErrorCode.CONFIG_INVALID)
    return dict(value)


def _needed(fields: Mapping[str, Any], name: str, where: str) -> str:
    text = _text(fields, name)
    if not text:
        raise NodeError(f"{where} has no {name}", ErrorCode.CONFIG_INVALID)
    return text


def _text(fields: Mapping[str, Any], *names: str) -> str:
    return next((str(fields[name]).strip() for name in names if fields.get(name)), "")
