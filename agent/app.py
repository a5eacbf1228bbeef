"""The agent's composition root: from settings to an exit code."""

from __future__ import annotations

import logging
import os
import queue
import time
from contextlib import closing, suppress
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from agent import exit_codes
from agent.attempt import TRUSTED
from agent.commands import Command, Signalled
from agent.job.environment import job_environment, only
from agent.job.launch import Launcher
from agent.machine.console import Console
from agent.machine.folders import Folders
from agent.machine.health import health_server, parse_address
from agent.machine.lock import only_agent_in
from agent.machine.signals import on_stop
from agent.machine.system import adopt_orphans, hide_memory
from agent.machine.timeline import ENDED, Timeline
from agent.options import AgentOptions
from agent.robot import Robot
from agent.uplink.backoff import Backoff
from agent.uplink.heartbeat import USUAL_LEASE_SECONDS
from agent.uplink.identity import Identity, registration
from agent.uplink.keys import KeySource, RobotClient, RobotKey
from casare_rpa import __version__, faults, logs
from casare_rpa.boot_clock import boottime_seconds
from casare_rpa.client import OrchestratorClient
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import CasareError, ConfigInvalid, Forbidden, Unauthenticated
from casare_rpa.secrets import SecretSources, own_keys
from casare_rpa.settings import Settings

log = logging.getLogger(__name__)

#: An answer to a heartbeat that takes longer is worth less than another try.
_HEARTBEAT_ANSWER_SECONDS = 10.0
#: `once` gives up on an orchestrator that nobody reaches for so long; else the robot waits.
_ONCE_CONTACT_SECONDS = 30.0
#: What a start may take from one try to the next, told to systemd; longer than any back-off.
_START_SECONDS = 120.0
_LOOK_SECONDS = 0.5


class _Stopped(Exception):
    """A signal came before the robot was at work."""


def run(
    settings: Settings, options: AgentOptions | None = None, source: KeySource | None = None
) -> int:
    """Be a robot until told to stop; the exit code.

    0 stopped in order, 77 key refused, 78 bad configuration, 128 + signal after a second one, 9
    another agent has the state folder or the robot; with `once` the job's outcome, or 75 when there
    was none. Errors become one line in the log. A key that is rotated is read again from *source*.
    Call it in the main thread, once in a process.
    """
    try:
        logs.set_up(settings, keep=True)
        faults.arm()
        return _run(settings, options or AgentOptions(), source or KeySource())
    except CasareError as error:
        return _told(error)


def _told(error: CasareError) -> int:
    """The exit code of *error*, which is in the log then."""
    log.error("%s%s", error.message, f". {error.hint}" if error.hint else "")
    match error:
        case Unauthenticated() | Forbidden():
            return exit_codes.KEY_REFUSED
        case ConfigInvalid():
            return exit_codes.BAD_CONFIGURATION
    return error.exit_code


def _run(settings: Settings, options: AgentOptions, source: KeySource) -> int:
    _check_key(settings)
    check_settings(settings)
    folders = Folders.open(settings)
    settings = replace(settings, state_dir=str(folders.root))
    commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
    hide_memory()
    adopt_orphans()
    environment = job_environment()
    timeline = Timeline(folders.root)
    console = Console(
        folders.root,
        orchestrator_url=settings.orchestrator_url,
        timeline=timeline,
        env=os.environ,
    )
    keys = set(own_keys(settings))
    find_secret = SecretSources.of(settings, os.environ, withheld=keys).find
    key = RobotKey(settings.api_key, source, replaced=keys.add)
    with (
        # From here on nothing that is started, now or again, can inherit a key.
        only(environment),
        on_stop(lambda number: commands.put(Signalled(number))),
        only_agent_in(folders.root),
        health_server(settings.health_address, lambda: console.shown),
        closing(console),
        RobotClient.of_robot(settings, key) as client,
        RobotClient.of_robot(
            settings, key, answer_seconds=_HEARTBEAT_ANSWER_SECONDS
        ) as heartbeat_client,
    ):
        timeline.began(
            f"version {__version__}, process {os.getpid()}, for {settings.orchestrator_url}",
            version=__version__,
            pid=os.getpid(),
        )
        code = _be_robot(
            settings=settings,
            options=options,
            folders=folders,
            key=key,
            client=client,
            heartbeat_client=heartbeat_client,
            environment=environment,
            find_secret=find_secret,
            commands=commands,
            console=console,
            timeline=timeline,
        )
        timeline.note(ENDED, f"exit code {code}", exit_code=code)
    return code


def _be_robot(
    *,
    settings: Settings,
    options: AgentOptions,
    folders: Folders,
    client: OrchestratorClient,
    commands: queue.SimpleQueue[Command],
    console: Console,
    timeline: Timeline,
    key: RobotKey,
    **more: Any,
) -> int:
    """The exit code. *more* is for the Robot alone."""
    launcher = Launcher()
    launcher.warm_up(folders.run)
    try:
        identity = _introduce(client, settings, options, commands, console, key)
    except _Stopped:
        return exit_codes.OK
    except CasareError as error:
        timeline.note("agent.refused", error.message)
        return _told(error)
    console.notify.ready()
    timeline.note("agent.registered", f"robot {identity.robot_id}", robot_id=identity.robot_id)
    _announce(identity, settings, options, folders)
    code = Robot(
        settings=settings,
        options=options,
        folders=folders,
        identity=identity,
        client=client,
        launcher=launcher,
        commands=commands,
        console=console,
        timeline=timeline,
        key=key,
        **more,
    ).run()
    log.info("stopped")
    return code


def _check_key(settings: Settings) -> None:
    if not settings.api_key:
        raise ConfigInvalid(
            "the agent has no key",
            hint="Give one with --api-key or CASARE_API_KEY; an administrator makes it with: "
            "casare-rpa robots keys create ROBOT",
        )


def check_settings(settings: Settings) -> None:
    """Raises ConfigInvalid for a setting that no agent can work with."""
    if settings.health_address:
        parse_address(settings.health_address)


def _introduce(
    client: OrchestratorClient,
    settings: Settings,
    options: AgentOptions,
    commands: queue.SimpleQueue[Command],
    console: Console,
    key: RobotKey,
) -> Identity:
    """Find out who the key is and register, however long the orchestrator takes to appear.

    From then on a rotated key's successor is waited for, as long as a lease would be trusted.
    """
    console.show(_starting(None))
    backoff = Backoff(
        lambda seconds: _stopped_within(commands, seconds, console, str(late_because)),
        first_seconds=settings.retry_delay_seconds,
        most_seconds=settings.retry_delay_max_seconds,
    )
    since = time.monotonic()
    late_because: CasareError | None = None
    while True:
        console.notify.needs(_START_SECONDS)
        try:
            identity = Identity.of_key(client, settings)
            sent_at = boottime_seconds()
            client.register(registration(identity, settings))
            key.trust(sent_at + TRUSTED * USUAL_LEASE_SECONDS)
            return identity
        except CasareError as error:
            late = options.once and time.monotonic() - since > _ONCE_CONTACT_SECONDS
            if not error.retryable or late:
                raise
            late_because = error
            if backoff.failures == 0:
                log.warning("%s; trying again", error)
            if not backoff.wait(error):
                raise _Stopped from error


def _stopped_within(
    commands: queue.SimpleQueue[Command], seconds: float, console: Console, why: str
) -> bool:
    """Wait for the orchestrator a while; True when a signal or the machine's owner says stop."""
    until = time.monotonic() + seconds
    status = _starting(why)
    while (left := until - time.monotonic()) > 0:
        if console.tend(lambda: status) is not None:
            return True
        with suppress(queue.Empty):
            commands.get(timeout=min(left, _LOOK_SECONDS))
            return True
    return False


def _starting(why: str | None) -> Json:
    """The status of an agent that does not know yet which robot it is, nor what is undelivered."""
    status: Json = {"state": "starting", "why": why, "robot_id": None, "reachable": False}
    return status | {"jobs": [], "undelivered": None}


def _announce(
    identity: Identity, settings: Settings, options: AgentOptions, folders: Folders
) -> None:
    """Say who this is, where it connects, and what is switched off."""
    log.info(
        "robot %s (key %s), version %s, at %s",
        identity.robot_id,
        identity.key_name,
        __version__,
        settings.orchestrator_url,
    )
    log.info(
        "state in %s, %d job(s) at a time, environment %s%s",
        folders.root,
        settings.max_concurrent_jobs,
        settings.environment,
        f", tags {', '.join(settings.tags)}" if settings.tags else "",
    )
    if ends := str(options):
        log.info("ends by itself: %s", ends)
    off = []
    if not settings.allowed_paths:
        off.append("path limits (allowed_paths)")
    if not settings.block_private_addresses:
        off.append("guard of private addresses (block_private_addresses)")
    if urlsplit(settings.orchestrator_url).scheme != "https":
        off.append("TLS to the orchestrator")
    if off:
        log.info("switched off: %s", "; ".join(off))
