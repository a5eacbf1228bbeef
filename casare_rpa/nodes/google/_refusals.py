"""What Google says when it refuses something, as a NodeError with the mend."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._pauses import seconds_in
from casare_rpa.nodes.base import NodeError

#: Details of a NodeError: the status of the answer, Google's word for the reason, its wish.
HTTP_STATUS = "http_status"
REASON = "reason"
RETRY_AFTER = "retry_after_seconds"
_MOST_LETTERS = 500

_CODES: Mapping[int, ErrorCode] = {
    400: ErrorCode.INVALID_INPUT,
    401: ErrorCode.PERMISSION_DENIED,
    403: ErrorCode.PERMISSION_DENIED,
    404: ErrorCode.RESOURCE_NOT_FOUND,
    408: ErrorCode.NETWORK_ERROR,
    409: ErrorCode.DUPLICATE_VALUE,
    410: ErrorCode.RESOURCE_NOT_FOUND,
    413: ErrorCode.VALUE_OUT_OF_RANGE,
    429: ErrorCode.RESOURCE_EXHAUSTED,
}
#: Reasons of a 403 that time alone mends.
_TOO_FAST = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"})
#: What the sign-in answers with 400 as well.
_NOT_SIGNED_IN = frozenset({"invalid_grant", "invalid_client", "unauthorized_client"})
_MENDS: Mapping[str, str] = {
    "invalid_grant": "the key was deleted, the permission was taken back, or this machine's clock"
    " is wrong",
    "invalid_client": "check client_id and client_secret",
    "unauthorized_client": "the account may not do this: for a `subject` an administrator allows"
    " its scopes (domain-wide delegation)",
    "authError": "the access token has expired or was taken back",
    "UNAUTHENTICATED": "the access token has expired or was taken back",
    "insufficientPermissions": "the account was not signed in for the scopes that this takes",
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": "the account was not signed in for the scopes that this"
    " takes",
    "fileNotDownloadable": "a Google document is exported: DriveExportFileNode",
    "notFound": "check the id, and that it is shared with the account",
    "NOT_FOUND": "check the id, and that it is shared with the account",
    "PERMISSION_DENIED": "check that it is shared with the account",
    "storageQuotaExceeded": "service accounts have no storage of their own: use a folder of a"
    " shared drive",
}


def refusal(what: str, status: int, headers: Mapping[str, str], raw: bytes) -> NodeError:
    """The error that an answer with *status* and the body *raw* stands for."""
    message, reason = _said(raw)
    code = _CODES.get(status, ErrorCode.NETWORK_ERROR if status >= 500 else ErrorCode.API_ERROR)
    if status == 403 and reason in _TOO_FAST:
        code = ErrorCode.RESOURCE_EXHAUSTED
    elif reason in _NOT_SIGNED_IN:
        code = ErrorCode.PERMISSION_DENIED
    text = f"{what}: {message or _phrase(status)} (HTTP {status}{f' {reason}' if reason else ''})"
    if mend := _MENDS.get(reason, ""):
        text += f"; {mend}"
    details: dict[str, Any] = {HTTP_STATUS: status, REASON: reason}
    if (seconds := seconds_in(headers.get("retry-after", ""))) is not None:
        details[RETRY_AFTER] = seconds
    return NodeError(text, code, details=details)


def status_of(error: NodeError) -> int:
    """The HTTP status of *error*; 0 if there was no answer."""
    return int(error.details.get(HTTP_STATUS, 0))


def reason_of(error: NodeError) -> str:
    """Google's word for the reason, such as `notFound`; empty if there is none."""
    return str(error.details.get(REASON, ""))


def is_too_fast(error: NodeError) -> bool:
    """Whether Google asks to come back later, and has done nothing."""
    status = status_of(error)
    return status == 429 or (status == 403 and reason_of(error) in _TOO_FAST)


def _said(raw: bytes) -> tuple[str, str]:
    """Message and reason of an error's body, in the forms of the services and of sign-in."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        return "", ""
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, str):
        return _line(body.get("error_description")), error
    if not isinstance(error, dict):
        return "", ""
    return _line(error.get("message")), _reason(error)


def _reason(error: Mapping[str, Any]) -> str:
    for name in ("errors", "details"):
        lines = error.get(name)
        for line in lines if isinstance(lines, list) else ():
            if isinstance(line, dict) and isinstance(line.get("reason"), str):
                return _line(line["reason"])
    return _line(error.get("status"))


def _line(value: Any) -> str:
    text = " ".join(str(value).split()) if isinstance(value, str) else ""
    return text if len(text) <= _MOST_LETTERS else f"{text[:_MOST_LETTERS]}…"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "refused"
