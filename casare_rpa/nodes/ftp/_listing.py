"""What is in a folder of a server: by MLSD, or read from what LIST prints on Unix and Windows."""

from __future__ import annotations

import ftplib
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.ftp._client import Client

Item = dict[str, Any]

_MOST_BYTES = 64 << 20
_CHUNK_BYTES = 1 << 16
_SELF = frozenset({".", ".."})
_KINDS = {"file": "file", "dir": "folder", "cdir": "", "pdir": ""}
_UNIX = re.compile(
    r"(?P<kind>[-dlbcps])(?P<mode>[-rwxsStTlL]{9})[.+@]?\s+\d+\s+(?:\S+\s+){1,2}?(?P<size>\d+)\s+"
    r"(?P<date>[A-Za-z]{3}\s+\d{1,2}\s+(?:\d{4}|\d{1,2}:\d{2})|\d{4}-\d\d-\d\d\s+\d\d:\d\d)"
    r"\s(?P<name>.+)"
)
_WINDOWS = re.compile(
    r"(?P<date>\d\d-\d\d-\d{2,4}\s+\d\d:\d\d(?:[AP]M)?)\s+(?:<(?P<dir>DIR|JUNCTION)>|(?P<size>\d+))"
    r"\s+(?P<name>.+)",
    re.IGNORECASE,
)
_UNIX_KINDS = {"-": "file", "d": "folder", "l": "link"}


def items_of(client: Client, path: str) -> list[Item]:
    """The items of the folder *path*, without itself and its parent, by name."""
    found = _by_mlsd(client, path) if {"MLSD", "MLST"} & client.features else None
    if found is None:
        lines = _lines(client, f"LIST {_shielded(path)}")
        found = [item for line in lines if (item := of_list(line)) is not None]
    kept = [item for item in found if item["name"] not in _SELF]
    for item in kept:
        item["path"] = joined(path, item["name"])
    return sorted(kept, key=lambda item: str(item["name"]))


def joined(folder: str, name: str) -> str:
    """The path of *name* in *folder*."""
    return name if folder in ("", ".") else f"{folder.rstrip('/')}/{name}"


def of_list(line: str) -> Item | None:
    """The item that a line of LIST describes, or None: servers print totals and notes as well."""
    if found := _UNIX.fullmatch(line):
        kind = _UNIX_KINDS.get(found["kind"], "other")
        name = found["name"].partition(" -> ")[0] if kind == "link" else found["name"]
        when = _unix_time(found["date"])
        return _item(name, kind, int(found["size"]), when, found["mode"])
    if found := _WINDOWS.fullmatch(line):
        kind = "folder" if found["dir"] else "file"
        return _item(found["name"], kind, int(found["size"] or 0), _windows_time(found["date"]), "")
    return None


def of_mlsd(line: str) -> Item | None:
    """The item that a line of MLSD describes (RFC 3659), or None for the folder itself."""
    facts, _, name = line.partition(" ")
    pairs = (fact.partition("=") for fact in facts.rstrip(";").split(";"))
    about = {key.lower(): value for key, _, value in pairs}
    said = about.get("type", "file").lower()
    kind = _KINDS.get(said, "link" if "link" in said else "other")
    if not kind or not name:
        return None
    size = about.get("size", "")
    mode = about.get("unix.mode", about.get("perm", ""))
    when = _parsed(about.get("modify", "").partition(".")[0], "%Y%m%d%H%M%S")
    return _item(name, kind, int(size) if size.isdecimal() else 0, when, mode)


def _item(name: str, kind: str, size: int, when: datetime | None, mode: str) -> Item:
    return {
        "name": name,
        "type": kind,
        "size": size,
        "modified": when.isoformat() if when else "",
        "permissions": mode,
    }


def _by_mlsd(client: Client, path: str) -> list[Item] | None:
    """None where the server does not have the command after all."""
    try:
        lines = _lines(client, f"MLSD {path}")
    except ftplib.error_perm as error:
        if str(error)[:3] in ("500", "502", "504"):
            return None
        raise
    return [item for line in lines if (item := of_mlsd(line)) is not None]


def _lines(client: Client, command: str) -> list[str]:
    client.voidcmd("TYPE A")
    parts: list[bytes] = []
    connection = client.transfercmd(command)
    try:
        while chunk := connection.recv(_CHUNK_BYTES):
            parts.append(chunk)
            if len(parts) * _CHUNK_BYTES > _MOST_BYTES and sum(map(len, parts)) > _MOST_BYTES:
                raise NodeError(
                    f"the listing is larger than {_MOST_BYTES >> 20} MiB",
                    ErrorCode.RESOURCE_EXHAUSTED,
                )
    finally:
        client.end_data(connection)
    client.voidresp()
    # Only these two end a line here: a name may hold what else Python takes for one.
    lines = client.text_of(b"".join(parts)).replace("\r\n", "\n").split("\n")
    return [line for line in lines if line.strip()]


def _shielded(path: str) -> str:
    """*path* for LIST, which takes what begins with a dash for an option."""
    return f"./{path}" if path.startswith("-") else path


def _unix_time(text: str) -> datetime | None:
    """Of a date without a year, the latest that has been; servers tell their own local time."""
    text = " ".join(text.split())
    if ":" not in text:
        return _parsed(text, "%b %d %Y", local=True)
    if text[0].isdigit():
        return _parsed(text, "%Y-%m-%d %H:%M", local=True)
    now = datetime.now(UTC).replace(tzinfo=None)
    for year in (now.year, now.year - 1):
        found = _parsed(f"{text} {year}", "%b %d %H:%M %Y", local=True)
        if found is not None and found <= now + timedelta(days=1):
            return found
    return None


def _windows_time(text: str) -> datetime | None:
    text = " ".join(text.split()).upper()
    forms = (f"%m-%d-%{year} {clock}" for year in "yY" for clock in ("%I:%M%p", "%H:%M"))
    found = (_parsed(text, form, local=True) for form in forms)
    return next((when for when in found if when is not None), None)


def _parsed(text: str, form: str, *, local: bool = False) -> datetime | None:
    try:
        found = datetime.strptime(text, form)  # noqa: DTZ007 - the zone of a LIST is not told
    except ValueError:
        return None
    return found if local else found.replace(tzinfo=UTC)
