"""The stored secrets that a run has asked for: each is looked up once, when it is first needed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.engine.language.placeholders import MISSING
from casare_rpa.engine.secrecy.masking import SHORTEST_INSIDE_TEXT, Secrets
from casare_rpa.errors import (
    CasareError,
    ConfigInvalid,
    Forbidden,
    InvalidInput,
    Unavailable,
    Unreachable,
)
from casare_rpa.nodes.base import NodeError
from casare_rpa.secrets import FindSecret, Secret, SecretMissing

_CODES: tuple[tuple[type[CasareError], ErrorCode], ...] = (
    (SecretMissing, ErrorCode.RESOURCE_NOT_FOUND),
    (InvalidInput, ErrorCode.INVALID_INPUT),
    (ConfigInvalid, ErrorCode.CONFIG_INVALID),
    (Forbidden, ErrorCode.PERMISSION_DENIED),
    (Unreachable, ErrorCode.NETWORK_ERROR),
    (Unavailable, ErrorCode.RESOURCE_LOCKED),
)


class StoredSecrets:
    """What was found is masked from then on, everywhere in the run."""

    def __init__(
        self,
        find: FindSecret | None,
        masked: Secrets,
        warn: Callable[[str, str, str | None], None],
    ) -> None:
        self._find = find
        self._masked = masked
        self._warn = warn
        self._found: dict[str, Secret] = {}
        #: Those that are not to be had, for the node that needs them to fail with.
        self._errors: dict[str, CasareError] = {}

    async def fetch(self, names: Iterable[str]) -> None:
        """Look up those of *names* that are not known yet, without holding up the other branches.

        One that is not to be had fails the node when its value is asked for.
        """
        find = self._find
        if find is None:
            return
        for name in names:
            if name not in self._found:
                self._keep(name, await asyncio.to_thread(_look_up, find, name))

    async def parts(self, name: str) -> Mapping[str, Any]:
        """The fields of a secret. Raises NodeError."""
        await self.fetch([name])
        if self._find is None:
            text = f"there is no secret {name}: this run has no stored secrets"
            raise NodeError(text, ErrorCode.RESOURCE_NOT_FOUND)
        return self._secret(name).parts

    def value(self, name: str) -> Any:
        """What a placeholder gives; MISSING in a run without secrets. Raises NodeError.

        It waits for a name that nobody has fetched: one in a text that a node puts together.
        """
        if self._find is None:
            return MISSING
        if name not in self._found and name not in self._errors:
            self._keep(name, _look_up(self._find, name))
        return self._secret(name).whole

    def _keep(self, name: str, answer: Secret | CasareError) -> None:
        if isinstance(answer, CasareError):
            self._errors[name] = answer
            return
        # Masked first: from then on another branch may use it.
        self._learn(name, answer)
        self._found[name] = answer
        self._errors.pop(name, None)

    def _learn(self, name: str, secret: Secret) -> None:
        self._masked.learn(secret.hidden)
        if any(0 < len(str(value)) < SHORTEST_INSIDE_TEXT for value in secret.hidden):
            text = f"a value of the secret {name} is so short that it is masked only by itself"
            self._warn(f"short {name}", text, None)

    def _secret(self, name: str) -> Secret:
        error = self._errors.get(name)
        if error is None:
            return self._found[name]
        code = next((code for kind, code in _CODES if isinstance(error, kind)), ErrorCode.API_ERROR)
        # Events carry no hint, and who reads them has to know the next command.
        text = f"{error.message}. {error.hint}" if error.hint else error.message
        raise NodeError(text, code) from error


def _look_up(find: FindSecret, name: str) -> Secret | CasareError:
    try:
        return find(name)
    except CasareError as error:
        return error
