"""Paths on a server, and asking what is there."""

from __future__ import annotations

import ftplib
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.ftp._client import Client

_UNKNOWN_COMMAND = ("500", "502", "504")
_NOT_THERE = "550"


def remote(value: Any, name: str = "remote_path") -> str:
    """A path on the server. Raises NodeError for an empty one and for a line break in it."""
    text = str(value if value is not None else "")
    if not text.strip():
        raise NodeError(f"{name} is empty", ErrorCode.MISSING_REQUIRED_FIELD)
    if any(letter in text for letter in "\r\n\0"):
        # What follows it would be a command of its own.
        raise NodeError(f"{name} holds a line break: {text!r}", ErrorCode.INVALID_INPUT)
    return text


def size_of(client: Client, path: str) -> int | None:
    """The size of a file in bytes; None if there is no such file, or the server does not say."""
    client.voidcmd("TYPE I")
    try:
        return client.size(path)
    except ftplib.error_perm as error:
        if str(error)[:3] in (_NOT_THERE, *_UNKNOWN_COMMAND):
            return None
        raise


def is_folder(client: Client, path: str) -> bool:
    """Whether *path* is a folder that can be entered; the session stays where it is."""
    here = client.pwd()
    try:
        client.cwd(path)
    except ftplib.error_perm:
        return False
    client.cwd(here)
    return True


def make_folder(client: Client, path: str, *, parents: bool) -> bool:
    """Make the folder *path*, with *parents* all that lead to it; False if it was there."""
    if not parents:
        client.mkd(path)
        return True
    if is_folder(client, path):
        return False
    parts = path.rstrip("/").split("/")
    for count in range(1, len(parts)):
        above = "/".join(parts[:count])
        if above and not is_folder(client, above):
            client.mkd(above)
    client.mkd(path)
    return True
