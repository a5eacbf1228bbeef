"""The agent of this machine, its service and its journals."""

from __future__ import annotations

from typing import Literal

from casare_rpa.domain.json_values import Json
from casare_rpa.wire import Wire


class AgentStatus(Wire):
    #: Like `undelivered` null until an orchestrator has answered.
    robot_id: str | None
    state: str
    why: str | None
    pid: int
    version: str
    started_at: str
    uptime_seconds: float
    state_dir: str
    orchestrator_url: str
    reachable: bool
    reachable_changed_at: str
    #: Whether a renewal succeeded within the last lease time; null before the first start of work.
    renewing: bool | None = None
    jobs: list[AgentJob]
    #: Ended, and the orchestrator has yet to know.
    undelivered: int | None


class AgentJob(Wire):
    job_id: str
    attempt: int
    workflow: str
    stopping: str | None


class TimelineEntry(Wire):
    """What happened to an agent; further members tell more of some of them."""

    at: str
    what: str
    text: str
    job_id: str | None = None
    attempt: int | None = None


class ServiceInstalled(Wire):
    """`text` is what `file` holds; `verified` is null where nobody could look at it."""

    name: str
    platform: Literal["systemd", "launchd", "windows"]
    scope: Literal["system", "user"]
    file: str
    text: str
    changed: bool
    verified: bool | None
    started: bool
    state_dir: str
    key_file: str
    has_key: bool
    dry_run: bool
    #: Commands to type.
    next: list[str]


class ServiceRemoved(Wire):
    name: str
    removed: list[str]
    state_dir: str
    purged: bool
    dry_run: bool
    next: list[str]


class AgentStopped(Wire):
    """The start of the agent that ended; printed when it has, null when none ran."""

    start_id: str | None
    running: bool


class MachinePause(Wire):
    note: str
    #: Seconds since 1970; null without an end.
    until: float | None


class MachineResumed(Wire):
    paused: bool


class Journal(Wire):
    name: str
    job_id: str | None
    attempt: int | None
    robot_id: str | None
    workflow_id: str | None
    workflow_name: str | None
    state: str
    events: int
    first_index: int | None
    ending: str | None
    bytes: int
    unreadable_bytes: int
    modified: str
    file: str


class JournalContents(Journal):
    outcome: Json | None
    last_events: list[Json]


class Flushed(Wire):
    job_id: str
    attempt: int
    result: Literal["delivered", "refused", "kept"]
    reported: str | None


class CompletionScript(Wire):
    """A shell's script; `file` is null when there was none to remove."""

    shell: str
    file: str | None
    installed: bool
    #: The next step, or what happened, in words.
    told: str
