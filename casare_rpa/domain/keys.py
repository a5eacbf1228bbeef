"""API keys: `sk_live_...` for people and scripts, `robot_...` for robots.

After the prefix come 46 characters of base62: 8 that identify the key, 32 random ones (190 bits),
and 6 that are a checksum of all before, so that a mistyped key is told from a revoked one without
asking anybody. Only the SHA-256 of a whole key is ever stored; 190 random bits need no slow hash.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import zlib
from dataclasses import dataclass, field
from typing import Literal

KeyKind = Literal["sk_live", "robot"]

ID_LENGTH = 8
_RANDOM_LENGTH = 32
_CHECKSUM_LENGTH = 6
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SHAPE = re.compile(r"(sk_live|robot)_([0-9A-Za-z]{8})([0-9A-Za-z]{32})([0-9A-Za-z]{6})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A well-formed key. `text` is the secret; `prefix` is what may be shown of it."""

    kind: KeyKind
    key_id: str
    text: str = field(repr=False)

    @property
    def prefix(self) -> str:
        """The prefix and the id, such as `robot_4fT0aBc9`."""
        return f"{self.kind}_{self.key_id}"

    @property
    def digest(self) -> str:
        """The SHA-256 of the whole key as hex: what is stored."""
        return digest(self.text)


def make_key(kind: KeyKind) -> Key:
    """A new random key."""
    body = "".join(secrets.choice(_DIGITS) for _ in range(ID_LENGTH + _RANDOM_LENGTH))
    text = f"{kind}_{body}"
    return Key(kind=kind, key_id=body[:ID_LENGTH], text=text + _checksum(text))


def parse_key(text: str) -> Key | None:
    """The parts of *text*, or None when it is no key of ours or was mistyped."""
    found = _SHAPE.fullmatch(text)
    if found is None or _checksum(text[:-_CHECKSUM_LENGTH]) != found[4]:
        return None
    kind: KeyKind = "robot" if found[1] == "robot" else "sk_live"
    return Key(kind=kind, key_id=found[2], text=text)


def digest(text: str) -> str:
    """The SHA-256 of a key as hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def matches(key: Key, stored_digest: str) -> bool:
    """Whether *key* is the one whose digest was stored; takes the same time either way."""
    return hmac.compare_digest(key.digest, stored_digest)


def shown(text: str) -> str:
    """What may be printed in place of *text*: the prefix and the id, or only its kind."""
    found = re.match(r"(sk_live|robot)_[0-9A-Za-z]{0,8}", text, re.ASCII)
    return f"{found[0]}..." if found else "(not a key)"


def _checksum(text: str) -> str:
    value = zlib.crc32(text.encode("ascii"))
    characters = []
    for _ in range(_CHECKSUM_LENGTH):
        value, digit = divmod(value, len(_DIGITS))
        characters.append(_DIGITS[digit])
    return "".join(reversed(characters))
