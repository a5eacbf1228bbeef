"""Settings: defaults < system file < user file < environment < command-line option.

Each field of `Settings` is a setting: `lease_seconds` is `lease_seconds` in a TOML file and
`CASARE_LEASE_SECONDS` in the environment. Secrets can also come from a file: `CASARE_API_KEY_FILE`.
"""

from __future__ import annotations

import math
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from casare_rpa.errors import ConfigInvalid

_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off", ""})


def setting(
    default: Any, help: str, *, env: Iterable[str] = (), role: str = "all", secret: bool = False
) -> Any:
    """A setting with its help; `env` are further names that are read after CASARE_<NAME>."""
    about = {"help": help, "env": tuple(env), "role": role}
    if isinstance(default, (tuple, str, int, float, bool)) or default is None:
        return field(default=default, metadata=about, repr=not secret)
    raise TypeError(f"not a constant default: {default!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of all roles. Times are in seconds, sizes in bytes."""

    # who and where
    orchestrator_url: str = setting(
        "http://localhost:8000",
        "Address of the orchestrator.",
        env=("ORCHESTRATOR_URL", "CASARE_API_URL"),
    )
    api_key: str = setting(
        "",
        "Key: sk_live_... for people and scripts, robot_... for a robot.",
        env=(
            "CASARE_ORCHESTRATOR_API_KEY",
            "ORCHESTRATOR_API_KEY",
            "CASARE_ROBOT_API_KEY",
            "ROBOT_API_KEY",
        ),
        secret=True,
    )
    state_dir: str = setting("", "Folder for everything a role writes; empty: the user's own.")
    log_level: str = setting("INFO", "DEBUG, INFO, WARNING or ERROR.", env=("LOG_LEVEL",))
    log_format: str = setting("text", "text or json.")
    connect_timeout_seconds: float = setting(5.0, "Time to reach the orchestrator.")
    request_timeout_seconds: float = setting(30.0, "Time for one answer of the orchestrator.")

    # orchestrator
    host: str = setting(
        "127.0.0.1", "Address to listen on.", env=("CASARE_ORCHESTRATOR_HOST",), role="orchestrator"
    )
    port: int = setting(
        8000,
        "Port to listen on; 0 takes a free one.",
        env=("CASARE_ORCHESTRATOR_PORT",),
        role="orchestrator",
    )
    database: str = setting(
        "",
        "sqlite:///PATH or postgresql://...; empty: orchestrator.db in the state folder.",
        env=("CASARE_DATABASE_URL", "DATABASE_URL"),
        role="orchestrator",
    )
    allow_plaintext: bool = setting(
        False, "Listen beyond this machine without TLS.", role="orchestrator"
    )
    allowed_hosts: tuple[str, ...] = setting(
        (), "Further names this server answers to (Host header).", role="orchestrator"
    )
    allowed_origins: tuple[str, ...] = setting(
        (), "Web origins that may call this server.", role="orchestrator"
    )
    lease_seconds: float = setting(
        60.0, "A robot that is silent for this long loses its job.", role="orchestrator"
    )
    start_deadline_seconds: float = setting(
        30.0, "A claimed job must be started within this time.", role="orchestrator"
    )
    reap_every_seconds: float = setting(
        2.0, "How often expired leases are looked for.", role="orchestrator"
    )
    robot_offline_seconds: float = setting(
        90.0,
        "A robot silent for this long is shown as offline.",
        env=("ROBOT_HEARTBEAT_TIMEOUT",),
        role="orchestrator",
    )
    job_timeout_seconds: float = setting(
        3600.0,
        "Longest run of a job that sets no limit of its own.",
        env=("CASARE_JOB_TIMEOUT", "JOB_TIMEOUT_DEFAULT"),
    )
    max_crashes: int = setting(3, "Lost leases after which a job is given up.", role="orchestrator")
    lost_backoff_seconds: float = setting(
        5.0, "First wait before a lost job is offered again; doubles.", role="orchestrator"
    )
    lost_backoff_max_seconds: float = setting(
        600.0, "Longest wait before a lost job is offered again.", role="orchestrator"
    )
    idempotency_hours: float = setting(
        72.0, "How long an Idempotency-Key is remembered.", role="orchestrator"
    )
    max_body_bytes: int = setting(1 << 20, "Largest request body.", role="orchestrator")
    max_workflow_bytes: int = setting(5 << 20, "Largest workflow.", role="orchestrator")
    key_check_every_seconds: float = setting(
        5.0, "How often the keys of open sockets are checked again.", role="orchestrator"
    )

    # agent
    robot_id: str = setting("", "Identity of the robot; empty: the key's.", role="agent")
    robot_name: str = setting("", "Name of the robot; empty: the machine's.", role="agent")
    tags: tuple[str, ...] = setting(
        (), "Labels of this robot.", env=("CASARE_ROBOT_TAGS",), role="agent"
    )
    capabilities: tuple[str, ...] = setting(
        (), "What this robot can do beyond the detected.", role="agent"
    )
    environment: str = setting("default", "The robots' pool this one belongs to.", role="agent")
    max_concurrent_jobs: int = setting(1, "Jobs run at the same time.", role="agent")
    poll_wait_seconds: float = setting(
        25.0, "How long one request for a job waits at the server (30 at most).", role="agent"
    )
    retry_delay_seconds: float = setting(
        1.0, "First wait after a failed call; doubles with jitter.", role="agent"
    )
    retry_delay_max_seconds: float = setting(30.0, "Longest wait after failed calls.", role="agent")
    upload_every_seconds: float = setting(
        0.1, "How long events are collected before they are sent.", role="agent"
    )
    drain_timeout_seconds: float = setting(
        60.0,
        "Time that running jobs get after the first stop signal.",
        env=("CASARE_SHUTDOWN_GRACE",),
        role="agent",
    )
    cancel_grace_seconds: float = setting(
        5.0, "Time between asking a job to stop, SIGTERM and SIGKILL.", role="agent"
    )
    journal_fsync_seconds: float = setting(
        0.05, "Longest time an event stays unsynced on disk.", role="agent"
    )
    journal_max_bytes: int = setting(
        256 << 20, "Journal size at which a job has to wait for the upload.", role="agent"
    )
    min_free_bytes: int = setting(
        64 << 20, "Free disk space below which no job is claimed.", role="agent"
    )

    # runs, local and on a robot
    node_timeout_seconds: float = setting(
        120.0,
        "Longest run of one node that sets no limit of its own.",
        env=("CASARE_NODE_TIMEOUT",),
    )
    allowed_paths: tuple[str, ...] = setting(
        (), "Folders that file nodes may touch; empty: all. Separated like PATH."
    )
    block_private_addresses: bool = setting(
        False, "HTTP nodes refuse loopback, private and link-local addresses."
    )
    max_result_bytes: int = setting(768 << 10, "Largest result of a run, as JSON.")

    @classmethod
    def load(
        cls, files: Iterable[Path] = (), env: Mapping[str, str] = os.environ, **options: Any
    ) -> Settings:
        """Read *files* (missing ones are skipped), then *env*, then *options* that are not None.

        Raises ConfigInvalid, which names the setting, where it came from and what is wrong with it.
        """
        given: dict[str, Any] = {}
        for path in files:
            given |= _from_file(path)
        given |= _from_environment(env)
        given |= {
            name: _convert(_FIELDS[name], value, f"option {name}")
            for name, value in options.items()
            if value is not None
        }
        return replace(cls(), **given)


_FIELDS: dict[str, Field[Any]] = {item.name: item for item in fields(Settings)}


def environment_names(name: str) -> tuple[str, ...]:
    """The environment variables that set *name*, first wins."""
    return (f"CASARE_{name.upper()}", *_FIELDS[name].metadata["env"])


def _from_file(path: Path) -> dict[str, Any]:
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ConfigInvalid(f"cannot read {path}: {error}") from error
    unknown = sorted(set(raw) - set(_FIELDS) - {"profiles"})
    if unknown:
        raise ConfigInvalid(f"{path}: no setting is called {unknown[0]!r}")
    return {
        name: _convert(_FIELDS[name], value, str(path))
        for name, value in raw.items()
        if name in _FIELDS
    }


def _from_environment(env: Mapping[str, str]) -> dict[str, Any]:
    given = {}
    for name, item in _FIELDS.items():
        for variable in environment_names(name):
            if variable in env:
                given[name] = _convert(item, env[variable], variable)
                break
            if name == "api_key" and f"{variable}_FILE" in env:
                given[name] = _read_secret(Path(env[f"{variable}_FILE"]), f"{variable}_FILE")
                break
    return given


def _read_secret(path: Path, origin: str) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise ConfigInvalid(f"{origin}: cannot read {path}: {error}") from error


def _convert(item: Field[Any], value: Any, origin: str) -> Any:
    """Cast *value* to the type of the setting's default."""
    wanted: type[Any] = type(item.default)
    try:
        if wanted is bool:
            return _boolean(value)
        if wanted is tuple:
            return _words(value, os.pathsep if item.name == "allowed_paths" else ",")
        if wanted is str and not isinstance(value, str):
            raise ValueError("text is wanted")
        if isinstance(value, bool):
            raise ValueError("a number is wanted")
        number = wanted(value)
        if wanted is not str and not 0 <= number < math.inf:
            raise ValueError("it must be finite and not below 0")
        return number
    except (TypeError, ValueError) as error:
        shown = "" if item.name == "api_key" else f" {value!r}"
        raise ConfigInvalid(f"{origin}: {item.name} cannot be{shown}: {error}") from error


def _boolean(value: Any) -> bool:
    text = str(value).strip().lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError("true or false is wanted")


def _words(value: Any, separator: str) -> tuple[str, ...]:
    parts = value.split(separator) if isinstance(value, str) else value
    return tuple(text for part in parts if (text := str(part).strip()))
