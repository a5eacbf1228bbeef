"""The one way to talk to an orchestrator, and the one place that knows HTTP.

Methods answer plain JSON objects in the shapes of `casare_rpa.wire`, so that a command does not
pay for models it only prints. They block, may be called from several threads, and raise the class
of `casare_rpa.errors` that the server raised, or Unreachable.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import SplitResult, quote, urlsplit

import httpx
import orjson

from casare_rpa import __version__, errors

Json = dict[str, Any]
API = "/api/v1"

# httpx writes every URL at INFO; a URL may carry what should not be in a log.
logging.getLogger("httpx").setLevel(logging.WARNING)


class OrchestratorClient:
    """One method per endpoint. `base_url` is the server's root, without /api/v1."""

    def __init__(
        self,
        base_url: str,
        api_key: str = "",
        *,
        connect_timeout_seconds: float = 5.0,
        request_timeout_seconds: float = 30.0,
        transport: httpx.BaseTransport | None = None,
        verify: ssl.SSLContext | bool = True,
    ) -> None:
        parts = _address(base_url)
        if not (api_key.isascii() and api_key.isprintable()) or " " in api_key:
            # Checked here, because the HTTP library would show the key in its own message.
            raise errors.Unauthenticated(
                "the key holds characters that no key has", hint="Was it copied whole?"
            )
        self.base_url = base_url.rstrip("/").removesuffix(API)
        headers = {"User-Agent": f"casare-rpa/{__version__}", "Accept": "application/json"}
        if api_key:
            headers["Authorization"] = f"Bearer {api_key}"
        self.timeout = httpx.Timeout(request_timeout_seconds, connect=connect_timeout_seconds)
        self._http = httpx.Client(
            base_url=self.base_url,
            headers=headers,
            timeout=self.timeout,
            transport=transport,
            verify=verify if self.base_url.startswith("https") else False,
            trust_env=not _is_loopback(parts.hostname or ""),
            follow_redirects=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    # workflows

    def workflows(self, *, limit: int = 100, offset: int = 0, name: str | None = None) -> Json:
        return self.call(
            "GET", "/workflows", params={"limit": limit, "offset": offset, "name": name}
        )

    def workflow(self, workflow_id: str) -> Json:
        return self.call("GET", f"/workflows/{_quote(workflow_id)}")

    def push_workflow(self, submission: Json) -> Json:
        return self.call("POST", "/workflows", json=submission)

    def delete_workflow(self, workflow_id: str) -> Json:
        return self.call("DELETE", f"/workflows/{_quote(workflow_id)}")

    # jobs, for people

    def submit(self, request: Json, *, idempotency_key: str | None = None) -> Json:
        """Submit a job. Safe to repeat when an *idempotency_key* is given."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return self.call("POST", "/jobs", json=request, headers=headers)

    def jobs(self, **filters: Any) -> Json:
        return self.call("GET", "/jobs", params=filters)

    def job(self, job_id: str) -> Json:
        found = self.call("GET", f"/jobs/{_quote(job_id)}")
        if "job_id" not in found:  # /jobs/active is a list
            raise errors.NotFound(f"there is no job {job_id!r}")
        return found

    def events(self, job_id: str, *, after: int = 0, limit: int = 1000, wait: float = 0) -> Json:
        """Events later than *after*; waits up to *wait* seconds for the first one."""
        return self.call(
            "GET",
            f"/jobs/{_quote(job_id)}/events",
            params={"after": after, "limit": limit, "wait_seconds": wait},
            read_seconds=wait,
        )

    def cancel(self, job_id: str) -> Json:
        return self.call("POST", f"/jobs/{_quote(job_id)}/cancel")

    def retry(self, job_id: str) -> Json:
        return self.call("POST", f"/jobs/{_quote(job_id)}/retry")

    # jobs, for robots

    def claim(self, request: Json) -> Json | None:
        """A Grant, or None when there was no job within `wait_seconds`."""
        wait = float(request.get("wait_seconds", 0))
        return self.call("POST", "/jobs/claim", json=request, read_seconds=wait) or None

    def append_events(self, job_id: str, batch: Json) -> Json:
        return self.call("POST", f"/jobs/{_quote(job_id)}/events", json=batch)

    def finish(self, job_id: str, outcome: Json) -> Json:
        return self.call("POST", f"/jobs/{_quote(job_id)}/finish", json=outcome)

    def release(self, job_id: str, proof: Json) -> Json:
        return self.call("POST", f"/jobs/{_quote(job_id)}/release", json=proof)

    def side_log(self, job_id: str, batch: Json) -> Json:
        return self.call("POST", f"/jobs/{_quote(job_id)}/side-log", json=batch)

    # robots

    def robots(self, **filters: Any) -> Json:
        return self.call("GET", "/robots", params=filters)

    def robot(self, robot_id: str) -> Json:
        return self.call("GET", f"/robots/{_quote(robot_id)}")

    def register(self, registration: Json) -> Json:
        return self.call("POST", "/robots/register", json=registration)

    def heartbeat(self, robot_id: str, beat: Json) -> Json:
        return self.call("POST", f"/robots/{_quote(robot_id)}/heartbeat", json=beat)

    def set_robot_status(self, robot_id: str, change: Json) -> Json:
        return self.call("PUT", f"/robots/{_quote(robot_id)}/status", json=change)

    def delete_robot(self, robot_id: str) -> Json:
        return self.call("DELETE", f"/robots/{_quote(robot_id)}")

    # keys

    def robot_keys(self, **filters: Any) -> Json:
        return self.call("GET", "/robot-api-keys", params=filters)

    def create_robot_key(self, request: Json) -> Json:
        return self.call("POST", "/robot-api-keys", json=request)

    def revoke_robot_key(self, key_id: str, reason: str = "") -> Json:
        path = f"/robot-api-keys/{_quote(key_id)}/revoke"
        return self.call("POST", path, json={"reason": reason})

    def rotate_robot_key(self, key_id: str) -> Json:
        return self.call("POST", f"/robot-api-keys/{_quote(key_id)}/rotate")

    def keys(self, **filters: Any) -> Json:
        return self.call("GET", "/api-keys", params=filters)

    def create_key(self, request: Json) -> Json:
        return self.call("POST", "/api-keys", json=request)

    def revoke_key(self, key_id: str, reason: str = "") -> Json:
        return self.call("POST", f"/api-keys/{_quote(key_id)}/revoke", json={"reason": reason})

    def rotate_key(self, key_id: str) -> Json:
        return self.call("POST", f"/api-keys/{_quote(key_id)}/rotate")

    # the server

    def me(self) -> Json:
        return self.call("GET", "/auth/me")

    def health(self) -> Json:
        return self.call("GET", "/health", root=True)

    def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        read_seconds: float = 0,
        root: bool = False,
    ) -> Json:
        """One request and its JSON answer; *path* is below /api/v1 unless *root*.

        *read_seconds* is added to the time for an answer (long polls).
        """
        request = self._http.build_request(
            method,
            path if root else API + path,
            content=orjson.dumps(json) if json is not None else None,
            headers={"Content-Type": "application/json", **(headers or {})},
            params={k: v for k, v in (params or {}).items() if v is not None},
            timeout=httpx.Timeout(
                (self.timeout.read or 30.0) + read_seconds, connect=self.timeout.connect
            ),
        )
        try:
            response = self._http.send(request)
        except httpx.TransportError as error:
            raise self._unreachable(error) from error
        return _decode(response)

    def _unreachable(self, error: Exception) -> errors.Unreachable:
        return errors.Unreachable(
            f"no orchestrator answered at {self.base_url}: {_reason(error)}",
            hint="Start one with: casare-rpa orchestrator start",
        )


def _decode(response: httpx.Response) -> Json:
    """The JSON body, {} for null.

    A body that is no JSON is a proxy speaking, whatever its status says: worth another try.
    """
    try:
        body: Json = orjson.loads(response.content or b"null") or {}
    except orjson.JSONDecodeError:
        raise errors.Unreachable(
            f"{response.url.host} answered {response.status_code} with something that is not JSON",
            hint="Is a proxy or another program listening at this address?",
        ) from None
    if response.is_success:
        return body
    raise _error(response, body if isinstance(body, dict) else {})


def _error(response: httpx.Response, body: Json) -> errors.CasareError:
    given = body.get("error")
    about: Json = given if isinstance(given, dict) else {}
    kind = errors.CasareError.by_code.get(about.get("code", ""))
    if kind is None or kind is errors.CasareError:
        kind = _by_status(response.status_code)
    details = dict(about.get("details") or {})
    if retry_after := response.headers.get("Retry-After"):
        details.setdefault("retry_after_seconds", _number(retry_after))
    message = about.get("message") or body.get("detail") or response.reason_phrase
    error = kind(str(message), hint=about.get("hint"), details=details)
    error.request_id = response.headers.get("X-Request-ID")
    return error


def _by_status(status: int) -> type[errors.CasareError]:
    exact = {
        400: errors.BadRequest,
        401: errors.Unauthenticated,
        403: errors.Forbidden,
        404: errors.NotFound,
        408: errors.Unavailable,
        409: errors.Conflict,
        410: errors.LeaseLost,
        413: errors.PayloadTooLarge,
        422: errors.InvalidInput,
        425: errors.Unavailable,
        429: errors.RateLimited,
        502: errors.Unreachable,
        503: errors.Unavailable,
        504: errors.Unreachable,
    }
    return exact.get(status, errors.ServerFailed if status >= 500 else errors.BadRequest)


def _number(text: str) -> float:
    try:
        return max(0.0, float(text))
    except ValueError:
        return 1.0


def _reason(error: Exception) -> str:
    cause: BaseException = error
    while cause.__cause__ or cause.__context__:
        cause = cause.__cause__ or cause.__context__ or cause
    text = str(error) or type(error).__name__
    if isinstance(cause, ConnectionRefusedError):
        return "connection refused"
    return text


def _quote(part: str) -> str:
    """*part* as one segment of a path. Raises NotFound for what would lead to another path."""
    if part in ("", ".", ".."):
        raise errors.NotFound(f"nothing has the id {part!r}")
    return quote(part, safe="")


def _address(base_url: str) -> SplitResult:
    """The parts of an address that can be one. Raises ConfigInvalid."""
    try:
        parts = urlsplit(base_url)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # half an IPv6 address, or a port that is none
        good = False
    if not good:
        raise errors.ConfigInvalid(
            f"the orchestrator's address is wrong: {base_url!r}",
            hint="Write it as http://HOST:PORT.",
        )
    if parts.username or parts.password:
        raise errors.ConfigInvalid("an address with a password in it is refused")
    return parts


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")
