"""A real HTTP server that answers as Google does, for the tests of its nodes.

    with serving(Key()) as google:
        install_drive(google)            # routes of one service: see drive.py

A service is a module with a function that adds routes:

    def install(google: Google) -> None:
        @google.route("GET", "/v4/spreadsheets/{id}", query={"ranges", "fields"})
        def get(call: Call) -> Any:
            return {"spreadsheetId": call.parts["id"]}

Before a route is asked the server checks what Google checks: a bearer token that it has given and
not taken back, for a scope of the service; parameters and members of the body that there are. What
a route returns is sent as JSON; Refused is sent as one of Google's errors, and Reply as it is.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

EMAIL = "robot@project.iam.gserviceaccount.com"
CLIENT = {"client_id": "client-1", "client_secret": "client-secret-1"}
REFRESH_TOKEN = "refresh-token-1"
_JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
#: Google's own, which every route takes.
_COMMON_QUERY = frozenset({"fields", "alt", "prettyPrint", "uploadType", "upload_id"})


class Key:
    """A service account's key. Making one takes a moment: one serves all tests."""

    @cached_property
    def private(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @property
    def pem(self) -> str:
        return self.private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that has passed the checks. `parts` are those of the path, by name."""

    method: str
    path: str
    parts: Mapping[str, str]
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    raw: bytes
    subject: str

    @property
    def body(self) -> Any:
        return json.loads(self.raw) if self.raw else {}

    def one(self, name: str, default: str = "") -> str:
        """The parameter *name* of the query."""
        return self.query.get(name, [default])[0]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that is no JSON."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """One of Google's errors."""

    def __init__(
        self,
        code: int,
        message: str,
        reason: str = "",
        headers: Mapping[str, str] | None = None,
        *,
        status: str = "",
    ) -> None:
        super().__init__(message)
        self.reply = refusal(code, message, reason, headers, status=status)


class Cut(Exception):
    """The route has done its work, and the connection ends before anybody is told."""


Handler = Callable[[Call], Any]


@dataclass(frozen=True, slots=True)
class _Route:
    method: str
    pattern: re.Pattern[str]
    handler: Handler
    query: frozenset[str]
    body: frozenset[str] | None
    scopes: frozenset[str]


@dataclass(slots=True)
class _Trouble:
    """What the next requests get instead of an answer."""

    method: str
    path: str
    reply: Reply
    left: int
    when: Callable[[Call], bool]

    def meets(self, call: Call) -> bool:
        is_here = call.method == self.method and call.path.startswith(self.path)
        return bool(self.left) and is_here and self.when(call)


class Google(ThreadingHTTPServer):
    """`seen` are the requests to services in order, those of the sign-in apart in `grants`."""

    daemon_threads = True

    def __init__(self, key: Key) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.key = key
        self.seen: list[Call] = []
        self.grants: list[dict[str, Any]] = []
        #: Tokens that are good, with their scopes (None: all) and for whom.
        self.tokens: dict[str, tuple[frozenset[str] | None, str]] = {}
        self.lock = threading.RLock()
        self._routes: list[_Route] = []
        self._troubles: list[_Trouble] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def key_file(self, **more: Any) -> dict[str, Any]:
        """The JSON key file of the service account."""
        return {
            "type": "service_account",
            "project_id": "project",
            "private_key_id": "key-1",
            "private_key": self.key.pem,
            "client_email": EMAIL,
            "token_uri": f"{self.url}/sign-in",
            **more,
        }

    def give_token(
        self, value: str = "token-by-hand", scopes: Collection[str] | None = None
    ) -> str:
        """Make a token good; without *scopes* for everything."""
        self.tokens[value] = (None if scopes is None else frozenset(scopes), "")
        return value

    def route(
        self,
        method: str,
        path: str,
        *,
        query: Collection[str] = (),
        body: Collection[str] | None = (),
        scopes: Collection[str] = (),
    ) -> Callable[[Handler], Handler]:
        """Add a route. `{name}` in *path* is a segment, which may end in a verb (`{range}:clear`).

        *query* and *body* name the parameters and members that there are; a body of None is not
        JSON. One of *scopes* is needed, if there are any.
        """
        names = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+?)", re.escape(path))

        def add(handler: Handler) -> Handler:
            known = frozenset(query) | _COMMON_QUERY
            members = None if body is None else frozenset(body)
            pattern = re.compile(names)
            self._routes.append(_Route(method, pattern, handler, known, members, frozenset(scopes)))
            return handler

        return add

    def trouble(
        self,
        method: str,
        path: str,
        reply: Reply,
        times: int = 1,
        when: Callable[[Call], bool] = lambda call: True,
    ) -> None:
        """Answer the next requests whose path begins so with *reply*, before anything is done."""
        self._troubles.append(_Trouble(method, path, reply, times, when))

    def asked(self, method: str, path: str = "/") -> list[Call]:
        """The requests with this method whose path begins so."""
        return [call for call in self.seen if call.method == method and call.path.startswith(path)]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that leave early are what some tests are about."""

    def answer(self, method: str, target: str, headers: Mapping[str, str], raw: bytes) -> Reply:
        parts = urlsplit(target)
        query = parse_qs(parts.query, keep_blank_values=True)
        if (method, parts.path) in (("POST", "/sign-in"), ("POST", "/token")):
            return self._granted(raw)
        call = Call(
            method=method,
            path=parts.path,
            parts={},
            query=query,
            headers=headers,
            raw=raw,
            subject="",
        )
        self.seen.append(call)
        try:
            return self._routed(call)
        except Refused as error:
            return error.reply

    def _routed(self, call: Call) -> Reply:
        for trouble in self._troubles:
            if trouble.meets(call):
                trouble.left -= 1
                return trouble.reply
        for route in self._routes:
            match = route.pattern.fullmatch(call.path)
            if match and route.method == call.method:
                break
        else:
            raise Refused(404, f"The requested URL {call.path} was not found on this server.")
        subject = self._checked_token(call, route)
        _check_names(call, route)
        parts = {name: unquote(part) for name, part in match.groupdict().items()}
        found = route.handler(
            Call(
                method=call.method,
                path=call.path,
                parts=parts,
                query=call.query,
                headers=call.headers,
                raw=call.raw,
                subject=subject,
            )
        )
        return found if isinstance(found, Reply) else _json(200, found)

    def _checked_token(self, call: Call, route: _Route) -> str:
        kind, _, value = call.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or value not in self.tokens:
            raise Refused(
                401,
                "Request had invalid authentication credentials.",
                "authError",
            )
        scopes, subject = self.tokens[value]
        if route.scopes and scopes is not None and not scopes & route.scopes:
            message = "Request had insufficient authentication scopes."
            raise Refused(403, message, "insufficientPermissions")
        return subject

    def _granted(self, raw: bytes) -> Reply:
        form = {name: values[0] for name, values in parse_qs(raw.decode()).items()}
        try:
            claims = self._checked_grant(form)
        except _Ungranted as error:
            return _json(400, {"error": error.args[0], "error_description": error.args[1]})
        self.grants.append({**form, "claims": claims})
        value = f"token-{len(self.grants)}"
        scopes = frozenset(claims["scope"].split()) if claims else None
        self.tokens[value] = (scopes, claims.get("sub", ""))
        return _json(200, {"access_token": value, "expires_in": 3599, "token_type": "Bearer"})

    def _checked_grant(self, form: Mapping[str, str]) -> dict[str, Any]:
        match form.get("grant_type"):
            case "refresh_token":
                if {name: form.get(name) for name in CLIENT} != CLIENT:
                    raise _Ungranted("invalid_client", "The OAuth client was not found.")
                if form.get("refresh_token") != REFRESH_TOKEN:
                    raise _Ungranted("invalid_grant", "Token has been expired or revoked.")
                return {}
            case value if value == _JWT:
                return self._checked_assertion(form.get("assertion", ""))
            case value:
                raise _Ungranted("unsupported_grant_type", f"Invalid grant_type: {value}")

    def _checked_assertion(self, assertion: str) -> dict[str, Any]:
        signed, _, signature = assertion.rpartition(".")
        header, claims = (json.loads(_unpacked(part)) for part in signed.split("."))
        if header != {"alg": "RS256", "typ": "JWT", "kid": "key-1"}:
            raise _Ungranted("invalid_grant", "Invalid JWT header.")
        try:
            self.key.private.public_key().verify(
                _unpacked(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256()
            )
        except InvalidSignature:
            raise _Ungranted("invalid_grant", "Invalid JWT Signature.") from None
        if claims["iss"] != EMAIL or claims["aud"] != f"{self.url}/sign-in":
            raise _Ungranted("invalid_grant", "Invalid grant: account not found")
        now = time.time()
        if not (claims["iat"] <= now + 300 and now < claims["exp"] <= claims["iat"] + 3600):
            raise _Ungranted("invalid_grant", "Invalid JWT: Token must be a short-lived token")
        return dict(claims)


class _Ungranted(Exception):
    """The sign-in refuses: word and sentence."""


class _Handler(BaseHTTPRequestHandler):
    server: Google
    protocol_version = "HTTP/1.1"
    # Headers and body are two writes; the second would wait for the first one's acknowledgement.
    disable_nagle_algorithm = True

    def log_message(self, *args: Any) -> None:
        """Nothing to say."""

    def respond(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            with self.server.lock:
                reply = self.server.answer(self.command, self.path, headers, raw)
        except Cut:
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if not any(name.lower() == "content-length" for name in reply.headers):
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = respond


@contextmanager
def serving(key: Key) -> Iterator[Google]:
    server = Google(key)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def refusal(
    code: int,
    message: str,
    reason: str = "",
    headers: Mapping[str, str] | None = None,
    *,
    status: str = "",
) -> Reply:
    """An error as Google's services send it: older ones give a reason, newer ones a status."""
    error: dict[str, Any] = {"code": code, "message": message}
    if reason:
        error["errors"] = [{"message": message, "domain": "global", "reason": reason}]
    if status:
        error["status"] = status
    found = _json(code, {"error": error})
    return Reply(code, found.body, {**found.headers, **(headers or {})})


def _check_names(call: Call, route: _Route) -> None:
    """Refuse what Google has no name for."""
    for name in call.query.keys() - route.query:
        raise Refused(400, f'Invalid JSON payload received. Unknown name "{name}"')
    if route.body is None or not call.raw:
        return
    body = json.loads(call.raw)
    for name in body.keys() - route.body:
        raise Refused(
            400, f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.'
        )


def _json(status: int, value: Any) -> Reply:
    if value is None:
        return Reply(204)
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


def _unpacked(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
