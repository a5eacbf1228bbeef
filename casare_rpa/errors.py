"""Every error that one program may tell another of: one class = one HTTP status = one exit code.

CasareError                  500  exit 1    something failed; the message says what
├ InvalidInput               422  exit 2    a value is wrong; `field` names it
│ ├ BadRequest               400  exit 2    the request itself cannot be read
│ │ ├ MisdirectedRequest     421  exit 2    its Host is none of this server's names
│ │ └ HeadTooLarge           431  exit 2
│ ├ PayloadTooLarge          413  exit 2
│ ├ UnsupportedMedia         415  exit 2    the body is not in a form that is understood
│ └ WorkflowInvalid          422  exit 2    the workflow document is wrong; `problems` says where
├ NotFound                   404  exit 4
│ ├ Gone                     410  exit 4    it was there and is deleted, because of its age
│ └ SecretMissing            404  exit 4    no source has that secret
├ Unauthenticated            401  exit 7    key missing, unknown, expired or revoked
├ Forbidden                  403  exit 5    the key's role does not allow it
│ └ OriginRefused            403  exit 5    a web page of that origin may not call
├ Conflict                   409  exit 9    the thing's state forbids it
│ ├ InvalidTransition        409  exit 9    the job's status does not allow the step
│ └ EventGap                 409  exit 9    events are missing; `expected` is the next index wanted
├ LeaseLost                  410  exit 9    the attempt is no longer the caller's
├ ConfigInvalid              500  exit 6    a setting is wrong; it names the setting
├ Unavailable                503  exit 75   not now; try again after `retry_after_seconds`
│ ├ RequestTimeout           408  exit 75   the request did not arrive in time
│ ├ TooManySockets           503  exit 75
│ └ RateLimited              429  exit 75
├ Unreachable                502  exit 3    no orchestrator answered
├ ServerFailed               500  exit 3    the orchestrator failed; its log says why
└ NodeError                  500  exit 1    raised by a node (casare_rpa.nodes.base)

The client raises the class that the server raised, found by `code`. What nodes and the command line
say of themselves stands with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar


class CasareError(Exception):
    """Base of all errors meant for a person to read.

    `hint` is the next thing to do, as a sentence or a command; `details` goes into the JSON body.
    """

    code: ClassVar[str] = "INTERNAL_ERROR"
    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False
    by_code: ClassVar[dict[str, type[CasareError]]] = {}

    def __init__(
        self, message: str, *, hint: str | None = None, details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details or {}
        self.request_id: str | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        CasareError.by_code.setdefault(cls.code, cls)


CasareError.by_code[CasareError.code] = CasareError


class InvalidInput(CasareError):
    code, http_status, exit_code = "VALIDATION_ERROR", 422, 2

    def __init__(self, message: str, *, field: str | None = None, **more: Any) -> None:
        super().__init__(message, **more)
        self.field = field


class BadRequest(InvalidInput):
    code, http_status = "INVALID_INPUT", 400


class MisdirectedRequest(BadRequest):
    """The Host header names another server: a page elsewhere may be pointing a browser here."""

    code, http_status = "MISDIRECTED_REQUEST", 421


class HeadTooLarge(BadRequest):
    code, http_status = "HEAD_TOO_LARGE", 431


class PayloadTooLarge(InvalidInput):
    code, http_status = "PAYLOAD_TOO_LARGE", 413


class UnsupportedMedia(InvalidInput):
    code, http_status = "UNSUPPORTED_MEDIA_TYPE", 415


class WorkflowInvalid(InvalidInput):
    """`problems` are `casare_rpa.domain.workflow.Problem`s, all of them."""

    code = "WORKFLOW_INVALID"

    def __init__(self, message: str, problems: Sequence[Any] = (), **more: Any) -> None:
        super().__init__(message, **more)
        self.problems = list(problems)


class NotFound(CasareError):
    code, http_status, exit_code = "RESOURCE_NOT_FOUND", 404, 4


class Gone(NotFound):
    code, http_status = "RESOURCE_GONE", 410


class SecretMissing(NotFound):
    """No source has a secret of that name; the message says where it was looked for."""

    code = "SECRET_MISSING"


class Unauthenticated(CasareError):
    """The key is no good; `rotated` where a newer one has taken its place."""

    code, http_status, exit_code = "AUTH_TOKEN_INVALID", 401, 7

    @property
    def rotated(self) -> bool:
        return self.details.get("rotated") is True


class Forbidden(CasareError):
    code, http_status, exit_code = "AUTH_INSUFFICIENT_PERMISSIONS", 403, 5


class OriginRefused(Forbidden):
    code = "ORIGIN_REFUSED"


class Conflict(CasareError):
    code, http_status, exit_code = "RESOURCE_CONFLICT", 409, 9


class InvalidTransition(Conflict):
    code = "INVALID_STATE_TRANSITION"


class EventGap(Conflict):
    """The server wants the event of index `expected` next."""

    code = "EVENT_GAP"

    @property
    def expected(self) -> int:
        return int(self.details.get("expected", 1))


class LeaseLost(CasareError):
    code, http_status, exit_code = "LEASE_LOST", 410, 9


class ConfigInvalid(CasareError):
    code, exit_code = "CONFIG_INVALID", 6


class Unavailable(CasareError):
    code, http_status, exit_code, retryable = "SERVICE_UNAVAILABLE", 503, 75, True

    @property
    def retry_after_seconds(self) -> float:
        return float(self.details.get("retry_after_seconds", 1.0))


class RequestTimeout(Unavailable):
    code, http_status = "REQUEST_TIMEOUT", 408


class TooManySockets(Unavailable):
    code = "TOO_MANY_SOCKETS"


class RateLimited(Unavailable):
    code, http_status = "RATE_LIMIT_EXCEEDED", 429


class Unreachable(CasareError):
    code, http_status, exit_code, retryable = "UNREACHABLE", 502, 3, True

    def __init__(self, message: str, *, timed_out: bool = False, **more: Any) -> None:
        super().__init__(message, **more)
        #: The request or its answer did not come through in time: the line may be thin.
        self.timed_out = timed_out


class ServerFailed(CasareError):
    code, exit_code, retryable = "SERVER_FAILED", 3, True
