"""Ids for the shell's Tab key: `casare-rpa __complete jobs`, within 0.3 s or nothing.

Standard library only: a Tab that waits for HTTP libraries to load is no help. Whoever has a slow
line or machine may wait longer: CASARE_COMPLETION_SECONDS.
"""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from http.client import HTTPConnection

    from casare_rpa.settings import Settings

_SECONDS = 0.3
_LONGEST_SECONDS = 60.0
#: A shell expands what it is offered: a name with `$` or a space in it is not offered.
_HARMLESS = re.compile(r"[A-Za-z0-9._:@+-]+")
_LIMIT = 200
_LISTS = {
    "jobs": ("/jobs", "jobs", "job_id"),
    "workflows": ("/workflows", "workflows", "workflow_id"),
    "schedules": ("/schedules", "", "schedule_id"),
    "robots": ("/robots", "robots", "robot_id"),
}


def complete(words: Sequence[str]) -> int:
    """Print the ids of the things named by the first word, one a line; never an error.

    The second word is their beginning, the others the command line where it says what is meant.
    """
    kind = words[0] if words else ""
    prefix = words[1] if len(words) > 1 else ""
    seconds = _patience(os.environ.get("CASARE_COMPLETION_SECONDS", ""))
    found = _within(seconds, lambda: _ids(kind, seconds, words[2:]))
    sys.stdout.writelines(f"{name}\n" for name in found if name.startswith(prefix))
    sys.stdout.flush()
    return 0


def _patience(text: str) -> float:
    """The seconds that *text* says; the usual ones if it says none."""
    try:
        seconds = float(text)
    except ValueError:
        return _SECONDS
    return seconds if 0 < seconds <= _LONGEST_SECONDS else _SECONDS


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


def _ids(kind: str, seconds: float, line: Sequence[str]) -> list[str]:
    if kind == "nodes":
        return _node_types()
    if kind == "begun":
        return _harmless(_begun(line, seconds))
    if kind == "profiles":
        return _harmless(_profiles())
    path, member, name = _LISTS[kind]
    found = _get(f"/api/v1{path}?limit={_LIMIT}", seconds)
    items = found.get(member, []) if isinstance(found, dict) else found
    return _harmless(str(item[name]) for item in items)


def _harmless(names: Iterable[str]) -> list[str]:
    return [name for name in names if _HARMLESS.fullmatch(name)]


def _begun(line: Sequence[str], seconds: float) -> Iterable[str]:
    """The nodes that had begun of the job behind `rerun`, in the order in which they did."""
    job = line[list(line).index("rerun") + 1]
    if not _HARMLESS.fullmatch(job):
        return []
    if job == "@latest":
        job = _ids("jobs", seconds, ())[0]
    found = _get(f"/api/v1/jobs/{job}", seconds)
    return (str(node["node_id"]) for node in found["node_executions"])


def _node_types() -> list[str]:
    from casare_rpa.nodes.catalogue import entries

    return sorted(entries())


def _profiles() -> list[str]:
    from casare_cli.profiles.configuring import profile_names

    return profile_names()


def _get(path: str, seconds: float) -> Any:
    import json
    from contextlib import closing

    from casare_cli.context import config_files
    from casare_cli.keys.sources import stored_in_file
    from casare_rpa.settings import Settings

    settings = Settings.load(config_files(), os.environ)
    key = settings.api_key or stored_in_file(settings.orchestrator_url, settings.profile)
    connection = _connection(settings, seconds)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    with closing(connection):
        connection.request("GET", path, headers=headers)
        return json.loads(connection.getresponse().read())


def _connection(settings: Settings, seconds: float) -> HTTPConnection:
    import http.client
    from urllib.parse import urlsplit

    address = urlsplit(settings.orchestrator_url)
    host, port = address.hostname or "", address.port
    if address.scheme != "https":
        return http.client.HTTPConnection(host, port, timeout=seconds)
    from casare_rpa.tls import context_of

    context = context_of(settings)
    return http.client.HTTPSConnection(host, port, timeout=seconds, context=context)
