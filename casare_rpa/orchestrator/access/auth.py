"""Who is calling, and whether the rules let them. Default deny."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.datastructures import Headers

from casare_rpa.domain.keys import Key, matches, parse_key
from casare_rpa.errors import Forbidden, RateLimited, Unauthenticated
from casare_rpa.orchestrator.access.rules import ROLES, Rule
from casare_rpa.orchestrator.access.wrong_keys import WrongKeys
from casare_rpa.orchestrator.memory.known_keys import Call, KnownKeys
from casare_rpa.store import Store
from casare_rpa.store.records import KeyRecord

_TOUCH_EVERY_SECONDS = 60.0
_REMEMBERED = 10_000
_NO_HASH = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Whoever holds the key of this request."""

    key_id: str
    key_name: str
    #: Stays the same when the key is rotated.
    name: str
    role: str
    robot_id: str | None
    expires_at: datetime | None

    @property
    def expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= datetime.now(UTC)

    @property
    def own_robot_id(self) -> str:
        """The robot that this key belongs to. Raises Forbidden for a person's key."""
        if self.robot_id is None:
            raise Forbidden("this call is for robots: it needs a robot_... key")
        return self.robot_id


def key_in(headers: Headers) -> str | None:
    """The key in the headers: `Authorization: Bearer KEY`, or `X-Api-Key: KEY`."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and value.strip():
        return value.strip()
    return headers.get("x-api-key", "").strip() or None


class Authenticator:
    """Turns keys into principals.

    Wrong keys are limited for each address; a right key always works, so nobody can be locked out
    by a neighbour behind the same address.
    """

    def __init__(
        self, store: Store, call: Call, *, check_every_seconds: float, wrong_keys: WrongKeys
    ) -> None:
        self._store = store
        self._call = call
        self._known = KnownKeys(store, call, check_every_seconds=check_every_seconds)
        self._touched: OrderedDict[str, float] = OrderedDict()
        self._wrong_keys = wrong_keys

    def forget(self, key_id: str | None) -> None:
        """The key, or any key, changed. May be called from any thread."""
        self._known.forget(key_id)

    async def principal(self, text: str | None, rule: Rule, *, address: str) -> Principal:
        """The holder of the key *text*, if *rule* lets them.

        Raises Unauthenticated, Forbidden, or RateLimited after too many wrong keys from *address*.
        """
        if not text:
            raise Unauthenticated(
                "a key is needed", hint="Send it in the header: Authorization: Bearer KEY."
            )
        record = await self._record(text)
        if record is None:
            raise self._failure(address)
        self._check_status(record, rule)
        await self._touch(record.id, address)
        principal = _principal(record)
        check_role(principal, rule)
        return principal

    async def holder(self, key_id: str, rule: Rule) -> Principal:
        """The holder of the key with that id, if *rule* lets them. Raises as `principal` does."""
        record = await self._look_up(key_id)
        if record is None:
            raise Unauthenticated("the key is unknown")
        self._check_status(record, rule)
        principal = _principal(record)
        check_role(principal, rule)
        return principal

    async def still_valid(self, principal: Principal, rule: Rule) -> bool:
        """Whether the key of an open socket may go on."""
        record = await self._look_up(principal.key_id)
        if record is None or record.status == "revoked":
            return False
        return _may_still(record, rule)

    async def _record(self, text: str) -> KeyRecord | None:
        key = parse_key(text)
        if key is None:
            return None
        known = await self._known.remembered(key.key_id)
        if known is not None and _is_of(key, known):
            return known
        # A wrong secret costs what an unknown id costs, so that time tells nobody which ids exist.
        record = await self._known.ask(key.key_id)
        return record if _is_of(key, record) else None

    async def _look_up(self, key_id: str) -> KeyRecord | None:
        return await self._known.remembered(key_id) or await self._known.ask(key_id)

    def _check_status(self, record: KeyRecord, rule: Rule) -> None:
        if record.rotated:
            raise Unauthenticated(
                "the key was rotated",
                hint="Use its successor, which was shown when it was made.",
                details={"rotated": True},
            )
        if record.status == "revoked":
            raise Unauthenticated("the key was revoked")
        if not _may_still(record, rule):
            raise Unauthenticated("the key has expired")

    async def _touch(self, key_id: str, address: str) -> None:
        now = time.monotonic()
        last = self._touched.get(key_id)
        if last is None or now - last > _TOUCH_EVERY_SECONDS:
            self._note_touch(key_id, now)
            await self._call(self._store.touch_key, key_id, ip=address)

    def _note_touch(self, key_id: str, now: float) -> None:
        self._touched[key_id] = now
        self._touched.move_to_end(key_id)
        while len(self._touched) > _REMEMBERED:
            self._touched.popitem(last=False)

    def _failure(self, address: str) -> Unauthenticated | RateLimited:
        """Count a wrong key; what to tell its sender."""
        wait_seconds = self._wrong_keys.count(address)
        if wait_seconds:
            return RateLimited(
                "too many wrong keys from this address",
                details={"retry_after_seconds": math.ceil(wait_seconds)},
            )
        return Unauthenticated("the key is unknown", hint="Was it copied whole?")


def check_role(principal: Principal, rule: Rule) -> None:
    """Raises Forbidden unless *rule* names the principal's role."""
    if principal.role not in rule.roles:
        raise Forbidden(
            f"the role {principal.role} may not do this",
            hint=f"It takes a key of the role {_one_of(rule.roles)}.",
        )


def _one_of(roles: frozenset[str]) -> str:
    return " or ".join(role for role in ROLES if role in roles)


def _may_still(record: KeyRecord, rule: Rule) -> bool:
    """Whether the key has not expired, or is a robot's that may bring its jobs to an end."""
    if rule.after_expiry and record.kind == "robot":
        return True
    return not _principal(record).expired


def _is_of(key: Key, record: KeyRecord | None) -> bool:
    kind = "robot" if key.kind == "robot" else "user"
    same = matches(key, record.secret_hash if record else _NO_HASH)
    return same and record is not None and record.kind == kind


def _principal(record: KeyRecord) -> Principal:
    return Principal(
        key_id=record.id,
        key_name=record.name,
        name=record.principal,
        role="robot" if record.kind == "robot" else record.role or "",
        robot_id=record.robot_id if record.kind == "robot" else None,
        expires_at=record.expires_at,
    )
