"""The agent's composition root: from settings to an exit code."""

from __future__ import annotations

import logging
import queue
import time
from dataclasses import replace
from urllib.parse import urlsplit

from agent import exit_codes, logs
from agent.backoff import Backoff
from agent.commands import Command, Signalled
from agent.environment import job_environment
from agent.folders import Folders
from agent.identity import Identity, registration
from agent.launch import Launcher
from agent.lock import only_agent_in
from agent.options import AgentOptions
from agent.robot import Robot
from agent.signals import on_stop
from agent.system import adopt_orphans, hide_memory
from casare_rpa import __version__
from casare_rpa.client import OrchestratorClient
from casare_rpa.errors import CasareError, ConfigInvalid, Forbidden, Unauthenticated
from casare_rpa.settings import Settings

log = logging.getLogger(__name__)

#: An answer to a heartbeat that takes longer is worth less than another try.
_HEARTBEAT_ANSWER_SECONDS = 10.0
#: `once` gives up on an orchestrator that nobody reaches for so long; else the robot waits.
_ONCE_CONTACT_SECONDS = 30.0


class _Stopped(Exception):
    """A signal came before the robot was at work."""


def run(settings: Settings, options: AgentOptions | None = None) -> int:
    """Be a robot until told to stop; the exit code.

    0 stopped in order, 77 key refused, 78 bad configuration, 128 + signal after a second one, 9
    another agent has the state folder or the robot; with `once` the job's outcome. Errors become
    one line in the log. Call it in the main thread, once in a process.
    """
    try:
        logs.set_up(settings)
        return _run(settings, options or AgentOptions())
    except _Stopped:
        return exit_codes.OK
    except CasareError as error:
        log.error("%s%s", error.message, f". {error.hint}" if error.hint else "")
        return _code_of(error)


def _code_of(error: CasareError) -> int:
    match error:
        case Unauthenticated() | Forbidden():
            return exit_codes.KEY_REFUSED
        case ConfigInvalid():
            return exit_codes.BAD_CONFIGURATION
    return error.exit_code


def _run(settings: Settings, options: AgentOptions) -> int:
    _check(settings)
    folders = Folders.open(settings)
    settings = replace(settings, state_dir=str(folders.root))
    commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
    hide_memory()
    adopt_orphans()
    environment = job_environment()
    launcher = Launcher(environment)
    with (
        only_agent_in(folders.root),
        on_stop(lambda number: commands.put(Signalled(number))),
        _client(settings) as client,
        _client(settings, answer_seconds=_HEARTBEAT_ANSWER_SECONDS) as heartbeat_client,
    ):
        launcher.warm_up(folders.run)
        identity = _introduce(client, settings, options, commands)
        _announce(identity, settings, folders)
        code = Robot(
            settings=settings,
            options=options,
            folders=folders,
            identity=identity,
            client=client,
            heartbeat_client=heartbeat_client,
            launcher=launcher,
            environment=environment,
            commands=commands,
        ).run()
    log.info("stopped")
    return code


def _check(settings: Settings) -> None:
    if not settings.api_key:
        raise ConfigInvalid(
            "the agent has no key",
            hint="Give one with --api-key or CASARE_API_KEY; an administrator makes it with: "
            "casare-rpa robots keys create ROBOT",
        )
    if settings.max_concurrent_jobs < 1:
        raise ConfigInvalid("max_concurrent_jobs cannot be less than 1")
    if not 0 <= settings.poll_wait_seconds <= 30:
        raise ConfigInvalid("poll_wait_seconds must be between 0 and 30")


def _client(settings: Settings, *, answer_seconds: float | None = None) -> OrchestratorClient:
    return OrchestratorClient(
        settings.orchestrator_url,
        settings.api_key,
        connect_timeout_seconds=settings.connect_timeout_seconds,
        request_timeout_seconds=min(
            settings.request_timeout_seconds, answer_seconds or settings.request_timeout_seconds
        ),
    )


def _introduce(
    client: OrchestratorClient,
    settings: Settings,
    options: AgentOptions,
    commands: queue.SimpleQueue[Command],
) -> Identity:
    """Find out who the key is and register, however long the orchestrator takes to appear."""
    backoff = Backoff(
        lambda seconds: _stopped_within(commands, seconds),
        first_seconds=settings.retry_delay_seconds,
        most_seconds=settings.retry_delay_max_seconds,
    )
    since = time.monotonic()
    while True:
        try:
            identity = Identity.of_key(client, settings)
            client.register(registration(identity, settings))
            return identity
        except CasareError as error:
            late = options.once and time.monotonic() - since > _ONCE_CONTACT_SECONDS
            if not error.retryable or late:
                raise
            if backoff.failures == 0:
                log.warning("%s; trying again", error)
            if not backoff.wait(error):
                raise _Stopped from error


def _stopped_within(commands: queue.SimpleQueue[Command], seconds: float) -> bool:
    try:
        commands.get(timeout=seconds)
    except queue.Empty:
        return False
    return True


def _announce(identity: Identity, settings: Settings, folders: Folders) -> None:
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
    off = []
    if not settings.allowed_paths:
        off.append("path limits (allowed_paths)")
    if not settings.block_private_addresses:
        off.append("guard of private addresses (block_private_addresses)")
    if urlsplit(settings.orchestrator_url).scheme != "https":
        off.append("TLS to the orchestrator")
    if off:
        log.info("switched off: %s", "; ".join(off))
