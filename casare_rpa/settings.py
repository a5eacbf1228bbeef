"""Settings: defaults < system file < user file < profile < environment < command-line option.

Each field of `Settings` is a setting: `lease_seconds` is `lease_seconds` in a TOML file and
`CASARE_LEASE_SECONDS` in the environment. Secrets can also come from a file: `CASARE_API_KEY_FILE`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from casare_rpa import setting_sources as sources
from casare_rpa.setting_sources import ConfigFile, Given

_A_YEAR_SECONDS = 365 * 86_400
_A_YEAR_HOURS = 365 * 24
_A_GIB = 1 << 30


def setting(
    default: Any,
    help: str,
    *,
    env: Iterable[str] = (),
    role: str = "all",
    secret: bool = False,
    choices: Iterable[str] = (),
    minimum: float = 0,
    maximum: float | None = None,
) -> Any:
    """A setting with its help; `env` are further names that are read after CASARE_<NAME>.

    A number must lie within *minimum* and *maximum*. A time ends at a year unless they say
    otherwise: the clocks and timers of every system can count that far.
    """
    if isinstance(default, float) and maximum is None:
        maximum = _A_YEAR_SECONDS
    about = {
        "help": help,
        "env": tuple(env),
        "role": role,
        "secret": secret,
        "choices": tuple(choices),
        "minimum": minimum,
        "maximum": maximum,
    }
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
    profile: str = setting("", "Profile whose settings count; see `casare-rpa profiles`.")
    output: str = setting(
        "table",
        "How commands print their answer, unless -o says so.",
        choices=("table", "json", "jsonl", "yaml", "name", "none"),
    )
    ca_file: str = setting(
        "",
        "Certificates (PEM) that the orchestrator's own is checked with; empty: the system's.",
    )
    client_cert: str = setting(
        "", "Certificate (PEM) that this program shows to the orchestrator; empty: none."
    )
    client_key: str = setting(
        "", "File of that certificate's private key (PEM); empty: it is in the same file."
    )
    state_dir: str = setting("", "Folder for everything a role writes; empty: the user's own.")
    log_level: str = setting("INFO", "DEBUG, INFO, WARNING or ERROR.", env=("LOG_LEVEL",))
    log_format: str = setting("text", "text or json.", choices=("text", "json"))
    connect_timeout_seconds: float = setting(5.0, "Time to reach the orchestrator.", minimum=0.1)
    request_timeout_seconds: float = setting(
        30.0, "Time for one answer of the orchestrator.", minimum=0.1
    )

    # orchestrator
    host: str = setting(
        "127.0.0.1", "Address to listen on.", env=("CASARE_ORCHESTRATOR_HOST",), role="orchestrator"
    )
    port: int = setting(
        8000,
        "Port to listen on; 0 takes a free one.",
        env=("CASARE_ORCHESTRATOR_PORT",),
        role="orchestrator",
        maximum=65_535,
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
        60.0, "A robot that is silent for this long loses its job.", role="orchestrator", minimum=1
    )
    start_deadline_seconds: float = setting(
        30.0, "A claimed job must be started within this time.", role="orchestrator", minimum=1
    )
    reap_every_seconds: float = setting(
        2.0,
        "How often expired leases are looked for.",
        role="orchestrator",
        minimum=0.05,
        maximum=3600,
    )
    robot_offline_seconds: float = setting(
        90.0,
        "A robot silent for this long is shown as offline.",
        env=("ROBOT_HEARTBEAT_TIMEOUT",),
        role="orchestrator",
        minimum=1,
    )
    job_timeout_seconds: float = setting(
        3600.0,
        "Longest run of a job that sets no limit of its own.",
        env=("CASARE_JOB_TIMEOUT", "JOB_TIMEOUT_DEFAULT"),
        minimum=1,
    )
    max_crashes: int = setting(
        3, "Lost leases after which a job is given up.", role="orchestrator", minimum=1
    )
    lost_backoff_seconds: float = setting(
        5.0, "First wait before a lost job is offered again; doubles.", role="orchestrator"
    )
    lost_backoff_max_seconds: float = setting(
        600.0, "Longest wait before a lost job is offered again.", role="orchestrator"
    )
    idempotency_hours: float = setting(
        72.0,
        "How long an Idempotency-Key is remembered.",
        role="orchestrator",
        minimum=1,
        maximum=_A_YEAR_HOURS,
    )
    retention_days: float = setting(
        0.0,
        "Finished jobs older than this are deleted; 0 keeps them.",
        role="orchestrator",
        maximum=36_500,
    )
    max_body_bytes: int = setting(
        1 << 20, "Largest request body.", role="orchestrator", minimum=64 << 10, maximum=_A_GIB
    )
    max_workflow_bytes: int = setting(
        5 << 20, "Largest workflow.", role="orchestrator", minimum=64 << 10, maximum=_A_GIB
    )
    key_check_every_seconds: float = setting(
        5.0,
        "A revoked key is refused after this time at the latest, wherever it was revoked.",
        role="orchestrator",
        minimum=0.1,
        maximum=3600,
    )
    max_sockets: int = setting(
        5000,
        "Sockets open at the same time; one key may hold half of them.",
        role="orchestrator",
        minimum=2,
    )
    wrong_keys_per_minute: int = setting(
        10, "Wrong keys that one address may send; 0: no limit.", role="orchestrator"
    )
    rate_limits: bool = setting(
        True, "Count the calls of each key.", env=("RATE_LIMIT_ENABLED",), role="orchestrator"
    )
    reads_per_minute: int = setting(60_000, "Looks of one key; 0: no limit.", role="orchestrator")
    writes_per_minute: int = setting(
        60_000, "Changes by one key; 0: no limit.", role="orchestrator"
    )
    admin_calls_per_minute: int = setting(
        6_000, "Changes by one key that only an admin may make; 0: no limit.", role="orchestrator"
    )
    tickets_per_minute: int = setting(
        600, "Socket tickets for one key; 0: no limit.", role="orchestrator"
    )
    robot_calls_per_minute: int = setting(
        60_000,
        "Claims and reports of one robot; 0: no limit. Renewals and outcomes are never counted.",
        role="orchestrator",
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
    max_concurrent_jobs: int = setting(
        1, "Jobs run at the same time.", role="agent", minimum=1, maximum=100
    )
    poll_wait_seconds: float = setting(
        25.0, "How long one request for a job waits at the server.", role="agent", maximum=30
    )
    retry_delay_seconds: float = setting(
        1.0, "First wait after a failed call; doubles with jitter.", role="agent", minimum=0.05
    )
    retry_delay_max_seconds: float = setting(
        30.0, "Longest wait after failed calls.", role="agent", minimum=0.05
    )
    upload_every_seconds: float = setting(
        0.1,
        "How long events are collected before they are sent.",
        role="agent",
        minimum=0.01,
        maximum=3600,
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
        0.05, "Longest time an event stays unsynced on disk; 0: none.", role="agent", maximum=3600
    )
    journal_max_bytes: int = setting(
        256 << 20,
        "Journal size at which a job has to wait for the upload.",
        role="agent",
        minimum=64 << 10,
    )
    min_free_bytes: int = setting(
        64 << 20, "Free disk space below which no job is claimed; 0: no floor.", role="agent"
    )
    health_address: str = setting(
        "",
        "HOST:PORT at which probes may ask over HTTP how the agent is; empty: nowhere. A port alone"
        " is one of this machine's loopback.",
        role="agent",
    )
    job_memory_bytes: int = setting(
        0, "Memory that one job's processes may take together; 0: no limit.", role="agent"
    )
    job_processes: int = setting(
        0, "Processes that one job may have at a time; 0: no limit.", role="agent"
    )

    # runs, local and on a robot
    node_timeout_seconds: float = setting(
        120.0,
        "Longest run of one node that sets no limit of its own; 0: no limit.",
        env=("CASARE_NODE_TIMEOUT",),
    )
    allowed_paths: tuple[str, ...] = setting(
        (), "Folders that file nodes may touch; empty: all. Separated like PATH."
    )
    templates_dir: str = setting(
        "", "Folder of prompt templates of your own; empty: only those that come with the program."
    )
    block_private_addresses: bool = setting(
        False,
        "HTTP, messaging, mail, FTP and browser nodes refuse loopback, private and link-local"
        " addresses.",
    )
    browser_path: str = setting(
        "", "The browser that browser nodes drive; empty: the first that is found."
    )
    browser_headless: bool = setting(
        True,
        "Whether browsers run without a window where the workflow does not say.",
        env=("CASARE_HEADLESS", "BROWSER_HEADLESS"),
    )
    openai_base_url: str = setting(
        "",
        "Server for language models that speaks OpenAI's protocol, as https://.../v1; empty:"
        " OpenAI's own.",
        env=("OPENAI_BASE_URL",),
    )
    openai_api_key: str = setting(
        "",
        "Its key, for nodes that name none.",
        env=("OPENAI_API_KEY",),
        secret=True,
    )
    anthropic_base_url: str = setting(
        "",
        "Server for language models that speaks Anthropic's protocol; empty: Anthropic's own.",
        env=("ANTHROPIC_BASE_URL",),
    )
    anthropic_api_key: str = setting(
        "",
        "Its key, for nodes that name none.",
        env=("ANTHROPIC_API_KEY",),
        secret=True,
    )
    vectors_dir: str = setting(
        "", "Folder of vector collections; empty: `vectors` in the state folder."
    )
    max_result_bytes: int = setting(
        768 << 10, "Largest result of a run, as JSON.", minimum=1 << 10, maximum=_A_GIB
    )
    secrets_file: str = setting(
        "", "File of secrets for workflows; empty: secrets.json in the user's config folder."
    )
    vault_address: str = setting(
        "",
        "Vault or OpenBao to read secrets from, as https://...; empty: none.",
        env=("VAULT_ADDR",),
    )
    vault_mount: str = setting("secret", "Where its key-value engine (version 2) is mounted.")
    vault_namespace: str = setting("", "Its namespace.", env=("VAULT_NAMESPACE",))
    vault_token: str = setting(
        "",
        "Its token; empty: AppRole, else the one that `vault login` left.",
        env=("VAULT_TOKEN",),
        secret=True,
    )
    vault_role_id: str = setting("", "AppRole to sign in to it.", env=("VAULT_ROLE_ID",))
    vault_secret_id: str = setting(
        "", "Secret ID of that AppRole.", env=("VAULT_SECRET_ID",), secret=True
    )
    vault_ca_file: str = setting(
        "", "Certificates that its own is checked with; empty: the system's.", env=("VAULT_CACERT",)
    )

    @classmethod
    def load(
        cls, files: Iterable[Path] = (), env: Mapping[str, str] = os.environ, **options: Any
    ) -> Settings:
        """The settings that `gather` finds, defaults for all others. Raises ConfigInvalid."""
        return cls.of(gather(files, env, **options))

    @classmethod
    def of(cls, given: Mapping[str, Given]) -> Settings:
        return replace(cls(), **{name: found.value for name, found in given.items()})


FIELDS: dict[str, Field[Any]] = {item.name: item for item in fields(Settings)}


def gather(
    files: Iterable[Path] = (), env: Mapping[str, str] = os.environ, **options: Any
) -> dict[str, Given]:
    """What each setting is given by the strongest source: *files* (missing ones are skipped; later
    ones win), the profile that is chosen, *env*, *options* that are not None.

    Raises ConfigInvalid, which names the setting, where it came from and what is wrong with it.
    """
    read = [found for path in files if (found := ConfigFile.read(path))]
    plain = sources.of_files(FIELDS, read)
    outer = sources.of_environment(FIELDS, env) | sources.of_options(FIELDS, options)
    chosen = (plain | outer).get("profile")
    inner = sources.of_profile(FIELDS, read, chosen.value) if chosen and chosen.value else {}
    return plain | inner | outer


def environment_names(name: str) -> tuple[str, ...]:
    """The environment variables that set *name*, first wins."""
    return sources.environment_names(FIELDS[name])
