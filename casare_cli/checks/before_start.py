"""What an agent needs on this machine to start and to take jobs."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from casare_cli.checks.finding import (
    Finding,
    State,
    failed,
    passed,
    room,
    skipped,
    unwritable,
    warned,
)
from casare_cli.checks.orchestrator import judged, skew_seconds, working
from casare_cli.context import App
from casare_cli.machine.agent import mend_access
from casare_cli.profiles.configuring import with_line
from casare_rpa.errors import CasareError, ConfigInvalid

if TYPE_CHECKING:
    from agent.machine.folders import Folders
    from casare_rpa.client import OrchestratorClient
    from casare_rpa.settings import Settings

_MAKE_KEY = "casare-rpa robots keys create ROBOT"


def findings(app: App, state_dir: str | None) -> Iterator[Finding]:
    """What every check finds, as soon as it is found."""
    from agent.app import check_settings
    from agent.machine.folders import Folders

    try:
        settings = app.settings_with(state_dir=state_dir)
        check_settings(settings)
    except CasareError as error:
        if isinstance(error, ConfigInvalid):
            error = with_line(error)
        yield failed("settings", error.message, error.hint or "casare-rpa help environment")
        return
    yield passed("settings", f"{settings.max_concurrent_jobs} job(s) at a time")
    yield from _orchestrator(app, settings)
    folders = Folders.of(settings)
    folder = _state_folder(folders.root)
    yield folder
    yield _disk(folders, settings)
    if folder.state is State.PASS:
        yield _alone(folders.root)
        yield from _journals(folders)
        yield _pause(folders.root)
    yield _capabilities(settings)


def _orchestrator(app: App, settings: Settings) -> Iterator[Finding]:
    """Whether it answers, what time it has, and whose the key is."""
    try:
        client = app.client()
    except CasareError as error:
        yield failed("key", error.message, error.hint or _MAKE_KEY)
        return
    with client:
        answer, theirs = _answer(client)
        yield answer
        if theirs is None:
            yield skipped("clock", "the orchestrator does not answer")
        else:
            yield theirs
        if not app.key:
            mend = f"CASARE_API_KEY_FILE=PATH, with a key of: {_MAKE_KEY}"
            yield failed("key", "the agent has no key", mend)
        elif theirs is None:
            yield skipped("key", "the orchestrator does not answer")
        else:
            yield _key(client, settings)


def _answer(client: OrchestratorClient) -> tuple[Finding, Finding | None]:
    """Whether an orchestrator answers, and if so how its clock is."""
    before = datetime.now(UTC)
    try:
        health = client.health()
        theirs = datetime.fromisoformat(str(health["timestamp"])).astimezone(UTC)
    except CasareError as error:
        return failed(
            "orchestrator", error.message, error.hint or "Is the address right? --url names it"
        ), None
    except (KeyError, ValueError, TypeError):
        text = f"what answers at {client.base_url} is no orchestrator"
        return failed("orchestrator", text, "Name the right address with --url"), None
    return working(health, client.base_url, client.base_url), judged(
        skew_seconds(before, datetime.now(UTC), theirs)
    )


def _key(client: OrchestratorClient, settings: Settings) -> Finding:
    from agent.uplink.identity import Identity

    try:
        identity = Identity.of_key(client, settings)
    except CasareError as error:
        return failed("key", error.message, error.hint or _MAKE_KEY)
    return passed("key", f"{identity.key_name}, of the robot {identity.robot_id}")


def _state_folder(root: Path) -> Finding:
    """Whether all that an agent writes can be written; what is in it, only then."""
    mend = "Give it to this user, or name another one with --state-dir"
    there = root
    try:
        there = next(path for path in (root, *root.parents) if path.exists())
        if not there.is_dir():
            return failed("state folder", f"{there} is no folder", mend)
        with tempfile.TemporaryFile(dir=there) as file:
            os.fsync(file.fileno())
    except OSError as error:
        if isinstance(error, PermissionError) and there == root:
            mend = mend_access(root)
        return failed("state folder", unwritable(root, there, error), mend)
    return passed("state folder", f"{root}{'' if there == root else ' (will be made)'}")


def _alone(root: Path) -> Finding:
    from agent.machine.status import running_agent

    status = running_agent(root)
    if status is None:
        return passed("no other agent", "none uses the state folder")
    text = f"process {status['pid']} uses the state folder"
    return failed("no other agent", text, f"casare-rpa agent stop --state-dir {root}")


def _disk(folders: Folders, settings: Settings) -> Finding:
    free, floor = folders.free_bytes(), settings.min_free_bytes
    text = f"{room(free)} free, {room(floor)} wanted (min_free_bytes)"
    return passed("disk", text) if free >= floor else failed("disk", text, "Make room on it")


def _journals(folders: Folders) -> Iterator[Finding]:
    """What earlier starts left: a start delivers it, but for what nobody can read."""
    from agent.inventory import journals

    states = Counter(str(found["state"]) for found in journals(folders))
    whole = states["waiting"] + states["interrupted"] + states["running"] + states["lost"]
    if bad := states["unreadable"]:
        mend = f"Give {folders.journal} to the user that the agent runs as"
        yield failed("journals", f"{bad} may not be read", mend)
    if damaged := states["damaged"]:
        yield warned("journals", f"{damaged} kept as damaged", "casare-rpa agent journal list")
    yield passed("journals", f"{whole or 'none'} to be delivered by the next start")


def _pause(root: Path) -> Finding:
    from agent.machine.control import Control

    pause = Control.read(root).pause
    if pause is None:
        return passed("pause", "jobs will be taken")
    note = f": {pause.note}" if pause.note else ""
    return warned("pause", f"paused at this machine{note}", "casare-rpa agent resume")


def _capabilities(settings: Settings) -> Finding:
    from agent.machine.capabilities import announced

    return passed("capabilities", ", ".join(announced(settings)))
