"""What the nodes of Google Sheets have in common: an account, a spreadsheet, changes to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from casare_rpa.nodes.base import Output, param, port, prop
from casare_rpa.nodes.google._api import Api
from casare_rpa.nodes.google._node import (
    OUTCOME,
    FileAccountNode,
    GoogleNode,
    NamedAccountNode,
    id_param,
    wanted,
)
from casare_rpa.nodes.google._services import SHEETS, Service, quoted
from casare_rpa.nodes.values.reading import int_within

SPREADSHEETS = "/v4/spreadsheets"
#: Of nodes that the format gives no port for the HTTP status.
SHORT_OUTCOME: tuple[Output, ...] = OUTCOME[:2]
_SPREADSHEET = "The spreadsheet: its id, or its address in a browser."
_IN_AN_ADDRESS = re.compile(r"/spreadsheets/(?:u/\d+/)?d/([\w-]+)")
_MOST_SHEET_ID = (1 << 31) - 1


class SheetsNode(GoogleNode, abstract=True):
    """A node for one spreadsheet that has ports and no config keys."""

    service: ClassVar[Service] = SHEETS
    spreadsheet_id: str = port("", kind="string", required=True, help=_SPREADSHEET)


class NamedSheetsNode(NamedAccountNode, abstract=True):
    """A node whose account has a name; without another one it is `google`."""

    service: ClassVar[Service] = SHEETS
    credential_name: str = prop("google", kind="string", help="The stored account to use.")


class FileSheetsNode(FileAccountNode, abstract=True):
    """A node for one spreadsheet whose account may be given in three ways."""

    service: ClassVar[Service] = SHEETS
    spreadsheet_id: str = id_param(_SPREADSHEET)


def spreadsheet_param(*, aliases: tuple[str, ...] = (), help: str = _SPREADSHEET) -> Any:
    """The parameter for a spreadsheet, where its default is none."""
    return param(None, kind="string", required=True, aliases=aliases, help=help)


def sheet_id_param(
    help: str = "The sheet's number: `gid` in its address, mostly 0 for the first.",
) -> Any:
    return param(None, kind="integer", required=True, help=help)


def spreadsheet_id_of(value: Any, name: str = "spreadsheet_id") -> str:
    """The id in *value*, an id or an address. Raises NodeError if it is empty."""
    text = wanted(value, name)
    found = _IN_AN_ADDRESS.search(text)
    return found[1] if found else text


def spreadsheet_path(value: Any, name: str = "spreadsheet_id") -> str:
    """The path of a spreadsheet at the service."""
    return f"{SPREADSHEETS}/{quoted(spreadsheet_id_of(value, name))}"


def sheet_id_of(value: Any, name: str = "sheet_id") -> int:
    return int_within(value, name, 0, _MOST_SHEET_ID)


async def changed(
    api: Api, path: str, kind: str, request: Mapping[str, Any], *, repeatable: bool
) -> dict[str, Any]:
    """Do one of Google's many changes to the spreadsheet at *path*; what it says of it."""
    answer = await api.ask(
        "POST", f"{path}:batchUpdate", body={"requests": [{kind: request}]}, repeatable=repeatable
    )
    replies = answer.get("replies") or [{}]
    found: dict[str, Any] = replies[0].get(kind) or {}
    return found
