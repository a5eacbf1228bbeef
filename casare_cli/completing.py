"""Ids for the shell's Tab key: `casare-rpa __complete jobs`, within 0.3 s or nothing.

Standard library only: a Tab that waits for HTTP libraries to load is no help.
"""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

_SECONDS = 0.3
#: A shell expands what it is offered: a name with `$` or a space in it is not offered.
_HARMLESS = re.compile(r"[A-Za-z0-9._:@+-]+")
_LIMIT = 200
_LISTS = {
    "jobs": ("/jobs", "jobs", "job_id"),
    "workflows": ("/workflows", "workflows", "workflow_id"),
    "robots": ("/robots", "robots", "robot_id"),
}


def complete(words: Sequence[str]) -> int:
    """Print the ids of the things named by the first word, one a line; never an error."""
    kind = words[0] if words else ""
    prefix = words[1] if len(words) > 1 else ""
    found = _within(_SECONDS, lambda: _ids(kind))
    sys.stdout.writelines(f"{name}\n" for name in found if name.startswith(prefix))
    sys.stdout.flush()
    return 0


def _within(seconds: float, ask: Callable[[], list[str]]) -> list[str]:
    answer: list[str] = []

    def run() -> None:
        try:
            answer.extend(ask())
        except Exception:  # a Tab key reports nothing
            return

    asking = threading.Thread(target=run, daemon=True)
    asking.start()
    asking.join(seconds)
    return list(answer)


def _ids(kind: str) -> list[str]:
    if kind == "nodes":
        return _node_types()
    path, member, name = _LISTS[kind]
    items = _get(f"/api/v1{path}?limit={_LIMIT}").get(member, [])
    names = [str(item[name]) for item in items]
    return [name for name in names if _HARMLESS.fullmatch(name)]


def _node_types() -> list[str]:
    from casare_rpa.nodes.catalogue import entries

    return sorted(entries())


def _get(path: str) -> Any:
    import http.client
    import json
    from urllib.parse import urlsplit

    from casare_cli.context import config_files
    from casare_rpa.settings import Settings

    settings = Settings.load(config_files(), os.environ)
    address = urlsplit(settings.orchestrator_url)
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = kind(address.hostname or "", address.port, timeout=_SECONDS)
    headers = {"Authorization": f"Bearer {settings.api_key}"} if settings.api_key else {}
    connection.request("GET", path, headers=headers)
    return json.loads(connection.getresponse().read())
