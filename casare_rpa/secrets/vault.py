"""Secrets in HashiCorp Vault or OpenBao: the key-value engine, version 2.

https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2
"""

from __future__ import annotations

import json
import ssl
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from casare_rpa.errors import ConfigInvalid, Forbidden, ServerFailed, Unreachable
from casare_rpa.secrets.secret import Secret
from casare_rpa.settings import Settings

_SECONDS = 10.0


@dataclass(slots=True, kw_only=True)
class VaultSecrets:
    """Signs in with a token, else by AppRole; the token of a sign-in is kept until refused."""

    address: str
    mount: str
    namespace: str = ""
    token: str = field(default="", repr=False)
    role_id: str = field(default="", repr=False)
    secret_id: str = field(default="", repr=False)
    ca_file: str = ""
    _signing_in: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def of(cls, settings: Settings) -> VaultSecrets:
        """Without token and role, the token that `vault login` left for this user."""
        token = settings.vault_token
        if not token and not settings.vault_role_id:
            token = _left_token()
        return cls(
            address=settings.vault_address.rstrip("/"),
            mount=settings.vault_mount.strip("/"),
            namespace=settings.vault_namespace,
            token=token,
            role_id=settings.vault_role_id,
            secret_id=settings.vault_secret_id,
            ca_file=settings.vault_ca_file,
        )

    def place(self, name: str) -> str:
        return f"Vault ({self.address}, {self.mount}/{name})"

    def find(self, name: str) -> Secret | None:
        """Raises Unreachable, Forbidden, ConfigInvalid and ServerFailed."""
        with self._client() as client:
            answer = self._ask(client, f"/v1/{self.mount}/data/{name}")
            if answer.status_code == 403 and self.role_id:
                self.token = ""  # it may have run out
                answer = self._ask(client, f"/v1/{self.mount}/data/{name}")
        match answer.status_code:
            case 200:
                return self._secret(answer)
            case 404:
                return None
            case 403:
                raise Forbidden(
                    f"Vault does not give this robot {self.mount}/{name}",
                    hint="Check its token or role, and the policy of that path.",
                )
        raise ServerFailed(f"Vault at {self.address} answered HTTP {answer.status_code}")

    def names(self) -> list[str]:
        """None: to list them is a right of its own, and there may be very many."""
        return []

    def _ask(self, client: httpx.Client, path: str) -> httpx.Response:
        headers = {"X-Vault-Token": self._token(client)}
        return self._call(client, "GET", path, headers=headers)

    def _token(self, client: httpx.Client) -> str:
        with self._signing_in:
            if not self.token:
                self.token = self._sign_in(client)
            return self.token

    def _sign_in(self, client: httpx.Client) -> str:
        if not self.role_id:
            raise ConfigInvalid(
                "Vault is set up without a way to sign in",
                hint="Set vault_token, or vault_role_id and vault_secret_id.",
            )
        proof = {"role_id": self.role_id, "secret_id": self.secret_id}
        answer = self._call(client, "POST", "/v1/auth/approle/login", json=proof)
        if answer.status_code != 200:
            raise Forbidden(
                f"Vault refused vault_role_id and vault_secret_id (HTTP {answer.status_code})"
            )
        return str(self._json(answer, "auth", "client_token"))

    def _secret(self, answer: httpx.Response) -> Secret | None:
        # The data of a version that was deleted is null.
        fields = self._json(answer, "data", "data")
        return Secret.of_fields(fields) if isinstance(fields, dict) else None

    def _json(self, answer: httpx.Response, *steps: str) -> Any:
        try:
            found = answer.json()
            for step in steps:
                found = found[step]
        except (json.JSONDecodeError, UnicodeDecodeError, LookupError, TypeError):
            # Not what the parser says: it may quote the answer.
            raise ServerFailed(f"what answers at {self.address} is no Vault (KV 2)") from None
        return found

    def _call(self, client: httpx.Client, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            return client.request(method, path, **more)
        except httpx.HTTPError as error:
            why = "no answer in time" if isinstance(error, httpx.TimeoutException) else error
            raise Unreachable(f"Vault at {self.address} cannot be reached: {why}") from None

    def _client(self) -> httpx.Client:
        headers = {"X-Vault-Request": "true"}
        if self.namespace:
            headers["X-Vault-Namespace"] = self.namespace
        try:
            verify = ssl.create_default_context(cafile=self.ca_file) if self.ca_file else True
            return httpx.Client(
                base_url=self.address, headers=headers, timeout=_SECONDS, verify=verify
            )
        except (OSError, ValueError, httpx.InvalidURL) as error:
            raise ConfigInvalid(f"Vault cannot be asked at {self.address}: {error}") from None


def _left_token() -> str:
    try:
        return (Path.home() / ".vault-token").read_text(encoding="ascii").strip()
    except (OSError, RuntimeError, UnicodeDecodeError):
        return ""
