"""Who one is, with which settings: keys, profiles, secrets."""

from __future__ import annotations

from typing import Literal

from casare_rpa import wire
from casare_rpa.domain.json_values import Json
from casare_rpa.wire import Wire


class HelpRow(Wire):
    """A topic with what it is about, or a name of a topic with what it means."""

    topic: str | None = None
    about: str | None = None
    name: str | None = None
    meaning: str | None = None


class ApiKeyMade(wire.ApiKeyCreated):
    schema_version: int


class RobotKeyMade(wire.RobotKeyCreated):
    schema_version: int


class SecretSet(Wire):
    name: str
    field: str | None
    store: str


class SecretDeleted(Wire):
    name: str
    stores: list[str]


class SecretListed(Wire):
    """A secret in one of its places; `used`: no place before it has one of that name."""

    name: str
    fields: list[str]
    source: str
    used: bool


class SettingValue(Wire):
    """A setting and what gives it: the file, the variable, or nothing but its default."""

    name: str
    value: str | float | bool | list[str]
    origin: Literal["default", "file", "profile", "environment", "option"]
    place: str | None
    line: int | None


class Profile(Wire):
    name: str
    current: bool
    orchestrator_url: str | None
    settings: Json
    files: list[str]


class ProfileInUse(Wire):
    """`name` is empty when no profile counts any more."""

    name: str
    current: bool


class ProfileDeleted(Wire):
    """A profile and the places it is gone from: the file, and where its key was."""

    name: str
    removed_from: list[str]


class SignedIn(Wire):
    key_id: str
    key_name: str
    roles: list[str]
    robot_id: str | None
    #: What may be shown of the key.
    prefix: str
    orchestrator_url: str
    profile: str
    #: `keyring`, or the path of the file.
    stored_in: str


class SignedOut(Wire):
    orchestrator_url: str
    profile: str
    removed_from: list[str]


class WhoAmI(wire.Identity):
    prefix: str
    #: Where the key was found, in words.
    key_source: str
    orchestrator_url: str
    server_version: str | None
    profile: str | None
