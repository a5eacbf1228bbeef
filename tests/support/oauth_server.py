"""An OAuth 2.0 server that checks what RFC 6749, 7636 and 7662 ask it to check, for one client."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus, urlencode

from tests.support.api_server import ApiServer, Reply, Request

CLIENT_ID, CLIENT_SECRET = "my app", "cl1ent:secret/ü"
USERNAME, PASSWORD = "ada", "correct horse"
_FORM = "application/x-www-form-urlencoded"


class Refused(Exception):
    """An error of RFC 6749, with its description."""

    def __init__(self, error: str, description: str = "", status: int = 400) -> None:
        super().__init__(error)
        self.body = {"error": error, "error_description": description}
        self.status = status


class OAuth(ApiServer):
    """`tokens` are the access tokens that are good, and what for."""

    def __init__(self, *, takes: str = "body") -> None:
        super().__init__()
        self.takes = takes
        self.refuses_people = False
        self.codes: dict[str, Mapping[str, str]] = {}
        self.refresh_tokens: dict[str, str] = {}
        self.tokens: dict[str, str] = {}

    def reply(self, request: Request) -> Reply:
        if (request.method, request.path) == ("GET", "/authorize"):
            return self._authorize(request.fields)
        try:
            if request.method != "POST" or request.kind != _FORM:
                raise Refused("invalid_request", "a form is posted")
            self._check_client(request)
            if request.path == "/introspect":
                return Reply(body=self._introspect(request.fields))
            return Reply(body=self._token(request.fields))
        except Refused as error:
            return Reply(status=error.status, body=error.body)

    def issue(self, scope: str) -> dict[str, Any]:
        made = f"at-{secrets.token_hex(12)}"
        self.tokens[made] = scope
        return {"access_token": made, "token_type": "Bearer", "expires_in": 3600, "scope": scope}

    def _authorize(self, asked: Mapping[str, str]) -> Reply:
        assert asked["client_id"] == CLIENT_ID
        answer = {"state": asked["state"]}
        if self.refuses_people:
            answer |= {"error": "access_denied", "error_description": "The person said <no>"}
        elif asked["response_type"] == "token":
            answer |= {k: str(v) for k, v in self.issue(asked.get("scope", "")).items()}
            where = f"{asked['redirect_uri']}#{urlencode(answer)}"
            return Reply(status=302, body="", headers={"Location": where})
        else:
            answer["code"] = secrets.token_urlsafe(12)
            self.codes[answer["code"]] = asked
        where = f"{asked['redirect_uri']}?{urlencode(answer)}"
        return Reply(status=302, body="", headers={"Location": where})

    def _check_client(self, request: Request) -> None:
        found = request.fields.get("client_id"), request.fields.get("client_secret")
        if self.takes == "basic":
            if "client_secret" in request.fields:
                raise Refused("invalid_request", "the secret belongs into the header")
            proof = request.headers.get("authorization", "").removeprefix("Basic ")
            name, _, secret = base64.b64decode(proof).decode().partition(":")
            found = unquote_plus(name), unquote_plus(secret)
        if found != (CLIENT_ID, CLIENT_SECRET):
            raise Refused("invalid_client", f"not the secret: {found[1]}", 401)

    def _token(self, asked: Mapping[str, str]) -> dict[str, Any]:
        match asked.get("grant_type"):
            case "authorization_code":
                return self._of_code(asked)
            case "refresh_token":
                if asked.get("refresh_token") not in self.refresh_tokens:
                    raise Refused("invalid_grant", "this refresh token is not known")
                return self.issue(self.refresh_tokens[asked["refresh_token"]])
            case "password":
                if (asked.get("username"), asked.get("password")) != (USERNAME, PASSWORD):
                    raise Refused("invalid_grant", f"{asked.get('password')} is wrong")
                return self.issue(asked.get("scope", ""))
            case "client_credentials":
                return {**self.issue(asked.get("scope", "")), "expires_in": "60"}
        raise Refused("unsupported_grant_type")

    def _of_code(self, asked: Mapping[str, str]) -> dict[str, Any]:
        begun = self.codes.pop(asked.get("code", ""), None)
        if begun is None:
            raise Refused("invalid_grant", "the code is not known, or was used before")
        if begun["redirect_uri"] != asked.get("redirect_uri"):
            raise Refused("invalid_grant", "another redirect_uri")
        if "code_challenge" in begun:
            assert begun["code_challenge_method"] == "S256"
            digest = hashlib.sha256(asked.get("code_verifier", "").encode()).digest()
            if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != begun["code_challenge"]:
                raise Refused("invalid_grant", "another code_verifier")
        refresh = f"rt-{secrets.token_hex(12)}"
        self.refresh_tokens[refresh] = begun["scope"]
        return {**self.issue(begun["scope"]), "refresh_token": refresh, "id_token": "eyJ.eyJ.sig"}

    def _introspect(self, asked: Mapping[str, str]) -> dict[str, Any]:
        if asked.get("token") not in self.tokens:
            return {"active": False}
        return {
            "active": True,
            "client_id": CLIENT_ID,
            "username": USERNAME,
            "scope": self.tokens[asked["token"]],
            "exp": 1_900_000_000,
            "token_type": "Bearer",
        }
