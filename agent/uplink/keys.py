"""The key that the agent signs in with, and its successor when it is rotated.

A rotated key ends no lease. The agent reads the source of its key again and goes on with what it
finds there, as long as it may trust the leases that it holds.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, Self

from casare_rpa.boot_clock import boottime_seconds
from casare_rpa.client import OrchestratorClient
from casare_rpa.domain.json_values import Json
from casare_rpa.domain.keys import parse_key
from casare_rpa.errors import CasareError, Unauthenticated, Unavailable
from casare_rpa.setting_sources import Given, read_secret
from casare_rpa.settings import Settings

log = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySource:
    """`place` says in words where the key came from.

    `read` reads it there again, and may raise CasareError, OSError or ValueError. None: it cannot
    be read again, because it was typed, piped or part of the environment.
    """

    place: str = ""
    read: Callable[[], str] | None = None

    @classmethod
    def of_setting(cls, given: Given | None) -> Self:
        """The file that a variable names; a key in the environment itself stays what it is."""
        file = None if given is None else given.file
        # Reading a pipe again would wait for a writer who is gone.
        if given is None or file is None or not file.is_file():
            return cls()
        return cls(place=str(file), read=lambda: read_secret(file, given.place))


class RobotKey:
    """`text` is the key that counts now. Safe to use from any thread.

    `replaced` is called with each successor, in the thread that found it.
    """

    def __init__(
        self, text: str, source: KeySource, *, replaced: Callable[[str], None] = lambda text: None
    ) -> None:
        self.text = text
        self._source = source
        self._replaced = [replaced]
        self._looking = threading.Lock()
        self._next_look = 0.0
        #: It was refused as rotated, and no other is there yet.
        self._awaited = False
        self._trusted_until: float | None = None

    def on_change(self, act: Callable[[str], None]) -> None:
        """Call *act* with each successor, too."""
        self._replaced.append(act)

    def trust(self, until: float) -> None:
        """Leases are trusted until then (boot time): so long a successor is waited for."""
        self._trusted_until = until

    def replace(self, refused: str, error: Unauthenticated) -> None:
        """Returns when there is another key than *refused*, which *error* says was rotated.

        Raises Unavailable while one may still come, and Unauthenticated when none will.
        """
        with self._looking:
            if self.text != refused:
                return
            self._awaited = True
        if not self._look():
            self._refuse(error)

    def tend(self) -> None:
        """Look for the successor, if one is awaited; at most once a second."""
        if self._awaited:
            self._look()

    def _look(self) -> bool:
        """Whether there is another key by now."""
        with self._looking:
            if not self._awaited:
                return True
            found = self._found() if time.monotonic() >= self._next_look else ""
            if not found:
                return False
            self.text, self._awaited = found, False
        for act in self._replaced:
            act(found)
        return True

    def _found(self) -> str:
        """The robot's key that the source holds, if it is another; a half-written one is none."""
        self._next_look = time.monotonic() + _LOOK_SECONDS
        if self._source.read is None:
            return ""
        try:
            key = parse_key(self._source.read().strip())
        except (CasareError, OSError, ValueError) as error:
            log.debug("the key cannot be read from %s: %s", self._source.place, error)
            return ""
        if key is None or key.kind != "robot" or key.text == self.text:
            return ""
        log.info("going on with the key %s, from %s", key.prefix, self._source.place)
        return key.text

    def _refuse(self, error: Unauthenticated) -> NoReturn:
        place, until = self._source.place, self._trusted_until
        if self._source.read is None:
            raise _final(
                error,
                "A running agent cannot be given another key unless its own came from a file: "
                "start it again with the new one, as --api-key file:PATH",
            )
        if until is None or boottime_seconds() >= until:
            raise _final(
                error,
                f"{place} holds no newer key: put the new one there and start the agent again",
            )
        raise Unavailable(
            f"{error.message}, and {place} does not hold the new one yet",
            details={"retry_after_seconds": _LOOK_SECONDS},
        )


def _final(error: Unauthenticated, hint: str) -> Unauthenticated:
    return Unauthenticated(error.message, hint=hint, details=error.details)


class RobotClient(OrchestratorClient):
    """Signs each call with the key that counts at that moment.

    A call that is refused because that key was rotated is made again with its successor. Such a
    refusal changes nothing, so that repeating any call is harmless. Until the successor is there
    calls raise Unavailable.
    """

    _key: RobotKey

    @classmethod
    def of_robot(
        cls, settings: Settings, key: RobotKey, *, answer_seconds: float | None = None
    ) -> Self:
        client = cls.of(settings, key.text, answer_seconds=answer_seconds)
        client._key = key
        return client

    def call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> Json:
        while True:
            used = self._key.text
            signed = {**(headers or {}), "Authorization": f"Bearer {used}"}
            try:
                return super().call(method, path, headers=signed, **more)
            except Unauthenticated as error:
                if not error.rotated:
                    raise
                self._key.replace(used, error)
