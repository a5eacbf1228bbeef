"""The facts of the format, read from `catalogue.json`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

#: Types with an account of their own at a server that the workflow names: the login is all they
#: need, so any robot can run them. The other types of `external-account` sign in to one service.
_BRING_THEIR_LOGIN = frozenset(
    {
        *("DeleteEmailNode", "EmailSuperNode", "MarkEmailNode", "MoveEmailNode"),
        *("ReadEmailsNode", "SaveAttachmentNode", "SendEmailNode"),
        *("FTPConnectNode", "FTPDeleteNode", "FTPDisconnectNode", "FTPDownloadNode"),
        *("FTPGetSizeNode", "FTPListNode", "FTPMakeDirNode", "FTPRemoveDirNode"),
        *("FTPRenameNode", "FTPUploadNode"),
    }
)
#: Types that here drive an X display, whatever system they were first made for.
_DRIVE_A_DISPLAY = frozenset(
    {
        *("ActivateWindowNode", "CaptureScreenshotNode", "CloseApplicationNode", "DragMouseNode"),
        *("GetMousePositionNode", "GetWindowListNode", "GetWindowPropertiesNode"),
        *("LaunchApplicationNode", "MaximizeWindowNode", "MinimizeWindowNode", "MouseClickNode"),
        *("MoveMouseNode", "MoveWindowNode", "ResizeWindowNode", "RestoreWindowNode"),
        *("SendHotKeyNode", "SendKeysNode", "SetWindowStateNode", "WaitForWindowNode"),
        "WindowManagementSuperNode",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """A config key as the format declares it. `only_when`: shown for these values of another."""

    name: str
    kind: str
    default: Any = None
    required: bool = False
    choices: tuple[Any, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    only_when: Mapping[str, list[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """The data ports of one action of a node that has many."""

    inputs: Mapping[str, str]
    outputs: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A node type of the format. Ports are given as name to DataType name.

    `same_as` names the type that is meant; `abstract` types are in no workflow; `named_only` ones
    are found in files though no program defines them.
    """

    type: str
    category: str
    summary: str
    aliases: tuple[str, ...] = ()
    runs_on: str = "any"
    same_as: str = ""
    abstract: bool = False
    named_only: bool = False
    properties: Mapping[str, Property] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    exec_inputs: tuple[str, ...] = ("exec_in",)
    exec_outputs: tuple[str, ...] = ("exec_out",)
    dynamic_exec_outputs: str = ""
    config_aliases: Mapping[str, str | None] = field(default_factory=dict)
    output_aliases: Mapping[str, str] = field(default_factory=dict)
    extra_config: Mapping[str, Any] = field(default_factory=dict)
    extra_outputs: tuple[str, ...] = ()
    actions: Mapping[str, Action] = field(default_factory=dict)
    notes: str = ""

    @property
    def requires(self) -> tuple[str, ...]:
        """The capabilities a robot must announce to run it.

        A trigger needs none: when it runs, what it waits for has happened elsewhere.
        """
        if self.runs_on == "any" or self.category == "triggers" or self.type in _BRING_THEIR_LOGIN:
            return ()
        return ("desktop",) if self.type in _DRIVE_A_DISPLAY else (self.runs_on,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`names`: every type and alias to its type; `former`: earlier types to what they need."""

    entries: Mapping[str, Entry]
    names: Mapping[str, str]
    former: Mapping[str, str]


@cache
def facts() -> Facts:
    """What `catalogue.json` says, read once."""
    raw = json.loads(Path(__file__).with_name("catalogue.json").read_text("utf-8"))
    found = {line["type"]: _entry(line) for line in raw["types"]}
    return Facts(
        entries=MappingProxyType(found),
        names=_names(found.values(), raw["renamed"]),
        former=raw["former"],
    )


def _names(found: Iterable[Entry], renamed: Mapping[str, str]) -> dict[str, str]:
    names = dict(renamed)
    for entry in found:
        names |= dict.fromkeys(entry.aliases, entry.type)
    return names | {entry.type: entry.same_as or entry.type for entry in found}


def _entry(line: Mapping[str, Any]) -> Entry:
    about = dict(line)
    about["properties"] = {p["name"]: _property(p) for p in about.get("properties", ())}
    about["actions"] = {
        name: Action(inputs=ports["inputs"], outputs=ports["outputs"])
        for name, ports in about.get("actions", {}).items()
    }
    for key in ("aliases", "exec_inputs", "exec_outputs", "extra_outputs"):
        if key in about:
            about[key] = tuple(about[key])
    return Entry(**about)


def _property(about: Mapping[str, Any]) -> Property:
    return Property(
        name=about["name"],
        kind=about["kind"],
        default=about["default"],
        required=about.get("required", False),
        choices=tuple(about.get("choices", ())),
        minimum=about.get("min"),
        maximum=about.get("max"),
        only_when=about.get("only_when", {}),
    )
